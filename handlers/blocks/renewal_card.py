"""The question whether an expiring certificate's successor may be ordered."""

from bot.domain.approvals import Gate
from bot.domain.order import CertificateOrder
from bot.domain.site import Site
from bot.domain.states import State
from bot.domain.validation import reuse_ends
from handlers.blocks import order_facts as of
from handlers.blocks.buttons import order_buttons
from handlers.blocks.parts import Block, Picture, actions, context, facts, header, picture, section
from handlers.blocks.text import hosts_in_row, mention, when
from handlers.blocks.waiting_words import reuse_line
from handlers.ids import Action


def renewal_card(order: CertificateOrder, site: Site) -> Picture:
    """Render the renewal card; answered, it says what was answered and has no buttons."""
    told = _told(order)
    blocks = [
        header(of.heading(order, "Renewal")),
        section(told),
        facts(_facts(order)),
        *_row(order, site),
    ]
    return picture(told, blocks)


def _told(order: CertificateOrder) -> str:
    if order.renewed_by is not None:
        return f"Order {order.renewed_by} renews order {order.id}."
    if order.state is not State.INSTALLED:
        return f"No renewal is needed any more. {of.sentence(order)}"
    if order.renewal_asked_at is None:
        again = order.renewal_not_before
        later = f" CertDesk asks again {when(again)}." if again else ""
        return f"The renewal of order {order.id} was put off.{later}"
    until = f" {when(order.certificate.facts.not_after)}" if order.certificate else " soon"
    return (
        f"The certificate of order {order.id} expires{until}. "
        "May its successor be ordered, with the same names and a new key?"
    )


def _facts(order: CertificateOrder) -> list[tuple[str, str]]:
    return [
        ("Names", of.names_line(order)),
        ("Hosts, in order", hosts_in_row(order.wish.hosts)),
        ("Services", of.services_line(order)),
        ("Asked for by", mention(order.requester)),
    ]


def _row(order: CertificateOrder, site: Site) -> tuple[Block, ...]:
    if order.renewal_asked_at is None or order.state is not State.INSTALLED:
        return ()
    row = order_buttons(order, Action.APPROVE_RENEWAL, Action.POSTPONE_RENEWAL)
    began = order.certificate.facts.not_before if order.certificate else None
    proof = [context(reuse_line(reuse_ends(began)))] if began else []
    return (
        *proof,
        context(
            "An approver's yes opens the new order and approves it at once. "
            f"{of.may_decide_line(site, Gate.ISSUE)}."
        ),
        *actions("renewal.actions", row),
    )
