"""
Every button on an order, as one table: what it says, what a screen reader says, how it looks.

Which card shows which button is the card's business; the value is always the order and its version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bot.domain.approvals import Gate
from bot.domain.order import CertificateOrder
from handlers.blocks.parts import Block, button
from handlers.ids import Action
from handlers.refs import Act, OrderRef, render_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    label: str
    spoken: str
    style: Literal["primary", "danger", ""] = ""
    gate: Gate | None = None


LOOKS: Final[Mapping[Action, _Look]] = {
    Action.APPROVE: _Look(
        label="Approve order", spoken="Approve order {order} for {name}", style="primary",
        gate=Gate.ISSUE,
    ),
    Action.REJECT: _Look(
        label="Reject order", spoken="Reject order {order} for {name}", style="danger",
        gate=Gate.ISSUE,
    ),
    Action.CANCEL: _Look(label="Cancel order", spoken="Cancel order {order} for {name}"),
    Action.SUBMITTED: _Look(
        label="I submitted the CSR", spoken="Report that the CSR of order {order} was submitted",
        style="primary",
    ),
    Action.ISSUED: _Look(
        label="Certificate is issued", spoken="Report that the vendor has issued order {order}",
    ),
    Action.UPLOAD: _Look(
        label="Upload bundle", spoken="Upload the bundle of order {order}", style="primary",
    ),
    Action.REVIEW_PLAN: _Look(
        label="Review and install", spoken="Review the plan of order {order} and install",
        style="primary", gate=Gate.INSTALL,
    ),
    Action.REPLAN: _Look(
        label="Read hosts again", spoken="Read the hosts of order {order} again for a new plan",
    ),
    Action.REJECT_PLAN: _Look(
        label="Reject plan", spoken="Reject the plan of order {order}", style="danger",
        gate=Gate.INSTALL,
    ),
    Action.RETRY: _Look(
        label="Retry", spoken="Retry the work of order {order} where it stopped", style="primary",
        gate=Gate.ROLL_BACK,
    ),
    Action.ROLL_BACK: _Look(
        label="Roll back", spoken="Roll order {order} back to the certificates of before",
        style="danger", gate=Gate.ROLL_BACK,
    ),
    Action.RETIRE: _Look(
        label="Retire certificate", spoken="Remove the certificate of order {order}",
        gate=Gate.RETIRE,
    ),
    Action.KEEP: _Look(
        label="Keep certificate", spoken="Keep the certificate of order {order} and give up what failed",
        gate=Gate.ROLL_BACK,
    ),
    Action.CLEAR_REQUEST: _Look(
        label="Clear the pending request", spoken="Clear the pending request that order {order} left",
        gate=Gate.CLEAR_REQUEST,
    ),
    Action.RENEW: _Look(
        label="Renew certificate", spoken="Ask for the successor of order {order}",
    ),
    Action.APPROVE_RENEWAL: _Look(
        label="Approve renewal", spoken="Approve the renewal of order {order}", style="primary",
        gate=Gate.ISSUE,
    ),
    Action.POSTPONE_RENEWAL: _Look(
        label="Not now", spoken="Put the renewal of order {order} off for a week", gate=Gate.ISSUE,
    ),
}  # fmt: skip
"""One row a button."""


def order_button(action: Action, order: CertificateOrder) -> Block:
    """The button for an action on an order, in the version that is shown."""
    look = LOOKS[action]
    spoken = look.spoken.format(order=order.id, name=order.wish.subject.common_name)
    return button(
        action,
        look.label,
        value=reference(order, gate=look.gate),
        spoken=spoken,
        style=look.style,
    )


def order_buttons(order: CertificateOrder, *which: Action) -> list[Block]:
    """Several buttons in a row."""
    return [order_button(action, order) for action in which]


def reference(order: CertificateOrder, *, gate: Gate | None = None, act: Act | None = None) -> str:
    """The value of a button or choice on this order's cards."""
    return render_ref(OrderRef(order=order.id, version=order.version, gate=gate, act=act))
