"""
Steps of orders a second with 1, 2 and 3 workers, against trivial workflows of the durable engine a second in the same run.

The work on an order is the making of a CSR and the delivery of its messages: the host's lease, the journal's intent and
confirmation, the change of state with its audit entry and its messages, on the real store and through the real queues; only host and
chat are toys that answer at once. The trivial workflow has three durable steps, which do nothing, and goes through the same
queue to the same workers (engine.md, Figures). All work is put into the queue in one moment, and all kinds take turns round by round,
since other work shares the machine; each ratio is the median of the rounds'.

The ratio is that of one step of an order to one trivial workflow: each is a handful of small transactions. Beside it stands the harder
one, step against step as the engine keeps them, and what bounds it: the bare step ratio is that of the same workflows and steps as an
order's, with nothing in them (ADR 29 says why a step of ours is more than the engine's).

The goal is one for workers on PostgreSQL, where there can be several. SQLite's one worker stands beside them: there every step of ours
writes, one write at a time holds the file, and half of the time goes into waiting for it.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.rig import Rig, working
from bench.worker import BARE, TRIVIAL
from bot.domain.states import Work
from tests.postgres import cluster

GOAL: Final = 0.7
WORKERS: Final = (1, 2, 3)
_ROUNDS: Final = 3
_COUNT: Final = 40
_ALONE: Final = "sqlite 1"


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What was done in some rounds of one kind: workflows begun by us, steps kept by the engine, seconds."""

    begun: int
    steps: int
    seconds: float

    @property
    def steps_per_s(self) -> float:
        """Steps a second."""
        return self.steps / self.seconds

    @property
    def begun_per_s(self) -> float:
        """Orders, or workflows, a second."""
        return self.begun / self.seconds


def measure() -> dict[str, Any]:
    """Return the figures of one worker on SQLite and of one to three on PostgreSQL."""
    with _sqlite() as url:
        found = {_ALONE: _measured(url, 1)}
    with cluster.running() as server:
        for workers in WORKERS:
            found[f"postgresql {workers}"] = _measured(server.create(f"steps_{workers}"), workers)
    several = [one for name, one in found.items() if name != _ALONE]
    worst = min(one["ratio"] for one in several)
    return {
        "name": "steps",
        "what": "steps of orders a second against trivial workflows of the engine a second, PostgreSQL, 1 to 3 workers "
        "(the worst)",
        "ratio": worst,
        "step_ratio": min(one["step_ratio"] for one in several),
        "goal": GOAL,
        "holds": worst >= GOAL,
        "workers": found,
    }


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'steps.db'}"


def _measured(url: str, workers: int) -> dict[str, float]:
    with ExitStack() as stack:
        rig = Rig(url, stack)
        for number in range(workers):
            stack.enter_context(working(url, f"bench-{number + 1}")).wait_for()
        rounds = [
            (
                _round(rig, rig.put_orders, Work.MAKE_CSR.value),
                _round(rig, rig.put_trivial, TRIVIAL),
                _round(rig, rig.put_bare, BARE),
            )
            for _ in range(_ROUNDS + 1)
        ][1:]  # the first one gets everybody going
    ours, theirs, _ = (_together(paces) for paces in zip(*rounds, strict=True))
    return {
        "ratio": _median(one.steps_per_s / trivial.begun_per_s for one, trivial, _ in rounds),
        "step_ratio": _median(one.steps_per_s / trivial.steps_per_s for one, trivial, _ in rounds),
        "bare_step_ratio": _median(
            bare.steps_per_s / trivial.steps_per_s for _, trivial, bare in rounds
        ),
        "steps_per_s": round(ours.steps_per_s, 1),
        "trivial_steps_per_s": round(theirs.steps_per_s, 1),
        "orders_per_s": round(ours.begun_per_s, 1),
        "trivial_workflows_per_s": round(theirs.begun_per_s, 1),
        "steps_of_an_order": round(ours.steps / ours.begun, 1),
    }


def _median(ratios: Iterable[float]) -> float:
    return round(statistics.median(ratios), 2)


def _together(paces: Sequence[Pace]) -> Pace:
    return Pace(
        begun=sum(one.begun for one in paces),
        steps=sum(one.steps for one in paces),
        seconds=sum(one.seconds for one in paces),
    )


def _round(rig: Rig, put: Callable[[int], object], kind: str) -> Pace:
    before = rig.kept_steps()
    put(_COUNT)
    start = time.perf_counter()
    rig.wait_until_done(kind)
    seconds = time.perf_counter() - start
    steps = rig.kept_steps() - before
    rig.wait_until_done()
    return Pace(begun=_COUNT, steps=steps, seconds=seconds)
