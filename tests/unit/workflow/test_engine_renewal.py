"""The renewal card: a yes opens and approves the successor, "not now" is silent for a week."""

import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain import events as ev
from bot.domain.approvals import Approval, Gate
from bot.domain.faults import Refused
from bot.domain.ids import SYSTEM, OrderId, PersonId
from bot.domain.order import CertificateOrder
from bot.domain.states import State, Work
from bot.workflow.engine import UNDER_WAY
from tests.unit.domain.samples import MAX, MIA, NOON, OLGA, RITA, certificate, order, site
from tests.unit.workflow.fuse import Killed
from tests.unit.workflow.house import House

FIRST = OrderId(1)
DAY_S = 86_400
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


@pytest.mark.parametrize("state", [State.PLACED, State.APPROVED, State.INSTALLED])
def test_a_renewed_order_is_not_renewed_again(state: State) -> None:
    """Not even by somebody who saw no version."""
    house = House()
    house.put(installed(renewed_by=OrderId(9)))
    house.put(order(state, id=OrderId(9)))

    with pytest.raises(Refused) as raised:
        house.engine.renew(FIRST, by=MAX)

    assert "not-now" == raised.value.code
    assert 2 == len(house.memory.orders)


POINTS = 6
"""Before and after the placing, the opening and the decision."""


def killed(at: int) -> House:
    """A house in which Max's yes was killed at this point."""
    house = House()
    house.put(installed())
    house.fuse.at = at
    with pytest.raises(Killed):
        house.engine.renew(FIRST, by=MAX, version=3)
    return house


def test_a_yes_passes_so_many_points() -> None:
    """The tests below kill at every one of them."""
    house = House()
    house.put(installed())
    house.engine.renew(FIRST, by=MAX, version=3)

    assert POINTS == house.fuse.passed


@pytest.mark.parametrize("at", range(1, POINTS + 1))
def test_a_killed_yes_said_again_by_the_same_card_opens_and_approves_one_order(at: int) -> None:
    """Wherever the kill was; only a yes that had all its effect is told so."""
    house = killed(at)

    if at == POINTS:
        with pytest.raises(Refused, match="Your click changed nothing"):
            house.engine.renew(FIRST, by=MAX, version=3)
    else:
        house.engine.renew(FIRST, by=MAX, version=3)

    successor = house.order(house.order(1).renewed_by or 0)
    assert 2 == len(house.memory.orders)
    assert (State.APPROVED, FIRST) == (successor.state, successor.wish.renews)
    assert ["placed", "approve"] == house.whats(successor.id)
    assert ["renewal_opened"] == house.whats(1)
    assert [(Work.MAKE_CSR, successor.id)] == house.memory.works


@pytest.mark.parametrize("at", range(1, POINTS + 1))
def test_a_killed_yes_and_a_later_one_open_one_order(at: int) -> None:
    """Between them somebody said "not now" where that was still possible, and a week went by."""
    house = killed(at)
    with contextlib.suppress(Refused):
        house.engine.postpone_renewal(FIRST, by=MIA, version=3)
    house.clock.forward(8 * DAY_S)
    if house.order(1).renewed_by is None:
        house.engine.take(FIRST, ev.RenewalProposed(), by=SYSTEM)
    with contextlib.suppress(Refused):
        house.engine.renew(FIRST, by=MAX, version=house.order(1).version)

    successors = [o for o in house.memory.orders.values() if o.wish.renews == FIRST]
    assert [house.order(1).renewed_by] == [o.id for o in successors]


def test_a_yes_that_was_killed_after_the_opening_is_not_said_by_an_older_card() -> None:
    """The card of the question before shows an older version; its click changes nothing."""
    house = killed(4)
    before = dict(house.memory.orders)

    with pytest.raises(Refused, match="this card is old"):
        house.engine.renew(FIRST, by=MIA, version=2)

    assert before == house.memory.orders


@pytest.mark.parametrize("state", [s for s in State if s not in UNDER_WAY])
def test_a_successor_that_is_over_makes_room_for_the_next(state: State) -> None:
    """An order is renewed again, as often as it takes."""
    house = House()
    house.put(installed())
    numbers = set()
    for _ in range(3):
        successor = house.engine.renew(FIRST, by=MAX)
        numbers.add(successor.id)
        house.put(replace(house.order(successor.id), state=state))
        house.engine.take(FIRST, ev.RenewalProposed(), by=SYSTEM)

    assert 3 == len(numbers)


@pytest.mark.parametrize("state", sorted(UNDER_WAY - {State.PLACED}))
def test_a_successor_somebody_else_approved_is_taken_up(state: State) -> None:
    """Left in PLACED by a kill and approved by its own card: the yes to the renewal card opens no second one."""
    house = killed(2)
    [left] = [o for o in house.memory.orders.values() if o.wish.renews == FIRST]
    house.put(replace(left, state=state))

    found = house.engine.renew(FIRST, by=MAX, version=3)

    assert (left.id, state) == (found.id, found.state)
    assert left.id == house.order(1).renewed_by
    assert 2 == len(house.memory.orders)


def test_every_state_is_under_way_or_over() -> None:
    """What works on a host to undo, or has served, is no successor to wait for."""
    assert {
        State.INSTALLED, State.SUPERSEDED, State.ROLLING_BACK, State.ROLLED_BACK, State.RETIRING,
        State.RETIRED, State.REJECTED, State.CANCELLED, State.LAPSED,
    } == set(State) - UNDER_WAY  # fmt: skip


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
