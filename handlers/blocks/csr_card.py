"""The CSR with everything a person needs at the vendor's desk, and the buttons to report back."""

from collections.abc import Mapping
from typing import Final

from bot.domain.order import CertificateOrder
from bot.domain.site import Site
from bot.domain.states import State
from handlers.blocks import order_facts as of
from handlers.blocks.buttons import order_buttons, reference
from handlers.blocks.parts import (
    Block,
    Picture,
    actions,
    context,
    header,
    labelled,
    link_button,
    option,
    overflow,
    picture,
    preformatted,
    section,
)
from handlers.blocks.text import code, mention
from handlers.ids import Action
from handlers.refs import Act

_NAMES_LIMIT = 2500
_STEPS_LIMIT = 2500
_CSR_LIMIT = 8000
"""Beside a CSR of this length the rest of the card still fits into one message."""
_CSR_BLOCK = "csr.text"
_TITLES = {
    State.CSR_READY: "CSR ready: submit it",
    State.SUBMITTED: "CSR submitted",
    State.ISSUED: "Certificate issued: upload the bundle",
    State.CHECKING: "Bundle handed in",
}


def csr_card(order: CertificateOrder, site: Site, guide: tuple[str, ...]) -> Picture:
    """
    Render the CSR card.

    Args:
        guide: the vendor's portal, step by step, as plain sentences.
    """
    title = _TITLES.get(order.state, "CSR")
    told = f"{of.sentence(order)} {_who(order)}".strip()
    if not order.csr_pem:
        blocks = [header(of.heading(order, "CSR void")), section(told)]
        return picture(
            told,
            [
                *blocks,
                context(
                    "The CSR that stood here must not be used any more; a new one takes its place."
                ),
            ],
        )
    blocks = [
        header(of.heading(order, title)),
        section(told),
        *_body(order, guide),
        *_row(order, site),
    ]
    return picture(f"{title}. {told}", blocks, whole=frozenset({_CSR_BLOCK}))


def _body(order: CertificateOrder, guide: tuple[str, ...]) -> list[Block]:
    if order.state not in (State.CSR_READY, State.SUBMITTED):
        return [context(f"Vendor's order number: {code(order.vendor_reference or 'none')}")]
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(guide, 1))
    reference = (
        [context(f"Vendor's order number: {code(order.vendor_reference)}")]
        if order.vendor_reference
        else []
    )
    return [
        _csr(order),
        preformatted(
            "Names, for the vendor's own field", "\n".join(order.wish.names), _NAMES_LIMIT
        ),
        labelled("Steps at the vendor's portal", steps, _STEPS_LIMIT),
        *_local_key(order),
        *reference,
    ]


def _local_key(order: CertificateOrder) -> list[Block]:
    told = of.local_key_line(order)
    return [context(told)] if told else []


def _csr(order: CertificateOrder) -> Block:
    """The CSR whole, or where to get it: half a CSR can be pasted and is of no use."""
    text = order.csr_pem.strip() + "\n"
    if len(text) <= _CSR_LIMIT:
        return preformatted(
            "CSR, with its first and last line", text, _CSR_LIMIT, block_id=_CSR_BLOCK
        )
    return section(
        f"*CSR*: with {len(text)} characters it is too long for a message of Slack. The people who run "
        f"CertDesk get it as a file: `certdesk evidence {order.id} -o order-{order.id}.zip`, in there "
        "`request.csr`."
    )


def _who(order: CertificateOrder) -> str:
    match order.state:
        case State.CSR_READY:
            return (
                f"Next: {mention(order.requester)}, or whoever keeps the vendor's account, "
                "submits the CSR and presses *I submitted the CSR*."
            )
        case State.SUBMITTED:
            return "Next: the vendor issues. Then upload the zip, here or as a file in this thread."
        case State.ISSUED:
            return (
                "Next: download the vendor's zip and upload it, here or as a file in this thread."
            )
        case _:
            return ""


def _row(order: CertificateOrder, site: Site) -> tuple[Block, ...]:
    if order.state not in _BUTTONS:
        return ()
    usual = order_buttons(order, *_BUTTONS[order.state])
    return actions("csr.actions", [*usual, *_portal(order, site), *_rarer(order)])


_BUTTONS: Final[Mapping[State, tuple[Action, ...]]] = {
    State.CSR_READY: (Action.SUBMITTED, Action.CANCEL),
    State.SUBMITTED: (Action.UPLOAD, Action.ISSUED),
    State.ISSUED: (Action.UPLOAD, Action.CANCEL),
}


def _portal(order: CertificateOrder, site: Site) -> list[Block]:
    vendor = site.vendor(order.wish.vendor)
    if vendor is None or not vendor.page:
        return []
    said = f"Open the portal of {vendor.title}"
    return [link_button(Action.PORTAL, "Open portal", url=vendor.page, spoken=said)]


def _rarer(order: CertificateOrder) -> list[Block]:
    if order.state is not State.SUBMITTED:
        return []
    acts = (
        ("Vendor rejected the order", Act.VENDOR_REJECTED),
        ("Rekey with a new CSR", Act.REKEYED),
        ("Cancel order", Act.CANCEL),
    )
    return [
        overflow(Action.CSR_MORE, [option(label, reference(order, act=act)) for label, act in acts])
    ]
