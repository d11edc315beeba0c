"""A clock that stands still until somebody moves it."""

from datetime import datetime, timedelta

from tests.unit.domain.samples import NOON


class FakeClock:
    """`bot.ports.Clock` for tests."""

    def __init__(self, at: datetime = NOON) -> None:
        self._now = at

    def now(self) -> datetime:
        """The moment it stands at."""
        return self._now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)


class FakeStopwatch:
    """
    `bot.workflow.stopwatch.Stopwatch` for tests.

    Args:
        boot: which start of which machine.
    """

    def __init__(self, boot: str = "one") -> None:
        self.boot = boot
        self.seconds = 0.0

    def mark(self) -> str:
        """This moment."""
        return f"{self.boot} {self.seconds}"

    def since(self, mark: str) -> float | None:
        """Seconds since a mark of the same start."""
        boot, _, seconds = mark.partition(" ")
        return self.seconds - float(seconds) if boot == self.boot else None
