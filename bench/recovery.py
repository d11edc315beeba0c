"""
How long an order stands still after the process that works on it was killed, in lives of a worker's lease.

The worker is killed with a CSR made and not yet reported; the clock runs until the order is CSR_READY. On PostgreSQL another worker, which
lives already, takes over: it must first have seen no sign of the dead one for a whole life, so less than one is impossible. On both databases
the same worker is started again at once, as a supervisor does; that waits for no lease, only for the interpreter.
The leases are shorter here than in service, and everything that hangs on them is so in proportion.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from bench.rig import Rig, working
from bench.worker import STUCK
from bot.domain.states import State
from tests.postgres import cluster

GOAL: Final = 2.0
LIFE_S: Final = 5.0
_ROUNDS: Final = 3
_LIFE: Final = str(LIFE_S)


def measure() -> dict[str, Any]:
    """Return the longest take-over in lives, and the seconds of each way back."""
    with cluster.running() as server:
        found = {
            "postgresql, taken over": _rounds(lambda n: server.create(f"over_{n}"), _taken_over),
            "postgresql, started again": _rounds(
                lambda n: server.create(f"again_{n}"), _started_again
            ),
        }
    with tempfile.TemporaryDirectory() as folder:
        found["sqlite, started again"] = _rounds(
            lambda n: f"sqlite:///{Path(folder) / f'{n}.db'}", _started_again
        )
    lives = max(found["postgresql, taken over"]) / LIFE_S
    return {
        "name": "recovery",
        "what": "lives of a lease until another worker carries on a killed one's order (the longest)",
        "ratio": round(lives, 2),
        "goal": GOAL,
        "holds": lives <= GOAL,
        "life_s": LIFE_S,
        "seconds": {name: [round(one, 2) for one in took] for name, took in found.items()},
        "median_s": {name: round(statistics.median(took), 2) for name, took in found.items()},
    }


def _rounds(address: Callable[[int], str], way: Callable[[str, ExitStack], float]) -> list[float]:
    took = []
    for number in range(_ROUNDS):
        with ExitStack() as stack:
            took.append(way(address(number), stack))
    return took


def _taken_over(url: str, stack: ExitStack) -> float:
    rig = Rig(url, stack)
    victim = stack.enter_context(working(url, "bench-1", _LIFE, "stuck"))
    victim.wait_for()
    [order] = rig.put_orders(1)
    victim.wait_for(STUCK)
    stack.enter_context(working(url, "bench-2", _LIFE, "finished")).wait_for()
    victim.kill()
    killed = time.perf_counter()
    rig.wait_for(order, State.CSR_READY)
    return time.perf_counter() - killed


def _started_again(url: str, stack: ExitStack) -> float:
    rig = Rig(url, stack)
    victim = stack.enter_context(working(url, "bench-1", _LIFE, "stuck"))
    victim.wait_for()
    [order] = rig.put_orders(1)
    victim.wait_for(STUCK)
    victim.kill()
    killed = time.perf_counter()
    stack.enter_context(working(url, "bench-1", _LIFE, "finished")).wait_for()
    rig.wait_for(order, State.CSR_READY)
    return time.perf_counter() - killed
