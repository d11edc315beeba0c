"""Three workers look at what is due in the same moment, on both databases; one of them is killed."""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot.domain.messages import OutboxRow, ReminderMessage
from bot.domain.states import State
from bot.watch.chaser import Chaser
from bot.workflow.engine import Engine
from tests.contract.stores import Store, sql_store
from tests.fakes.people import FakePeople
from tests.postgres.test_races import together
from tests.unit.domain.samples import RITA, site, wish
from tests.unit.workflow.clock import FakeClock

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ORDERS = 12
HOUSE = Path(__file__).parents[2]


def chaser(store: Store, clock: FakeClock) -> Chaser:
    """One worker's look."""
    engine = Engine(store.orders, site(), clock)
    return Chaser(engine, store.orders, store.reminders, FakePeople(), site(), clock)


def placed(store: Store, clock: FakeClock) -> None:
    """Orders that all wait for the approvers."""
    engine = Engine(store.orders, site(), clock)
    for number in range(ORDERS):
        engine.place(wish(), by=RITA, home="C1", key=f"form-{number}")


def told(store: Store) -> list[tuple[str, int, int]]:
    """(person, order, number) of every reminder that waits for delivery or was delivered."""
    found = []
    for order_id, _ in store.outbox.orders_waiting():
        for row_id in store.outbox.waiting(order_id):
            row = store.outbox.begin(row_id)
            if isinstance(row, OutboxRow) and isinstance(row.message, ReminderMessage):
                found += [(row.message.to, r.order_id, r.number) for r in row.message.reminders]
    return sorted(found)


def entries(store: Store) -> list[tuple[str, int, int]]:
    """The same from the audit."""
    return sorted(
        (entry.facts["person"], entry.order_id, int(entry.facts["number"]))
        for entry in store.audit.entries()
        if entry.what == "reminded"
    )


def test_three_workers_tell_everything_once(sql: Store) -> None:
    """Twelve orders, three looks at once, again and again: each person hears of each order once a moment."""
    clock = FakeClock(MONDAY)
    placed(sql, clock)
    looks: list[Callable[[], None]] = [chaser(sql, clock)] * 3
    for _ in range(4):
        clock.forward(3600 * 3)
        assert [None] * 3 == together(*looks)
        assert [None] * 3 == together(*looks)

    reminded = told(sql)
    assert reminded
    assert len(set(reminded)) == len(reminded)
    assert entries(sql) == reminded
    assert sql.audit.broken_at() is None


def test_three_workers_lapse_an_order_once(sql: Store) -> None:
    """One entry each, whoever is first."""
    clock = FakeClock(MONDAY)
    placed(sql, clock)
    clock.forward(15 * 86400)

    assert [None] * 3 == together(*[chaser(sql, clock)] * 3)
    lapsed = [entry.order_id for entry in sql.audit.entries() if entry.what == "lapse"]
    assert ORDERS == len(lapsed) == len(set(lapsed))


@pytest.mark.parametrize("after_ms", [5, 20, 40, 80, 120, 200])
def test_a_killed_look_loses_nothing_and_repeats_nothing(database_url: str, after_ms: int) -> None:
    """SIGKILL at some moment of the look; the next one goes on where it stopped."""
    clock = FakeClock(MONDAY)
    with sql_store(database_url) as store:
        placed(store, clock)
        clock.forward(3600 * 5)
        victim = subprocess.Popen(
            [sys.executable, "-m", "tests.postgres.reminder_victim", database_url, str(after_ms)],
            cwd=HOUSE,
        )
        assert -signal.SIGKILL == victim.wait()
        chaser(store, clock)()
        clock.forward(60)
        chaser(store, clock)()
        clock.forward(3600 * 4)
        chaser(store, clock)()

        reminded = told(store)
        people = {person for person, _, _ in reminded}
        assert {(p, number, 1) for p in people for number in range(1, ORDERS + 1)} == set(reminded)
        assert len(reminded) == len(set(reminded))
        assert entries(store) == reminded


def test_a_decision_and_a_reminder_in_the_same_moment(sql: Store) -> None:
    """Whoever is first: nobody is owed a word about an order that was decided on."""
    clock = FakeClock(MONDAY)
    placed(sql, clock)
    clock.forward(3600 * 5)
    engine = Engine(sql.orders, site(), clock)
    first = sql.orders.in_states([State.PLACED])[0]
    cancel = partial(engine.cancel, first.id, by=RITA, reason="not needed")

    together(cancel, chaser(sql, clock))

    assert {} == sql.reminders.waiting((first.id,))
    clock.forward(3600 * 5)
    before = len(entries(sql))
    chaser(sql, clock)()
    assert first.id not in {order for _, order, _ in entries(sql)[before:]}
