"""The question to the approvers, and afterwards the record of their answer."""

from datetime import timedelta

from bot.domain.approvals import Gate, yes_count
from bot.domain.order import CertificateOrder
from bot.domain.site import Site
from bot.domain.states import State
from handlers.blocks import order_facts as of
from handlers.blocks.buttons import order_buttons
from handlers.blocks.parts import (
    Block,
    Picture,
    actions,
    context,
    facts,
    header,
    labelled,
    picture,
    section,
)
from handlers.blocks.text import count, hosts_in_row, mention, when
from handlers.ids import Action

_CLOSED = {
    State.REJECTED: "Rejected",
    State.LAPSED: "Lapsed",
    State.CANCELLED: "Cancelled",
}


def approval_card(order: CertificateOrder, site: Site) -> Picture:
    """Render the approval card; the buttons are there only while the decision is open."""
    is_open = order.state is State.PLACED
    what = "Approval needed" if is_open else _CLOSED.get(order.state, "Approved")
    asks = "asks" if is_open else "asked"
    ask = f"{mention(order.requester)} {asks} for a certificate. {of.sentence(order)}"
    blocks = [
        header(of.heading(order, what)),
        section(ask),
        labelled("Reason", order.wish.reason),
        facts(_facts(order, site)),
        section(f"*Names*\n{of.names_line(order)}"),
        *_local_key(order),
        *_footer(order, site),
    ]
    return picture(f"{what}. {ask}", blocks)


def _facts(order: CertificateOrder, site: Site) -> list[tuple[str, str]]:
    rows = [
        ("Hosts, in order", hosts_in_row(order.wish.hosts)),
        ("Vendor", of.vendor_name(order, site)),
        ("Subject", of.subject_line(order)),
        ("Key", of.key_line(order)),
        ("Services", of.services_line(order)),
        *([("Connectors", of.CONNECTORS_LINE)] if order.wish.connectors else []),
    ]
    return rows + ([("Renews", f"order {order.wish.renews}")] if order.wish.renews else [])


def _local_key(order: CertificateOrder) -> list[Block]:
    told = of.local_key_line(order)
    return [section(f"*Private key*\n{told}")] if told else []


def _footer(order: CertificateOrder, site: Site) -> list[Block]:
    said = of.decisions(order, Gate.ISSUE)
    record = [context(said)] if said else []
    if order.state is State.PLACED:
        row = order_buttons(order, Action.APPROVE, Action.REJECT)
        return [*record, context(_policy(order, site)), *actions("approval.actions", row)]
    if order.state is State.LAPSED:
        return [*record, context(f"Nobody decided in time; lapsed {when(order.changed_at)}.")]
    return record or [context(f"Closed {when(order.changed_at)}.")]


def _policy(order: CertificateOrder, site: Site) -> str:
    need = site.policy.quorum.get(Gate.ISSUE, 1)
    have = yes_count(order.approvals, Gate.ISSUE)
    lapses = order.placed_at + timedelta(days=site.policy.gate_expiry_days)
    return (
        f"{have} of {count(need, 'approval')} so far. {of.may_decide_line(site, Gate.ISSUE)}; "
        f"nobody decides on their own order. It lapses {when(lapses)}."
    )
