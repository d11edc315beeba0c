"""Words at the gate *issue*: once, by whom, and what the others are told."""

import pytest

from bot.domain import events as ev
from bot.domain.approvals import Approval, Gate
from bot.domain.faults import OrderUnknown
from bot.domain.ids import PersonId
from bot.domain.messages import Card, CardMessage, LineMessage
from bot.domain.states import State, Work
from bot.workflow.engine import Engine
from tests.fakes.store import FakeOrders
from tests.unit.domain.samples import (
    BOSS,
    MAX,
    MIA,
    NOON,
    OLGA,
    RITA,
    STRANGER,
    order,
    site,
    wish,
)
from tests.unit.workflow.house import House
from tests.unit.workflow.overtaken import Overtaken
from tests.unit.workflow.word import SEVEN, approve, refusal


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
    approve(house, MAX)
    assert ["approve"] == house.whats()


def test_an_order_nobody_placed_is_refused() -> None:
    """A mistyped number is answered, not a traceback."""
    house = House()

    with pytest.raises(OrderUnknown):
        approve(house, MAX)


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
