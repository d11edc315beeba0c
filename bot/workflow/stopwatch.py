"""
How long ago something was, whatever wall clocks did meanwhile.

A wall clock that is set ahead makes a command look over that still runs on its host, and running it again is the one
thing that must not happen; one that is set back keeps an order waiting for hours.
"""

from datetime import datetime
from typing import Protocol

from bot.ports import Clock


class Stopwatch(Protocol):
    """
    Marks of moments, kept with a record, and how long ago they were.

    1. Seconds pass in steps of their own: no clock that is set moves them. 2. A mark can be read by a later process
    of the same start of the same machine.
    """

    def mark(self) -> str:
        """This moment."""
        ...

    def since(self, mark: str) -> float | None:
        """Seconds since a mark; None for one of another machine, or of an earlier start of this one."""
        ...


class WallStopwatch:
    """Seconds by a wall clock, for where no steadier one is at hand."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def mark(self) -> str:
        """This moment."""
        return self._clock.now().isoformat()

    def since(self, mark: str) -> float | None:
        """Seconds since a mark."""
        return (self._clock.now() - datetime.fromisoformat(mark)).total_seconds()
