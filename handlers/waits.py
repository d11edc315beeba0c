"""What the doors say of waiting orders: on whom each waits, since when, and how often they were reminded."""

from collections.abc import Iterable, Mapping

from bot.domain.ids import OrderId, PersonId
from bot.domain.order import CertificateOrder
from bot.domain.waiting import wait_of, waits_on
from handlers.blocks.list_view import Waits
from handlers.rooms import Rooms


def waits_of(rooms: Rooms, orders: Iterable[CertificateOrder]) -> Mapping[OrderId, Waits]:
    """What is known of those orders that wait for people; reads the store."""
    waiting = {order.id: order for order in orders if wait_of(order) is not None}
    due = rooms.reminders.waiting(tuple(waiting))
    return {
        number: Waits(
            on=_on(rooms, order),
            since=order.waits_since or order.changed_at,
            reminded=due[number].given if number in due else 0,
        )
        for number, order in waiting.items()
    }


def _on(rooms: Rooms, order: CertificateOrder) -> tuple[PersonId, ...]:
    wait = wait_of(order)
    return () if wait is None else waits_on(rooms.site, order, wait)
