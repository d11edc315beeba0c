"""
Which certificates near their end, found by index alone.

When a renewal is due depends on a share of the certificate's life, and the share is a setting: it must not be baked
into a column. So the index has the certificates by how long they are valid, and of each length by their end; few
lengths are in use at a time, and of each only what ends soon enough is read.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, tuple_
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import Select

from bot.domain.lifetime import CertificateEnd, latest_end
from bot.domain.states import State
from bot.store.rows import certificate_end
from bot.store.tables import OrderRecord

_Ends = Select[int | None, str | None, datetime | None, int | None]


def find(
    session: Session,
    state: State,
    *,
    now: datetime,
    share: float,
    limit: int,
    after: CertificateEnd | None,
) -> tuple[CertificateEnd, ...]:
    """Certificates that may be due; see `bot.ports.Orders.ends_of`."""
    found: list[CertificateEnd] = []
    if after is None:
        # A row that an earlier release wrote beside this one says nothing of its end: the facts are read.
        found += _read(
            session, _candidates(state, now).where(col(OrderRecord.valid_days).is_(None))
        )
    left = limit
    days = _next_length(session, state, None if after is None else after.valid_days)
    while days is not None and left > 0:
        chosen = _ending(state, now, days, latest_end(now, days=days, share=share)).limit(left)
        if after is not None and after.valid_days == days:
            place = col(OrderRecord.not_after), col(OrderRecord.id)
            chosen = chosen.where(tuple_(*place) > (after.not_after, after.order_id))
        ends = _read(session, chosen)
        found += ends
        left -= len(ends)
        days = _next_length(session, state, days + 1)
    return tuple(found)


def _next_length(session: Session, state: State, least: int | None) -> int | None:
    """The shortest length of validity in use from this one on, in days."""
    lengths = (
        select(col(OrderRecord.valid_days))
        .where(*_not_asked(state), col(OrderRecord.valid_days).is_not(None))
        .order_by(col(OrderRecord.valid_days))
        .limit(1)
    )
    if least is not None:
        lengths = lengths.where(col(OrderRecord.valid_days) >= least)
    return session.exec(lengths).first()


def _ending(state: State, now: datetime, days: int, latest: datetime) -> _Ends:
    return (
        _candidates(state, now)
        .where(col(OrderRecord.valid_days) == days, col(OrderRecord.not_after) <= latest)
        .order_by(col(OrderRecord.not_after), col(OrderRecord.id))
    )


def _candidates(state: State, now: datetime) -> _Ends:
    again = col(OrderRecord.renewal_not_before)
    return select(
        col(OrderRecord.id), col(OrderRecord.leaf_facts), again, col(OrderRecord.renewed_by)
    ).where(*_not_asked(state), or_(again.is_(None), again <= now))


def _not_asked(state: State) -> tuple[ColumnElement[bool], ...]:
    """What the index is of, in its words."""
    return (
        col(OrderRecord.state) == state.value,
        col(OrderRecord.renewal_asked_at).is_(None),
        col(OrderRecord.leaf_facts).is_not(None),
    )


def _read(session: Session, chosen: _Ends) -> list[CertificateEnd]:
    return [certificate_end(*row) for row in session.exec(chosen)]
