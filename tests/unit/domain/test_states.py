"""The table of states: every pair of a state and an event, the legal ones and all the others."""

import pytest

from bot.domain.life import advance
from bot.domain.states import (
    CLEARED_IN,
    ENDS,
    ENGINE_OWNED,
    KEEPS,
    MOVES,
    RETRIES,
    EventKind,
    IllegalMove,
    State,
    Work,
    move,
)
from tests.unit.domain.samples import NOON, event, order

S, W = State, Work

TABLE: dict[State, dict[str, tuple[State, Work]]] = {
    S.PLACED: {
        "endorse": (S.PLACED, W.NOTHING),
        "approve": (S.APPROVED, W.MAKE_CSR),
        "reject": (S.REJECTED, W.NOTHING),
        "cancel": (S.CANCELLED, W.NOTHING),
        "lapse": (S.LAPSED, W.NOTHING),
    },
    S.APPROVED: {
        "csr_made": (S.CSR_READY, W.NOTHING),
        "host_refused": (S.FAILED, W.NOTHING),
    },
    S.CSR_READY: {
        "submitted": (S.SUBMITTED, W.NOTHING),
        "withdrawn": (S.CANCELLED, W.NOTHING),
    },
    S.SUBMITTED: {
        "issued": (S.ISSUED, W.NOTHING),
        "vendor_rejected": (S.REJECTED, W.NOTHING),
        "rekeyed": (S.APPROVED, W.MAKE_CSR),
        "bundle_uploaded": (S.CHECKING, W.CHECK_BUNDLE),
        "cancel": (S.CANCELLED, W.NOTHING),
    },
    S.ISSUED: {
        "bundle_uploaded": (S.CHECKING, W.CHECK_BUNDLE),
        "cancel": (S.CANCELLED, W.NOTHING),
    },
    S.CHECKING: {
        "bundle_proven": (S.PROVEN, W.MAKE_PLAN),
        "bundle_refused": (S.ISSUED, W.NOTHING),
    },
    S.PROVEN: {
        "plan_made": (S.PROVEN, W.NOTHING),
        "plan_failed": (S.PROVEN, W.NOTHING),
        "replan": (S.PROVEN, W.MAKE_PLAN),
        "endorse": (S.PROVEN, W.NOTHING),
        "install_approved": (S.INSTALLING, W.INSTALL),
        "cancel": (S.CANCELLED, W.NOTHING),
    },
    S.INSTALLING: {
        "host_done": (S.INSTALLING, W.NOTHING),
        "host_failed": (S.FAILED, W.NOTHING),
        "install_finished": (S.INSTALLED, W.NOTHING),
    },
    S.INSTALLED: {
        "endorse": (S.INSTALLED, W.NOTHING),
        "superseded": (S.SUPERSEDED, W.NOTHING),
        "renewal_proposed": (S.INSTALLED, W.NOTHING),
        "renewal_postponed": (S.INSTALLED, W.NOTHING),
        "renewal_opened": (S.INSTALLED, W.NOTHING),
        "roll_back": (S.ROLLING_BACK, W.ROLL_BACK),
        "retire": (S.RETIRING, W.RETIRE),
    },
    S.ROLLING_BACK: {
        "roll_back_finished": (S.ROLLED_BACK, W.NOTHING),
        "host_failed": (S.FAILED, W.NOTHING),
        "superseded": (S.ROLLING_BACK, W.ROLL_BACK),
    },
    S.RETIRING: {
        "retire_finished": (S.RETIRED, W.NOTHING),
        "host_failed": (S.FAILED, W.NOTHING),
        "keep_installed": (S.INSTALLED, W.NOTHING),
        "keep_superseded": (S.SUPERSEDED, W.NOTHING),
        "superseded": (S.RETIRING, W.RETIRE),
        "reinstated": (S.RETIRING, W.RETIRE),
    },
    S.SUPERSEDED: {
        "reinstated": (S.INSTALLED, W.NOTHING),
        "endorse": (S.SUPERSEDED, W.NOTHING),
        "retire": (S.RETIRING, W.RETIRE),
    },
    S.FAILED: {
        "retry_csr": (S.APPROVED, W.MAKE_CSR),
        "retry_install": (S.INSTALLING, W.INSTALL),
        "retry_roll_back": (S.ROLLING_BACK, W.ROLL_BACK),
        "retry_retire": (S.RETIRING, W.RETIRE),
        "endorse": (S.FAILED, W.NOTHING),
        "roll_back": (S.ROLLING_BACK, W.ROLL_BACK),
        "cancel": (S.CANCELLED, W.NOTHING),
        "keep_installed": (S.INSTALLED, W.NOTHING),
        "keep_superseded": (S.SUPERSEDED, W.NOTHING),
        "superseded": (S.FAILED, W.NOTHING),
        "reinstated": (S.FAILED, W.NOTHING),
    },
    S.ROLLED_BACK: {},
    S.REJECTED: {},
    S.CANCELLED: {},
    S.LAPSED: {},
    S.RETIRED: {},
}  # fmt: skip
for _state in (
    S.CSR_READY, S.SUBMITTED, S.ISSUED, S.INSTALLED, S.SUPERSEDED, S.ROLLED_BACK, S.REJECTED, S.CANCELLED, S.RETIRED,
):  # fmt: skip
    TABLE[_state] |= {
        "endorse": (_state, W.NOTHING),
        "clear_request": (_state, W.CLEAR_REQUEST),
        "request_cleared": (_state, W.NOTHING),
        "clear_failed": (_state, W.NOTHING),
        "retry_clear": (_state, W.CLEAR_REQUEST),
    }
