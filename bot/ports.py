"""
The ports: what the workflow needs from the world, each as a contract.

A second implementer needs nothing but the docstring here. Implementations live in the adapter
rooms (`store`, `exchange`, `vendors`, `watch`, `system`, `handlers`), fakes in `tests/fakes`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.certs.findings import Finding
from bot.certs.judge import Expectation, IssuedCertificate, Verdict
from bot.domain.audit import AuditEntry
from bot.domain.ids import HostName, OrderId, PersonId, UploadId, VendorName
from bot.domain.intent import Deadline, Intent
from bot.domain.leases import Lease
from bot.domain.lifetime import CertificateEnd
from bot.domain.messages import Message
from bot.domain.order import CertificateOrder, HostStep, Progress, Upload, Wish, Worklist
from bot.domain.pending import ClearAsk
from bot.domain.plan import (
    Answer,
    Caution,
    Handshake,
    InstallPlan,
    Observation,
    Operation,
    Receipt,
    Service,
    Snapshot,
)
from bot.domain.sealed import SealedSecret
from bot.domain.states import State, Work
from bot.domain.surroundings import PendingCertificate
from bot.domain.undoing import GivingBack
from bot.key_ports import Parcel


class Clock(Protocol):
    """The time. 1. `now` is aware UTC and never steps behind itself by more than the system's."""

    def now(self) -> datetime:
        """This moment, aware UTC."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An order before it has a number."""

    wish: Wish
    requester: PersonId
    home: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    Everything that belongs to one change of an order; it happens as a whole or not at all.

    Args:
        order: the order afterwards; its version is one above the stored one.
        entry: the audit entry; there is no change without one.
        messages: what people are told because of it.
        work: what the machine does next.
        forgets: every secret kept for the order is wiped, told by this entry; no entry where nothing was kept.
        keeps: a sealed secret that is kept from this change on.
        also: further audit entries of this change, after ``entry``: what became of secrets.
        due_at: when something is due if the order goes on waiting; see `bot.chase_ports.Reminders`.
        wipes: a file whose bytes are gone from this change on; name and hash stay.
    """

    order: CertificateOrder
    entry: AuditEntry
    messages: tuple[Message, ...] = ()
    work: Work = Work.NOTHING
    forgets: AuditEntry | None = None
    keeps: SealedSecret | None = None
    also: tuple[AuditEntry, ...] = ()
    due_at: datetime | None = None
    wipes: UploadId | None = None


class Orders(Protocol):
    """
    The orders, in a store that survives a kill at any line.

    1. `place`, `save`, `hand_in` and `note_step` write the change, its audit entry, its outbox rows and the start
       of its work in one transaction; after a failure none of it exists.
    2. `save` is compare-and-set on ``order.version - 1``: False, and nothing written, when somebody was first.
    3. `place` with a `Draft.key` seen before returns the order made then and writes nothing.
    4. What is loaded is what was saved, approvals in the order they were given.
    5. What a change keeps and forgets of secrets happens in its transaction: forgetting first, then keeping.
    """

    def place(
        self, draft: Draft, at: datetime, tell: Callable[[CertificateOrder], Change]
    ) -> CertificateOrder:
        """Give the draft a number and store what ``tell`` makes of it (version 1, PLACED)."""
        ...

    def load(self, order_id: OrderId) -> CertificateOrder:
        """One order. Raises `OrderUnknown`."""
        ...

    def save(self, change: Change) -> bool:
        """Write one change; False when somebody else was first."""
        ...

    def hand_in(
        self, upload: Upload, version: int, tell: Callable[[UploadId], Change]
    ) -> CertificateOrder | None:
        """Keep a file with the change that names it; None, and nothing kept, when ``version`` is not the order's now."""
        ...

    def note_step(
        self, step: HostStep, order_id: OrderId, entry: AuditEntry, messages: tuple[Message, ...]
    ) -> None:
        """Write how far a host's step has come; the order's version stays."""
        ...

    def steps(self, order_id: OrderId) -> tuple[HostStep, ...]:
        """The latest word on each (host, step), in the order they were first written."""
        ...

    def progress(self, order_id: OrderId) -> Progress:
        """`load` and `steps` at one moment. Raises `OrderUnknown`."""
        ...

    def in_states(
        self, states: Iterable[State], *, limit: int = 1000, before: OrderId | None = None
    ) -> tuple[CertificateOrder, ...]:
        """Orders in these states, newest first; with ``before`` only those older than that one."""
        ...

    def worklist(
        self, states: Iterable[State], waits: Iterable[str], *, limit: int, count_to: int
    ) -> Worklist:
        """
        The first orders to look at in these states; no more is read than is shown, however many there are.

        Args:
            waits: what orders in these states can wait for, as `bot.domain.waiting.Wait` names it; one whose wait was
                reminded of is overdue.
            limit: how many orders, at the most.
            count_to: how far to count, at the most.
        """
        ...

    def ends_of(
        self,
        state: State,
        *,
        now: datetime,
        share: float,
        limit: int,
        after: CertificateEnd | None = None,
    ) -> tuple[CertificateEnd, ...]:
        """
        When certificates end that may be due now and whose renewal nobody was asked about yet; the order itself unread.

        All that `CertificateEnd.is_due` is true of, and some that will be due within a day. By how long they are valid
        and when they end; with ``after`` only those that come after that one.
        """
        ...

    def placed_by(
        self,
        state: State,
        moment: datetime,
        *,
        limit: int,
        after: CertificateOrder | None = None,
    ) -> tuple[CertificateOrder, ...]:
        """Orders in this state that were placed by then, oldest first; with ``after`` only those that come after that one."""
        ...

    def being_cleared(self) -> tuple[CertificateOrder, ...]:
        """Orders with a clearing of pending requests under way or stopped, newest first."""
        ...

    def upload(self, upload_id: UploadId) -> Upload:
        """One file; its bytes are empty once they were wiped. Raises KeyError."""
        ...


