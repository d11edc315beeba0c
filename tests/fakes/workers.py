"""Leases on executor ids in memory, and a lock that does what the test says."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.ports import Clock
from bot.workflow.lifeguard import Entry, Sign

LEFT = datetime.fromtimestamp(0, UTC)
"""The moment of one that ended in good order."""


class FakeWorkerLeases:
    """
    `bot.workflow.lifeguard.WorkerLeases` in memory.

    Args:
        stall: what passes by while a renewal is under way, for what happens behind the caller's back.
    """

    def __init__(self, clock: Clock, *, life_s: float) -> None:
        self.rows: dict[str, Sign] = {}
        self.away = False
        self.stall: Callable[[], None] = lambda: None
        self._clock = clock
        self._life = timedelta(seconds=life_s)

    def enter(self, executor: str, worker: str, *, past: Sign | None = None) -> Entry:
        """Live under this id from now on."""
        known = self.rows.get(executor)
        if known is not None and known.reaps and known != past:
            return Entry(reaped=known)
        self._put(executor, worker, reaps=False)
        return Entry(before=known.worker if known is not None and not known.reaps else "")

    def renew(self, executor: str, worker: str) -> bool:
        """Go on living."""
        if self.away:
            raise ConnectionError("the database is away")
        self.stall()
        known = self.rows.get(executor)
        if known is None or (known.worker, known.reaps) != (worker, False):
            return False
        self._put(executor, worker, reaps=False)
        return True

    def leave(self, executor: str, worker: str) -> None:
        """End in good order."""
        known = self.rows.get(executor)
        if known is not None and known.worker == worker:
            self.rows[executor] = replace(known, until=LEFT, left=True)

    def signs(self) -> Mapping[str, Sign]:
        """What every id shows now."""
        return dict(self.rows)

    def claim(self, executor: str, reaper: str, seen: Sign | None) -> str | None:
        """Take the id of a dead one."""
        known = self.rows.get(executor)
        if known != seen:
            return None
        self._put(executor, reaper, reaps=True)
        return known.worker if known is not None and not known.reaps else ""

    def hold(self, executor: str, reaper: str) -> bool:
        """Go on taking over."""
        known = self.rows.get(executor)
        if known is None or (known.worker, known.reaps) != (reaper, True):
            return False
        self._put(executor, reaper, reaps=True)
        return True

    def close(self, executor: str, reaper: str) -> None:
        """Nothing is left of the dead one."""
        known = self.rows.get(executor)
        if known is not None and (known.worker, known.reaps) == (reaper, True):
            del self.rows[executor]

    def _put(self, executor: str, worker: str, *, reaps: bool) -> None:
        until = self._clock.now() + self._life
        self.rows[executor] = Sign(worker=worker, until=until, reaps=reaps, left=False)


class FakeSlot:
    """`bot.workflow.lifeguard.Slot` that is held until the test says otherwise."""

    def __init__(self) -> None:
        self.held = True

    def keep(self) -> bool:
        """Whether it is held."""
        return self.held
