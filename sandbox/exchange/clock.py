"""The virtual host's clock. It may be moved; nothing else here reads the computer's time of day."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """The computer's time, aware UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the sandbox is a world of its own


class HostClock:
    """A clock that runs with its source, plus a shift that tests and people may set."""

    def __init__(self, source: Callable[[], datetime] = utc_now) -> None:
        self._source = source
        self._shift = timedelta()

    def now(self) -> datetime:
        """The host's time, aware UTC."""
        return self._source() + self._shift

    def set(self, moment: datetime) -> None:
        """Let the host believe that it is `moment` (aware) now; time goes on from there."""
        self._shift = moment.astimezone(UTC) - self._source()

    def advance(self, seconds: float) -> None:
        """Move the host's time by seconds; negative goes back."""
        self._shift += timedelta(seconds=seconds)
