"""What happens to an order, each with what it brings along; the kind is the table's key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from bot.certs.findings import Finding
from bot.certs.judge import IssuedCertificate
from bot.domain.approvals import Approval, Gate
from bot.domain.ids import HostName, OrderId, PersonId, UploadId
from bot.domain.plan import Answer, Handshake, InstallPlan
from bot.domain.sealed import SealedSecret
from bot.domain.states import EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events share: a kind, and perhaps decisions that came with it."""

    kind: ClassVar[EventKind]
    reason: str = ""
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsed(Event):
    """One more yes, and the quorum is not reached yet."""

    kind = EventKind.ENDORSE
    gate: Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(Event):
    """The order may be issued."""

    kind = EventKind.APPROVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Event):
    """An approver said no; the reason is theirs."""

    kind = EventKind.REJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Event):
    """The requester, or somebody above, does not want it any more."""

    kind = EventKind.CANCEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn(Event):
    """Called off after the CSR was made and before it was submitted."""

    kind = EventKind.WITHDRAWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapsed(Event):
    """Nobody decided in time."""

    kind = EventKind.LAPSE


@dataclass(frozen=True, slots=True, kw_only=True)
class CsrMade(Event):
    """The CSR was made, and it is what was ordered; ``key`` is there when CertDesk made it and keeps its key."""

    kind = EventKind.CSR_MADE
    csr_pem: str
    key: SealedSecret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRefused(Event):
    """The CSR could not be made; ``reason`` is the operator's sentence."""

    kind = EventKind.HOST_REFUSED
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedToVendor(Event):
    """The CSR was pasted at the vendor's desk."""

    kind = EventKind.SUBMITTED
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorIssued(Event):
    """The vendor has issued; the zip can be fetched."""

    kind = EventKind.ISSUED


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorRejected(Event):
    """The vendor refused the order."""

    kind = EventKind.VENDOR_REJECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Rekeyed(Event):
    """The vendor wants another CSR for the same purchase."""

    kind = EventKind.REKEYED


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleUploaded(Event):
    """Somebody handed in a file."""

    kind = EventKind.BUNDLE_UPLOADED
    upload_id: UploadId
    file_name: str
    by: PersonId
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleProven(Event):
    """The file holds what was ordered, and the path above it."""

    kind = EventKind.BUNDLE_PROVEN
    certificate: IssuedCertificate
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRefused(Event):
    """The file was refused, with every reason."""

    kind = EventKind.BUNDLE_REFUSED
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMade(Event):
    """The hosts were read and a plan stands ready for decision."""

    kind = EventKind.PLAN_MADE
    plan: InstallPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFailed(Event):
    """A host could not be read; there is no plan. ``reason`` is the operator's sentence."""

    kind = EventKind.PLAN_FAILED
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplanAsked(Event):
    """Somebody wants the hosts read again."""

    kind = EventKind.REPLAN


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallApproved(Event):
    """This very plan may run, with these answers to Exchange's questions."""

    kind = EventKind.INSTALL_APPROVED
    digest: str
    answers: Mapping[HostName, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDone(Event):
    """One host is installed and proven."""

    kind = EventKind.HOST_DONE
    host: HostName
    handshakes: tuple[Handshake, ...] = ()
    read_back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFailed(Event):
    """One host stopped the work; ``reason`` is the operator's sentence."""

    kind = EventKind.HOST_FAILED
    host: HostName
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallFinished(Event):
    """Every host is installed and proven."""

    kind = EventKind.INSTALL_FINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBackAsked(Event):
    """An operator wants the certificates of before back."""

    kind = EventKind.ROLL_BACK


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBackFinished(Event):
    """
    The certificates of before serve again, but for what another one served by then.

    Args:
        left: a sentence for each thing that was left alone.
    """

    kind = EventKind.ROLL_BACK_FINISHED
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireAsked(Event):
    """An approver wants this order's certificate removed from its hosts."""

    kind = EventKind.RETIRE


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireFinished(Event):
    """The certificate is gone from its hosts."""

    kind = EventKind.RETIRE_FINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Event):
    """
    The removal is off, and the order stands again where it was asked for; the kind follows from where that was.

    Args:
        code: why the machine gave it up before anything was removed; empty when an operator did, with their reason.
    """

    kind: EventKind  # type: ignore[misc]  # chosen per order, as with RetryAsked
    host: HostName | None = None
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearAsked(Event):
    """Abandoned pending requests of these rounds shall go, and their keys with them."""

    kind = EventKind.CLEAR_REQUEST
    rounds: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCleared(Event):
    """The pending requests of these rounds are not on the host any more."""

    kind = EventKind.REQUEST_CLEARED
    rounds: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearFailed(Event):
    """A pending request could not be cleared; ``reason`` is the operator's sentence."""

    kind = EventKind.CLEAR_FAILED
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearRetried(Event):
    """An operator wants the clearing taken up again."""

    kind = EventKind.RETRY_CLEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class SupersededBy(Event):
    """A later order's certificate took over."""

    kind = EventKind.SUPERSEDED
    successor: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstated(Event):
    """The order that had taken over was rolled back: this certificate serves again, and is watched again."""

    kind = EventKind.REINSTATED
    instead_of: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalProposed(Event):
    """The watch found that the certificate's successor is due."""

    kind = EventKind.RENEWAL_PROPOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalPostponed(Event):
    """An approver said "not now"; the watch asks again at the given moment."""

    kind = EventKind.RENEWAL_POSTPONED
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalOpened(Event):
    """The order for the successor was placed."""

    kind = EventKind.RENEWAL_OPENED
    successor: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAsked(Event):
    """An operator wants the failed work taken up again; the kind follows from where it failed."""

    kind: EventKind  # type: ignore[misc]  # the one event whose kind is chosen per order
