"""
Delivery of outbox rows into Slack: cards are posted once and edited in place, lines are said once.

What a card shows comes from the order as it stands at this moment; what is said comes from `words`.
"""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from slack_sdk import WebClient

from bot.chat_ports import DeliveryFault, Outbox, Overtaken, Pace
from bot.domain.approvals import Role
from bot.domain.ids import SYSTEM, PersonId
from bot.domain.messages import (
    CARD_PLACES,
    Card,
    CardMessage,
    LineMessage,
    Message,
    OutboxRow,
    Place,
    Posted,
    ReminderMessage,
)
from bot.domain.order import CertificateOrder, HostStep
from bot.domain.site import Site
from bot.domain.states import State
from bot.ports import VendorDesk
from bot.workflow.notices import CODES_TOLD_TO_REQUESTER
from handlers.blocks.approval_card import approval_card
from handlers.blocks.csr_card import csr_card
from handlers.blocks.parts import Picture, picture, section
from handlers.blocks.plan_card import plan_card
from handlers.blocks.reminder import reminder_picture
from handlers.blocks.renewal_card import renewal_card
from handlers.blocks.status_card import status_card
from handlers.blocks.strays import anew, moved_here, titled, undrawn
from handlers.chat import Chat
from handlers.slack_faults import PlaceClosed, ThreadGone, Undrawable
from handlers.words import render_line

log = logging.getLogger(__name__)
Sent = TypeVar("Sent")


