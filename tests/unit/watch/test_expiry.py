"""The calendar: every installed certificate is looked at, and asked about until something renews it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.events import Event
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import State
from bot.watch.expiry import FRUITLESS, Calendar
from bot.workflow.paging import PAGE, every
from bot.workflow.turns import LookFailed
from tests.unit.domain.samples import NOON, certificate, order
from tests.unit.workflow.house import House


def serving(number: int = 7, **parts: object) -> CertificateOrder:
    """An installed order whose certificate ends in a week."""
    soon = certificate(not_before=NOON - timedelta(days=193), not_after=NOON + timedelta(days=7))
    return replace(order(State.INSTALLED, id=OrderId(number), certificate=soon), **parts)  # type: ignore[arg-type]  # the fields the test names


def look(house: House) -> int:
    """One look; how many were proposed."""
    return Calendar(house.engine, house.orders, house.site, house.clock).propose_renewals()


def test_a_certificate_near_its_end_is_asked_about_once() -> None:
    """The second look finds the question still open."""
    house = House()
    house.put(serving())

    assert (1, 0) == (look(house), look(house))


def test_the_oldest_of_many_is_not_forgotten() -> None:
    """More orders than one page holds, and the one that ends first is the oldest of them."""
    house = House()
    for number in range(2, 2 * PAGE + 2):
        house.put(order(State.INSTALLED, id=OrderId(number)))
    house.put(serving(1))

    assert 1 == look(house)
    assert house.order(1).renewal_asked_at is not None


@pytest.mark.parametrize("state", list(State))
def test_a_successor_that_came_to_nothing_does_not_silence_the_watch(state: State) -> None:
    """Rejected, cancelled, lapsed or rolled back: the certificate of before still serves and still ends."""
    house = House()
    house.put(serving(renewed_by=OrderId(8)))
    house.put(order(state, id=OrderId(8)))

    proposed = look(house)

    assert (state in FRUITLESS) is (proposed == 1)
    assert (house.order(7).renewed_by is None) is (proposed == 1)


def test_every_order_is_seen_once_while_orders_change() -> None:
    """Leaving the states in the middle of the way moves nobody out of sight."""
    house = House()
    for number in range(1, 8):
        house.put(order(State.PLACED, id=OrderId(number)))
    seen = []
    for found in every(house.orders, [State.PLACED], page=3):
        seen.append(found.id)
        house.put(order(State.LAPSED, id=found.id))

    assert [7, 6, 5, 4, 3, 2, 1] == seen


def test_an_order_that_breaks_the_look_hides_no_certificate_that_ends() -> None:
    """The others are asked about, and the look says that it failed."""
    house = House()
    house.put(serving(7, renewed_by=OrderId(99)))
    house.put(serving(8))

    with pytest.raises(LookFailed, match="look-renewal-7"):
        look(house)

    assert house.order(8).renewal_asked_at is not None


def test_an_order_that_breaks_the_look_lets_no_other_wait_for_ever() -> None:
    """The others end in time, and the look says that it failed."""
    house = House()
    for number in (7, 8):
        house.put(order(State.PLACED, id=OrderId(number)))
    house.clock.forward(365 * 86_400)
    calendar = Calendar(house.engine, house.orders, house.site, house.clock)
    take = house.engine.take

    def breaking(order_id: OrderId, event: Event, **how: Any) -> CertificateOrder:
        if order_id == 7:
            raise ValueError("a wish nobody can read")
        return take(order_id, event, **how)

    house.engine.take = breaking  # type: ignore[method-assign] # one order breaks it
    with pytest.raises(LookFailed, match="look-lapse-7"):
        calendar.lapse_gates()

    assert house.order(8).state is State.LAPSED
