"""
The ports of chat: messages on their way, and their delivery.

As in `ports`, the docstring is the contract; fakes are in `tests/fakes`.
"""

from typing import Protocol

from bot.domain.audit import AuditEntry
from bot.domain.ids import OrderId
from bot.domain.messages import Card, OutboxRow, Pause, Posted
from bot.domain.order import CertificateOrder, HostStep
from bot.domain.pacing import Rate


class Outbox(Protocol):
    """
    Messages on their way to chat, in the order they were decided.

    1. `waiting` lists what was not delivered, oldest first.
    2. `begin` counts an attempt before the message leaves, unless the row has to wait; one with an attempt may be posted already.
    3. `delivered` notes where it stands; for a card also as the card's place from now on.
    4. `pause` says how long a row must wait: for its card, which is shown at most every ``CARD_EVERY_S`` seconds,
       counted from the beginning and from the end of showing it; or because it was put off.
    """

    def waiting(self, order_id: OrderId) -> tuple[str, ...]:
        """Ids of undelivered rows of one order, oldest first."""
        ...

    def orders_waiting(self) -> tuple[tuple[OrderId, str], ...]:
        """Orders with undelivered rows, each with the id of its newest such row."""
        ...

    def pause(self, row_id: str) -> Pause | None:
        """Why the row is not to be begun yet; None when it is due."""
        ...

    def put_off(self, row: OutboxRow, seconds: float, *, sent: bool, slot: str) -> None:
        """
        The row waits so long, with this slot; ``sent`` False takes back that its attempt was counted.

        Nothing changes when it was delivered, or another attempt was begun, since ``row`` was.
        """
        ...

    def begin(self, row_id: str) -> OutboxRow | Pause | None:
        """Count an attempt and read the row, or say why it is not to be begun yet; None when it was delivered meanwhile."""
        ...

    def is_overtaken(self, row: OutboxRow) -> bool:
        """Whether another attempt was begun, or the row was delivered, since ``row`` was begun."""
        ...

    def delivered(self, row_id: str, posted: Posted | None) -> bool:
        """
        The row is done; ``posted`` None when there was nothing to post any more.

        The first word counts. True when this one was second and tells of a post that nothing knows of: the row stands
        elsewhere, and no other row stands there, so that the post is to be taken back.
        """
        ...

    def give_up(self, row_id: str, entry: AuditEntry) -> None:
        """The row is never delivered, and the audit says why; nothing changes when it was delivered, or given up, before."""
        ...

    def card_at(self, order_id: OrderId, card: Card) -> Posted | None:
        """Where a card stands."""
        ...

    def card_on(self, posted: Posted) -> tuple[OrderId, Card] | None:
        """Which card of which order stands there now."""
        ...

    def show_again(self, order_id: OrderId, card: Card, gone: Posted, entry: AuditEntry) -> bool:
        """
        A card is brought up to date though nothing changed, since the message is gone.

        Once for each place. False, and nothing is written, when the card stands elsewhere by now, or waits already.
        """
        ...

    def order_at(self, posted: Posted) -> OrderId | None:
        """Whose card this message is, or was before it was posted anew; how a thread finds its order."""
        ...


class Notifier(Protocol):
    """
    Delivery into chat.

    1. `deliver` posts the row or edits the card in place and returns where it stands.
    2. A row with an earlier attempt is looked for in chat before it is posted again.
    3. A card that somebody deleted is posted anew, with a line under it that leads to what was said before.
    4. What cannot stand in its place goes where somebody reads it, and says so; what chat does not draw is said
       in plain words. None only for what has nothing to show, or reaches the same person by another row.
    5. Raises `DeliveryFault` when chat refuses; ``final`` when trying again is useless.
    6. Right before it posts it makes sure that the attempt is still the row's; if not, nothing is posted and `Overtaken` raised.
    """

    def deliver(
        self,
        row: OutboxRow,
        order: CertificateOrder,
        steps: tuple[HostStep, ...],
    ) -> Posted | None:
        """Deliver one row, from the order as it stands now."""
        ...

    def take_back(self, posted: Posted) -> None:
        """Delete a message of ours; one that is gone already is no fault. Raises `DeliveryFault`."""
        ...


class Pace(Protocol):
    """
    How fast chat may be written to, by all processes together.

    1. `slot` gives out the slots of a bucket in the order they are asked for, none twice, and not faster than the
       rate. 2. After `pause` none is given out before so many seconds are over. 3. Buckets do not wait for each other.
    """

    def slot(self, key: str, rate: Rate) -> float:
        """Take the next slot; seconds until it comes, 0 for now."""
        ...

    def pause(self, key: str, rate: Rate, seconds: float) -> None:
        """Give out no slot for so many seconds."""
        ...


class DeliveryFault(Exception):
    """
    Chat did not take a message.

    Args:
        retry_after_s: when to try again; chat's own wish if it had one.
        final: it will never take this one.
        sent: whether the message may stand in chat all the same.
        slot: the bucket in which a slot was given out, for the moment after ``retry_after_s``.
    """

    def __init__(
        self,
        sentence: str,
        *,
        retry_after_s: float = 5.0,
        final: bool = False,
        sent: bool = True,
        slot: str = "",
    ) -> None:
        self.sentence = sentence
        self.retry_after_s = retry_after_s
        self.final = final
        self.sent = sent
        self.slot = slot
        super().__init__(sentence)


class Overtaken(Exception):
    """Another attempt at the row was begun meanwhile: that one posts, and this one posted nothing."""
