"""Orders in rows: the list, the ones to renew."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from bot.domain.ids import OrderId, PersonId
from bot.domain.order import CertificateOrder, Worklist
from handlers.blocks.buttons import order_button
from handlers.blocks.parts import (
    Block,
    Picture,
    context,
    header,
    picture,
    section,
    with_button,
)
from handlers.blocks.text import code, count, hosts_in_row, mention, when
from handlers.headlines import NEXT, STATES
from handlers.ids import Action

SHOWN = 15
COUNTED_TO = 1_000
"""How far the orders in a list are counted; beyond that nobody needs the number, and counting would take longer."""
_HOSTS_LIMIT = 120
_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """
    How an order waits.

    Args:
        on: who can end it; empty when the configuration names nobody.
        reminded: how often they were reminded; from once on it is overdue.
    """

    on: tuple[PersonId, ...]
    since: datetime
    reminded: int = 0

    @property
    def is_overdue(self) -> bool:
        """Whether a first reminder was due."""
        return self.reminded > 0


def waits_line(waits: Waits) -> str:
    """On whom an order waits, since when, and whether that is too long."""
    named = ", ".join(mention(person) for person in waits.on[:_NAMED])
    rest = len(waits.on) - _NAMED
    on = named + (f" and {rest} more" if rest > 0 else "") or "nobody who is configured"
    often = f" *Overdue*, reminded {count(waits.reminded, 'time')}." if waits.is_overdue else ""
    return f"Waits for {on} since {when(waits.since)}.{often}"


def order_row(order: CertificateOrder, waits: Waits | None = None) -> str:
    """One order in some lines: which, where, state, what comes next, and on whom it waits."""
    told = f"\n{waits_line(waits)}" if waits else ""
    return _order_row(order) + told


def overdue_first(
    orders: Iterable[CertificateOrder], waits: Mapping[OrderId, Waits]
) -> tuple[CertificateOrder, ...]:
    """The orders with those that are overdue in front, the longest wait first; the others stay as they are."""

    def rank(order: CertificateOrder) -> tuple[bool, float]:
        known = waits.get(order.id)
        late = known is not None and known.is_overdue
        return (not late, known.since.timestamp() if known is not None and late else 0.0)

    return tuple(sorted(orders, key=rank))


def _order_row(order: CertificateOrder) -> str:
    return (
        f"*Order {order.id}* {code(order.wish.subject.common_name)} on {hosts_in_row(order.wish.hosts, limit=_HOSTS_LIMIT)}: "
        f"{STATES[order.state]}.\nNext: {NEXT[order.state]}."
    )


def installed_row(order: CertificateOrder) -> str:
    """One installed order in a line, with its end."""
    until = f", valid until {when(order.certificate.facts.not_after)}" if order.certificate else ""
    return (
        f"*Order {order.id}* {code(order.wish.subject.common_name)} on "
        f"{hosts_in_row(order.wish.hosts, limit=_HOSTS_LIMIT)}{until}"
    )


def order_list(found: Worklist, waits: Mapping[OrderId, Waits] = MappingProxyType({})) -> Picture:
    """Render the head of the list of orders that are under way, as it is ordered."""
    late = f", {_at_least(found.overdue)} overdue" if found.overdue else ""
    told = f"{_orders(found.total)} under way{late}."
    if not found.orders:
        return picture(told, [section("No order is under way. `/cert request` asks for one.")])
    rows = [section(order_row(order, waits.get(order.id))) for order in found.orders]
    return picture(told, [header(told), *rows, *_rest(found.total, len(rows))])


def _orders(number: int) -> str:
    return f"{_at_least(number)} {'order' if number == 1 else 'orders'}"


def _at_least(number: int) -> str:
    return f"{number} or more" if number >= COUNTED_TO else str(number)


def renewable_list(orders: tuple[CertificateOrder, ...]) -> Picture:
    """Render the installed orders, each with its renewal button."""
    told = f"{count(len(orders), 'installed certificate')}."
    if not orders:
        return picture(
            told, [section("Nothing is installed yet. `/cert request` asks for a certificate.")]
        )
    rows = [
        with_button(installed_row(order), order_button(Action.RENEW, order))
        for order in orders[:SHOWN]
    ]
    return picture(told, [header("Which one is to be renewed?"), *rows, *_rest(len(orders), SHOWN)])


def _rest(total: int, shown: int) -> list[Block]:
    rest = total - shown
    if rest <= 0:
        return []
    least = "at least " if total >= COUNTED_TO else ""
    return [context(f"and {least}{rest} more; `/cert status ID` shows any of them.")]
