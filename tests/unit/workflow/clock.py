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
