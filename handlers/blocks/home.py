"""The app's home: what waits for this person, their orders, what expires soon, how to begin."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import State
from handlers.blocks.buttons import order_button, order_buttons
from handlers.blocks.help import WORDS
from handlers.blocks.list_view import Waits, installed_row, order_row, waits_line
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
_DECISIONS: Final[Mapping[State, tuple[Action, ...]]] = {
    State.PLACED: (Action.APPROVE, Action.REJECT),
    State.PROVEN: (Action.REVIEW_PLAN,),
    State.FAILED: (Action.RETRY,),
    State.INSTALLED: (Action.APPROVE_RENEWAL, Action.POSTPONE_RENEWAL),
}
_OWN_TURN: Final[Mapping[State, Action]] = {
    State.CSR_READY: Action.SUBMITTED,
    State.SUBMITTED: Action.UPLOAD,
    State.ISSUED: Action.UPLOAD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFacts:
    """
    What the home shows.

    Args:
        role: the person's roles in words.
        to_decide: orders that wait for a decision this person may take now.
        mine: the person's own orders under way.
        expiring: installed orders past the moment of renewal, the next to end first.
        waits: how those wait that wait for people.
    """

    role: str
    to_decide: tuple[CertificateOrder, ...]
    mine: tuple[CertificateOrder, ...]
    expiring: tuple[CertificateOrder, ...]
    waits: Mapping[OrderId, Waits] = field(default_factory=dict)


def home_view(told: HomeFacts) -> Block:
    """Render the home view; at most about eighty blocks of the hundred allowed."""
    return {
        "type": "home",
        "blocks": [
            header("CertDesk"),
            context(f"Your part: {told.role}."),
            *actions("home.actions", [_request()]),
            *_part("Waiting for you", told.to_decide, partial(_deciding, told), none="No decision waits for you."),
            *_part("Your orders under way", told.mine, partial(_own, told), none="None at the moment."),
            *_part("Expiring soon", told.expiring, _expiring, none="No certificate is due for renewal."),
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
    *,
    none: str,
) -> list[Block]:
    if not orders:
        return [divider(), header(title), section(none)]
    rows = [block for order in orders[:_SHOWN] for block in render(order)]
    rest = len(orders) - _SHOWN
    more = [context(f"and {rest} more: `/cert list`")] if rest > 0 else []
    return [divider(), header(title), *rows, *more]


def _deciding(facts: HomeFacts, order: CertificateOrder) -> list[Block]:
    row = order_buttons(order, *_DECISIONS[order.state])
    told = (
        f"{installed_row(order)}\nMay its successor be ordered?{_late(facts, order)}"
        if order.state is State.INSTALLED
        else order_row(order) + _late(facts, order)
    )
    return [section(told), *actions(f"home.decide.{order.id}", row)]


def _late(facts: HomeFacts, order: CertificateOrder) -> str:
    waits = facts.waits.get(order.id)
    return f"\n{waits_line(waits)}" if waits else ""


def _own(facts: HomeFacts, order: CertificateOrder) -> list[Block]:
    action = _OWN_TURN.get(order.state)
    if action is None:
        return [section(order_row(order, facts.waits.get(order.id)))]
    return [with_button(order_row(order, facts.waits.get(order.id)), order_button(action, order))]


def _expiring(order: CertificateOrder) -> list[Block]:
    return [with_button(installed_row(order), order_button(Action.RENEW, order))]
