"""The system's clock: the only place that asks what time it is."""

from datetime import UTC, datetime, timedelta


class SystemClock:
    """
    The real time, aware UTC.

    Args:
        offset: added to every answer; only the sandbox world sets it, to move its calendar.
    """

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self._offset = offset

    def now(self) -> datetime:
        """This moment."""
        return datetime.now(UTC) + self._offset  # noqa: TID251 - this is the clock