class Audit(Protocol):
    """The audit as readers see it; writing happens only together with a change in `Orders`."""

    def entries(self, order_id: OrderId | None = None) -> tuple[AuditEntry, ...]:
        """All entries, or those of one order, oldest first."""
        ...

    def broken_at(self) -> int | None:
        """The number of the first entry that does not fit its chain; None when all fit."""
        ...


class Journal(Protocol):
    """
    Intents and confirmations of remote operations, so that none runs twice after a kill.

    1. `intend` is committed before the operation leaves; 2. `hear` when its answer came, before anything else is
    done, together with the host's rest; 3. `confirm` after its end state was seen; 4. `withdraw` when it is certain that the host never executed
    it. Keys are ``<order>/<operation key>``.
    """

    def find(self, key: str) -> Intent | None:
        """What is known of an operation; None when it was never begun."""
        ...

    def intend(
        self,
        key: str,
        *,
        attempt: int,
        deadline: datetime,
        was_done: bool,
        lease: Lease,
        begun: str = "",
    ) -> Intent | None:
        """
        Note that the operation is about to be sent for the so-manieth time, counted from 1.

        Compare-and-set: None, and nothing written, when the attempt before is not the last one known, since
        another run was first, or when the host's lease is not held any more; then the caller must not act.

        Args:
            begun: a mark of the caller's stopwatch, kept with the intent.
        """
        ...

    def hear(self, key: str, warnings: tuple[Caution, ...], *, attempt: int, lease: Lease) -> None:
        """
        Note the answer to this attempt: its command has ended, and nothing runs on the lease's host any more.

        Nothing is noted, and the host does not rest, when there is no intent or another attempt was begun since: the late
        answer of an overtaken run says nothing about what runs now.
        """
        ...

    def confirm(self, key: str, seen: str) -> None:
        """Note what was seen afterwards; creates the record when there was no intent."""
        ...

    def withdraw(self, key: str, *, attempt: int) -> None:
        """The host never executed this attempt: forget it, and it alone, unless another one was begun since."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CsrAsk:
    """
    What the host is asked to make a CSR from.

    Args:
        friendly_name: unique to order and round; a request found under it is ours (under 64 characters).
    """

    host: HostName
    wish: Wish
    friendly_name: str


class ExchangeHosts(Protocol):
    """
    The Exchange hosts, each by the name the configuration gives it.

    1. Every method raises `HostFault` for whatever goes wrong, with ``executed`` told honestly.
    2. `find_csr`, `snapshot` and `observe` change nothing and may be repeated.
    3. `make_csr` and `act` run their operation at most once per call and never retry by themselves.
    4. `act` imports and enables exactly the certificate given; what it does follows from the operation's data, never from its text.
    5. What changes a host is not sent any more (BUSY, ``too-late``, nothing executed) when it could still be on its way, or run,
       at the moment ``until``; and what was sent is ended by then. Waiting, opening and reading before it use that time up.
    6. An import with `Operation.key_from` brings certificate and key from that host alone, in memory, not exportable on the new one; no key, no import.
    """

    def find_csr(self, ask: CsrAsk) -> str | None:
        """The PEM of the pending request with this friendly name; None when there is none."""
        ...

    def make_csr(self, ask: CsrAsk, *, until: Deadline | None = None) -> str:
        """Have the host make key and CSR; the PEM it answered."""
        ...

    def snapshot(self, host: HostName) -> Snapshot:
        """Read what is on the host."""
        ...

    def pending(self, host: HostName) -> tuple[PendingCertificate, ...]:
        """The host's pending requests; changes nothing."""
        ...

    def clear_request(self, ask: ClearAsk, *, until: Deadline | None = None) -> Receipt:
        """Drop this very request, once; the host is asked for its public key first, and another one is a fault."""
        ...

    def plan(
        self,
        order: CertificateOrder,
        certificate: IssuedCertificate,
        snapshots: tuple[Snapshot, ...],
    ) -> InstallPlan:
        """What would be done on the order's hosts, in order; pure, reads nothing."""
        ...

    def plan_retirement(
        self,
        order: CertificateOrder,
        certificate: IssuedCertificate,
        snapshots: tuple[Snapshot, ...],
    ) -> tuple[Operation, ...]:
        """The removals for this certificate. Raises `HostFault` (UNSUPPORTED) while it is still used."""
        ...

    def plan_roll_back(self, plan: InstallPlan, snapshot: Snapshot) -> GivingBack:
        """What gives the services of the snapshot's host back, where the plan's certificate still serves them; pure."""
        ...

    def observe(self, operation: Operation, certificate: IssuedCertificate) -> Observation:
        """Look whether the operation's end state is there."""
        ...

    def act(
        self,
        operation: Operation,
        certificate: IssuedCertificate,
        *,
        parcel: Parcel | None = None,
        until: Deadline | None = None,
    ) -> Receipt:
        """Run one operation, once; ``parcel`` brings certificate and key where the operation imports a PFX."""
        ...

    def read_back(
        self,
        host: HostName,
        certificate: IssuedCertificate,
        services: tuple[Service, ...],
        plan: InstallPlan,
        answer: Answer | None,
    ) -> Observation:
        """Whether the host shows the certificate with its key, its services and the decided default."""
        ...


