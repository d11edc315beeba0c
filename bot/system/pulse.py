"""A thread that does one thing again and again until it is stopped."""

import logging
import threading
from collections.abc import Callable

from bot.domain.faults import DatabaseAway

log = logging.getLogger(__name__)


class Pulse:
    """
    Calls `beat` every so many seconds in a thread of its own.

    Args:
        beat: False ends the pulse and calls `lost`; an exception is logged and the next beat comes all the same.
        lost: told once, in this thread.
    """

    def __init__(
        self, beat: Callable[[], bool], *, every_s: float, lost: Callable[[], None]
    ) -> None:
        self._beat = beat
        self._every_s = every_s
        self._lost = lost
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="certdesk-pulse", daemon=True)

    def start(self) -> None:
        """Begin; the first beat comes after one interval."""
        self._thread.start()

    def stop(self) -> None:
        """End it; waits for a beat under way."""
        self._stop.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                lives = self._beat()
            except DatabaseAway as away:
                log.warning(
                    "no beat of this worker (%s); the next one comes in %s s",
                    away.kind,
                    self._every_s,
                )
                continue
            except Exception:
                # Whatever it was (the database is away), a worker that stopped beating would be taken for dead.
                log.exception(
                    "a beat of this worker failed; the next one comes in %s s", self._every_s
                )
                continue
            if not lives:
                self._lost()
                return
