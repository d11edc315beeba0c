"""How far each step of each host of an order has come."""

from sqlmodel import Session, col, select

from bot.domain.ids import HostName, OrderId
from bot.domain.order import HostStep
from bot.domain.plan import Step
from bot.store.tables import StepRecord
from bot.store.values import CAUTIONS


def write(session: Session, order_id: OrderId, step: HostStep) -> None:
    """Put the latest word on a step; the caller holds the order's lock."""
    known = session.exec(
        select(StepRecord)
        .where(StepRecord.order_id == order_id)
        .where(StepRecord.host == step.host)
        .where(StepRecord.step == step.step.value)
    ).first()
    if known is None:
        session.add(_record(order_id, step))
    else:
        known.status, known.note, known.at = step.status, step.note, step.at
        known.warnings = CAUTIONS.text(step.warnings)


def read(session: Session, order_id: OrderId) -> tuple[HostStep, ...]:
    """The latest word on each (host, step), in the order they were first written."""
    rows = session.exec(
        select(StepRecord).where(StepRecord.order_id == order_id).order_by(col(StepRecord.number))
    )
    return tuple(_value(row) for row in rows)


def _record(order_id: OrderId, step: HostStep) -> StepRecord:
    return StepRecord(
        order_id=order_id,
        host=step.host,
        step=step.step.value,
        status=step.status,
        note=step.note,
        at=step.at,
        warnings=CAUTIONS.text(step.warnings),
    )


def _value(row: StepRecord) -> HostStep:
    return HostStep(
        host=HostName(row.host),
        step=Step(row.step),
        status=row.status,
        note=row.note,
        at=row.at,
        warnings=CAUTIONS.value(row.warnings) if row.warnings else (),
    )
