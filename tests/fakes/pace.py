"""The pace of chat in memory, by a clock that tests move."""

from datetime import datetime
from threading import Lock

from bot.domain.pacing import Rate, paused, reserve
from bot.ports import Clock


class FakePace:
    """`bot.chat_ports.Pace` in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._filled: dict[str, datetime] = {}
        self._lock = Lock()

    def slot(self, key: str, rate: Rate) -> float:
        """Take the next slot."""
        with self._lock:
            now = self._clock.now()
            at, self._filled[key] = reserve(self._filled.get(key), now, rate)
            return (at - now).total_seconds()

    def pause(self, key: str, rate: Rate, seconds: float) -> None:
        """Give out no slot for so many seconds."""
        with self._lock:
            now = self._clock.now()
            self._filled[key] = paused(self._filled.get(key), now, rate, seconds=seconds)
