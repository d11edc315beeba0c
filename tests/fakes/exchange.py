"""
Exchange hosts in memory: state in, state out, and trouble on demand.

The same contract suite runs over this and over the sandbox's hosts. What a host holds stands in
`FakeExchangeHosts.hosts`; how often something really happened stands in `ran`.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from bot.certs.judge import IssuedCertificate
from bot.certs.leaf import read_leaf
from bot.certs.prints import Thumbprint, thumbprint_of
from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.domain.order import CertificateOrder
from bot.domain.plan import (
    Answer,
    Connector,
    HostCertificate,
    InstallPlan,
    Observation,
    Operation,
    OperationKind,
    Receipt,
    Service,
    Snapshot,
)
from bot.exchange.dialect import DIALECTS, Version
from bot.exchange.plan import plan_install
from bot.exchange.retire import plan_retirement
from bot.exchange.rollback import plan_roll_back
from bot.exchange.snapshot import BACK_END
from bot.ports import CsrAsk

BUILDS: dict[Version, str] = {
    "2007": "8.3.83.6",
    "2010": "14.3.123.4",
    "2013": "15.0.1497.2",
    "2016": "15.1.2507.6",
    "2019": "15.2.1118.7",
    "se": "15.2.2562.17",
}
_SMTP_GRANTED = frozenset({Service.SMTP, Service.POP, Service.IMAP})
_ResultT = TypeVar("_ResultT")
_START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass(kw_only=True)
class FakeHost:
    """What one host holds. ``pending`` maps friendly names to the keys that wait for a certificate."""

    name: HostName
    version: Version
    certificates: dict[Thumbprint, HostCertificate] = field(default_factory=dict)
    pending: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    default_smtp: Thumbprint | None = None
    intermediates: list[Thumbprint] = field(default_factory=list)
    connectors: tuple[Connector, ...] = ()
    clock_skew_s: float = 0.0


class FakeExchangeHosts:
    """
    `ports.ExchangeHosts` in memory.

    Args:
        names: the hosts; each begins with its self-signed certificate, which serves everything.
        now: where the time comes from.
    """

    def __init__(
        self,
        names: Iterable[str] = ("EX01",),
        *,
        version: Version = "2019",
        now: Callable[[], datetime] = lambda: _START,
    ) -> None:
        self._now = now
        self.hosts = {HostName(name): _fresh(HostName(name), version, now()) for name in names}
        self.ran: Counter[str] = Counter()
        self._trouble: list[tuple[str, HostFault, bool]] = []

    def fail(self, method: str, fault: HostFault) -> None:
        """Let the next call of a method fail without doing anything."""
        self._trouble.append((method, fault, False))

    def lose_answer(self, method: str, host: str = "EX01") -> None:
        """Let the next call of a method do its work and then lose the answer."""
        sentence = f"{host}: the connection broke. Whether it ran is not known."
        fault = HostFault(
            FaultKind.TIMEOUT, HostName(host), sentence, executed="maybe", code="lost"
        )
        self._trouble.append((method, fault, True))

    def close(self) -> None:
        """Nothing is open."""

    def find_csr(self, ask: CsrAsk) -> str | None:
        """The PEM of the pending request with this friendly name; None when there is none."""
        return self._run("find_csr", lambda: self._host(ask.host).requests.get(ask.friendly_name))

    def make_csr(self, ask: CsrAsk) -> str:
        """Make key and CSR."""
        return self._run("make_csr", lambda: self._make(ask))

    def snapshot(self, host: HostName) -> Snapshot:
        """Read what is on the host."""
        return self._run("snapshot", lambda: self._look(self._host(host)))

    def plan(
        self,
        order: CertificateOrder,
        certificate: IssuedCertificate,
        snapshots: tuple[Snapshot, ...],
    ) -> InstallPlan:
        """The real planner: it is pure."""
        words = {name: host.version for name, host in self.hosts.items()}
        return plan_install(order, certificate, snapshots, words=words)

    def plan_retirement(
        self,
        order: CertificateOrder,
        certificate: IssuedCertificate,
        snapshots: tuple[Snapshot, ...],
    ) -> tuple[Operation, ...]:
        """The real planner: it is pure."""
        return plan_retirement(order, certificate, snapshots)

    def plan_roll_back(self, plan: InstallPlan, host: HostName) -> tuple[Operation, ...]:
        """The real planner: it is pure."""
        return plan_roll_back(plan, host)

    def observe(self, operation: Operation, certificate: IssuedCertificate) -> Observation:
        """Look whether the operation's end state is there."""
        return self._run("observe", lambda: _observe(self._host(operation.host), operation))

    def act(self, operation: Operation, certificate: IssuedCertificate) -> Receipt:
        """Run one operation, once."""
        return self._run("act", lambda: self._act(operation, certificate))

    def read_back(
        self,
        host: HostName,
        certificate: IssuedCertificate,
        services: tuple[Service, ...],
        plan: InstallPlan,
        answer: Answer | None,
    ) -> Observation:
        """Whether key, services and the decided default are there."""
        return self._run(
            "read_back",
            lambda: _read_back(self._host(host), certificate, services, plan, answer),
        )

    def _run(self, method: str, work: Callable[[], _ResultT]) -> _ResultT:
        trouble = next((one for one in self._trouble if one[0] == method), None)
        if trouble is None:
            return work()
        self._trouble.remove(trouble)
        _, fault, is_done_first = trouble
        if is_done_first:
            work()
        raise fault

    def _host(self, name: HostName) -> FakeHost:
        if name not in self.hosts:
            raise _fault(name, FaultKind.UNSUPPORTED, "unknown-host", "no")
        return self.hosts[name]

    def _make(self, ask: CsrAsk) -> str:
        host = self._host(ask.host)
        key = _key(self.ran["make_csr"] % 4)
        self.ran["make_csr"] += 1
        builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(ask))
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in ask.wish.names])
        request = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
        host.pending[ask.friendly_name] = key
        host.requests[ask.friendly_name] = request.public_bytes(Encoding.PEM).decode()
        return host.requests[ask.friendly_name]

    def _look(self, host: FakeHost) -> Snapshot:
        return Snapshot(
            host=host.name,
            taken_at=self._now(),
            build=BUILDS[host.version],
            fqdn=f"{host.name.lower()}.corp.example.com",
            certificates=tuple(host.certificates.values()),
            default_smtp=host.default_smtp,
            intermediates=tuple(host.intermediates),
            connectors=host.connectors,
            clock_skew_s=host.clock_skew_s,
        )

    def _act(self, operation: Operation, certificate: IssuedCertificate) -> Receipt:
        host = self._host(operation.host)
        self.ran[operation.key] += 1
        match operation.kind:
            case OperationKind.ADD_INTERMEDIATE:
                if operation.thumbprint not in host.intermediates:
                    host.intermediates.append(operation.thumbprint)
            case OperationKind.IMPORT_CERTIFICATE:
                _import(host, operation, certificate)
            case OperationKind.REMOVE_CERTIFICATE:
                host.certificates.pop(operation.thumbprint, None)
            case _:
                _enable(host, operation)
        return Receipt(seen="done")


