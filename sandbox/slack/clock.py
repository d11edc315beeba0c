"""The sandbox's time: the machine's, plus whatever people skipped. Never goes back."""

import asyncio
import contextlib
import time
from collections.abc import Callable


class SandboxClock:
    """Epoch seconds that can be moved forward; sleepers wake when their moment has come."""

    def __init__(self, *, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._skipped_s = 0.0
        self._moved = asyncio.Event()

    def now(self) -> float:
        """The moment it is here, in epoch seconds."""
        return self._source() + self._skipped_s

    def advance(self, seconds: float) -> None:
        """Skip ahead; negative seconds are refused."""
        if seconds < 0:
            raise ValueError("The clock was not moved: it only goes forward. Give seconds >= 0.")
        self._skipped_s += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait until that many seconds of this clock have passed."""
        until = self.now() + seconds
        while (left := until - self.now()) > 0:
            moved = self._moved
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await moved.wait()
