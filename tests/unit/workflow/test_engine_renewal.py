"""The renewal card: a yes opens and approves the successor, "not now" is silent for a week."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain import events as ev
from bot.domain.approvals import Approval, Gate
from bot.domain.faults import Refused
from bot.domain.ids import SYSTEM, OrderId, PersonId
from bot.domain.order import CertificateOrder
from bot.domain.states import State, Work
from tests.unit.domain.samples import MAX, MIA, NOON, OLGA, RITA, certificate, order, site
from tests.unit.workflow.house import House

FIRST = OrderId(1)
APPROVED = Approval(gate=Gate.ISSUE, by=MAX, at=NOON, yes=True)


def installed(**parts: Any) -> CertificateOrder:
    """An order whose certificate serves, approved by Max."""
    whole = {
        "id": FIRST,
        "certificate": certificate(),
        "approvals": (APPROVED,),
        "renewal_asked_at": NOON,
        **parts,
    }
    return order(State.INSTALLED, **whole)


def test_the_approver_of_before_approves_the_renewal_too() -> None:
    """A site with one approver renews: the word on the old order is not the word on the new one."""
    house = House()
    house.put(installed())

    successor = house.engine.renew(FIRST, by=MAX, version=3)

    assert (State.APPROVED, RITA, FIRST) == (
        successor.state, successor.requester, successor.wish.renews,
    )  # fmt: skip
    assert successor.id == house.order(1).renewed_by
    assert [(Work.MAKE_CSR, successor.id)] == house.memory.works
    assert ["placed", "approve"] == house.whats(successor.id)
    assert ["renewal_opened"] == house.whats(1)


def test_the_successor_wants_what_the_order_before_wanted() -> None:
    """Same names, same hosts, same services; only the reason says whose successor it is."""
    house = House()
    before = house.put(installed())

    successor = house.engine.renew(FIRST, by=MAX)

    assert (before.wish.names, before.wish.hosts, before.wish.services) == (
        successor.wish.names, successor.wish.hosts, successor.wish.services,
    )  # fmt: skip
    assert "Renewal of order 1" == successor.wish.reason
    assert before.home == successor.home


def test_two_yes_to_one_card_open_one_order() -> None:
    """The second approver hears that it is done."""
    house = House()
    house.put(installed())
    house.engine.renew(FIRST, by=MAX, version=3)

    with pytest.raises(Refused) as raised:
        house.engine.renew(FIRST, by=MIA, version=3)

    assert "stale" == raised.value.code
    assert 2 == len(house.memory.orders)


def test_a_renewed_order_is_not_renewed_again() -> None:
    """Not even by somebody who saw no version."""
    house = House()
    house.put(installed(renewed_by=OrderId(9)))

    with pytest.raises(Refused) as raised:
        house.engine.renew(FIRST, by=MAX)

    assert "not-now" == raised.value.code
    assert 1 == len(house.memory.orders)


def test_a_kill_between_placing_and_noting_leaves_one_successor() -> None:
    """The same card clicked again finds the order that was placed before the kill."""
    house = House()
    before = house.put(installed())
    first = house.engine.renew(FIRST, by=MAX)
    house.put(before)

    second = house.engine.place(
        first.wish, by=SYSTEM, home=before.home, key=f"renew:{FIRST}:{before.version}"
    )

    assert first.id == second.id
    assert 2 == len(house.memory.orders)


def test_with_a_quorum_the_successor_waits_for_the_second_approver() -> None:
    """The yes to the card counts as the first one."""
    house = House(site=site(issue=2))
    house.put(installed())

    successor = house.engine.renew(FIRST, by=MAX)

    assert State.PLACED is successor.state
    house.engine.decide(successor.id, Gate.ISSUE, yes=True, by=MIA)
    assert State.APPROVED is house.order(successor.id).state


def test_not_now_on_an_old_card_is_refused() -> None:
    """Somebody has answered the card since; their answer stands."""
    house = House()
    house.put(installed())
    house.engine.renew(FIRST, by=MAX)
    before = house.order(1)

    with pytest.raises(Refused) as raised:
        house.engine.postpone_renewal(FIRST, by=MIA, version=3)

    assert "stale" == raised.value.code
    assert before == house.order(1)


@pytest.mark.parametrize(("by", "code"), [(OLGA, "not-approver"), (RITA, "not-approver")])
def test_only_approvers_answer_the_card(by: PersonId, code: str) -> None:
    """Neither yes nor "not now" is anybody else's."""
    house = House()
    before = house.put(installed())

    for answer in (house.engine.renew, house.engine.postpone_renewal):
        with pytest.raises(Refused) as raised:
            answer(FIRST, by=by)
        assert code == raised.value.code
    assert before == house.order(1)


@pytest.mark.parametrize("state", [s for s in State if s is not State.INSTALLED])
def test_only_an_installed_certificate_is_renewed_or_postponed(state: State) -> None:
    """A card that outlived its order changes nothing."""
    house = House()
    before = house.put(order(state, id=FIRST))

    for answer in (house.engine.renew, house.engine.postpone_renewal):
        with pytest.raises(Refused) as raised:
            answer(FIRST, by=MAX)
        assert "not-now" == raised.value.code
    assert before == house.order(1)


def test_not_now_is_silent_for_a_week() -> None:
    """The card is answered, and the day on which it comes again is noted."""
    house = House()
    house.put(installed())
    house.engine.take(FIRST, ev.RenewalProposed(), by=SYSTEM)
    assert NOON == house.order(1).renewal_asked_at

    after = house.engine.postpone_renewal(FIRST, by=MAX)

    assert (None, NOON + timedelta(days=7)) == (after.renewal_asked_at, after.renewal_not_before)
    assert [("renewal_proposed", SYSTEM), ("renewal_postponed", MAX)] == [
        (e.what, e.by) for e in house.audit.entries(FIRST)
    ]
