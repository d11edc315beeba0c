"""The desk's clock: the machine's, plus whatever was skipped. All other files take it as an argument."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sandbox.vendor.refusal import DeskRefused


def wall_clock() -> datetime:
    """Now, aware UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one place of the desk that reads the machine's clock


class DeskClock:
    """Calling it gives the desk's moment, aware UTC; it can be moved forward, never back."""

    def __init__(self, source: Callable[[], datetime] = wall_clock) -> None:
        self._source = source
        self._skipped = timedelta()

    def __call__(self) -> datetime:
        return self._source() + self._skipped

    def advance(self, seconds: float) -> None:
        """Skip ahead; raises DeskRefused for a step back or one past the end of the calendar."""
        if not 0 <= seconds <= timedelta(days=3660).total_seconds():
            raise DeskRefused(
                "The clock was not moved: give the seconds to skip, none below 0 and ten years at most."
            )
        self._skipped += timedelta(seconds=seconds)
