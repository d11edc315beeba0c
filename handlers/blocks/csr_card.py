"""The CSR with everything a person needs at the vendor's desk, and the buttons to report back."""

from bot.domain.order import CertificateOrder
from bot.domain.site import Site
from bot.domain.states import State
from handlers.blocks import order_facts as of
from handlers.blocks.parts import (
    Block,
    Picture,
    actions,
    button,
    context,
    header,
    link_button,
    option,
    outside_section,
    overflow,
    picture,
    preformatted,
    section,
)
from handlers.blocks.text import clip, code, mention
from handlers.ids import Action
from handlers.refs import Act, OrderRef, render_ref

_NAMES_LIMIT = 2500
_STEPS_LIMIT = 2500
_CSR_BLOCK = "csr.text"
_OPEN = (State.CSR_READY, State.SUBMITTED, State.ISSUED)
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
        section("*CSR*, with its first and last line:"),
        preformatted(order.csr_pem.strip() + "\n", block_id=_CSR_BLOCK),
        section("*Names*, for the vendor's own field:"),
        preformatted("\n".join(order.wish.names), _NAMES_LIMIT),
        section("*Steps*"),
        outside_section(clip(steps, _STEPS_LIMIT)),
        *reference,
    ]


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
    if order.state not in _OPEN:
        return ()
    return actions("csr.actions", [*_buttons(order), *_portal(order, site), *_rarer(order)])


def _buttons(order: CertificateOrder) -> list[Block]:
    match order.state:
        case State.CSR_READY:
            submitted = button(
                Action.SUBMITTED, "I submitted the CSR", value=of.reference(order), style="primary",
                spoken=f"Report that the CSR of order {order.id} was submitted",
            )  # fmt: skip
            return [submitted, of.cancel_button(order)]
        case State.SUBMITTED:
            issued = button(
                Action.ISSUED, "Certificate is issued", value=of.reference(order),
                spoken=f"Report that the vendor has issued order {order.id}",
            )  # fmt: skip
            return [of.upload_button(order), issued]
        case _:
            return [of.upload_button(order), of.cancel_button(order)]


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
    return [overflow(Action.CSR_MORE, [option(label, _value(order, act)) for label, act in acts])]


def _value(order: CertificateOrder, act: Act) -> str:
    return render_ref(OrderRef(order=order.id, version=order.version, act=act))
