"""The looks at what a kill has hit: a kill that hit nothing must not count as one."""

import time
from types import SimpleNamespace
from typing import Any

from bench.chaos.autopsy import SLEEP, Coroner, Finding, Running, Tally


class Books:
    """A database that says what the test wants, whoever is asked about."""

    def __init__(self, *running: Running, intents: tuple[Any, ...] = ()) -> None:
        self.marked = list(running)
        self._intents = intents

    def running(self, executor: str) -> list[Running]:
        """Runs marked as running."""
        return self.marked if executor else []

    def open_intents(self) -> tuple[Any, ...]:
        """Operations whose end was not seen."""
        return self._intents


def run(work: str = "install", *, claim: str = "1", sleeps_s: float | None = None) -> Running:
    """A run of order 7 in a step, or asleep for so long."""
    if sleeps_s is None:
        return Running(run=f"{work}:7:3", work=work, claim=claim, last_step="list")
    wakes_at = time.time() + sleeps_s
    return Running(
        run=f"{work}:7:3", work=work, claim=claim, last_step=SLEEP, wakes_at=wakes_at
    )  # fmt: skip


def intent(key: str, *, heard: bool) -> SimpleNamespace:
    """An operation under way."""
    return SimpleNamespace(key=key, heard=heard)


def test_a_step_is_hit() -> None:
    """Work in a step, with the operation of its order that was sent and not heard of."""
    books = Books(
        run(), intents=(intent("7/EX01/enable", heard=False), intent("8/EX01/x", heard=False))
    )

    assert Finding(works=("install",), intents=1) == Coroner(books).look("certdesk-1", 0)


def test_an_answer_that_was_noted_is_told_apart() -> None:
    """The host's answer is in the journal; what it brought about was not seen yet."""
    books = Books(run(), intents=(intent("7/EX01/enable", heard=True),))

    assert Finding(works=("install",), seen=1) == Coroner(books).look("certdesk-1", 0)


def test_a_sleeping_run_is_no_hit() -> None:
    """It waited for its time; once that has come, it is at work again."""
    asleep = Coroner(Books(run(sleeps_s=60))).look("certdesk-1", 0)
    awake = Coroner(Books(run(sleeps_s=-1))).look("certdesk-1", 0)

    assert (False, True) == (asleep.counts, awake.counts)


def test_work_of_the_calendar_is_no_hit() -> None:
    """The minute's look works for no order."""
    finding = Coroner(Books(run("reconcile"))).look("certdesk-1", 0)

    assert not finding.counts


def test_what_the_process_of_before_left_is_no_hit() -> None:
    """A process that dies before it took up its predecessor's work has not been working on it."""
    books = Books(run(claim="1"))
    coroner = Coroner(books)
    hits = [coroner.look("certdesk-1", 0).counts for _ in range(2)]
    books.marked = [run(claim="2")]
    hits.append(coroner.look("certdesk-1", 0).counts)

    assert [True, False, True] == hits


def test_what_may_be_left_by_a_death_nobody_saw_is_no_hit() -> None:
    """The first look after it learns what there is; from then on hits count again."""
    books = Books(run(claim="1"))
    coroner = Coroner(books)
    coroner.miss("certdesk-1")
    hits = [coroner.look("certdesk-1", 0).counts]
    books.marked = [run(claim="2")]
    hits.append(coroner.look("certdesk-1", 0).counts)

    assert [False, True] == hits


def test_doors_are_hit_by_who_waits_for_them() -> None:
    """A process without machine work counts when a click has no answer yet."""
    coroner = Coroner(Books(run()))

    assert (True, False) == (coroner.look("", 1).counts, coroner.look("", 0).counts)


def test_an_idle_kill_is_told_and_counts_for_nothing() -> None:
    """The tally keeps them apart."""
    tally = Tally()
    tally.add("a step", Finding())
    tally.add("an intent", Finding(works=("install", "install"), intents=1))

    assert (1, 1, 0) == (tally.lines["idle"], tally.hits_of("install"), tally.lines["at a step"])
