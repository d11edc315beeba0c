"""An order: one issuance from the wish to the proven handshake."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.certs.findings import Finding
from bot.certs.judge import IssuedCertificate
from bot.certs.names import DnsName
from bot.domain.approvals import Approval
from bot.domain.ids import HostName, OrderId, PersonId, UploadId, VendorName
from bot.domain.plan import Answer, Caution, InstallPlan, Service, Step
from bot.domain.states import State
from bot.domain.subject import Subject

KEY_SIZES = (2048, 3072, 4096)
"""RSA sizes offered; 2048 is what every Exchange documents (exchange.md 5.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    What is asked for, complete and well formed.

    Args:
        hosts: the CSR is made on the first; the certificate is installed on all, in this order.
        names: what clients check; the common name stands first.
        connectors: connectors that name the certificate of before are made to name the new one.
        renews: the order whose certificate this one follows.
        local_key_days: how long CertDesk keeps the key it makes, counted from the placing; 0: the first host makes it.
    """

    hosts: tuple[HostName, ...]
    subject: Subject
    names: tuple[DnsName, ...]
    key_bits: int
    exportable: bool
    services: tuple[Service, ...]
    vendor: VendorName
    reason: str
    renews: OrderId | None = None
    connectors: bool = False
    local_key_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """
    The clearing of abandoned pending requests, beside the order's own life.

    Args:
        rounds: which of the order's requests, by round.
        since: the order's version when this try began; a run of another one is overtaken.
        fault: why it stopped, for an operator; empty while it is under way.
    """

    rounds: tuple[int, ...]
    since: int
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOrder:
    """
    One order as it stands; a new value for each change.

    Args:
        version: rises by one with each change of state; a stale click is seen by it.
        home: the channel it was asked in; its card and its thread live there.
        detail: one sentence for people on what is going on; the machine never reads it.
        csr_round: how many CSRs were made; part of the request's friendly name on the host.
        past_csrs: the CSRs that a later round replaced, by round; their requests may still wait on the host.
        cleared: rounds whose pending request was cleared, or was not there any more.
        clearing: the clearing that is under way or stopped; None while there is none.
        failed_in: the state the order failed in, for the retry.
        renewal_asked_at: since when a renewal card waits for an answer; None while none does.
        kept: how many removals of its certificate were given up; each has decisions of its own.
        renewal_not_before: "not now" was said; the watch stays silent until then.
        waits_since: since when it waits for what it waits for; None while it waits for nobody.
        ended_by: who ended a round, so that nobody waits for its request any more; rounds that the machine or the calendar
            ended, or that ended before this was kept, are not in it.
    """

    id: OrderId
    version: int
    state: State
    wish: Wish
    requester: PersonId
    home: str
    placed_at: datetime
    changed_at: datetime
    detail: str = ""
    approvals: tuple[Approval, ...] = ()
    csr_pem: str = ""
    csr_round: int = 0
    vendor_reference: str = ""
    upload_id: UploadId | None = None
    uploader: PersonId | None = None
    certificate: IssuedCertificate | None = None
    findings: tuple[Finding, ...] = ()
    plan: InstallPlan | None = None
    answers: Mapping[HostName, Answer] = field(default_factory=dict)
    done_hosts: tuple[HostName, ...] = ()
    failed_in: State | None = None
    fault_code: str = ""
    installed_at: datetime | None = None
    renewal_asked_at: datetime | None = None
    renewal_not_before: datetime | None = None
    renewed_by: OrderId | None = None
    superseded_by: OrderId | None = None
    kept: int = 0
    past_csrs: Mapping[int, str] = field(default_factory=dict)
    cleared: tuple[int, ...] = ()
    clearing: Clearing | None = None
    waits_since: datetime | None = None
    ended_by: Mapping[int, PersonId] = field(default_factory=dict)

    @property
    def is_being_cleared(self) -> bool:
        """Whether the machine is clearing a pending request of it now."""
        return self.clearing is not None and not self.clearing.fault

    @property
    def key_dies_at(self) -> datetime | None:
        """The moment by which a key that CertDesk makes for this order is deleted; None where a host makes it."""
        days = self.wish.local_key_days
        return self.placed_at + timedelta(days=days) if days else None

    @property
    def title(self) -> str:
        """How people call it: the number and the first name."""
        return f"Order {self.id}: {self.wish.subject.common_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStep:
    """
    How far one step on one host has come; shown on the status card.

    Args:
        warnings: what Exchange warned of while it was taken.
    """

    host: HostName
    step: Step
    status: str
    note: str
    at: datetime
    warnings: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """An order, and how far each step on each of its hosts has come, at one moment."""

    order: CertificateOrder
    steps: tuple[HostStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file that somebody handed in; the bytes are unproven."""

    order_id: OrderId
    name: str
    data: bytes
    sha256: str
    by: PersonId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """
    The head of a list of orders.

    Args:
        orders: what is overdue first, the longest wait in front; then the others, newest first.
        total: how many there are, counted no further than was asked for.
        overdue: how many of them are overdue, counted as far.
    """

    orders: tuple[CertificateOrder, ...]
    total: int
    overdue: int