class Prober(Protocol):
    """Real TLS handshakes. 1. Never raises for what the network does: a failed handshake is a value."""

    def probe(
        self, host: HostName, certificate: IssuedCertificate, services: tuple[Service, ...]
    ) -> tuple[Handshake, ...]:
        """One handshake with each open port that the services name."""
        ...


class BundleJudge(Protocol):
    """
    The judge of uploads, behind a guard.

    1. Any bytes give a `Verdict` within the guard's wall time; what takes longer is refused with the code
       ``took_too_long``. 2. The anchors and the moment are the implementation's business.
    """

    def judge(
        self, data: bytes, name: str, expectation: Expectation, *, vendor: VendorName
    ) -> Verdict:
        """Judge an upload."""
        ...

    def rejudge(
        self, certificate: IssuedCertificate, expectation: Expectation, *, vendor: VendorName
    ) -> tuple[Finding, ...]:
        """Judge the stored certificate once more, right before it is installed."""
        ...


class Revocation(Protocol):
    """
    Whether the issuers took a proven certificate, or an intermediate above it, back.

    1. Never raises for what the network or the other side does, and ends within a minute. 2. Asks only at addresses that the proven
    certificates name, and only after they were accepted. 3. `revoked` refuses; `revocation_unknown` warns, for what could not be
    asked or proves nothing; `not_revoked` notes that every answer was good. No other code, and each answer is signed by the issuer.
    """

    def check(self, certificate: IssuedCertificate, *, vendor: VendorName) -> tuple[Finding, ...]:
        """Ask now; ``vendor`` says whose anchors the path ends in."""
        ...


class VendorDesk(Protocol):
    """The way through a vendor's portal, for people."""

    def guide(self, order: CertificateOrder) -> tuple[str, ...]:
        """Numbered steps for this order at its vendor, as plain sentences without markup."""
        ...
