"""
Delivery of outbox rows into Slack: cards are posted once and edited in place, lines are said once.

What a card shows comes from the order as it stands at this moment; what is said comes from `words`.
"""

from slack_sdk import WebClient

from bot.domain.ids import PersonId
from bot.domain.messages import (
    CARD_PLACES,
    Card,
    CardMessage,
    LineMessage,
    OutboxRow,
    Place,
    Posted,
)
from bot.domain.order import CertificateOrder, HostStep
from bot.domain.site import Site
from bot.domain.states import State
from bot.ports import DeliveryFault, Outbox, VendorDesk
from handlers.blocks.approval_card import approval_card
from handlers.blocks.csr_card import csr_card
from handlers.blocks.parts import Picture, picture, section
from handlers.blocks.plan_card import plan_card
from handlers.blocks.renewal_card import renewal_card
from handlers.blocks.status_card import status_card
from handlers.chat import Chat
from handlers.words import render_line


class SlackNotifier:
    """
    `bot.ports.Notifier` over Slack.

    Args:
        client: the notifier's own; it is kept from repeating a post by itself.
        outbox: knows where the cards stand.
    """

    def __init__(
        self, client: WebClient, outbox: Outbox, site: Site, vendor_desk: VendorDesk
    ) -> None:
        self._chat = Chat(client)
        self._outbox = outbox
        self._site = site
        self._desk = vendor_desk

    def deliver(
        self, row: OutboxRow, order: CertificateOrder, steps: tuple[HostStep, ...]
    ) -> Posted | None:
        """Deliver one row; None when there is nothing to show any more. Raises `DeliveryFault`."""
        if isinstance(row.message, CardMessage):
            return self._card(row, row.message.card, order, steps)
        return self._line(row, row.message, order)

    def _card(
        self, row: OutboxRow, card: Card, order: CertificateOrder, steps: tuple[HostStep, ...]
    ) -> Posted | None:
        standing = self._outbox.card_at(order.id, card)
        if standing is None and not _has_something_to_show(card, order):
            return None
        shown = self._picture(card, order, steps)
        if standing is not None and self._chat.edit(standing, shown, row_id=row.id):
            return standing
        return self._post(row, CARD_PLACES[card], order, shown, to=None)

    def _line(self, row: OutboxRow, line: LineMessage, order: CertificateOrder) -> Posted:
        told = render_line(line, order)
        shown = picture(told, [section(told)])
        return self._post(row, line.place, order, shown, to=line.to)

    def _post(
        self,
        row: OutboxRow,
        place: Place,
        order: CertificateOrder,
        shown: Picture,
        *,
        to: PersonId | None,
    ) -> Posted:
        channel, thread = self._whither(place, order, to)
        if row.attempt > 0:
            # An earlier attempt may have reached Slack without its answer reaching us.
            found = self._chat.find(channel, row.id, thread=thread)
            if found is not None:
                return found
        return self._chat.post(channel, shown, row_id=row.id, thread=thread)

    def _whither(
        self, place: Place, order: CertificateOrder, to: PersonId | None
    ) -> tuple[str, str]:
        match place:
            case Place.HOME:
                return order.home, ""
            case Place.APPROVALS:
                return self._site.approvals_channel, ""
            case Place.THREAD:
                top = self._outbox.card_at(order.id, Card.STATUS)
                return (top.channel, top.ts) if top else (order.home, "")
            case Place.DIRECT:
                if to is None:
                    raise DeliveryFault(
                        "A direct message names nobody; it was dropped.", final=True
                    )
                return self._chat.direct_channel(to.rpartition(":")[2]), ""

    def _picture(self, card: Card, order: CertificateOrder, steps: tuple[HostStep, ...]) -> Picture:
        match card:
            case Card.STATUS:
                return status_card(order, steps, self._site)
            case Card.APPROVAL:
                return approval_card(order, self._site)
            case Card.CSR:
                return csr_card(order, self._site, self._desk.guide(order))
            case Card.PLAN:
                return plan_card(order, self._site)
            case Card.RENEWAL:
                return renewal_card(order, self._site)


def _has_something_to_show(card: Card, order: CertificateOrder) -> bool:
    """Whether a card that was never posted is worth posting now; an event may only have touched it."""
    match card:
        case Card.CSR:
            return bool(order.csr_pem)
        case Card.PLAN:
            waits_unread = order.state is State.PROVEN and bool(order.fault_code)
            return order.plan is not None or waits_unread
        case Card.RENEWAL:
            return order.renewal_asked_at is not None
        case _:
            return True
