"""Trying until it is done, and outcomes as plain values."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.faults import TRANSIENT, FaultKind, HostFault
from bot.workflow.outcome import (
    Done,
    NeedsPerson,
    Outcome,
    TryLater,
    from_plain,
    outcome_of,
    to_plain,
    until_done,
)
from tests.unit.domain.samples import EX01
from tests.unit.workflow.clock import FakeClock
from tests.unit.workflow.plain_run import PlainRun

AWAY = TryLater("host-unreachable", "EX01 is away.")


def play(outcomes: list[Outcome], *, tries: int) -> tuple[object, PlainRun]:
    """Run a step that ends so, one after the other."""
    run = PlainRun(FakeClock())
    left = iter(outcomes)
    return until_done(run, "look", lambda: next(left), tries=tries), run


def test_the_waits_grow_to_a_minute_and_then_a_person_is_needed() -> None:
    """The last reason is told with the number of tries."""
    end, run = play([AWAY] * 8, tries=8)

    assert NeedsPerson("host-unreachable", "EX01 is away. Tried 8 times.") == end
    assert [2, 4, 8, 16, 32, 60, 60] == run.slept


def test_a_host_s_own_wish_is_respected() -> None:
    """When a host says when to come back, that is when we do."""
    _, run = play([TryLater("host-busy", "Busy.", 17.0), AWAY, Done()], tries=6)

    assert [17.0, 4.0] == run.slept


def test_waiting_for_a_known_moment_is_no_try() -> None:
    """Twenty looks during a deadline leave the single try untouched."""
    waiting = TryLater("host-timeout", "It may still run.", 5.0, counts=False)

    end, run = play([*[waiting] * 20, Done("there")], tries=1)

    assert Done("there") == end
    assert [5.0] * 20 == run.slept


@pytest.mark.parametrize("end", [Done("x"), NeedsPerson("a", "b")])
def test_an_end_ends_it_at_once(end: Outcome) -> None:
    """No further step and no wait."""
    ended, run = play([end], tries=6)

    assert end == ended
    assert ["look #1"] == [name for name, _ in run.kept]


@pytest.mark.parametrize("kind", list(FaultKind))
def test_only_passing_faults_are_tried_again(kind: FaultKind) -> None:
    """Away, busy, timed out; everything else is an operator's business at once, the sign-in above all."""
    passing = {FaultKind.UNREACHABLE, FaultKind.BUSY, FaultKind.TIMEOUT}
    outcome = outcome_of(HostFault(kind, EX01, "So.", executed="no", retry_after_s=9.0))

    expected = (
        TryLater(kind.value, "So.", 9.0) if kind in passing else NeedsPerson(kind.value, "So.")
    )
    assert passing == TRANSIENT
    assert expected == outcome


@settings(deadline=None)
@given(
    st.one_of(
        st.builds(Done, st.text()),
        st.builds(TryLater, st.text(), st.text(), st.floats(0, 1e6), st.booleans()),
        st.builds(NeedsPerson, st.text(), st.text()),
    )
)
def test_an_outcome_survives_the_trip_through_json(outcome: Outcome) -> None:
    """What the durable engine keeps is what it gives back."""
    assert outcome == from_plain(json.loads(json.dumps(to_plain(outcome))))
