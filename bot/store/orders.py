"""
The one way to change an order: change, audit entry, messages and the start of work in one transaction.

Which changes are allowed is decided above; here is only that they happen whole, once, or not at all.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

from sqlalchemy import Engine, func, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bot.domain.audit import AuditEntry
from bot.domain.faults import OrderUnknown
from bot.domain.ids import OrderId, UploadId
from bot.domain.lifetime import CertificateEnd
from bot.domain.messages import Message
from bot.domain.order import CertificateOrder, HostStep, Progress, Upload, Worklist
from bot.domain.states import State, Work
from bot.ports import Change, Draft
from bot.store import approvals, chain, due, ends, outbox, sealed, steps, uploads, worklist
from bot.store.columns import may_be_id
from bot.store.database import reading, scrub, writing
from bot.store.outbox import StartDelivery
from bot.store.rows import order_columns, order_value
from bot.store.tables import AuditRecord, OrderRecord, OutboxRecord

StartWork = Callable[[Session, Work, CertificateOrder], None]
"""
Starts the work of an order inside the given transaction: it must write through that session alone.

Outside this room the session is a thing to hand on to the engine; annotate it as ``object``.
"""


class SqlOrders:
    """`bot.ports.Orders` over the database."""

    def __init__(self, engine: Engine, enqueue: StartWork, enqueue_delivery: StartDelivery) -> None:
        self._engine = engine
        self._enqueue = enqueue
        self._enqueue_delivery = enqueue_delivery

    def place(
        self, draft: Draft, at: datetime, tell: Callable[[CertificateOrder], Change]
    ) -> CertificateOrder:
        """Give the draft a number and store what ``tell`` makes of it (version 1, PLACED)."""
        try:
            with writing(self._engine) as session:
                known = _placed_with(session, draft.key)
                return known or self._place(session, draft, at, tell)
        except IntegrityError:
            # PostgreSQL lets two begin with one key and refuses the second; the first one's order counts.
            with reading(self._engine) as session:
                known = _placed_with(session, draft.key)
            if known is None:
                raise
            return known

    def load(self, order_id: OrderId) -> CertificateOrder:
        """One order. Raises `OrderUnknown`."""
        with reading(self._engine) as session:
            return _one(session, order_id)

    def save(self, change: Change) -> bool:
        """Write one change; False when somebody else was first."""
        _check_change(change, change.order.id)
        with writing(self._engine) as session:
            if not _swap(session, change.order, expected=change.order.version - 1):
                return False
            self._finish(session, change)
        if change.forgets is not None or change.wipes is not None:
            scrub(self._engine)
        return True

    def hand_in(
        self, upload: Upload, version: int, tell: Callable[[UploadId], Change]
    ) -> CertificateOrder | None:
        """Keep a file with the change that names it; None, and nothing kept, when somebody was first. Raises `OrderUnknown`."""
        with writing(self._engine) as session:
            # Compared before the bytes are written: what is rolled back stays in SQLite's log for a while.
            if _lock(session, upload.order_id) != version:
                return None
            change = tell(uploads.add(session, upload))
            _check_change(change, upload.order_id)
            if change.order.version != version + 1 or not _swap(
                session, change.order, expected=version
            ):
                raise ValueError(
                    f"A file was told as no change of order {upload.order_id}, version {version}; nothing was stored."
                )
            self._finish(session, change)
        return change.order

    def note_step(
        self, step: HostStep, order_id: OrderId, entry: AuditEntry, messages: tuple[Message, ...]
    ) -> None:
        """Write how far a host's step has come; the order's version stays. Raises `OrderUnknown`."""
        _check_one_order(order_id, entry)
        with writing(self._engine) as session:
            version = _lock(session, order_id)
            steps.write(session, order_id, step)
            chain.append(session, entry)
            stem = f"{order_id}:{version}:s"
            taken = _rows_under(session, order_id, stem)
            last = outbox.put(session, order_id, messages, (f"{stem}{k}" for k in count(taken + 1)))
            self._deliver(session, order_id, last)

    def steps(self, order_id: OrderId) -> tuple[HostStep, ...]:
        """The latest word on each (host, step), in the order they were first written."""
        with reading(self._engine) as session:
            return steps.read(session, order_id)

    def progress(self, order_id: OrderId) -> Progress:
        """One order with how far its hosts have come, in one look. Raises `OrderUnknown`."""
        with reading(self._engine) as session:
            return Progress(order=_one(session, order_id), steps=steps.read(session, order_id))

    def in_states(
        self, states: Iterable[State], *, limit: int = 1000, before: OrderId | None = None
    ) -> tuple[CertificateOrder, ...]:
        """Orders in these states, newest first; with ``before`` only those older than that one."""
        numbers = worklist.newest(states, limit=limit, before=before)
        if numbers is None:
            return ()
        chosen = (
            select(OrderRecord)
            .where(col(OrderRecord.id).in_(numbers))
            .order_by(col(OrderRecord.id).desc())
            .limit(limit)
        )
        with reading(self._engine) as session:
            return _values(session, session.exec(chosen).all())

    def worklist(
        self, states: Iterable[State], waits: Iterable[str], *, limit: int, count_to: int
    ) -> Worklist:
        """The first orders to look at in these states, and how many there are as far as is counted."""
        with reading(self._engine) as session:
            found = worklist.find(session, tuple(states), tuple(waits), limit, count_to)
            rows = session.exec(select(OrderRecord).where(col(OrderRecord.id).in_(found.numbers)))
            orders = {order.id: order for order in _values(session, rows.all())}
        return Worklist(
            orders=tuple(orders[OrderId(number)] for number in found.numbers),
            total=found.total,
            overdue=found.overdue,
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
        """When certificates end that may be due now and whose renewal nobody was asked about yet."""
        with reading(self._engine) as session:
            return ends.find(session, state, now=now, share=share, limit=limit, after=after)

    def placed_by(
        self,
        state: State,
        moment: datetime,
        *,
        limit: int,
        after: CertificateOrder | None = None,
    ) -> tuple[CertificateOrder, ...]:
        """Orders in this state that were placed by then, oldest first."""
        place = col(OrderRecord.placed_at), col(OrderRecord.id)
        chosen = (
            select(OrderRecord)
            .where(OrderRecord.state == state.value, place[0] <= moment)
            .order_by(*place)
            .limit(limit)
        )
        if after is not None:
            chosen = chosen.where(tuple_(*place) > (after.placed_at, after.id))
        with reading(self._engine) as session:
            return _values(session, session.exec(chosen).all())

    def being_cleared(self) -> tuple[CertificateOrder, ...]:
        """Orders with a clearing of pending requests under way or stopped, newest first."""
        chosen = (
            select(OrderRecord)
            .where(col(OrderRecord.clearing).is_not(None))
            .order_by(col(OrderRecord.id).desc())
        )
        with reading(self._engine) as session:
            return _values(session, session.exec(chosen).all())

    def upload(self, upload_id: UploadId) -> Upload:
        """One file; its bytes are empty once they were wiped. Raises KeyError."""
        with reading(self._engine) as session:
            return uploads.find(session, upload_id)

    def _place(
        self,
        session: Session,
        draft: Draft,
        at: datetime,
        tell: Callable[[CertificateOrder], Change],
    ) -> CertificateOrder:
        unnumbered = _first_version(draft, at)
        row = OrderRecord(
            id=_next_number(session), draft_key=draft.key, **order_columns(unnumbered)
        )
        session.add(row)
        session.flush()
        order = replace(unnumbered, id=OrderId(row.id or 0))
        change = tell(order)
        _check_change(change, order.id)
        if (change.order.id, change.order.version) != (order.id, order.version):
            raise ValueError(
                f"A draft was told as another order than {order.id}, version 1; nothing was stored."
            )
        _swap(session, change.order, expected=order.version)
        self._finish(session, change)
        return change.order

    def _finish(self, session: Session, change: Change) -> None:
        order = change.order
        approvals.add(session, order)
        if change.wipes is not None:
            uploads.wipe(session, change.wipes, order.id)
        # Before the chain: who settles debts locks them first and the chain's head after them.
        due.arm(session, order, change.due_at)
        chain.append(session, change.entry)
        if change.forgets is not None:
            sealed.forget(session, change.forgets)
        if change.keeps is not None:
            sealed.keep(session, change.keeps)
        for entry in change.also:
            chain.append(session, entry)
        ids = (f"{order.id}:{order.version}:{n}" for n in count(1))
        last = outbox.put(session, order.id, change.messages, ids)
        if change.work is not Work.NOTHING:
            self._enqueue(session, change.work, order)
        self._deliver(session, order.id, last)

    def _deliver(self, session: Session, order_id: OrderId, last: str | None) -> None:
        if last is not None:
            self._enqueue_delivery(session, order_id, last)


def highest_number(session: Session) -> int:
    """The highest number an order has, or that the audit names; 0 where there is none."""
    found = (
        session.exec(select(func.max(OrderRecord.id))).one(),
        session.exec(select(func.max(AuditRecord.order_id))).one(),
    )
    return max(number or 0 for number in found)


def _next_number(session: Session) -> int | None:
    """SQLite has no sequence that remembers numbers which were passed over (`reopening`); PostgreSQL's does, with None."""
    if session.connection().dialect.name == "postgresql":
        return None
    return highest_number(session) + 1


