"""
The store in memory: the same promises as `bot/store`, kept without a database.

One `Memory` stands for one database. A change works on it under a lock and puts everything back as it was when
anything raises, also when starting the work does.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import RLock
from typing import Any, Protocol

from bot.chase_ports import Debt, Due
from bot.domain.audit import GENESIS, AuditEntry, chained
from bot.domain.faults import DatabaseAway, OrderUnknown
from bot.domain.ids import HostName, OrderId, PersonId, UploadId
from bot.domain.intent import Intent
from bot.domain.leases import Lease
from bot.domain.lifetime import CertificateEnd, latest_end
from bot.domain.messages import (
    Card,
    CardMessage,
    Message,
    OutboxRow,
    Pause,
    Posted,
    ReminderMessage,
)
from bot.domain.order import CertificateOrder, HostStep, Progress, Upload, Worklist
from bot.domain.pacing import pause_of
from bot.domain.plan import Caution, Step
from bot.domain.sealed import KeptSecret, SealedId, SealedSecret
from bot.domain.states import State, Work
from bot.ports import Change, Clock, Draft
from tests.fakes.due import arm
from tests.unit.workflow.clock import FakeClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A row of the outbox."""

    id: str
    order_id: OrderId
    message: Message
    attempt: int = 0
    delivered: bool = False
    due_at: datetime | None = None
    slot: str = ""
    posted: Posted | None = None


@dataclass(slots=True, kw_only=True)
class Memory:
    """
    Everything that would be in the database.

    `works` and `deliveries` are what the default starters noted; they take part in the transaction.
    """

    orders: dict[OrderId, CertificateOrder] = field(default_factory=dict)
    keys: dict[str, OrderId] = field(default_factory=dict)
    audit: list[tuple[AuditEntry, str]] = field(default_factory=list)
    outbox: dict[str, Waiting] = field(default_factory=dict)
    cards: dict[tuple[OrderId, Card], Posted] = field(default_factory=dict)
    shown: dict[tuple[OrderId, Card], datetime] = field(default_factory=dict)
    heads: dict[Posted, OrderId] = field(default_factory=dict)
    steps: dict[tuple[OrderId, HostName, Step], HostStep] = field(default_factory=dict)
    uploads: dict[UploadId, Upload] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)
    sealed: dict[SealedId, KeptSecret] = field(default_factory=dict)
    leases: dict[str, Any] = field(default_factory=dict)
    due: dict[OrderId, Due] = field(default_factory=dict)
    debts: dict[tuple[PersonId, OrderId], Debt] = field(default_factory=dict)
    told: dict[PersonId, datetime] = field(default_factory=dict)
    works: list[tuple[Work, OrderId]] = field(default_factory=list)
    deliveries: list[tuple[OrderId, str]] = field(default_factory=list)
    lock: RLock = field(default_factory=RLock)

    @contextmanager
    def change(self) -> Iterator[None]:
        """All of what happens inside, or nothing of it, and one change at a time."""
        with self.lock:
            before = {name: getattr(self, name).copy() for name in _CONTENTS}
            try:
                yield
            except BaseException:
                for name, content in before.items():
                    setattr(self, name, content)
                raise


_CONTENTS = tuple(f.name for f in fields(Memory) if f.name != "lock")

Starter = Callable[[Any, Work, CertificateOrder], None]
DeliveryStarter = Callable[[Any, OrderId, str], None]


