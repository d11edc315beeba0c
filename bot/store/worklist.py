"""
Which orders head a list of thousands, found by index alone.

State by state and wait by wait, since an index has them in order that way: however many orders there are, no more is
read than is asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Integer, Select, Subquery, func, literal_column, union_all
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select as Columns

from bot.domain.ids import OrderId
from bot.domain.states import State
from bot.store.tables import DueRecord, OrderRecord

_NEVER: Final = literal_column("0", Integer)
"""Spelled, not bound: the index is of rows with more, and SQLite sees that only in the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The numbers of the first orders, in their order, and how many there are as far as was counted."""

    numbers: tuple[int, ...]
    total: int
    overdue: int


def find(
    session: Session, states: Sequence[State], waits: Sequence[str], limit: int, count_to: int
) -> Found:
    """The first orders to look at; see `bot.ports.Orders.worklist`."""
    late = _longest_waiting(session, waits, limit)
    return Found(
        numbers=tuple(dict.fromkeys((*late, *_newest_numbers(session, states, limit))))[:limit],
        total=_counted(session, [_in_state(one, count_to).subquery() for one in states], count_to),
        overdue=_counted(session, [_overdue(one, count_to).subquery() for one in waits], count_to),
    )


def newest(
    states: Iterable[State], *, limit: int, before: OrderId | None = None
) -> Select[Any] | None:
    """Numbers of the newest orders in these states, up to ``limit`` of each; None without any state."""
    each = [select(_in_state(state, limit, before).subquery().c.id) for state in states]
    return select(union_all(*each).subquery()) if each else None


def _newest_numbers(session: Session, states: Sequence[State], limit: int) -> list[int]:
    numbers = newest(states, limit=limit)
    if numbers is None:
        return []
    each = numbers.subquery()
    return list(session.exec(select(each.c.id).order_by(each.c.id.desc()).limit(limit)))


def _longest_waiting(session: Session, waits: Sequence[str], limit: int) -> list[int]:
    each = [select(_overdue(wait, limit).subquery()) for wait in waits]
    if not each:
        return []
    late = union_all(*each).subquery()
    first = select(late.c.order_id).order_by(late.c.since, late.c.order_id).limit(limit)
    return list(session.exec(first))


def _counted(session: Session, each: Sequence[Subquery], count_to: int) -> int:
    if not each:
        return 0
    found = union_all(*(select(one) for one in each)).limit(count_to).subquery()
    return session.exec(select(func.count()).select_from(found)).one()


def _in_state(state: State, limit: int, before: OrderId | None = None) -> Select[Any]:
    numbers = select(OrderRecord.id).where(OrderRecord.state == state.value)
    if before is not None:
        numbers = numbers.where(col(OrderRecord.id) < before)
    return numbers.order_by(col(OrderRecord.id).desc()).limit(limit)


def _overdue(wait: str, limit: int) -> Columns[int, datetime]:
    return (
        select(DueRecord.order_id, DueRecord.since)
        .where(DueRecord.wait == wait, col(DueRecord.given) > _NEVER)
        .order_by(col(DueRecord.since), col(DueRecord.order_id))
        .limit(limit)
    )
