"""
Who lives and who is dead among the workers, and what becomes of the work of the dead.

Every worker renews a lease on its executor id. A worker whose lease has ended is taken for dead by the first
other one that claims it: that one frees its hosts and puts its work back into the queues. A worker that was only
frozen finds its place taken when it wakes up; it may not begin anything any more, and must end.

This is done by a thread of each worker, never by a queued job: such a job can itself be stranded on the dead one.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

log = logging.getLogger(__name__)

BEAT_S = 3.0
"""Seconds between two renewals."""
LIFE_S = 15.0
"""How long a lease lasts without renewal; several beats, so that a slow one costs nobody the work."""


class WorkerLeases(Protocol):
    """
    Leases on executor ids, in the database that all workers share.

    1. An id has one holder: the process that lives under it, or the one that takes over what it left. Each
       method decides in one transaction. 2. A word is one process's, for ever.
    """

    def enter(self, executor: str, worker: str) -> "Entry":
        """Live under this id from now on; the caller has made sure that no earlier process does."""
        ...

    def renew(self, executor: str, worker: str) -> bool:
        """Go on living; False when somebody else has the id."""
        ...

    def leave(self, executor: str, worker: str) -> None:
        """End in good order: what is left may be taken over at once."""
        ...

    def living(self) -> frozenset[str]:
        """Ids whose lease has not ended."""
        ...

    def ended(self) -> frozenset[str]:
        """Ids whose lease has ended."""
        ...

    def claim(self, executor: str, reaper: str) -> str | None:
        """Take the id of a dead one to take over its work; the dead one's word, None when somebody was faster."""
        ...

    def close(self, executor: str, reaper: str) -> None:
        """Nothing is left of the dead one: its id is free."""
        ...


class Entry:
    """How entering came out: ``before`` is the word of the process of before, ``reaped`` says to wait."""

    def __init__(self, *, before: str = "", reaped: bool = False) -> None:
        self.before = before
        self.reaped = reaped


class Slot(Protocol):
    """The lock that lets one process live under an id; it ends with the process, also by SIGKILL."""

    def keep(self) -> bool:
        """Whether it is still held, taken up again if the database went away meanwhile."""
        ...


class Adoption(Protocol):
    """What the durable engine does with the work of the dead."""

    def workers_with_work(self) -> frozenset[str]:
        """Ids under which work is marked as running."""
        ...

    def adopt(self, executor: str) -> int:
        """Put the running work of a dead one back into its queues; how much it was. May be repeated."""
        ...


class Lifeguard:
    """
    One worker's part: stay alive, notice the dead, give their work to the living.

    Args:
        executor: the id this worker lives under.
        worker: the word of this process.
        bury: takes its leases on hosts from a dead process; they stay with its runs of work.
        steady: seconds that never step.
    """

    def __init__(
        self,
        leases: WorkerLeases,
        slot: Slot,
        *,
        executor: str,
        worker: str,
        bury: Callable[[str], None],
        steady: Callable[[], float],
        life_s: float = LIFE_S,
    ) -> None:
        self._leases = leases
        self._slot = slot
        self._executor = executor
        self._worker = worker
        self._bury = bury
        self._steady = steady
        self._life_s = life_s
        self._sure_since: float | None = None

    def enter(self) -> bool:
        """Begin to live; False while another worker still takes over what the process of before left."""
        entry = self._leases.enter(self._executor, self._worker)
        if entry.reaped:
            return False
        if entry.before:
            self._bury(entry.before)
        return True

    def beat(self, adoption: Adoption) -> bool:
        """
        Renew, and take over what dead workers left; False when this process was taken for dead itself.

        After a time without the database everybody gets a whole life to report before anybody is taken for dead.
        """
        try:
            if not self._slot.keep() or not self._leases.renew(self._executor, self._worker):
                return False
        except Exception:
            self._sure_since = None
            raise
        now = self._steady()
        if self._sure_since is None:
            self._sure_since = now
        if now - self._sure_since >= self._life_s:
            self._take_over(adoption)
        return True

    def leave(self) -> None:
        """End in good order."""
        self._leases.leave(self._executor, self._worker)

    def _take_over(self, adoption: Adoption) -> None:
        left_behind = adoption.workers_with_work() - self._leases.living()
        for executor in self._others(left_behind | self._leases.ended()):
            dead = self._leases.claim(executor, self._worker)
            if dead is None:
                continue
            if dead:
                self._bury(dead)
            taken = 0
            while number := adoption.adopt(executor):
                taken += number
            self._leases.close(executor, self._worker)
            log.warning("worker %s is gone; %s jobs of it go on elsewhere", executor, taken)

    def _others(self, executors: Iterable[str]) -> list[str]:
        return sorted(set(executors) - {self._executor})
