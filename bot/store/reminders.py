"""What is due and who is owed a word; each is taken by one caller, together with what it writes."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, delete, or_, update
from sqlmodel import Session, col, select

from bot.chase_ports import Debt, Due
from bot.domain.audit import AuditEntry
from bot.domain.ids import OrderId, PersonId
from bot.domain.messages import ReminderMessage
from bot.store import chain, outbox
from bot.store.database import reading, writing
from bot.store.outbox import StartDelivery
from bot.store.tables import DebtRecord, DueRecord, ToldRecord


class SqlReminders:
    """`bot.chase_ports.Reminders` over the database."""

    def __init__(self, engine: Engine, enqueue_delivery: StartDelivery) -> None:
        self._engine = engine
        self._enqueue_delivery = enqueue_delivery

    def due(self, now: datetime, *, horizon: timedelta, limit: int = 500) -> tuple[Due, ...]:
        """What fell due by now, the earliest first; and what lies beyond the horizon."""
        chosen = (
            select(DueRecord)
            .where(or_(col(DueRecord.due_at) <= now, col(DueRecord.due_at) > now + horizon))
            .order_by(col(DueRecord.due_at), col(DueRecord.order_id))
            .limit(limit)
        )
        with reading(self._engine) as session:
            return tuple(_due(row) for row in session.exec(chosen))

    def set_again(self, seen: Due, anew: Due | None) -> bool:
        """Put another moment in place of the one seen, or none; nobody is told."""
        with writing(self._engine) as session:
            if anew is None:
                gone = session.exec(delete(DueRecord).where(_as_seen(seen)))
                return gone.rowcount == 1
            return _swap(session, seen, anew)

    def give(self, seen: Due, people: tuple[PersonId, ...], due_at: datetime) -> bool:
        """Count a reminder: these people are owed a word, and the next moment is this one."""
        given = seen.given + 1
        with writing(self._engine) as session:
            anew = Due(
                order_id=seen.order_id, wait=seen.wait, since=seen.since, given=given, due_at=due_at
            )
            if not _swap(session, seen, anew):
                return False
            for person in people:
                _owe(session, Debt(person=person, order_id=seen.order_id, number=given))
        return True

    def owed(self, now: datetime, *, gap: timedelta) -> tuple[PersonId, ...]:
        """Who is owed a word and was told of nothing within the gap."""
        # A moment that is still to come was set by a clock that was wrong.
        just_told = and_(col(ToldRecord.at) > now - gap, col(ToldRecord.at) <= now)
        told = select(ToldRecord.person).where(just_told)
        chosen = (
            select(DebtRecord.person)
            .where(col(DebtRecord.person).not_in(told))
            .distinct()
            .order_by(col(DebtRecord.person))
        )
        with reading(self._engine) as session:
            return tuple(PersonId(person) for person in session.exec(chosen))

    def debts(self, person: PersonId) -> tuple[Debt, ...]:
        """What a person is owed, by the number of the order."""
        chosen = (
            select(DebtRecord).where(DebtRecord.person == person).order_by(col(DebtRecord.order_id))
        )
        with reading(self._engine) as session:
            return tuple(_debt(row) for row in session.exec(chosen))

    def settle(
        self,
        seen: tuple[Debt, ...],
        message: ReminderMessage | None,
        entries: tuple[AuditEntry, ...],
        *,
        at: datetime,
        gap: timedelta,
    ) -> bool:
        """End debts of one person, with the message that tells them or without any."""
        with writing(self._engine) as session:
            # All or none: a debt that changed meanwhile is read again by the next look.
            if not all(_end(session, debt) for debt in sorted(seen, key=lambda d: d.order_id)):
                session.rollback()
                return False
            for entry in entries:
                chain.append(session, entry)
            if message is not None and not self._tell(session, message, at, gap):
                session.rollback()
                return False
        return True

    def waiting(self, order_ids: tuple[OrderId, ...]) -> dict[OrderId, Due]:
        """The next moments of these orders, as far as they wait."""
        chosen = select(DueRecord).where(col(DueRecord.order_id).in_(order_ids))
        with reading(self._engine) as session:
            return {OrderId(row.order_id): _due(row) for row in session.exec(chosen)}

    def _tell(
        self, session: Session, message: ReminderMessage, at: datetime, gap: timedelta
    ) -> bool:
        told = session.get(ToldRecord, message.to)
        if told is not None and at - gap < told.at <= at:
            return False
        order_id = message.reminders[0].order_id
        row_id = f"{order_id}:r{int(at.timestamp() * 1000)}:{message.to.rpartition(':')[2]}"
        outbox.put(session, order_id, (message,), iter((row_id,)))
        if told is None:
            session.add(ToldRecord(person=message.to, at=at))
        else:
            told.at = at
        session.flush()
        self._enqueue_delivery(session, order_id, row_id)
        return True


def _as_seen(seen: Due) -> ColumnElement[bool]:
    return and_(
        col(DueRecord.order_id) == seen.order_id,
        col(DueRecord.wait) == seen.wait,
        col(DueRecord.since) == seen.since,
        col(DueRecord.given) == seen.given,
        col(DueRecord.due_at) == seen.due_at,
    )


def _swap(session: Session, seen: Due, anew: Due) -> bool:
    """Compare-and-set: the only statement that moves a moment."""
    moved = session.exec(
        update(DueRecord)
        .where(_as_seen(seen))
        .values(wait=anew.wait, since=anew.since, given=anew.given, due_at=anew.due_at)
    )
    return moved.rowcount == 1


def _owe(session: Session, debt: Debt) -> None:
    session.exec(delete(DebtRecord).where(_of(debt)))
    session.add(DebtRecord(person=debt.person, order_id=debt.order_id, number=debt.number))
    session.flush()


def _end(session: Session, debt: Debt) -> bool:
    ended = session.exec(delete(DebtRecord).where(_of(debt), col(DebtRecord.number) == debt.number))
    return ended.rowcount == 1


def _of(debt: Debt) -> ColumnElement[bool]:
    return and_(col(DebtRecord.person) == debt.person, col(DebtRecord.order_id) == debt.order_id)


def _due(row: DueRecord) -> Due:
    return Due(
        order_id=OrderId(row.order_id),
        wait=row.wait,
        since=row.since,
        given=row.given,
        due_at=row.due_at,
    )


def _debt(row: DebtRecord) -> Debt:
    return Debt(person=PersonId(row.person), order_id=OrderId(row.order_id), number=row.number)
