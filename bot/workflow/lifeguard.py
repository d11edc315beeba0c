"""
Who lives and who is dead among the workers, and what becomes of the work of the dead.

Every worker renews a lease on its executor id, and looks at those of the others. One that has shown the same sign
of life for a whole life, by the looker's own steady seconds, is taken for dead by the first one that claims exactly
that sign: that one frees its hosts and puts its work back into the queues. A worker that was only frozen finds its
place taken when it wakes up; it may not begin anything any more, and must end.

No wall clock decides here: one that is set ahead would end every lease at once, one that is set back would keep the
dead alive for hours. And only what was looked at all the while counts: a database that stood still stood still for
everybody, so a gap between two beats of one's own begins every observation anew.

This is done by a thread of each worker, never by a queued job: such a job can itself be stranded on the dead one.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

log = logging.getLogger(__name__)

BEAT_S = 3.0
"""Seconds between two renewals."""
LIFE_S = 15.0
"""How long a worker may show no new sign of life; several beats, so that a slow one costs nobody the work."""
GAP_SHARE = 0.5
"""A gap between two beats of one's own longer than this share of a life: what the others showed meanwhile is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """
    What the lease of an id shows; each renewal shows another one.

    Args:
        worker: the word of the process that lives under the id, or takes over what the dead one left.
        until: a moment that every renewal changes; it is compared with no clock.
        reaps: whether it takes over.
        left: whether it ended in good order.
    """

    worker: str
    until: datetime
    reaps: bool
    left: bool


class WorkerLeases(Protocol):
    """
    Leases on executor ids, in the database that all workers share.

    1. An id has one holder: the process that lives under it, or the one that takes over what it left. Each
       method decides in one transaction. 2. A word is one process's, for ever. 3. No method compares moments.
    """

    def enter(self, executor: str, worker: str, *, past: Sign | None = None) -> "Entry":
        """
        Live under this id from now on; the caller has made sure that no earlier process does.

        Args:
            past: the sign of one that takes over and is known to be dead itself.
        """
        ...

    def renew(self, executor: str, worker: str) -> bool:
        """Go on living; False when somebody else has the id."""
        ...

    def leave(self, executor: str, worker: str) -> None:
        """End in good order: what is left may be taken over at once."""
        ...

    def signs(self) -> Mapping[str, Sign]:
        """What every id shows now."""
        ...

    def claim(self, executor: str, reaper: str, seen: Sign | None) -> str | None:
        """
        Take the id of a dead one to take over its work, if it still shows this sign (None: no lease at all).

        Returns:
            The dead one's word, empty when none is known; None when it lives or somebody was faster.
        """
        ...

    def hold(self, executor: str, reaper: str) -> bool:
        """Go on taking over; False when somebody else has the id."""
        ...

    def close(self, executor: str, reaper: str) -> None:
        """Nothing is left of the dead one: its id is free."""
        ...


class Entry:
    """How entering came out: ``before`` is the word of the process of before, ``reaped`` the sign of who is to be waited for."""

    def __init__(self, *, before: str = "", reaped: Sign | None = None) -> None:
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


class Observation:
    """Since when each id has shown the sign it shows, by the looker's own seconds."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[Sign | None, float]] = {}

    def begin_anew(self) -> None:
        """What was seen before counts no more."""
        self._since.clear()

    def note(self, seen: Mapping[str, Sign | None], *, at: float) -> None:
        """Take what is shown now; ids that show nothing any more are forgotten."""
        self._since = {
            executor: (sign, self._first_shown(executor, sign, at))
            for executor, sign in seen.items()
        }

    def unchanged(self, *, since: float) -> dict[str, Sign | None]:
        """Ids that have shown the same sign from this second on, or earlier."""
        return {executor: sign for executor, (sign, first) in self._since.items() if first <= since}

    def _first_shown(self, executor: str, sign: Sign | None, now: float) -> float:
        known = self._since.get(executor)
        return known[1] if known is not None and known[0] == sign else now


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
        self._observed = Observation()
        self._beaten_at: float | None = None

    def enter(self) -> bool:
        """
        Begin to live; False while another worker still takes over what the process of before left.

        To be tried again and again: a worker that takes over and dies itself is waited for a whole life.
        """
        past = self._observed.unchanged(since=self._steady() - self._life_s).get(self._executor)
        entry = self._leases.enter(self._executor, self._worker, past=past)
        if entry.reaped is not None:
            self._observed.note({self._executor: entry.reaped}, at=self._steady())
            return False
        if entry.before:
            self._bury(entry.before)
        return True

    def beat(self, adoption: Adoption) -> bool:
        """
        Renew, and take over what dead workers left; False when this process was taken for dead itself.

        After a time without the database, and after one in which it stood still, everybody gets a whole life to
        report before anybody is taken for dead.
        """
        return self._renew() and all(
            self._take_over(adoption, executor, sign)
            for executor, sign in sorted(self._dead(adoption).items())
        )

    def leave(self) -> None:
        """End in good order."""
        self._leases.leave(self._executor, self._worker)

    def _renew(self) -> bool:
        try:
            lives = self._slot.keep() and self._leases.renew(self._executor, self._worker)
        except Exception:
            self._beaten_at = None
            raise
        now = self._steady()
        if self._beaten_at is None or now - self._beaten_at > GAP_SHARE * self._life_s:
            self._observed.begin_anew()
        self._beaten_at = now
        return lives

    def _dead(self, adoption: Adoption) -> dict[str, Sign | None]:
        # What is shown late was true at some moment after it was asked for: it is judged by that moment, and a
        # new sign counts from the answer on.
        asked = self._steady()
        nothing: dict[str, Sign | None] = dict.fromkeys(adoption.workers_with_work())
        shown = nothing | dict(self._leases.signs())
        shown.pop(self._executor, None)
        self._observed.note(shown, at=self._steady())
        left = {
            executor: sign for executor, sign in shown.items() if sign is not None and sign.left
        }
        return left | self._observed.unchanged(since=asked - self._life_s)

    def _take_over(self, adoption: Adoption, executor: str, sign: Sign | None) -> bool:
        dead = self._leases.claim(executor, self._worker, sign)
        if dead is None:
            return True
        if dead:
            self._bury(dead)
        taken = 0
        while number := adoption.adopt(executor):
            taken += number
            # A long take-over must neither make this worker look dead nor let a successor in under that id.
            if not self._renew():
                return False
            if not self._leases.hold(executor, self._worker):
                log.warning(
                    "worker %s is taken over by another one; %s jobs go on", executor, taken
                )
                return True
        self._leases.close(executor, self._worker)
        log.warning("worker %s is gone; %s jobs of it go on elsewhere", executor, taken)
        return True
