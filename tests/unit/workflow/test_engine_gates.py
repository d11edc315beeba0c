"""What holds at every gate: quorums, where each stands open, and who takes failed work up again."""

import pytest

from bot.domain.approvals import Approval, Gate
from bot.domain.ids import PersonId
from bot.domain.states import State, Work
from bot.workflow.gates import DECIDED_IN
from tests.unit.domain.samples import (
    BOSS,
    MAX,
    MIA,
    NOON,
    OLGA,
    OTTO,
    RITA,
    STRANGER,
    certificate,
    order,
    plan,
    site,
)
from tests.unit.workflow.house import House
from tests.unit.workflow.word import SEVEN, approve, refusal


def test_a_quorum_of_two_counts_people() -> None:
    """The first yes is an endorsement, the same person again is refused, the second person decides."""
    house = House(site=site(issue=2))
    house.put(order())

    approve(house, MAX)
    assert State.PLACED is house.order().state
    assert [] == house.memory.works
    assert "decided-already" == refusal(lambda: approve(house, MAX)).code
    approve(house, MIA)

    assert State.APPROVED is house.order().state
    assert ["endorse", "approve"] == house.whats()
    assert [MAX, MIA] == [word.by for word in house.order().approvals]


def test_one_no_outweighs_a_quorum_that_is_not_reached() -> None:
    """A no ends the order whatever was said before."""
    house = House(site=site(issue=2))
    house.put(order())
    approve(house, MAX)

    house.engine.decide(SEVEN, Gate.ISSUE, yes=False, by=MIA, reason="no")

    assert State.REJECTED is house.order().state


@pytest.mark.parametrize(
    ("gate", "start", "people", "end"),
    [
        (Gate.ROLL_BACK, State.INSTALLED, (OLGA, OTTO), State.ROLLING_BACK),
        (Gate.RETIRE, State.INSTALLED, (MAX, MIA), State.RETIRING),
        (Gate.RETIRE, State.SUPERSEDED, (MAX, MIA), State.RETIRING),
    ],
)
def test_every_gate_can_have_a_quorum(
    gate: Gate, start: State, people: tuple[PersonId, PersonId], end: State
) -> None:
    """What the policy file allows can be reached at each gate."""
    house = House(site=site(**{gate.value: 2}))
    house.put(order(start, certificate=certificate(), plan=plan()))

    house.engine.decide(SEVEN, gate, yes=True, by=people[0])
    assert start is house.order().state
    house.engine.decide(SEVEN, gate, yes=True, by=people[1])

    assert end is house.order().state


OPEN: dict[tuple[Gate, bool], set[State]] = {
    (Gate.ISSUE, True): {State.PLACED},
    (Gate.ISSUE, False): {State.PLACED},
    (Gate.ROLL_BACK, True): {State.INSTALLED, State.FAILED},
    (Gate.RETIRE, True): {State.INSTALLED, State.SUPERSEDED},
}
"""Where a yes and a no at a gate have a meaning; nobody says no to a roll-back that nobody asked for."""


@pytest.mark.parametrize("yes", [True, False])
@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("gate", [Gate.ISSUE, Gate.OVERWRITE_SMTP, Gate.ROLL_BACK, Gate.RETIRE])
def test_a_gate_is_open_in_its_own_states_only(gate: Gate, state: State, yes: bool) -> None:
    """A late click on a gate's card never acts at another gate, not even as a no that cancels."""
    house = House()
    before = house.put(
        order(state, certificate=certificate(), plan=plan(), failed_in=State.INSTALLING)
    )

    if state in OPEN.get((gate, yes), set()):
        house.engine.decide(SEVEN, gate, yes=yes, by=BOSS)
        assert before != house.order()
    else:
        assert "not-now" == refusal(lambda: house.engine.decide(SEVEN, gate, yes=yes, by=BOSS)).code
        assert before == house.order()


@pytest.mark.parametrize("failed_in", [State.APPROVED, State.ROLLING_BACK, State.RETIRING])
def test_only_a_failed_installation_is_rolled_back(failed_in: State) -> None:
    """What failed elsewhere is retried, or there is nothing to take back."""
    house = House()
    house.put(order(State.FAILED, plan=plan(), failed_in=failed_in))

    refused = refusal(lambda: house.engine.decide(SEVEN, Gate.ROLL_BACK, yes=True, by=OLGA))

    assert "not-now" == refused.code


def test_a_yes_of_somebody_who_lost_the_role_does_not_count() -> None:
    """Roles may change while a quorum is waited for."""
    house = House(site=site(issue=2))
    left = PersonId("T1:ULEFT")
    house.put(order(approvals=(Approval(gate=Gate.ISSUE, by=left, at=NOON, yes=True),)))

    approve(house, MAX)
    assert State.PLACED is house.order().state
    approve(house, MIA)

    assert State.APPROVED is house.order().state


def test_every_gate_says_where_it_stands_open() -> None:
    """A new gate cannot be forgotten."""
    assert set(Gate) == set(DECIDED_IN)


@pytest.mark.parametrize("state", [s for s in State if s is not State.FAILED])
def test_only_a_failed_order_is_retried(state: State) -> None:
    """Retry in any other state is refused with what the order is now."""
    house = House()
    house.put(order(state, failed_in=State.INSTALLING))

    assert "not-now" == refusal(lambda: house.engine.retry(SEVEN, by=OLGA)).code


@pytest.mark.parametrize(
    ("failed_in", "state", "work"),
    [
        (State.APPROVED, State.APPROVED, Work.MAKE_CSR),
        (State.INSTALLING, State.INSTALLING, Work.INSTALL),
        (State.ROLLING_BACK, State.ROLLING_BACK, Work.ROLL_BACK),
        (State.RETIRING, State.RETIRING, Work.RETIRE),
    ],
)
def test_a_retry_goes_back_to_where_it_failed(failed_in: State, state: State, work: Work) -> None:
    """The work starts again in the state in which it stopped."""
    house = House()
    house.put(order(State.FAILED, failed_in=failed_in, fault_code="host-busy"))

    after = house.engine.retry(SEVEN, by=OLGA, version=3)

    assert (state, "", None) == (after.state, after.fault_code, after.failed_in)
    assert [(work, SEVEN)] == house.memory.works


def test_whoever_rolled_back_may_retry_it() -> None:
    """The only operator of a site is not locked out by the word they gave before the failure."""
    house = House()
    said = Approval(gate=Gate.ROLL_BACK, by=OLGA, at=NOON, yes=True)
    house.put(order(State.FAILED, failed_in=State.ROLLING_BACK, approvals=(said,)))

    assert State.ROLLING_BACK is house.engine.retry(SEVEN, by=OLGA).state


@pytest.mark.parametrize("by", [MAX, RITA, STRANGER])
def test_only_operators_retry(by: PersonId) -> None:
    """Retrying is an operator's business."""
    house = House()
    house.put(order(State.FAILED, failed_in=State.INSTALLING))

    assert "not-operator" == refusal(lambda: house.engine.retry(SEVEN, by=by)).code
