"""
The daily look at the calendar over 10,000 installed certificates, of which none is due, on both databases.

It must take less than a second; the figures at a tenth and at ten times as many stand beside it.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from bot.domain.states import State
from bot.store.database import open_database
from bot.store.migration import migrate
from bot.store.orders import SqlOrders
from bot.system.clock import SystemClock
from bot.watch.expiry import Calendar
from bot.workflow.engine import Engine
from tests.contract import crowd
from tests.postgres import cluster
from tests.unit.domain.samples import certificate
from tests.unit.handlers import scene

GOAL: Final = 1.0
SIZES: Final = (1_000, 10_000, 100_000)
_SWEPT: Final = 10_000
_ROUNDS: Final = 5


def measure() -> dict[str, Any]:
    """Return the seconds of one look by database and number of certificates, the calmest of five each."""
    found = {"sqlite": _measured(_sqlite), "postgresql": _measured(_postgresql)}
    slowest = max(seconds[_SWEPT] for seconds in found.values())
    return {
        "name": "orders",
        "what": "seconds of one look at 10,000 installed certificates (the slower of both databases)",
        "ratio": round(slowest, 3),
        "goal": GOAL,
        "holds": slowest < GOAL,
        "seconds": {
            name: {str(size): round(one, 4) for size, one in seconds.items()}
            for name, seconds in found.items()
        },
    }


def _measured(opened: Callable[[int], Any]) -> dict[int, float]:
    with ExitStack() as stack:
        sweeps = {
            size: _calendar(stack.enter_context(opened(size)), size, stack).propose_renewals
            for size in SIZES
        }
        return {size: min(_timed(sweep) for _ in range(_ROUNDS)) for size, sweep in sweeps.items()}


@contextmanager
def _sqlite(_size: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'orders.db'}"


@contextmanager
def _postgresql(size: int) -> Iterator[str]:
    with cluster.running() as server:
        yield server.create(f"orders_{size}")


def _calendar(url: str, size: int, stack: ExitStack) -> Calendar:
    """The calendar over a store with so many installed orders, each as large as a real one."""
    migrate(url)
    database = open_database(url)
    stack.callback(database.dispose)
    clock = SystemClock()
    now = clock.now()
    lasting = certificate(not_before=now - timedelta(days=1), not_after=now + timedelta(days=199))
    serving = scene.order(State.INSTALLED, certificate=lasting, renewal_asked_at=None)
    crowd.put(database, [serving], size, late_every=1)
    crowd.settle(database)
    orders = SqlOrders(database, lambda *_: None, lambda *_: None)
    return Calendar(Engine(orders, scene.SITE, clock), orders, scene.SITE, clock)


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
