"""Thousands of orders in a database at once, for what must not read them all."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Engine, func, insert, select, text

from bot.domain.order import CertificateOrder
from bot.domain.waiting import wait_of
from bot.store.database import writing
from bot.store.rows import order_columns
from bot.store.tables import DueRecord, OrderRecord

_BATCH = 2_000


def put(
    database: Engine, given: Sequence[CertificateOrder], count: int, *, late_every: int
) -> range:
    """
    Store so many orders, the given ones in turns; each that waits for people is due tomorrow; their numbers.

    Args:
        late_every: how many of those that wait come to one that was reminded of, and is overdue.
    """
    columns = [order_columns(order) for order in given]
    with writing(database) as session:
        connection = session.connection()
        first = (connection.execute(select(func.max(OrderRecord.id))).scalar() or 0) + 1
        for start in range(0, count, _BATCH):
            numbers = range(start, min(count, start + _BATCH))
            rows = [
                {**columns[n % len(given)], "id": first + n, "draft_key": f"crowd-{first + n}"}
                for n in numbers
            ]
            connection.execute(insert(OrderRecord), rows)
            waits = [
                _due(given[n % len(given)], first + n, is_late=n // len(given) % late_every == 0)
                for n in numbers
                if wait_of(given[n % len(given)]) is not None
            ]
            if waits:
                connection.execute(insert(DueRecord), waits)
    return range(first, first + count)


def settle(database: Engine) -> None:
    """Let PostgreSQL see what is in the tables, as its vacuum does by itself within a minute."""
    if database.dialect.name == "postgresql":
        with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE orders, due"))


def _due(order: CertificateOrder, number: int, *, is_late: bool) -> dict[str, object]:
    since = (order.waits_since or order.changed_at) - timedelta(minutes=number)
    return {
        "order_id": number,
        "wait": wait_of(order),
        "since": since,
        "given": int(is_late),
        "due_at": order.changed_at + timedelta(days=1),
    }