def _first_version(draft: Draft, at: datetime) -> CertificateOrder:
    return CertificateOrder(
        id=OrderId(0),
        version=1,
        state=State.PLACED,
        wish=draft.wish,
        requester=draft.requester,
        home=draft.home,
        placed_at=at,
        changed_at=at,
    )


def _check_change(change: Change, order_id: OrderId) -> None:
    for entry in (change.entry, change.forgets, *change.also):
        if entry is not None:
            _check_one_order(order_id, entry)
    if change.keeps is not None and change.keeps.bond.order_id != order_id:
        raise ValueError(
            f"The secret is order {change.keeps.bond.order_id}'s and the change about order {order_id}; "
            "nothing was stored."
        )


def _check_one_order(order_id: OrderId, entry: AuditEntry) -> None:
    if entry.order_id != order_id:
        raise ValueError(
            f"The audit entry is about order {entry.order_id} and the change about order {order_id}; "
            "nothing was stored."
        )


def _swap(session: Session, order: CertificateOrder, *, expected: int) -> bool:
    """Compare-and-set: the only statement that writes an order's state."""
    written = session.exec(
        update(OrderRecord)
        .where(col(OrderRecord.id) == order.id)
        .where(col(OrderRecord.version) == expected)
        .values(**order_columns(order))
    )
    return written.rowcount == 1


