"""Decisions as rows: one a person and gate, kept in the order given, added and never rewritten."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bot.domain.approvals import Approval, Gate
from bot.domain.ids import OrderId, PersonId
from bot.domain.order import CertificateOrder
from bot.store.tables import ApprovalRecord


def read(session: Session, order_ids: Sequence[int]) -> Mapping[int, tuple[Approval, ...]]:
    """The decisions on each of these orders, in the order they were given; empty where none is."""
    found: defaultdict[int, tuple[Approval, ...]] = defaultdict(tuple)
    rows = session.exec(
        select(ApprovalRecord)
        .where(col(ApprovalRecord.order_id).in_(order_ids))
        .order_by(col(ApprovalRecord.order_id), col(ApprovalRecord.position))
    )
    for row in rows:
        found[row.order_id] += (_value(row),)
    return found


def add(session: Session, order: CertificateOrder) -> None:
    """
    Add the decisions the order brings beyond those kept; the caller holds the order's lock.

    Raises:
        ValueError: the order lacks or changes a decision that was kept.
    """
    kept = read(session, [order.id])[order.id]
    same = order.approvals[: len(kept)]
    if [_decision(approval) for approval in same] != [_decision(approval) for approval in kept]:
        raise ValueError(
            f"The change would drop or rewrite a decision on order {order.id}; nothing was stored. "
            "Approvals are only ever added."
        )
    for position, approval in enumerate(order.approvals[len(kept) :], start=len(kept)):
        session.add(_record(order.id, position, approval))
    session.flush()


def _decision(approval: Approval) -> tuple[Gate, PersonId, bool, datetime]:
    # Not the reason: characters that no database can hold were replaced when it was kept.
    return (approval.gate, approval.by, approval.yes, approval.at)


def _record(order_id: OrderId, position: int, approval: Approval) -> ApprovalRecord:
    return ApprovalRecord(
        order_id=order_id,
        position=position,
        gate=approval.gate.value,
        person=approval.by,
        at=approval.at,
        yes=approval.yes,
        reason=approval.reason,
        subject=approval.subject,
    )


def _value(row: ApprovalRecord) -> Approval:
    return Approval(
        gate=Gate(row.gate),
        by=PersonId(row.person),
        at=row.at,
        yes=row.yes,
        reason=row.reason,
        subject=row.subject,
    )
