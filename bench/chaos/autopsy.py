"""
What a killed process was doing, read in the database before anybody goes on with it.

A kill that hit nothing proves nothing: only one that hit a step of a run of work, or a person's click that was not
answered yet, counts as a kill.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

SLEEP = "DBOS.sleep"
DELIVERY = "deliver"
LOOKS = frozenset({"sweep", "reconcile"})
"""Work of the calendar, for no order: a kill that hits nothing else has hit nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """
    A run of work that is marked as running under an id.

    Args:
        run: its id, ``work:order:version`` or ``deliver:row``.
        claim: changes whenever a process takes the run up.
        last_step: the name of what it noted last; empty when nothing was.
        wakes_at: until when it sleeps, if that was a sleep; seconds since 1970.
    """

    run: str
    work: str
    claim: str
    last_step: str = ""
    wakes_at: float = 0.0

    @property
    def is_of_the_calendar(self) -> bool:
        """Whether it is work for no order."""
        return self.work in LOOKS

    def is_in_a_step(self, now: float) -> bool:
        """Whether it was at work, and not waiting for its time."""
        return self.last_step != SLEEP or self.wakes_at <= now

    @property
    def order(self) -> str:
        """The order it works for."""
        return self.run.split(":")[1]


class Books(Protocol):
    """What the look needs of the database."""

    def running(self, executor: str) -> Sequence[Running]:
        """Runs marked as running under an id."""
        ...

    def open_intents(self) -> Sequence[Any]:
        """Operations that were begun and whose end was not seen: key, heard."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    What a kill hit.

    Args:
        works: the kinds of work that were in a step.
        intents: operations begun on a host, whose answer was not noted, and seen, not yet confirmed.
        clicks: people who waited for the doors' answer.
    """

    works: tuple[str, ...] = ()
    intents: int = 0
    seen: int = 0
    clicks: int = 0

    @property
    def counts(self) -> bool:
        """Whether anything was hit."""
        return bool(self.works or self.clicks)


@dataclass(slots=True)
class Coroner:
    """
    Looks at each death.

    What was marked as running before a process began, and has the same claim when it dies, was never its own.
    """

    books: Books
    _left: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    _missed: set[str] = field(default_factory=set)

    def miss(self, executor: str) -> None:
        """A death nobody looked at: what the next process of this id leaves may be its predecessor's, and counts for nothing."""
        self._missed.add(executor)

    def look(self, executor: str, clicks: int) -> Finding:
        """What the dead process of this id was doing; `clicks` is how many people waited for it."""
        if not executor:
            return Finding(clicks=clicks)
        now = time.time()
        left = self.books.running(executor)
        claims = frozenset((one.run, one.claim) for one in left)
        before = claims if executor in self._missed else self._left.get(executor, frozenset())
        self._missed.discard(executor)
        self._left[executor] = claims
        at_work = [
            one
            for one in left
            if not one.is_of_the_calendar
            and (one.run, one.claim) not in before
            and one.is_in_a_step(now)
        ]
        orders = {one.order for one in at_work if one.work != DELIVERY}
        begun = [op for op in self.books.open_intents() if op.key.split("/")[0] in orders]
        return Finding(
            works=tuple(sorted(one.work for one in at_work)),
            intents=sum(not op.heard for op in begun),
            seen=sum(bool(op.heard) for op in begun),
            clicks=clicks,
        )


@dataclass(slots=True)
class Tally:
    """What the kills of a run hit, added up; one kill can count in several lines."""

    lines: Counter[str] = field(default_factory=Counter)

    def hits_of(self, work: str) -> int:
        """How many kills hit this kind of work."""
        return self.lines[f"work {work}"]

    def add(self, moment: str, finding: Finding) -> None:
        """Count one kill, chosen for this moment."""
        if not finding.counts:
            self.lines["idle"] += 1
            return
        self.lines[f"at {moment}"] += 1
        self.lines["in a step"] += bool(finding.works)
        self.lines["operation sent, no answer noted"] += bool(finding.intents)
        self.lines["answer noted, not confirmed"] += bool(finding.seen)
        self.lines["click under way"] += bool(finding.clicks)
        self.lines.update(f"work {work}" for work in set(finding.works))
