"""The next moment of an order, set together with a change of it."""

from datetime import datetime

from sqlmodel import Session, col, delete, select

from bot.domain.order import CertificateOrder
from bot.domain.waiting import wait_of
from bot.store.tables import DebtRecord, DueRecord


def arm(session: Session, order: CertificateOrder, due_at: datetime | None) -> None:
    """
    Set when something about the order is due, in the caller's transaction, which holds the order's lock.

    A wait that goes on keeps its moment and its count; another one, or none, ends what people were owed.
    """
    wait = wait_of(order)
    known = session.exec(
        select(DueRecord).where(DueRecord.order_id == order.id).with_for_update()
    ).first()
    if wait is None or due_at is None or order.waits_since is None:
        _forget(session, order, known)
        return
    if known is None:
        row = DueRecord(
            order_id=order.id, wait=wait.value, since=order.waits_since, given=0, due_at=due_at
        )
        session.add(row)
    elif (known.wait, known.since) != (wait.value, order.waits_since):
        _end_debts(session, order)
        known.wait, known.since = wait.value, order.waits_since
        known.given, known.due_at = 0, due_at
    session.flush()


def _forget(session: Session, order: CertificateOrder, known: DueRecord | None) -> None:
    _end_debts(session, order)
    if known is not None:
        session.delete(known)
        session.flush()


def _end_debts(session: Session, order: CertificateOrder) -> None:
    session.exec(delete(DebtRecord).where(col(DebtRecord.order_id) == order.id))
