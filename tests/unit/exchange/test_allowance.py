"""The time kept for one change: how it is divided, and that nothing is sent when too little of it is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.intent import Deadline
from bot.exchange.allowance import (
    CANCEL_S,
    CONNECT_S,
    FLIGHT_S,
    UNHEARD_S,
    Allowance,
    Gate,
    Shares,
    TooLate,
)
from bot.settings import SHORTEST_DEADLINE_S, SHORTEST_SANDBOX_DEADLINE_S
from bot.workflow.leases import hold_of
from bot.workflow.outcome import LONGEST_WAIT_S
from bot.workflow.stopwatch import WallStopwatch
from tests.unit.workflow.clock import FakeClock, FakeStopwatch

_ANY = st.floats(min_value=SHORTEST_SANDBOX_DEADLINE_S, max_value=86_400)
_REAL = st.floats(min_value=SHORTEST_DEADLINE_S, max_value=86_400)


def allowance(clock: FakeClock, whole_s: float = 120.0) -> Allowance:
    """The time of a change whose intent is noted now."""
    stopwatch = WallStopwatch(clock)
    return Allowance(Deadline(whole_s=whole_s, begun=stopwatch.mark()), stopwatch)


def test_two_minutes_are_divided_like_this() -> None:
    """The figures of the default, as the runbook gives them."""
    shares = Shares.of(120.0)

    assert (shares.flight_s, shares.run_s, shares.end_s) == (15.0, 40.0, 10.0)
    assert shares.kept_s == 65.0


@given(deadline_s=_ANY)
def test_way_command_and_end_fit_below_every_deadline(deadline_s: float) -> None:
    """And more than a quarter is left for what is waited and read before."""
    shares = Shares.of(deadline_s)

    assert min(shares.flight_s, shares.run_s, shares.end_s) > 0
    assert shares.kept_s < deadline_s * 0.75


@given(deadline_s=_REAL)
def test_outside_the_sandbox_the_parts_are_what_the_wire_really_takes(deadline_s: float) -> None:
    """A connection that does not come about, and bytes nobody acknowledges, are over within their part."""
    shares = Shares.of(deadline_s)

    assert shares.flight_s == FLIGHT_S == CONNECT_S + UNHEARD_S
    assert CANCEL_S / 2 <= shares.end_s <= CANCEL_S


@given(deadline_s=_ANY, used=st.floats(min_value=0.0, max_value=1.0))
def test_whatever_was_used_before_what_is_sent_ends_in_time(deadline_s: float, used: float) -> None:
    """At any moment at which it may be sent: the way, what it runs at most, and its end stay below the deadline."""
    clock = FakeClock()
    one = allowance(clock, deadline_s)
    clock.forward(deadline_s * used)
    left_s, run_s = deadline_s * (1 - used), one.run_s
    shares = Shares.of(deadline_s)

    assert run_s + shares.end_s <= max(left_s, shares.end_s) + 1e-6
    if one.spare_s >= 0:
        assert run_s >= shares.flight_s + shares.run_s - 1e-6


@given(deadline_s=_ANY)
def test_a_lease_outlives_the_command_and_the_wait_for_the_next_try(deadline_s: float) -> None:
    """Nobody else gets the host while a command may run, nor between two tries of one run of work."""
    assert hold_of(deadline_s) >= deadline_s + LONGEST_WAIT_S + deadline_s / 2


def test_what_is_used_up_counts_whatever_used_it() -> None:
    """The last moment at which it may be sent is the deadline without what is kept."""
    clock = FakeClock()
    one = allowance(clock)
    clock.forward(55.0)
    one.check()
    clock.forward(0.1)

    with pytest.raises(TooLate):
        one.check()


def test_a_deadline_nobody_here_has_counted_lets_nothing_through() -> None:
    """A mark of another start of the machine says nothing about what is left."""
    until = Deadline(whole_s=120.0, begun=FakeStopwatch("another").mark())

    assert Allowance(until, FakeStopwatch()).left_s == 0.0


def test_a_gate_lets_all_pass_but_late_changes() -> None:
    """Only while a change is sent: its answer must be waited for, and its session given back."""
    clock = FakeClock()
    gate, one = Gate(), allowance(clock)
    gate.check()
    with gate.narrowed(one):
        gate.check()
        clock.forward(56.0)
        with pytest.raises(TooLate):
            gate.check()
    gate.check()
    with gate.narrowed(None):
        gate.check()

    assert one.spare_s < 0