"""The life of an order, written down a second time and by hand."""

PAIRS = [(state, kind) for state in State for kind in EventKind]
LEGAL = [(state, kind) for state, kind in PAIRS if kind.value in TABLE[state]]
ILLEGAL = [pair for pair in PAIRS if pair not in LEGAL]


def test_every_pair_is_in_one_of_the_two_lists() -> None:
    """No state, no event and no pair is left out of the tests below."""
    assert set(TABLE) == set(State)
    assert len(State) * len(EventKind) == len(LEGAL) + len(ILLEGAL)
    assert len(MOVES) == len(LEGAL)


@pytest.mark.parametrize(("state", "kind"), LEGAL)
def test_a_legal_event_leads_where_the_table_says(state: State, kind: EventKind) -> None:
    """Each of the legal pairs has the state and the work that this file expects."""
    step = move(state, kind)

    assert TABLE[state][kind.value] == (step.to, step.work)


@pytest.mark.parametrize(("state", "kind"), ILLEGAL)
def test_an_illegal_event_raises(state: State, kind: EventKind) -> None:
    """Each of the other pairs raises and names both; an order is a value, so there is nothing it could have changed."""
    with pytest.raises(IllegalMove) as raised:
        advance(order(state), event(kind), at=NOON)

    assert (state, kind) == (raised.value.state, raised.value.event)


def test_ends_are_the_states_nothing_leads_out_of() -> None:
    """The ends follow from the table and are those the design names."""
    leads_out = {s for s, moves in TABLE.items() if any(to is not s for to, _ in moves.values())}

    assert {S.ROLLED_BACK, S.REJECTED, S.CANCELLED, S.LAPSED, S.RETIRED} == ENDS
    assert set(State) - leads_out == ENDS


def test_every_state_can_be_reached_from_the_first() -> None:
    """No state is an island."""
    reached, found = set[State](), {State.PLACED}
    while found:
        reached |= found
        found = {MOVES[pair].to for pair in MOVES if pair[0] in reached} - reached

    assert set(State) == reached


def test_every_state_can_still_reach_an_end() -> None:
    """No order is locked in a circle."""
    ending = set(ENDS)
    while more := {pair[0] for pair, to in MOVES.items() if to.to in ending} - ending:
        ending |= more

    assert set(State) == ending


def test_work_starts_exactly_on_entering_a_state_of_the_engine() -> None:
    """Whoever enters an engine-owned state starts its work, so none waits there for nobody."""
    for (state, kind), step in MOVES.items():
        if step.to in ENGINE_OWNED and step.to is not state:
            assert ENGINE_OWNED[step.to] is step.work, (state, kind)


def test_each_failure_has_the_retry_that_goes_back_to_where_it_failed() -> None:
    """A retry never leads anywhere but to the state in which the work failed."""
    fails_in = {s for (s, _), step in MOVES.items() if step.to is State.FAILED} - {State.FAILED}

    assert fails_in == set(RETRIES)
    assert {state: MOVES[State.FAILED, kind].to for state, kind in RETRIES.items()} == {
        state: state for state in RETRIES
    }


def test_a_removal_given_up_leads_back_to_where_it_was_asked_for() -> None:
    """Every state a removal can be asked for in has its way back, from the removal and from its failure."""
    asked_in = {s for s, kind in MOVES if kind is EventKind.RETIRE}

    assert asked_in == set(KEEPS)
    for begun in (State.RETIRING, State.FAILED):
        assert {s: MOVES[begun, kind].to for s, kind in KEEPS.items()} == {s: s for s in KEEPS}


def test_clearing_stays_where_it_is_and_can_always_end() -> None:
    """Whatever happens beside it without work of its own leads to a state that takes the clearing's end."""
    for (state, kind), step in MOVES.items():
        if state in CLEARED_IN and step.work is Work.NOTHING:
            assert step.to in CLEARED_IN, (state, kind)
        if step.work is Work.CLEAR_REQUEST:
            assert step.to is state, (state, kind)


def test_nothing_is_cleared_while_the_machine_is_at_work() -> None:
    """The end of a clearing raises the version, and a run of other work would take that for being overtaken."""
    assert not set(CLEARED_IN) & {*ENGINE_OWNED, State.PROVEN, State.FAILED, State.PLACED}
