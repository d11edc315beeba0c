"""Seconds that no setting of a clock moves, with marks that outlive a process."""

import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from bot.ports import Clock

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def since_start() -> float:
    """Seconds since this machine was started, asleep or not: hosts go on meanwhile."""
    # Not the monotonic clock where there is a better one: it stands still while the machine sleeps.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class BootStopwatch:
    """
    A `bot.workflow.stopwatch.Stopwatch`: seconds since the machine was started, asleep or not.

    Where the system does not tell which start it is, marks are of use to the process alone that made them.

    Args:
        boot: the name of this start of this machine.
        seconds: since it was started.
    """

    def __init__(self, boot: str = "", seconds: Callable[[], float] | None = None) -> None:
        self._boot = boot or _boot_id()
        self._seconds = seconds or since_start

    def mark(self) -> str:
        """This moment."""
        return f"{self._boot} {self._seconds():.3f}"

    def since(self, mark: str) -> float | None:
        """Seconds since a mark; None for one of another machine, or of an earlier start of this one."""
        boot, _, seconds = mark.partition(" ")
        return self._seconds() - float(seconds) if boot == self._boot else None


class SteadyClock:
    """
    A `bot.ports.Clock` that was right when it was made and goes on steadily, whatever is set meanwhile.

    For moments that are compared within one process only.
    """

    def __init__(self, clock: Clock, stopwatch: BootStopwatch) -> None:
        self._begun = clock.now()
        self._stopwatch = stopwatch
        self._mark = stopwatch.mark()

    def now(self) -> datetime:
        """This moment."""
        return self._begun + timedelta(seconds=self._stopwatch.since(self._mark) or 0.0)


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return secrets.token_hex(16)
