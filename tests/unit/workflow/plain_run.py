"""A durable run without an engine: steps are kept by their place, as the real library keeps them."""

from collections.abc import Callable
from typing import Any

from bot.workflow.outcome import Outcome, from_plain, to_plain
from tests.unit.workflow.clock import FakeClock
from tests.unit.workflow.fuse import Fuse

Kept = list[tuple[str, dict[str, Any]]]


class Diverged(AssertionError):
    """A second run took another way than the first; the real library would give the job up (error 11)."""


class PlainRun:
    """
    `bot.workflow.outcome.Run` in memory; it dies where its fuse blows.

    Args:
        kept: what earlier runs of the same job have kept; it grows as this one goes on.
    """

    def __init__(
        self, clock: FakeClock, kept: Kept | None = None, fuse: Fuse | None = None
    ) -> None:
        self.kept: Kept = [] if kept is None else kept
        self.slept: list[float] = []
        self._clock = clock
        self._fuse = fuse or Fuse()
        self._place = 0

    def step(self, name: str, function: Callable[[], Outcome]) -> Outcome:
        """Run one step, or recall how it ended."""
        place, self._place = self._place, self._place + 1
        if place < len(self.kept):
            known, plain = self.kept[place]
            if known != name:
                raise Diverged(f"step {place} was {known!r} and is now {name!r}")
            return from_plain(plain)
        self._fuse.burn(f"before step {name}")
        outcome = function()
        self._fuse.burn(f"after step {name}, before it is kept")
        self.kept.append((name, to_plain(outcome)))
        self._fuse.burn(f"after step {name}")
        return outcome

    def sleep(self, seconds: float) -> None:
        """Let the clock run on."""
        assert seconds > 0
        self._fuse.burn("before a wait")
        self.slept.append(seconds)
        self._clock.forward(seconds)
