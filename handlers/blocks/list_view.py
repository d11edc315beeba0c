"""Orders in rows: the list, the ones to renew."""

from bot.domain.order import CertificateOrder
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
from handlers.blocks.text import code, count, hosts_in_row, when
from handlers.headlines import NEXT, STATES
from handlers.ids import Action

_SHOWN = 15
_HOSTS_LIMIT = 120


def order_row(order: CertificateOrder) -> str:
    """One order in two lines: which, where, state, and what comes next."""
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


def order_list(orders: tuple[CertificateOrder, ...]) -> Picture:
    """Render the orders that are under way."""
    told = f"{count(len(orders), 'order')} under way."
    if not orders:
        return picture(told, [section("No order is under way. `/cert request` asks for one.")])
    rows = [section(order_row(order)) for order in orders[:_SHOWN]]
    return picture(told, [header(told), *rows, *_rest(orders)])


def renewable_list(orders: tuple[CertificateOrder, ...]) -> Picture:
    """Render the installed orders, each with its renewal button."""
    told = f"{count(len(orders), 'installed certificate')}."
    if not orders:
        return picture(
            told, [section("Nothing is installed yet. `/cert request` asks for a certificate.")]
        )
    rows = [
        with_button(installed_row(order), order_button(Action.RENEW, order))
        for order in orders[:_SHOWN]
    ]
    return picture(told, [header("Which one is to be renewed?"), *rows, *_rest(orders)])


def _rest(orders: tuple[CertificateOrder, ...]) -> list[Block]:
    rest = len(orders) - _SHOWN
    return [context(f"and {rest} more; `/cert status ID` shows any of them.")] if rest > 0 else []