class FakeOrders:
    """
    `bot.ports.Orders` in memory.

    Without starters of the test's own, what would be started is noted in the memory.
    """

    def __init__(
        self,
        memory: Memory,
        enqueue: Starter | None = None,
        enqueue_delivery: DeliveryStarter | None = None,
    ) -> None:
        self.away = False
        self._memory = memory
        self._enqueue = enqueue or _note_work
        self._enqueue_delivery = enqueue_delivery or _note_delivery

    def place(
        self, draft: Draft, at: datetime, tell: Callable[[CertificateOrder], Change]
    ) -> CertificateOrder:
        """Give the draft a number and store what ``tell`` makes of it."""
        with self._memory.change():
            if draft.key in self._memory.keys:
                return self._memory.orders[self._memory.keys[draft.key]]
            order = _first(draft, OrderId(len(self._memory.orders) + 1), at)
            change = tell(order)
            _check_one_order(change, order.id)
            if (change.order.id, change.order.version) != (order.id, 1):
                raise ValueError("a draft was told as another order")
            self._memory.keys[draft.key] = order.id
            self._write(change)
            return change.order

    def load(self, order_id: OrderId) -> CertificateOrder:
        """One order."""
        try:
            return self._memory.orders[order_id]
        except KeyError:
            raise OrderUnknown(order_id) from None

    def save(self, change: Change) -> bool:
        """Write one change when its version follows the stored one."""
        if self.away:
            raise DatabaseAway("OperationalError")
        with self._memory.change():
            order = change.order
            _check_one_order(change, order.id)
            stored = self._memory.orders.get(order.id)
            if stored is None or stored.version != order.version - 1:
                return False
            if order.approvals[: len(stored.approvals)] != stored.approvals:
                raise ValueError("approvals are only ever added")
            self._write(change)
            return True

    def hand_in(
        self, upload: Upload, version: int, tell: Callable[[UploadId], Change]
    ) -> CertificateOrder | None:
        """Keep a file with the change that names it."""
        if self.away:
            raise DatabaseAway("OperationalError")
        with self._memory.change():
            if self.load(upload.order_id).version != version:
                return None
            upload_id = UploadId(len(self._memory.uploads) + 1)
            self._memory.uploads[upload_id] = upload
            change = tell(upload_id)
            _check_one_order(change, upload.order_id)
            if change.order.version != version + 1:
                raise ValueError("a file was told as no change of its order")
            self._write(change)
            return change.order

    def note_step(
        self, step: HostStep, order_id: OrderId, entry: AuditEntry, messages: tuple[Message, ...]
    ) -> None:
        """Write how far a host's step has come."""
        with self._memory.change():
            if entry.order_id != order_id:
                raise ValueError("the audit entry is about another order")
            stem = f"{order_id}:{self.load(order_id).version}:s"
            self._memory.steps[order_id, step.host, step.step] = step
            self._append(entry)
            taken = sum(row_id.startswith(stem) for row_id in self._memory.outbox)
            self._tell(order_id, messages, (f"{stem}{k}" for k in count(taken + 1)))

    def steps(self, order_id: OrderId) -> tuple[HostStep, ...]:
        """The latest word on each step, in the order of first words."""
        return tuple(step for key, step in self._memory.steps.items() if key[0] == order_id)

    def progress(self, order_id: OrderId) -> Progress:
        """Both at one moment."""
        return Progress(order=self.load(order_id), steps=self.steps(order_id))

    def in_states(
        self, states: Iterable[State], *, limit: int = 1000, before: OrderId | None = None
    ) -> tuple[CertificateOrder, ...]:
        """Orders in these states, newest first, those before one of them only if it is named."""
        wanted = set(states)
        newest_first = sorted(self._memory.orders.values(), key=lambda order: -order.id)
        found = (o for o in newest_first if o.state in wanted and (before is None or o.id < before))
        return tuple(found)[:limit]

    def worklist(
        self, states: Iterable[State], waits: Iterable[str], *, limit: int, count_to: int
    ) -> Worklist:
        """What is overdue first, then the newest."""
        wanted = set(waits)
        late = sorted(
            (due.since, number)
            for number, due in self._memory.due.items()
            if due.wait in wanted and due.given > 0
        )
        newest = self.in_states(states, limit=len(self._memory.orders))
        numbers = dict.fromkeys((*(number for _, number in late), *(o.id for o in newest)))
        return Worklist(
            orders=tuple(self.load(number) for number in tuple(numbers)[:limit]),
            total=min(len(newest), count_to),
            overdue=min(len(late), count_to),
        )

    def ends_of(
        self,
        state: State,
        *,
        now: datetime,
        share: float,
        limit: int,
        after: CertificateEnd | None = None,
    ) -> tuple[CertificateEnd, ...]:
        """When the certificates of orders in this state end that may be due."""
        ends = (
            CertificateEnd(
                order_id=order.id,
                not_before=order.certificate.facts.not_before,
                not_after=order.certificate.facts.not_after,
                not_again_before=order.renewal_not_before,
                renewed_by=order.renewed_by,
            )
            for order in self._memory.orders.values()
            if order.state is state
            and order.certificate is not None
            and order.renewal_asked_at is None
            and (order.renewal_not_before is None or order.renewal_not_before <= now)
        )
        near = sorted(
            (end.valid_days, end.not_after, end.order_id, end)
            for end in ends
            if end.not_after <= latest_end(now, days=end.valid_days, share=share)
        )
        last = None if after is None else (after.valid_days, after.not_after, after.order_id)
        return tuple(end for *place, end in near if last is None or tuple(place) > last)[:limit]

    def placed_by(
        self,
        state: State,
        moment: datetime,
        *,
        limit: int,
        after: CertificateOrder | None = None,
    ) -> tuple[CertificateOrder, ...]:
        """Orders in this state that were placed by then, oldest first."""
        old = [
            o for o in self._memory.orders.values() if o.state is state and o.placed_at <= moment
        ]
        last = None if after is None else (after.placed_at, after.id)
        ordered = sorted(old, key=lambda o: (o.placed_at, o.id))
        return tuple(o for o in ordered if last is None or (o.placed_at, o.id) > last)[:limit]

    def being_cleared(self) -> tuple[CertificateOrder, ...]:
        """Orders with a clearing under way or stopped, newest first."""
        found = [order for order in self._memory.orders.values() if order.clearing is not None]
        return tuple(sorted(found, key=lambda order: order.id, reverse=True))

    def upload(self, upload_id: UploadId) -> Upload:
        """One file."""
        return self._memory.uploads[upload_id]

    def _write(self, change: Change) -> None:
        order = change.order
        self._memory.orders[order.id] = order
        arm(self._memory, order, change.due_at)
        self._append(change.entry)
        if change.wipes is not None:
            self._wipe(change.wipes, order.id)
        if change.forgets is not None:
            self._forget(change.forgets)
        if change.keeps is not None:
            self._keep(change.keeps)
        for entry in change.also:
            self._append(entry)
        if change.work is not Work.NOTHING:
            self._enqueue(self._memory, change.work, order)
        self._tell(order.id, change.messages, (f"{order.id}:{order.version}:{n}" for n in count(1)))

    def _append(self, entry: AuditEntry) -> None:
        append(self._memory, entry)

    def _wipe(self, upload_id: UploadId, order_id: OrderId) -> None:
        upload = self._memory.uploads.get(upload_id)
        if upload is not None and upload.order_id == order_id:
            self._memory.uploads[upload_id] = replace(upload, data=b"")

    def _forget(self, entry: AuditEntry) -> None:
        living = [
            kept for kept in self._memory.sealed.values()
            if kept.secret.bond.order_id == entry.order_id and kept.wiped_at is None
        ]  # fmt: skip
        for kept in living:
            self._memory.sealed[kept.id] = wiped(kept, entry.at)
        if living:
            self._append(entry)

    def _keep(self, secret: SealedSecret) -> None:
        if any(kept.secret.bond == secret.bond for kept in self._memory.sealed.values()):
            raise ValueError("a secret with this bond was kept before")
        number = SealedId(len(self._memory.sealed) + 1)
        self._memory.sealed[number] = KeptSecret(id=number, secret=secret)

    def _tell(self, order_id: OrderId, messages: tuple[Message, ...], ids: Iterator[str]) -> None:
        last = None
        for message in messages:
            if not waits(self._memory, order_id, message):
                last = next(ids)
                self._memory.outbox[last] = Waiting(id=last, order_id=order_id, message=message)
        if last is not None:
            self._enqueue_delivery(self._memory, order_id, last)