class SlackNotifier:
    """
    `bot.chat_ports.Notifier` over Slack.

    Args:
        client: the notifier's own; it is kept from repeating a post by itself.
        outbox: knows where the cards stand.
        pace: how fast Slack may be called; shared by all processes.
    """

    def __init__(
        self,
        client: WebClient,
        outbox: Outbox,
        pace: Pace,
        site: Site,
        vendor_desk: VendorDesk,
    ) -> None:
        self._chat = Chat(client, pace)
        self._outbox = outbox
        self._site = site
        self._desk = vendor_desk

    def deliver(
        self, row: OutboxRow, order: CertificateOrder, steps: tuple[HostStep, ...]
    ) -> Posted | None:
        """Deliver one row; None when there is nothing to show any more. Raises `DeliveryFault`."""
        if isinstance(row.message, CardMessage):
            return self._card(row, row.message.card, order, steps)
        if isinstance(row.message, ReminderMessage):
            shown = reminder_picture(row.message)
            return self._once(row, self._direct(row.message.to), "", shown)
        return self._line(row, row.message, order)

    def take_back(self, posted: Posted) -> None:
        """Delete a message of ours. Raises `DeliveryFault`."""
        self._chat.delete(posted)

    def _card(
        self, row: OutboxRow, card: Card, order: CertificateOrder, steps: tuple[HostStep, ...]
    ) -> Posted | None:
        standing = self._outbox.card_at(order.id, card)
        if standing is None and not _has_something_to_show(card, order):
            return None
        shown = self._picture(card, order, steps)
        if standing is None:
            return self._post(row, CARD_PLACES[card], order, shown)
        try:
            edit = partial(self._chat.edit, standing, row_id=row.id)
            if self._drawn(row, shown, edit, edit):
                return standing
        except PlaceClosed as closed:
            log.error("card %s is posted anew: %s", row.id, closed.sentence)  # noqa: TRY400 - a refusal, not a fault of ours
        posted = self._post(row, CARD_PLACES[card], order, shown)
        if card is Card.STATUS:
            self._link(row, order, old=standing, new=posted)
        return posted

    def _line(self, row: OutboxRow, line: LineMessage, order: CertificateOrder) -> Posted | None:
        told = render_line(line, order)
        shown = picture(told, [section(told)])
        if line.place is Place.DIRECT:
            # Whoever cannot be written to still finds everything in the order's thread.
            channel = self._direct(line.to)
            return self._once(row, channel, "", shown)
        return self._post(row, line.place, order, shown)

    def _post(
        self, row: OutboxRow, place: Place, order: CertificateOrder, shown: Picture
    ) -> Posted | None:
        channel, thread = self._whither(place, order)
        try:
            return self._once(row, channel, thread, shown, order=order)
        except PlaceClosed as closed:
            return self._detour(row, place, order, shown, closed, channel)

    def _detour(
        self,
        row: OutboxRow,
        place: Place,
        order: CertificateOrder,
        shown: Picture,
        closed: PlaceClosed,
        channel: str,
    ) -> Posted | None:
        """
        Where a message goes whose place is closed: approvals to the order's thread, the rest to the requester.

        Whoever reads it is told where it belongs and what an administrator has to do.
        """
        log.error("message %s goes elsewhere: %s", row.id, closed.sentence)
        if _is_said_in_person(row.message, order):
            return None
        keepers = self._keepers() if place is Place.APPROVALS else ()
        noted = moved_here(shown, channel, closed.sentence, keepers)
        for elsewhere, thread in self._elsewhere(place, order):
            if elsewhere == channel:
                continue
            try:
                return self._once(row, elsewhere, thread, noted, order=order)
            except PlaceClosed as also:
                log.error("message %s goes on: %s", row.id, also.sentence)  # noqa: TRY400 - the same
        raise closed

    def _keepers(self) -> tuple[PersonId, ...]:
        return tuple(p.id for p in self._site.people if p.roles & {Role.APPROVER, Role.OPERATOR})

    def _elsewhere(self, place: Place, order: CertificateOrder) -> Iterator[tuple[str, str]]:
        if place is Place.APPROVALS:
            yield self._whither(Place.THREAD, order)
        if order.requester != SYSTEM:
            yield self._direct(order.requester), ""
        yield self._site.approvals_channel, ""

    def _once(
        self,
        row: OutboxRow,
        channel: str,
        thread: str,
        shown: Picture,
        *,
        order: CertificateOrder | None = None,
        row_id: str = "",
    ) -> Posted:
        """Post a message, unless an earlier attempt has; above its thread when that is gone."""
        row_id = row_id or row.id
        try:
            if row.attempt > 0:
                # An earlier attempt may have reached Slack without its answer reaching us.
                found = self._chat.find(channel, row_id, thread=thread)
                if found is not None:
                    return found
            if self._outbox.is_overtaken(row):
                raise Overtaken
            post = partial(self._chat.post, channel, row_id=row_id, thread=thread)
            return self._drawn(row, shown, partial(post, slot=row.slot), partial(post, slot=None))
        except ThreadGone:
            named = shown if order is None else titled(shown, order)
            return self._once(row, channel, "", named, row_id=row_id)

    def _drawn(
        self,
        row: OutboxRow,
        shown: Picture,
        send: Callable[[Picture], Sent],
        then: Callable[[Picture], Sent],
    ) -> Sent:
        """Send a picture; one that Slack does not draw as its sentence alone, so that the state is known."""
        try:
            return send(shown)
        except Undrawable as fault:
            log.error("incident %s: %s", row.id, fault.sentence)  # noqa: TRY400 - Slack's own words are what counts
            return then(undrawn(shown, incident=row.id))

    def _link(
        self, row: OutboxRow, order: CertificateOrder, *, old: Posted, new: Posted | None
    ) -> None:
        """Lead from the thread of a card that was posted anew to what was said before."""
        if new is None:
            return
        told = anew(order, self._chat.link_into(old.channel, old.ts))
        try:
            self._once(row, new.channel, new.ts, told, row_id=f"{row.id}:anew")
        except DeliveryFault as fault:
            if not fault.final:
                # The card stands: the next try must look for it before it posts.
                fault.sent = True
                raise
            log.error("message %s has no link: %s", row.id, fault.sentence)  # noqa: TRY400 - a refusal, not a fault of ours

    def _whither(self, place: Place, order: CertificateOrder) -> tuple[str, str]:
        if place is Place.APPROVALS:
            return self._site.approvals_channel, ""
        if place is Place.HOME:
            return order.home, ""
        top = self._outbox.card_at(order.id, Card.STATUS)
        return (top.channel, top.ts) if top else (order.home, "")

    def _direct(self, to: PersonId | None) -> str:
        if to is None:
            raise DeliveryFault("A direct message names nobody; it was dropped.", final=True)
        return self._chat.direct_channel(to.rpartition(":")[2])

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


def _is_said_in_person(message: Message, order: CertificateOrder) -> bool:
    """Whether this line of the thread is told the requester in a message of its own anyway."""
    if not isinstance(message, LineMessage) or order.requester == SYSTEM:
        return False
    return message.place is Place.THREAD and message.code in CODES_TOLD_TO_REQUESTER


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
