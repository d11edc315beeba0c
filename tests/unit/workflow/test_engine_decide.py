"""Words at the gates *issue*, *roll back* and *retire*: once, by whom, and what the others are told."""

from collections.abc import Callable

import pytest

from bot.domain import events as ev
from bot.domain.approvals import Approval, Gate
from bot.domain.faults import OrderUnknown, Refused
from bot.domain.ids import OrderId, PersonId
from bot.domain.messages import Card, CardMessage, LineMessage
from bot.domain.states import State, Work
from bot.workflow.engine import DECIDED_IN, Engine
from tests.fakes.store import FakeOrders
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
    wish,
)
from tests.unit.workflow.house import House
from tests.unit.workflow.overtaken import Overtaken

SEVEN = OrderId(7)


def refusal(act: Callable[[], object]) -> Refused:
    """The refusal an act ends in."""
    with pytest.raises(Refused) as raised:
        act()
    return raised.value


def approve(house: House, by: PersonId, version: int | None = None) -> object:
    """One yes at the first gate."""
    return house.engine.decide(SEVEN, Gate.ISSUE, yes=True, by=by, version=version)


def test_a_new_order_is_kept_with_its_entry_and_told() -> None:
    """Placing gives a number, one audit entry, the cards and no work: a person decides first."""
    house = House()

    placed = house.engine.place(wish(), by=RITA, home="CCERTS", key="form-1")

    assert (State.PLACED, 1, RITA) == (placed.state, placed.version, placed.requester)
    assert ["placed"] == house.whats(placed.id)
    assert [] == house.memory.works
    assert [CardMessage(card=Card.STATUS), CardMessage(card=Card.APPROVAL)] == [
        row.message for row in house.memory.outbox.values() if isinstance(row.message, CardMessage)
    ]


def test_the_same_form_sent_twice_is_one_order() -> None:
    """A second delivery of the same envelope finds the order of the first."""
    house = House()

    first = house.engine.place(wish(), by=RITA, home="CCERTS", key="form-1")
    second = house.engine.place(wish(), by=RITA, home="CCERTS", key="form-1")

    assert first == second
    assert 1 == len(house.memory.orders)
    assert 1 == len(house.audit.entries())


def test_one_yes_approves_once() -> None:
    """The order moves on, the CSR is started, one entry names who and why."""
    house = House()
    house.put(order())

    after = house.engine.decide(SEVEN, Gate.ISSUE, yes=True, by=MAX, version=3, reason="fine")

    assert State.APPROVED is after.state
    assert [(Work.MAKE_CSR, SEVEN)] == house.memory.works
    assert [("approve", MAX, "fine", "placed", "approved")] == [
        (e.what, e.by, e.why, e.before, e.after) for e in house.audit.entries(SEVEN)
    ]
    assert [Approval(gate=Gate.ISSUE, by=MAX, at=NOON, yes=True, reason="fine")] == list(
        after.approvals
    )


@pytest.mark.parametrize("version", [3, None])
def test_a_double_click_has_one_effect_and_two_answers(version: int | None) -> None:
    """The second click of the same person changes nothing and is told that the first one counted."""
    house = House()
    house.put(order())
    approve(house, MAX)
    before = house.order()

    refused = refusal(
        lambda: house.engine.decide(SEVEN, Gate.ISSUE, yes=True, by=MAX, version=version)
    )

    assert "decided-already" == refused.code
    assert before == house.order()
    assert ["approve"] == house.whats()
    assert 1 == len(house.memory.works)


def test_a_click_on_an_old_card_changes_nothing_and_says_what_is() -> None:
    """Another version than the stored one is refused with the state and the last word."""
    house = House()
    house.put(order())
    approve(house, MAX)

    refused = refusal(lambda: approve(house, MIA, version=3))

    assert "stale" == refused.code
    assert (
        "Somebody was faster, or this card is old: Order 7: mail.example.com is now approved (<@UMAX> said yes, "
        "2026-11-23 12:00 UTC). Your click changed nothing."
    ) == refused.sentence
    assert ["approve"] == house.whats()


