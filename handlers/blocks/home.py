"""The app's home: what waits for this person, their orders, what expires soon, how to begin."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.order import CertificateOrder
from bot.domain.states import State
from handlers.blocks import order_facts as of
from handlers.blocks.help import WORDS
from handlers.blocks.list_view import installed_row, order_row, renew_button
from handlers.blocks.parts import (
    Block,
    actions,
    button,
    context,
    divider,
    header,
    section,
    with_button,
)
from handlers.blocks.text import code
from handlers.ids import Action

_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFacts:
    """
    What the home shows.

    Args:
        role: the person's roles in words.
        to_decide: orders at a gate this person may pass now.
        mine: the person's own orders under way.
        expiring: installed orders past the moment of renewal, the next to end first.
    """

    role: str
    to_decide: tuple[CertificateOrder, ...]
    mine: tuple[CertificateOrder, ...]
    expiring: tuple[CertificateOrder, ...]


def home_view(told: HomeFacts) -> Block:
    """Render the home view; at most about eighty blocks of the hundred allowed."""
    return {
        "type": "home",
        "blocks": [
            header("CertDesk"),
            context(f"Your part: {told.role}."),
            *actions("home.actions", [_request()]),
            *_part("Waiting for you", told.to_decide, _deciding),
            *_part("Your orders", told.mine, lambda order: [section(order_row(order))]),
            *_part("Expiring", told.expiring,
                   lambda order: [with_button(installed_row(order), renew_button(order))]),
            divider(),
            section("*Commands*\n" + "\n".join(f"{code(f'/cert {w}')}  {does}" for w, does in WORDS)),
        ],
    }  # fmt: skip


def _request() -> Block:
    return button(
        Action.REQUEST, "Request a certificate", value="request", style="primary",
        spoken="Request a certificate for an Exchange host",
    )  # fmt: skip


def _part(
    title: str,
    orders: Sequence[CertificateOrder],
    render: Callable[[CertificateOrder], list[Block]],
) -> list[Block]:
    if not orders:
        return [divider(), header(title), section("Nothing.")]
    rows = [block for order in orders[:_SHOWN] for block in render(order)]
    rest = len(orders) - _SHOWN
    more = [context(f"and {rest} more: `/cert list`")] if rest > 0 else []
    return [divider(), header(title), *rows, *more]


def _deciding(order: CertificateOrder) -> list[Block]:
    row = (
        (of.approve_button(order), of.reject_button(order))
        if order.state is State.PLACED
        else (of.review_button(order),)
    )
    return [section(order_row(order)), *actions(f"home.order.{order.id}", row)]