def _fresh(name: HostName, version: Version, now: datetime) -> FakeHost:
    """A host as set-up leaves it: one self-signed certificate that serves everything."""
    common_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    key = _key(4)
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


def _import(host: FakeHost, operation: Operation, certificate: IssuedCertificate) -> None:
    if operation.thumbprint in host.certificates:
        raise _fault(host.name, FaultKind.CMDLET_ERROR, "AlreadyImported", "no")
    held = _held(certificate.leaf_der, (), operation.friendly_name)
    ours = x509.load_der_x509_certificate(certificate.leaf_der).public_key()
    friendly = next((name for name, key in host.pending.items() if key.public_key() == ours), None)
    host.certificates[held.thumbprint] = replace(held, has_private_key=friendly is not None)
    if friendly is None:
        raise _fault(host.name, FaultKind.CMDLET_ERROR, "PrivateKeyMissing", "yes")
    del host.pending[friendly], host.requests[friendly]


def _enable(host: FakeHost, operation: Operation) -> None:
    held = host.certificates.get(operation.thumbprint)
    if held is None:
        raise _fault(host.name, FaultKind.CMDLET_ERROR, "CertificateNotFound", "no")
    for service in operation.services:
        _take_over(host, held, service)
    granted = {Service.SMTP} if _SMTP_GRANTED & set(operation.services) else set()
    shown = {*host.certificates[held.thumbprint].services, *operation.services, *granted}
    _show(host, held.thumbprint, shown)
    if operation.kind is not OperationKind.ENABLE_SERVICES:
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
        raise _fault(host.name, FaultKind.NOT_TAKEN, "QuestionUnanswered", "yes")
    host.default_smtp = operation.thumbprint


def _observe(host: FakeHost, operation: Operation) -> Observation:
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
        case OperationKind.RESTORE_SMTP_DEFAULT:
            is_done = host.default_smtp == operation.thumbprint
        case OperationKind.REMOVE_CERTIFICATE:
            is_done = held is None
    return Observation(done=is_done, seen="it is so" if is_done else "it is not so")


def _read_back(
    host: FakeHost,
    certificate: IssuedCertificate,
    services: tuple[Service, ...],
    plan: InstallPlan,
    answer: Answer | None,
) -> Observation:
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
    )
    return Observation(done=is_done, seen="it is so" if is_done else "it is not so")


def _subject(ask: CsrAsk) -> x509.Name:
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


def _fault(host: HostName, kind: FaultKind, code: str, executed: str) -> HostFault:
    sentence = f"{host}: {code}. Look at the host, then retry."
    return HostFault(kind, host, sentence, executed="yes" if executed == "yes" else "no", code=code)


@cache
def _key(number: int) -> rsa.RSAPrivateKey:
    """A few keys for all tests: making them is slow, and which one it is does not matter."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