def test_of_two_in_the_same_moment_one_wins_and_the_other_hears_who() -> None:
    """Both saw the same version; the store decides, and the loser's sentence names the winner."""
    house = House()
    house.put(order())
    orders = Overtaken(house.memory)
    orders.meanwhile = lambda: approve(house, MIA)
    slow = Engine(orders, site(), house.clock)

    refused = refusal(lambda: slow.decide(SEVEN, Gate.ISSUE, yes=True, by=MAX, version=3))

    assert "stale" == refused.code
    assert "<@UMIA> said yes" in refused.sentence
    assert [MIA] == [word.by for word in house.order().approvals]
    assert ["approve"] == house.whats()
    assert 1 == len(house.memory.works)


def test_yes_and_no_in_the_same_moment_give_one_of_both() -> None:
    """An order is never approved and rejected."""
    house = House()
    house.put(order())
    orders = Overtaken(house.memory)
    orders.meanwhile = lambda: house.engine.decide(
        SEVEN, Gate.ISSUE, yes=False, by=MIA, reason="no"
    )
    slow = Engine(orders, site(), house.clock)

    refused = refusal(lambda: slow.decide(SEVEN, Gate.ISSUE, yes=True, by=MAX))

    assert "is now rejected (<@UMIA> said no" in refused.sentence
    assert State.REJECTED is house.order().state
    assert [] == house.memory.works


def test_a_no_rejects_with_its_reason() -> None:
    """The reason is kept in the audit and with the decision."""
    house = House()
    house.put(order())

    after = house.engine.decide(SEVEN, Gate.ISSUE, yes=False, by=MAX, reason="wrong name")

    assert State.REJECTED is after.state
    assert [("reject", "wrong name")] == [(e.what, e.why) for e in house.audit.entries(SEVEN)]
    assert ["wrong name"] == [word.reason for word in after.approvals]


@pytest.mark.parametrize(
    ("by", "code"), [(RITA, "not-approver"), (OLGA, "not-approver"), (STRANGER, "not-approver")]
)
def test_nobody_else_decides(by: PersonId, code: str) -> None:
    """Who does not keep the gate changes nothing, whichever card they click."""
    house = House()
    house.put(order())

    refused = refusal(lambda: approve(house, by, version=1))

    assert code == refused.code
    assert order() == house.order()
    assert [] == house.whats()


def test_nobody_approves_what_they_asked_for() -> None:
    """Four eyes: the boss's own order waits for another approver."""
    house = House()
    house.put(order(requester=BOSS))

    assert "own-order" == refusal(lambda: approve(house, BOSS)).code
    assert ["approve"] == [approve(house, MAX), house.whats()][1]


def test_an_order_nobody_placed_is_refused() -> None:
    """A mistyped number is answered, not a traceback."""
    house = House()

    with pytest.raises(OrderUnknown):
        approve(house, MAX)


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


def test_the_machine_s_event_on_an_old_version_is_refused() -> None:
    """A job that was overtaken reports into the void."""
    house = House()
    house.put(order(State.APPROVED))

    assert (
        "stale"
        == refusal(
            lambda: house.engine.take(SEVEN, ev.CsrMade(csr_pem="x"), by=MAX, version=2)
        ).code
    )
    assert "not-now" == refusal(lambda: house.engine.take(SEVEN, ev.InstallFinished(), by=MAX)).code


def test_the_requester_hears_of_the_approval_in_person_and_in_the_thread() -> None:
    """The outbox holds the cards and both lines of the change, in the same transaction."""
    house = House()
    house.put(order())
    approve(house, MAX)

    messages = [row.message for row in house.memory.outbox.values()]

    assert [Card.STATUS, Card.APPROVAL] == [m.card for m in messages if isinstance(m, CardMessage)]
    assert [("approve", None), ("approve", RITA)] == [
        (m.code, m.to) for m in messages if isinstance(m, LineMessage)
    ]


def test_a_store_that_fails_leaves_nothing_behind() -> None:
    """When starting the work fails, there is no change, no entry and no message either."""
    house = House()
    house.put(order())

    def broken(*_: object) -> None:
        raise OSError("no engine")

    engine = Engine(FakeOrders(house.memory, broken), site(), house.clock)

    with pytest.raises(OSError, match="no engine"):
        engine.decide(SEVEN, Gate.ISSUE, yes=True, by=MAX)

    assert order() == house.order()
    assert [] == house.whats()
    assert {} == house.memory.outbox
