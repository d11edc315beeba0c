"""A card whose message somebody deleted in chat: it is posted anew while the order waits for people."""

import logging

from bot.chat_ports import Outbox
from bot.domain.audit import AuditEntry
from bot.domain.ids import SYSTEM
from bot.domain.messages import Posted
from bot.domain.waiting import wait_of
from bot.ports import Clock, Orders

log = logging.getLogger(__name__)

DELETED = "card_deleted"
"""What the audit calls it; chat does not say who did it."""


def show_again(orders: Orders, outbox: Outbox, clock: Clock, gone: Posted) -> bool:
    """
    Have the card that stood there posted anew; False when no card did, or nobody is waited for.

    An order that waits would never be decided if nobody saw its buttons. Where the machine works, the next word on the
    order finds the message gone; and a channel in which somebody tidies up behind ended orders stays tidy.
    """
    found = outbox.card_on(gone)
    if found is None:
        return False
    order_id, card = found
    order = orders.load(order_id)
    if wait_of(order) is None:
        return False
    entry = AuditEntry(
        order_id=order_id, at=clock.now(), by=SYSTEM, what=DELETED, before=order.state.value,
        after=order.state.value, why="The message was deleted in chat; it is posted anew.",
        facts={"card": card.value, "channel": gone.channel, "ts": gone.ts},
    )  # fmt: skip
    if not outbox.show_again(order_id, card, gone, entry):
        return False
    log.warning("card %s of order %s was deleted in chat and is posted anew", card, order_id)
    return True