def _lock(session: Session, order_id: OrderId) -> int:
    # Not the key: whoever holds the chain's head may be about to write a row that refers to this order.
    version = session.exec(
        select(OrderRecord.version)
        .where(OrderRecord.id == order_id)
        .with_for_update(key_share=True)
    ).first()
    if version is None:
        raise OrderUnknown(order_id)
    return version


def _placed_with(session: Session, key: str) -> CertificateOrder | None:
    row = session.exec(select(OrderRecord).where(OrderRecord.draft_key == key)).first()
    return None if row is None else _values(session, [row])[0]


def _one(session: Session, order_id: OrderId) -> CertificateOrder:
    row = session.get(OrderRecord, order_id) if may_be_id(order_id) else None
    if row is None:
        raise OrderUnknown(order_id)
    return _values(session, [row])[0]


def _values(session: Session, rows: Sequence[OrderRecord]) -> tuple[CertificateOrder, ...]:
    given = approvals.read(session, [row.id or 0 for row in rows])
    return tuple(order_value(row, given[row.id or 0]) for row in rows)


def _rows_under(session: Session, order_id: OrderId, stem: str) -> int:
    return session.exec(
        select(func.count())
        .select_from(OutboxRecord)
        .where(OutboxRecord.order_id == order_id)
        .where(col(OutboxRecord.id).startswith(stem, autoescape=True))
    ).one()
