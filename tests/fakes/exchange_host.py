"""One Exchange host in memory and the rules by which it changes; `exchange.py` puts the port around it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509.oid import NameOID

from bot.certs.csr import parse_csr
from bot.certs.judge import IssuedCertificate
from bot.certs.leaf import read_leaf
from bot.certs.prints import Thumbprint, thumbprint_of
from bot.domain.faults import Executed, FaultKind, HostFault
from bot.domain.ids import HostName
from bot.domain.plan import (
    Answer,
    Connector,
    HostCertificate,
    InstallPlan,
    Observation,
    Operation,
    OperationKind,
    Renaming,
    Service,
)
from bot.domain.surroundings import PendingCertificate, Web, WebBinding
from bot.exchange.dialect import DIALECTS, Version
from bot.exchange.snapshot import BACK_END
from bot.key_ports import Parcel
from bot.ports import CsrAsk

_KEEPING = frozenset({OperationKind.ENABLE_SERVICES, OperationKind.ENABLE_SMTP_KEEPING_DEFAULT})
_SMTP_GRANTED = frozenset({Service.SMTP, Service.POP, Service.IMAP})


@dataclass(kw_only=True)
class FakeHost:
    """
    What one host holds.

    Args:
        pending: friendly names and the keys that wait for a certificate under them.
        movable: friendly names of requests, and thumbprints of certificates, whose key may be exported.
    """

    name: HostName
    version: Version
    certificates: dict[Thumbprint, HostCertificate] = field(default_factory=dict)
    pending: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    movable: set[str] = field(default_factory=set)
    default_smtp: Thumbprint | None = None
    intermediates: list[Thumbprint] = field(default_factory=list)
    connectors: tuple[Connector, ...] = ()
    clock_skew_s: float = 0.0
    front_end: Thumbprint | None = None
    back_end: Thumbprint | None = None
    requires_ssl: bool = True
    mail_names: dict[Service, str] = field(default_factory=dict)

    def web(self) -> Web:
        """The bindings of 443 and, from 2013 on, of 444."""
        sites = [(1, "Default Web Site", "*:443", 443, self.front_end)]
        if DIALECTS[self.version].has_back_end:
            sites.append((2, "Exchange Back End", "*:444", 444, self.back_end))
        return Web(
            bindings=tuple(
                WebBinding(site=number, name=name, address=address, port=port, thumbprint=bound)
                for number, name, address, port, bound in sites
            ),
            requires_ssl=self.requires_ssl,
        )

    def add_connectors(self, pair: str) -> None:
        """One of each direction that names a certificate, and one that names none."""
        own = self.name.lower()
        self.connectors = (
            Connector(
                direction="receive",
                name="Default",
                fqdn="mail.example.com",
                tls_certificate_name=pair,
            ),
            Connector(
                direction="receive", name="Client", fqdn="mail.example.com", tls_certificate_name=""
            ),
            Connector(
                direction="send",
                name="Internet",
                fqdn="x",
                tls_certificate_name=pair,
                sources=(own,),
            ),
        )


def fresh_host(name: HostName, version: Version, now: datetime) -> FakeHost:
    """A host as set-up leaves it: one self-signed certificate that serves everything."""
    common_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    key = rsa_key(4)
    signed = (
        x509.CertificateBuilder()
        .subject_name(common_name)
        .issuer_name(common_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=1795))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    held = _held(signed.public_bytes(Encoding.DER), ("IMAP", "POP", "IIS", "SMTP"))
    return FakeHost(
        name=name,
        version=version,
        certificates={held.thumbprint: held},
        default_smtp=held.thumbprint,
        front_end=held.thumbprint,
        back_end=held.thumbprint,
        mail_names={Service.POP: name, Service.IMAP: name},
    )


def _held(der: bytes, services: tuple[str, ...], friendly_name: str = "") -> HostCertificate:
    facts = read_leaf(der)
    return HostCertificate(
        thumbprint=thumbprint_of(der),
        sha256=facts.sha256,
        subject=facts.subject,
        issuer=facts.issuer,
        names=facts.names,
        not_before=facts.not_before,
        not_after=facts.not_after,
        services=services,
        status="Valid",
        friendly_name=friendly_name,
    )


def check_proven(host: FakeHost, operation: Operation, certificate: IssuedCertificate) -> None:
    """Only the certificate the operation names, and only intermediates of its proven path."""
    match operation.kind:
        case OperationKind.IMPORT_CERTIFICATE:
            if operation.thumbprint != certificate.facts.thumbprint:
                raise fault(host.name, FaultKind.UNSUPPORTED, "other-certificate", "no")
        case OperationKind.ADD_INTERMEDIATE:
            if operation.thumbprint not in map(thumbprint_of, certificate.path):
                raise fault(host.name, FaultKind.UNSUPPORTED, "not-in-path", "no")
        case _:
            return


def is_imported(host: FakeHost, operation: Operation) -> bool:
    """Whether there is nothing left of an import to do."""
    held = host.certificates.get(operation.thumbprint)
    is_import = operation.kind is OperationKind.IMPORT_CERTIFICATE
    return is_import and held is not None and held.has_private_key


def import_leaf(
    host: FakeHost,
    operation: Operation,
    certificate: IssuedCertificate,
    parcel: Parcel | None = None,
) -> None:
    """Put the certificate into the store; its key comes along in a PFX, or follows when a pending request has it."""
    if operation.thumbprint in host.certificates:
        raise fault(host.name, FaultKind.CMDLET_ERROR, "AlreadyImported", "no")
    held = _held(certificate.leaf_der, (), operation.friendly_name)
    ours = x509.load_der_x509_certificate(certificate.leaf_der).public_key()
    if parcel is not None:
        key, _, _ = pkcs12.load_key_and_certificates(parcel.pfx, parcel.password.encode())
        host.certificates[held.thumbprint] = replace(held, has_private_key=key is not None)
        return
    friendly = next((name for name, key in host.pending.items() if key.public_key() == ours), None)
    host.certificates[held.thumbprint] = replace(held, has_private_key=friendly is not None)
    if friendly is None:
        raise fault(host.name, FaultKind.CMDLET_ERROR, "PrivateKeyMissing", "yes")
    if friendly in host.movable:
        host.movable.add(held.thumbprint)
    del host.pending[friendly], host.requests[friendly]


def carry_leaf(source: FakeHost, host: FakeHost, operation: Operation) -> None:
    """Bring certificate and key from the host that made it; it cannot be exported from here."""
    held = source.certificates.get(operation.thumbprint)
    if held is None or not held.has_private_key:
        raise fault(host.name, FaultKind.UNSUPPORTED, "KeyGone", "no")
    if operation.thumbprint not in source.movable:
        raise fault(source.name, FaultKind.CMDLET_ERROR, "KeyNotExportable", "no")
    host.certificates[held.thumbprint] = replace(
        held, services=(), friendly_name=operation.friendly_name
    )


def enable(host: FakeHost, operation: Operation) -> None:
    """Bind services as Exchange does, the default SMTP certificate included."""
    held = host.certificates.get(operation.thumbprint)
    if held is None:
        raise fault(host.name, FaultKind.CMDLET_ERROR, "CertificateNotFound", "no")
    for service in operation.services:
        _take_over(host, held, service)
        if service is Service.IIS:
            host.front_end = held.thumbprint
        elif service in {Service.POP, Service.IMAP} and held.names:
            host.mail_names[service] = held.names[0]
    granted = {Service.SMTP} if _SMTP_GRANTED & set(operation.services) else set()
    shown = {*host.certificates[held.thumbprint].services, *operation.services, *granted}
    _show(host, held.thumbprint, shown)
    if operation.kind not in _KEEPING:
        _make_default(host, operation)


def _take_over(host: FakeHost, held: HostCertificate, service: Service) -> None:
    """Services that only one can have leave the others; SMTP never does."""
    for other in tuple(host.certificates.values()):
        if other.thumbprint == held.thumbprint or service not in other.services:
            continue
        shown = set(other.services)
        if service is Service.IIS:
            shown = shown - {"IIS"} | ({BACK_END} if other.subject == other.issuer else set())
        elif service is not Service.SMTP and not set(held.names[:1]) & set(other.names):
            shown = shown - {service.value}
        _show(host, other.thumbprint, shown)


def _show(host: FakeHost, thumbprint: Thumbprint, services: set[str]) -> None:
    host.certificates[thumbprint] = replace(
        host.certificates[thumbprint], services=tuple(sorted(str(one) for one in services))
    )


def _make_default(host: FakeHost, operation: Operation) -> None:
    is_asked = operation.kind is OperationKind.ENABLE_SMTP and operation.only_if is None
    if is_asked and host.default_smtp not in {None, operation.thumbprint}:
        raise fault(host.name, FaultKind.NOT_TAKEN, "QuestionUnanswered", "yes")
    host.default_smtp = operation.thumbprint


def observe(host: FakeHost, operation: Operation) -> Observation:
    """Say whether the end state of an operation is there."""
    held = host.certificates.get(operation.thumbprint)
    served = held.services if held else ()
    match operation.kind:
        case OperationKind.ADD_INTERMEDIATE:
            is_done = operation.thumbprint in host.intermediates
        case OperationKind.IMPORT_CERTIFICATE:
            is_done = held is not None and held.has_private_key
        case OperationKind.ENABLE_SERVICES:
            is_done = set(operation.services) <= set(served)
        case OperationKind.ENABLE_SMTP:
            is_default = host.default_smtp == operation.thumbprint
            is_done = "SMTP" in served and (operation.only_if is Answer.NO or is_default)
        case OperationKind.ENABLE_SMTP_KEEPING_DEFAULT:
            is_done = "SMTP" in served and host.default_smtp == operation.current_default
        case OperationKind.RESTORE_SMTP_DEFAULT:
            is_done = host.default_smtp == operation.thumbprint
        case OperationKind.NAME_IN_CONNECTOR:
            is_done = held is not None and pair_of(held) == _named(host, operation)
        case OperationKind.RESTORE_CONNECTOR:
            is_done = held is None or pair_of(held) != _named(host, operation)
        case OperationKind.REMOVE_INTERMEDIATE:
            is_done = operation.thumbprint not in host.intermediates
        case OperationKind.REMOVE_CERTIFICATE:
            is_done = held is None
    return Observation(done=is_done, seen="it is so" if is_done else "it is not so")


def name_in_connector(host: FakeHost, operation: Operation) -> None:
    """Make a connector name the certificate, if it names what it named when the plan was made."""
    held, wanted = host.certificates.get(operation.thumbprint), operation.connector
    if held is None or wanted is None:
        raise fault(host.name, FaultKind.UNSUPPORTED, "certificate-not-shown", "no")
    named = _named(host, operation)
    if named is None:
        raise fault(host.name, FaultKind.UNSUPPORTED, "connector-gone", "no")
    if named not in {wanted.was, pair_of(held)}:
        raise fault(host.name, FaultKind.UNSUPPORTED, "connector-changed", "no")
    if Service.SMTP not in held.services:
        raise fault(host.name, FaultKind.CMDLET_ERROR, "NotEnabledForSmtp", "no")
    set_pair(host, wanted, pair_of(held))


def restore_connector(host: FakeHost, operation: Operation) -> None:
    """Give a connector its old pair back; one that names neither is left alone."""
    held, wanted = host.certificates.get(operation.thumbprint), operation.connector
    if held is not None and wanted is not None and _named(host, operation) == pair_of(held):
        set_pair(host, wanted, wanted.was)


def set_pair(host: FakeHost, wanted: Renaming, pair: str) -> None:
    """Let a connector name a pair."""
    host.connectors = tuple(
        replace(one, tls_certificate_name=pair) if _is_meant(one, wanted) else one
        for one in host.connectors
    )


def pair_of(held: HostCertificate) -> str:
    """What a connector that names this certificate holds."""
    return f"<I>{held.issuer}<S>{held.subject}"


def _named(host: FakeHost, operation: Operation) -> str | None:
    wanted = operation.connector
    found = (c for c in host.connectors if wanted is not None and _is_meant(c, wanted))
    return next((one.tls_certificate_name for one in found), None)


def _is_meant(connector: Connector, wanted: Renaming) -> bool:
    own = connector.identity or connector.name
    return (connector.direction, own) == (wanted.direction, wanted.identity)


def read_back(
    host: FakeHost,
    certificate: IssuedCertificate,
    services: tuple[Service, ...],
    plan: InstallPlan,
    answer: Answer | None,
) -> Observation:
    """Say whether key, services and the decided default are there."""
    held = host.certificates.get(certificate.facts.thumbprint)
    question = plan.host(host.name).question
    expected = certificate.facts.thumbprint
    if answer is Answer.NO and question is not None and question.current is not None:
        expected = question.current.thumbprint
    wanted = {service for service in services if service in DIALECTS[host.version].services}
    is_done = (
        held is not None
        and held.has_private_key
        and wanted <= set(held.services)
        and (Service.SMTP not in wanted or host.default_smtp == expected)
        and all(
            observe(host, one).done
            for one in plan.host(host.name).operations_for(answer)
            if one.kind is OperationKind.NAME_IN_CONNECTOR
        )
    )
    return Observation(done=is_done, seen="it is so" if is_done else "it is not so")


def waiting(host: FakeHost, at: datetime) -> tuple[PendingCertificate, ...]:
    """The requests that wait on a host; the print of the text stands in for a handle."""
    found = []
    for name, pem in host.requests.items():
        csr = parse_csr(pem)
        found.append(
            PendingCertificate(
                thumbprint=thumbprint_of(csr.der),
                friendly_name=name,
                subject=csr.subject,
                not_before=at,
                names=csr.names,
                key_sha256=csr.key.spki_sha256,
            )
        )
    return tuple(found)


def subject_of(ask: CsrAsk) -> x509.Name:
    """The subject of a wish as a name."""
    subject = ask.wish.subject
    parts = (
        (NameOID.COUNTRY_NAME, subject.country),
        (NameOID.STATE_OR_PROVINCE_NAME, subject.state),
        (NameOID.LOCALITY_NAME, subject.locality),
        (NameOID.ORGANIZATION_NAME, subject.organization),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, subject.unit),
        (NameOID.COMMON_NAME, subject.common_name),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def fault(host: HostName, kind: FaultKind, code: str, executed: Executed) -> HostFault:
    """A fault with a code and a sentence that is good enough for tests."""
    sentence = f"{host}: {code}. Look at the host, then retry."
    return HostFault(kind, host, sentence, executed=executed, code=code)


@cache
def rsa_key(number: int) -> rsa.RSAPrivateKey:
    """A few keys for all tests: making them is slow, and which one it is does not matter."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
