"""Among thousands of orders a list and a look of the watch read what they show and what is due, by index, on both databases."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bot.domain.states import State
from bot.domain.waiting import UNDER_WAY_WAITS
from bot.workflow.paging import every_end, every_placed_by
from tests.contract import crowd
from tests.contract.stores import Store, sql_store
from tests.unit.domain.samples import NOON, certificate, order

CROWD = 3_000
SHOWN = 15
COUNTED = 40
DAY = timedelta(days=1)
_STEPS_A_ROW = 50
UNDER_WAY = (State.PLACED, State.SUBMITTED, State.ISSUED)


def serving(*, left: int) -> Any:
    """An installed order whose certificate has so many of its 200 days left."""
    proven = certificate(not_before=NOON + (left - 200) * DAY, not_after=NOON + left * DAY)
    return order(State.INSTALLED, certificate=proven, renewal_asked_at=None)


@pytest.fixture
def crowded(database_url: str) -> Iterator[Store]:
    """A store with thousands of orders: half under way, half serving, nothing due but a few."""
    with sql_store(database_url) as store:
        assert store.engine is not None
        waiting = [order(state, waits_since=NOON, placed_at=NOON) for state in UNDER_WAY]
        crowd.put(store.engine, waiting, CROWD, late_every=10)
        crowd.put(store.engine, [serving(left=199)], CROWD, late_every=10)
        crowd.put(store.engine, [serving(left=5)], 4, late_every=10)
        crowd.settle(store.engine)
        yield store


@dataclass(frozen=True, kw_only=True)
class Plan:
    """
    How the database goes about one statement.

    Args:
        scans: walks over a whole table or index.
        rows: how many rows it touched on PostgreSQL; on SQLite, which does not tell, the steps of its machine by fifty.
    """

    statement: str
    scans: tuple[str, ...]
    rows: int


def plans(engine: Engine, call: Callable[[], object]) -> list[Plan]:
    """What the database does for each statement of a call."""
    said: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.lstrip().startswith("SELECT"):
            said.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        call()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    explain = _explain_postgresql if engine.dialect.name == "postgresql" else _explain_sqlite
    with engine.connect() as connection:
        return [explain(connection, statement, values) for statement, values in said]


def _explain_sqlite(connection: Any, statement: str, values: Any) -> Plan:
    told = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    details = [str(row[3]) for row in told]
    tables = ("SCAN orders", "SCAN due", "SCAN approvals")
    steps: list[None] = []
    driver = connection.connection.dbapi_connection
    driver.set_progress_handler(lambda: steps.append(None), _STEPS_A_ROW)
    connection.exec_driver_sql(statement, values).all()
    driver.set_progress_handler(None, 0)
    return Plan(
        statement=statement,
        scans=tuple(detail for detail in details if detail.startswith(tables)),
        rows=len(steps),
    )


def _explain_postgresql(connection: Any, statement: str, values: Any) -> Plan:
    told = connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values
    ).scalar()
    whole = told if isinstance(told, list) else json.loads(told)
    scans = [node for node in _nodes(whole[0]["Plan"]) if "Relation Name" in node]
    return Plan(
        statement=statement,
        scans=tuple(str(node) for node in scans if _is_whole(node)),
        rows=sum(_rows(node) for node in scans),
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def _is_whole(node: dict[str, Any]) -> bool:
    """Whether a table or an index is walked from end to end; a heap's pages are looked up by a bitmap of an index."""
    if node["Relation Name"] == "approvals":
        return False  # empty here, and read by order
    return node["Node Type"] == "Seq Scan" or (
        node["Node Type"].startswith("Index") and "Index Cond" not in node
    )


def _rows(node: dict[str, Any]) -> int:
    read: float = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return round(read * float(node["Actual Loops"]))


def test_a_list_reads_what_it_shows(crowded: Store) -> None:
    """The overdue ones, the newest ones, and as many as are counted; nothing of the thousands behind them."""
    assert crowded.engine is not None

    def shown() -> None:
        orders = crowded.orders.worklist(
            UNDER_WAY, UNDER_WAY_WAITS, limit=SHOWN, count_to=COUNTED
        ).orders
        assert SHOWN == len(orders)
        assert crowded.reminders.waiting(tuple(one.id for one in orders))

    found = plans(crowded.engine, shown)
    each = len(UNDER_WAY) * SHOWN

    assert [] == [plan for plan in found if plan.scans]
    assert sum(plan.rows for plan in found) <= 2 * each + 2 * COUNTED + 3 * SHOWN


def test_a_look_of_the_watch_reads_what_is_due(crowded: Store) -> None:
    """Four certificates of thousands."""
    assert crowded.engine is not None

    def look() -> None:
        ends = every_end(crowded.orders, State.INSTALLED, now=NOON, share=2 / 3)
        assert 4 == sum(end.is_due(NOON, share=2 / 3) for end in ends)

    found = plans(crowded.engine, look)

    assert [] == [plan for plan in found if plan.scans]
    assert sum(plan.rows for plan in found) <= 8


def test_old_orders_are_found_among_many_new_ones(crowded: Store) -> None:
    """None of the thousands was placed so long ago, and none is read."""
    assert crowded.engine is not None
    found = plans(
        crowded.engine,
        lambda: list(every_placed_by(crowded.orders, State.PLACED, NOON - DAY)),
    )

    assert [] == [plan for plan in found if plan.scans]
    assert sum(plan.rows for plan in found) <= 2
