"""
`/cert list` among 1,000, 10,000 and 100,000 orders, on both databases: its slowest hundredth must not grow with them.

Half of the orders are under way, in every state there is, and a tenth of those that wait are overdue. What is measured is everything
between the typed word and the finished picture but Slack. The sizes take turns call by call, so that other work on the
machine meets all of them alike, and the 99th percentile is the median of several rounds'.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

from bot.domain.states import State
from bot.domain.waiting import UNDER_WAY
from bot.store.database import open_database
from bot.store.migration import migrate
from bot.store.orders import SqlOrders
from bot.store.reminders import SqlReminders
from handlers.reading import list_picture
from handlers.rooms import Rooms
from tests.contract import crowd
from tests.postgres import cluster
from tests.unit.handlers import scene

GOAL: Final = 1.5
SIZES: Final = (1_000, 10_000, 100_000)
_ROUNDS: Final = 5
_CALLS: Final = 100
_LATE_EVERY: Final = 10


def measure() -> dict[str, Any]:
    """Return the ratio of the largest to the smallest size's 99th percentile, the worse of both databases."""
    found = {"sqlite": _measured(_sqlite), "postgresql": _measured(_postgresql)}
    ratios = {name: p99[SIZES[-1]] / p99[SIZES[0]] for name, p99 in found.items()}
    worst = max(ratios.values())
    return {
        "name": "lists",
        "what": "p99 of /cert list at 100,000 orders against 1,000 (the worse of both databases)",
        "ratio": round(worst, 2),
        "goal": GOAL,
        "holds": worst <= GOAL,
        "ratios": {name: round(ratio, 2) for name, ratio in ratios.items()},
        "p99_ms": {
            name: {str(size): round(1000 * seconds, 2) for size, seconds in p99.items()}
            for name, p99 in found.items()
        },
    }


def _measured(opened: Callable[[], Any]) -> dict[int, float]:
    with ExitStack() as stack:
        database_of = stack.enter_context(opened())
        calls = {size: _list(database_of(size), size, stack) for size in SIZES}
        for call in calls.values():
            _timed(call)  # the first one compiles the statements
        rounds = [_round(calls) for _ in range(_ROUNDS)]
    return {size: statistics.median(one[size] for one in rounds) for size in SIZES}


def _round(calls: dict[int, Callable[[], object]]) -> dict[int, float]:
    took: dict[int, list[float]] = {size: [] for size in calls}
    for _ in range(_CALLS):
        for size, call in calls.items():
            took[size].append(_timed(call))
    return {size: statistics.quantiles(seconds, n=100)[-1] for size, seconds in took.items()}


@contextmanager
def _sqlite() -> Iterator[Callable[[int], str]]:
    with tempfile.TemporaryDirectory() as folder:
        yield lambda size: f"sqlite:///{Path(folder) / f'{size}.db'}"


@contextmanager
def _postgresql() -> Iterator[Callable[[int], str]]:
    with cluster.running() as server:
        yield lambda size: server.create(f"orders_{size}")


def _list(url: str, size: int, stack: ExitStack) -> Callable[[], object]:
    """The list over a store with so many orders."""
    migrate(url)
    database = open_database(url)
    stack.callback(database.dispose)
    serving = [scene.order(State.INSTALLED)]
    crowd.put(database, serving, size // 2, late_every=_LATE_EVERY)
    under_way = [scene.order(state) for state in sorted(UNDER_WAY)]
    crowd.put(database, under_way, size - size // 2, late_every=_LATE_EVERY)
    crowd.settle(database)
    rooms = SimpleNamespace(
        orders=SqlOrders(database, lambda *_: None, lambda *_: None),
        reminders=SqlReminders(database, lambda *_: None),
        site=scene.SITE,
    )
    return lambda: list_picture(cast("Rooms", rooms))  # it enters no other room


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
