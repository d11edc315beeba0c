"""
What is on a host, what will change there, and what came of it: the values that cross walls.

An `InstallPlan` is what a person approves. Its digest covers every operation, question and forecast: what runs was read.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from bot.certs.names import DnsName
from bot.certs.pfx import PfxCipher
from bot.certs.prints import Fingerprint, Thumbprint
from bot.domain.ids import HostName, OrderId
from bot.domain.surroundings import AuthCertificates, PendingCertificate, Unread, Web


class Service(StrEnum):
    """What Exchange can use a certificate for; the names are those of ``-Services``."""

    IIS = "IIS"
    SMTP = "SMTP"
    IMAP = "IMAP"
    POP = "POP"
    UM = "UM"


class Answer(StrEnum):
    """A person's answer to a question that Exchange would ask."""

    NO = "no"
    YES = "yes"


class Step(StrEnum):
    """The steps of one host, in the order in which they are taken."""

    REQUEST = "request"
    INTERMEDIATES = "intermediates"
    IMPORT = "import"
    ENABLE = "enable"
    CONNECTORS = "connectors"
    VERIFY = "verify"
    RESTORE = "restore"
    REMOVE = "remove"


class OperationKind(StrEnum):
    """Every change CertDesk can make on a host; there is no free text among them."""

    ADD_INTERMEDIATE = "add_intermediate"
    IMPORT_CERTIFICATE = "import_certificate"
    ENABLE_SERVICES = "enable_services"
    ENABLE_SMTP = "enable_smtp"
    ENABLE_SMTP_KEEPING_DEFAULT = "enable_smtp_keeping_default"
    RESTORE_SMTP_DEFAULT = "restore_smtp_default"
    NAME_IN_CONNECTOR = "name_in_connector"
    RESTORE_CONNECTOR = "restore_connector"
    REMOVE_INTERMEDIATE = "remove_intermediate"
    REMOVE_CERTIFICATE = "remove_certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """
    A connector that is made to name another certificate.

    Args:
        direction: ``send`` or ``receive``.
        identity: what the host calls it.
        was: what it named when the plan was made, exactly as printed; a third name is somebody else's decision.
    """

    direction: str
    identity: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """
    One change on one host, as data.

    Args:
        key: unique within the order, for example ``EX01/2/import_certificate``; the journal's key.
        thumbprint: the certificate the operation is about.
        services: what to enable; empty where it does not apply.
        only_if: run it only when the host's SMTP question was answered so; None: always.
        current_default: the default SMTP certificate that Exchange's question must name; None where no answer is given to it.
        build: the build of the host the operation was planned for; None: it does not matter.
        connector: the connector to change, if any.
        pfx: how the PFX is locked in which a key made by CertDesk arrives; None where the key is elsewhere.
        key_from: the other host an import's key is carried from; None where there is none.
        text: the same operation as PowerShell, quoted, for people to read; never run.
    """

    key: str
    host: HostName
    step: Step
    kind: OperationKind
    thumbprint: Thumbprint
    services: tuple[Service, ...] = ()
    friendly_name: str = ""
    only_if: Answer | None = None
    current_default: Thumbprint | None = None
    build: str | None = None
    connector: Renaming | None = None
    pfx: PfxCipher | None = None
    key_from: HostName | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCertificate:
    """
    One certificate as the host shows it; dates are aware UTC, names come from its DER.

    Args:
        sites: numbers of the web sites that use it, by ``IISServices``; None when the host did not say.
        root_kind: in which of the host's own root stores its root lies, by ``RootCAType`` (exchange.md 4.3): ThirdParty
            where Windows brought it, Registry where somebody put it there; None when the host did not say.
    """

    thumbprint: Thumbprint
    sha256: Fingerprint
    subject: str
    issuer: str
    names: tuple[DnsName, ...]
    not_before: datetime
    not_after: datetime
    services: tuple[str, ...] = ()
    status: str = ""
    friendly_name: str = ""
    has_private_key: bool = True
    sites: tuple[int, ...] | None = None
    root_kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """
    A send or receive connector and the certificate it names, ``<I>issuer<S>subject``.

    Args:
        identity: what the host calls it; empty where it was not read.
        sources: the servers that send through it, in small letters without a domain; empty where nobody said.
    """

    direction: str
    name: str
    fqdn: str
    tls_certificate_name: str
    identity: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """
    What was on a host at one moment, read and not changed.

    Args:
        web: None when it could not be read; see `unread`.
        mail_names: ``X509CertificateName`` of POP and IMAP; one that could not be read is not in it.
        auth: None on versions that have none, and when it could not be read.
        edge_subscriptions: names of subscribed Edge servers; None when they could not be read.
        hybrid: the certificate the hybrid configuration names, ``<I>issuer<S>subject``; None without one.
        roles: as ``ServerRole`` prints them; empty when they could not be read.
        unread: what the host did not let be read, and why.
    """

    host: HostName
    taken_at: datetime
    build: str
    fqdn: str
    certificates: tuple[HostCertificate, ...]
    default_smtp: Thumbprint | None
    intermediates: tuple[Thumbprint, ...]
    roots: tuple[Thumbprint, ...] = ()
    connectors: tuple[Connector, ...] = ()
    clock_skew_s: float = 0.0
    pending: tuple[PendingCertificate, ...] = ()
    web: Web | None = None
    mail_names: Mapping[Service, str] = field(default_factory=dict)
    auth: AuthCertificates | None = None
    edge_subscriptions: tuple[str, ...] | None = None
    hybrid: str | None = None
    roles: str = ""
    unread: tuple[Unread, ...] = ()

    @property
    def is_edge(self) -> bool:
        """Whether the host is an Edge Transport server."""
        return "edge" in {role.strip().lower() for role in self.roles.split(",")}

    def certificate(self, thumbprint: Thumbprint | None) -> HostCertificate | None:
        """Find a certificate by its handle; None when the host does not show it."""
        return next((c for c in self.certificates if c.thumbprint == thumbprint), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateLine:
    """A certificate in one line of a card."""

    thumbprint: Thumbprint
    subject: str
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpQuestion:
    """
    "Overwrite the existing default SMTP certificate?" as Exchange would ask it.

    Args:
        current: the default now; None when the host's store does not hold it.
        default: the answer proposed: No on 2010 and later, none on 2007 (exchange.md 3.2).
    """

    current: CertificateLine | None
    new: CertificateLine
    default: Answer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """
    Everything that will be done on one host, in order.

    Args:
        before: the thumbprint that served each service before, for roll-back.
        smtp_by_name: port 25 chooses the new certificate by its names, whatever the default is.
        forecast: sentences on what will change or is left alone.
    """

    host: HostName
    build: str
    operations: tuple[Operation, ...]
    forecast: tuple[str, ...]
    question: SmtpQuestion | None
    before: Mapping[Service, Thumbprint]
    smtp_by_name: bool = True

    def provable(self, services: tuple[Service, ...], answer: Answer | None) -> tuple[Service, ...]:
        """The services whose handshake must show the new certificate after this answer."""
        is_left = self.leaves_smtp(answer)
        if not is_left and (self.smtp_by_name or self.question is None or answer is Answer.YES):
            return services
        return tuple(service for service in services if service is not Service.SMTP)

    def leaves_smtp(self, answer: Answer | None) -> bool:
        """Whether this answer leaves SMTP as it is: a default that could not be given back is not replaced for a No."""
        if self.question is None or answer is not Answer.NO:
            return False
        return self._enables_smtp(Answer.YES) and not self._enables_smtp(Answer.NO)

    def operations_for(self, answer: Answer | None) -> tuple[Operation, ...]:
        """Keep what applies once the host's question has been answered."""
        return tuple(op for op in self.operations if op.only_if in (None, answer))

    def _enables_smtp(self, answer: Answer) -> bool:
        return any(Service.SMTP in one.services for one in self.operations_for(answer))


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallPlan:
    """What a person approves: one certificate, hosts in order, every operation."""

    order_id: OrderId
    thumbprint: Thumbprint
    sha256: Fingerprint
    subject: str
    names: tuple[DnsName, ...]
    not_after: datetime
    services: tuple[Service, ...]
    hosts: tuple[HostPlan, ...]

    def host(self, name: HostName) -> HostPlan:
        """The part for one host; KeyError when the plan does not name it."""
        return {plan.host: plan for plan in self.hosts}[name]

    def gives_back(self, host: HostName) -> bool:
        """Whether a service of the host had another certificate before, which a roll-back can give it back."""
        return any(old != self.thumbprint for old in self.host(host).before.values())

    def digest(self) -> str:
        """SHA-256 over the canonical form, 64 lower-case hex digits."""
        return hashlib.sha256(canonical(self)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """
    What a look at the host says about one operation.

    Args:
        done: the end state the operation aims at is already there.
        seen: a few words on what was seen, for the card and the audit.
    """

    done: bool
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """
    A warning a person should read; the work went on.

    Args:
        said: Exchange's own words, outside text; empty where it is CertDesk itself that has doubts.
        meaning: what it means and what to do, in our words; empty where the words are not known.
    """

    said: str = ""
    meaning: str = ""

    def __str__(self) -> str:
        return " ".join(
            part for part in (f"{self.said!r}" if self.said else "", self.meaning) if part
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the host answered to one operation that ran, with the warnings of the cmdlet."""

    warnings: tuple[Caution, ...] = ()
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """
    One real TLS handshake with a service.

    Args:
        service: ``https``, ``smtp``, ``imap`` or ``pop``.
        address: ``host:port`` that was dialled.
        sha256: the leaf that was shown; None when the handshake failed before it.
        proven: the leaf is the expected one, for the expected name, with a path to an anchor.
        detail: a sentence on what was seen or what is wrong.
    """

    service: str
    address: str
    sha256: Fingerprint | None
    proven: bool
    detail: str


def canonical(value: object) -> bytes:
    """
    Write a dataclass as JSON that has one form only: keys sorted, no blanks, dates in ISO 8601, UTC.

    Two equal values give the same bytes on any machine; digests and the audit chain rest on it.
    """
    plain = _as_dict(value) if hasattr(value, "__dataclass_fields__") else value
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), default=_plain)
    return text.encode("ascii")


_ADDED_LATER = frozenset(
    {"current_default", "build", "connector", "pfx", "key_from", "by_name", "link"}
)
"""Fields from after the first release; they are left out while they hold nothing, so that older digests stay."""


def _as_dict(value: Any) -> dict[str, Any]:
    return asdict(
        value,
        dict_factory=lambda pairs: {
            name: held for name, held in pairs if held is not None or name not in _ADDED_LATER
        },
    )


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError(
                f"the moment {value.isoformat()!r} has no zone, so it has no canonical form"
            )
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    raise TypeError(f"{type(value).__name__} has no canonical form")
