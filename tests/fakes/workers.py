"""Leases on executor ids in memory, and a lock that does what the test says."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.ports import Clock
from bot.workflow.lifeguard import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """One id's row."""

    worker: str
    reaps: bool
    expires_at: datetime


class FakeWorkerLeases:
    """`bot.workflow.lifeguard.WorkerLeases` in memory."""

    def __init__(self, clock: Clock, *, life_s: float) -> None:
        self.rows: dict[str, Living] = {}
        self.away = False
        self._clock = clock
        self._life = timedelta(seconds=life_s)

    def enter(self, executor: str, worker: str) -> Entry:
        """Live under this id from now on."""
        known = self.rows.get(executor)
        if known is not None and known.reaps and known.expires_at > self._clock.now():
            return Entry(reaped=True)
        self._put(executor, worker, reaps=False)
        return Entry(before=known.worker if known is not None and not known.reaps else "")

    def renew(self, executor: str, worker: str) -> bool:
        """Go on living."""
        if self.away:
            raise ConnectionError("the database is away")
        known = self.rows.get(executor)
        if known is None or (known.worker, known.reaps) != (worker, False):
            return False
        self._put(executor, worker, reaps=False)
        return True

    def leave(self, executor: str, worker: str) -> None:
        """End in good order."""
        known = self.rows.get(executor)
        if known is not None and known.worker == worker:
            self.rows[executor] = replace(known, expires_at=self._clock.now())

    def living(self) -> frozenset[str]:
        """Ids whose lease has not ended."""
        return frozenset(e for e, row in self.rows.items() if row.expires_at > self._clock.now())

    def ended(self) -> frozenset[str]:
        """Ids whose lease has ended."""
        return frozenset(self.rows) - self.living()

    def claim(self, executor: str, reaper: str) -> str | None:
        """Take the id of a dead one."""
        known = self.rows.get(executor)
        if known is not None and known.expires_at > self._clock.now():
            return None
        self._put(executor, reaper, reaps=True)
        return known.worker if known is not None and not known.reaps else ""

    def close(self, executor: str, reaper: str) -> None:
        """Nothing is left of the dead one."""
        known = self.rows.get(executor)
        if known is not None and (known.worker, known.reaps) == (reaper, True):
            del self.rows[executor]

    def _put(self, executor: str, worker: str, *, reaps: bool) -> None:
        until = self._clock.now() + self._life
        self.rows[executor] = Living(worker=worker, reaps=reaps, expires_at=until)


class FakeSlot:
    """`bot.workflow.lifeguard.Slot` that is held until the test says otherwise."""

    def __init__(self) -> None:
        self.held = True

    def keep(self) -> bool:
        """Whether it is held."""
        return self.held