class FakeAudit:
    """`bot.ports.Audit` in memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def entries(self, order_id: OrderId | None = None) -> tuple[AuditEntry, ...]:
        """All entries, or those of one order."""
        return tuple(e for e, _ in self._memory.audit if order_id in (None, e.order_id))

    def broken_at(self) -> int | None:
        """The number of the first entry that does not fit."""
        previous = GENESIS
        for number, (entry, kept) in enumerate(self._memory.audit, start=1):
            if chained(entry, previous) != kept:
                return number
            previous = kept
        return None


class FakeOutbox:
    """`bot.chat_ports.Outbox` in memory."""

    def __init__(
        self, memory: Memory, clock: Clock | None = None, start: DeliveryStarter | None = None
    ) -> None:
        self._memory = memory
        self._clock = clock or FakeClock()
        self._start = start or _note_delivery

    def waiting(self, order_id: OrderId) -> tuple[str, ...]:
        """Ids of undelivered rows of one order, oldest first."""
        return tuple(row.id for row in self._undelivered() if row.order_id == order_id)

    def orders_waiting(self) -> tuple[tuple[OrderId, str], ...]:
        """Orders with undelivered rows, each with its newest."""
        return tuple(sorted({row.order_id: row.id for row in self._undelivered()}.items()))

    def begin(self, row_id: str) -> OutboxRow | Pause | None:
        """Count an attempt and read the row, or say why it has to wait."""
        with self._memory.change():
            row = self._memory.outbox.get(row_id)
            if row is None or row.delivered:
                return None
            pause = self.pause(row_id)
            if pause is not None:
                return pause
            self._memory.outbox[row_id] = replace(row, attempt=row.attempt + 1, slot="")
            self._show(row)
            return OutboxRow(
                id=row.id,
                order_id=row.order_id,
                message=row.message,
                attempt=row.attempt,
                slot=row.slot,
            )

    def pause(self, row_id: str) -> Pause | None:
        """Why the row is not to be begun yet."""
        row = self._memory.outbox.get(row_id)
        if row is None or row.delivered:
            return None
        card = row.message.card if isinstance(row.message, CardMessage) else None
        shown = None if card is None else self._memory.shown.get((row.order_id, card))
        reminds = isinstance(row.message, ReminderMessage)
        return pause_of(row.due_at, shown, self._clock.now(), reminds=reminds)

    def put_off(self, row: OutboxRow, seconds: float, *, sent: bool, slot: str) -> None:
        """The row waits so long."""
        with self._memory.change():
            kept = self._memory.outbox.get(row.id)
            if kept is None or kept.delivered or kept.attempt != row.attempt + 1:
                return
            due = self._clock.now() + timedelta(seconds=seconds)
            self._memory.outbox[row.id] = replace(
                kept, attempt=row.attempt + sent, due_at=due, slot=slot
            )

    def _show(self, row: Waiting) -> None:
        if isinstance(row.message, CardMessage):
            key = row.order_id, row.message.card
            if key in self._memory.cards:
                self._memory.shown[key] = self._clock.now()

    def is_overtaken(self, row: OutboxRow) -> bool:
        """Whether another attempt was begun, or the row was delivered, since this one was begun."""
        kept = self._memory.outbox.get(row.id)
        return kept is not None and (kept.delivered or kept.attempt != row.attempt + 1)

    def delivered(self, row_id: str, posted: Posted | None) -> bool:
        """The row is done; True for a second post that nothing knows of."""
        with self._memory.change():
            row = self._memory.outbox[row_id]
            if row.delivered:
                known = {kept.posted for kept in self._memory.outbox.values()}
                return None not in (row.posted, posted) and posted not in known
            self._memory.outbox[row_id] = replace(row, delivered=True, posted=posted)
            if posted is not None and isinstance(row.message, CardMessage):
                self._memory.cards[row.order_id, row.message.card] = posted
                self._memory.heads[posted] = row.order_id
                self._show(row)
            return False

    def give_up(self, row_id: str, entry: AuditEntry) -> None:
        """The row is never delivered, and the audit says why."""
        with self._memory.change():
            row = self._memory.outbox.get(row_id)
            if row is None or row.delivered:
                return
            self._memory.outbox[row_id] = replace(row, delivered=True)
            append(self._memory, entry)

    def card_at(self, order_id: OrderId, card: Card) -> Posted | None:
        """Where a card stands."""
        return self._memory.cards.get((order_id, card))

    def card_on(self, posted: Posted) -> tuple[OrderId, Card] | None:
        """Which card of which order stands there now."""
        return next((key for key, place in self._memory.cards.items() if place == posted), None)

    def show_again(self, order_id: OrderId, card: Card, gone: Posted, entry: AuditEntry) -> bool:
        """A card is brought up to date since its message is gone."""
        row_id = f"{order_id}:gone:{gone.ts}"
        with self._memory.change():
            if self.card_at(order_id, card) != gone or row_id in self._memory.outbox:
                return False
            message = CardMessage(card=card)
            if waits(self._memory, order_id, message):
                return False
            self._memory.outbox[row_id] = Waiting(id=row_id, order_id=order_id, message=message)
            append(self._memory, entry)
            self._start(self._memory, order_id, row_id)
            return True

    def order_at(self, posted: Posted) -> OrderId | None:
        """Whose card this message is."""
        now = next((key[0] for key, at in self._memory.cards.items() if at == posted), None)
        return now or self._memory.heads.get(posted)

    def _undelivered(self) -> Iterator[Waiting]:
        return (row for row in self._memory.outbox.values() if not row.delivered)


class Renewer(Protocol):
    """What the journal asks of the leases beside it."""

    def rest(self, lease: Lease) -> None:
        """The command begun last has ended."""
        ...

    def renew(self, lease: Lease, *, busy_until: datetime) -> bool:
        """Check and renew a lease."""
        ...


class FakeJournal:
    """`bot.ports.Journal` in memory, beside the leases over the same memory."""

    def __init__(self, memory: Memory, leases: "Renewer") -> None:
        self._memory = memory
        self._leases = leases

    def find(self, key: str) -> Intent | None:
        """What is known of an operation."""
        return self._memory.intents.get(key)

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
        """Note that the operation is about to be sent; None when another run was first, or has the host."""
        with self._memory.change():
            known = self.find(key)
            if attempt != (known.attempt if known else 0) + 1:
                return None
            if not self._leases.renew(lease, busy_until=deadline):
                return None
            intent = Intent(
                key=key, attempt=attempt, deadline=deadline, was_done=was_done, begun=begun
            )
            self._memory.intents[key] = intent
            return intent

    def hear(self, key: str, warnings: tuple[Caution, ...], *, attempt: int, lease: Lease) -> None:
        """Note the answer; the host rests."""
        with self._memory.change():
            known = self.find(key)
            if known is None or known.attempt != attempt:
                return
            self._memory.intents[key] = replace(known, answered=True, warnings=warnings)
            self._leases.rest(lease)

    def confirm(self, key: str, seen: str) -> None:
        """Note what was seen afterwards."""
        if not seen:
            raise ValueError("say in a few words what was seen")
        with self._memory.change():
            self._memory.intents[key] = replace(self.find(key) or _unsent(key), confirmed=seen)

    def withdraw(self, key: str, *, attempt: int) -> None:
        """Forget the intent of this attempt."""
        with self._memory.change():
            known = self.find(key)
            if known is None or known.attempt != attempt or known.confirmed:
                return
            if attempt == 1:
                del self._memory.intents[key]
            else:
                over = datetime.fromtimestamp(0, UTC)
                self._memory.intents[key] = replace(
                    known, attempt=attempt - 1, deadline=over, begun=""
                )


def append(memory: Memory, entry: AuditEntry) -> None:
    """Add an entry to the chain."""
    previous = memory.audit[-1][1] if memory.audit else GENESIS
    memory.audit.append((entry, chained(entry, previous)))


def waits(memory: Memory, order_id: OrderId, message: Message) -> bool:
    """Whether a card waits already, with no attempt begun."""
    return isinstance(message, CardMessage) and any(
        (row.order_id, row.message, row.attempt, row.delivered) == (order_id, message, 0, False)
        for row in memory.outbox.values()
    )


def wiped(kept: KeptSecret, at: datetime) -> KeptSecret:
    """What is left of a secret."""
    return replace(kept, secret=replace(kept.secret, sealed=b""), wiped_at=at)


def _check_one_order(change: Change, order_id: OrderId) -> None:
    entries = (change.entry, change.forgets, *change.also)
    if any(entry is not None and entry.order_id != order_id for entry in entries):
        raise ValueError("an audit entry is about another order")
    if change.keeps is not None and change.keeps.bond.order_id != order_id:
        raise ValueError("the secret belongs to another order")


def _first(draft: Draft, order_id: OrderId, at: datetime) -> CertificateOrder:
    return CertificateOrder(
        id=order_id,
        version=1,
        state=State.PLACED,
        wish=draft.wish,
        requester=draft.requester,
        home=draft.home,
        placed_at=at,
        changed_at=at,
    )


def _unsent(key: str) -> Intent:
    return Intent(key=key, attempt=0, deadline=datetime.fromtimestamp(0, UTC), was_done=True)


def _note_work(memory: Memory, work: Work, order: CertificateOrder) -> None:
    memory.works.append((work, order.id))


def _note_delivery(memory: Memory, order_id: OrderId, row_id: str) -> None:
    memory.deliveries.append((order_id, row_id))
