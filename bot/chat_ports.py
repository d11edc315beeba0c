"""
The ports of chat: messages on their way, and their delivery.

As in `ports`, the docstring is the contract; fakes are in `tests/fakes`.
"""

from typing import Protocol

from bot.domain.ids import OrderId
from bot.domain.messages import Card, OutboxRow, Posted
from bot.domain.order import CertificateOrder, HostStep


class Outbox(Protocol):
    """
    Messages on their way to chat, in the order they were decided.

    1. `waiting` lists what was not delivered, oldest first.
    2. `begin` counts an attempt before the message leaves; a row with an attempt may be posted already.
    3. `delivered` notes where it stands; for a card also as the card's place from now on.
    """

    def waiting(self, order_id: OrderId) -> tuple[str, ...]:
        """Ids of undelivered rows of one order, oldest first."""
        ...

    def orders_waiting(self) -> tuple[tuple[OrderId, str], ...]:
        """Orders with undelivered rows, each with the id of its newest such row."""
        ...

    def begin(self, row_id: str) -> OutboxRow | None:
        """Count an attempt and read the row; None when it was delivered meanwhile."""
        ...

    def delivered(self, row_id: str, posted: Posted | None) -> None:
        """The row is done; ``posted`` None when there was nothing to post any more."""
        ...

    def card_at(self, order_id: OrderId, card: Card) -> Posted | None:
        """Where a card stands."""
        ...

    def order_at(self, posted: Posted) -> OrderId | None:
        """Whose card this message is; how a thread finds its order."""
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
    """

    def deliver(
        self,
        row: OutboxRow,
        order: CertificateOrder,
        steps: tuple[HostStep, ...],
    ) -> Posted | None:
        """Deliver one row, from the order as it stands now."""
        ...


class DeliveryFault(Exception):
    """
    Chat did not take a message.

    Args:
        retry_after_s: when to try again; chat's own wish if it had one.
        final: it will never take this one.
    """

    def __init__(self, sentence: str, *, retry_after_s: float = 5.0, final: bool = False) -> None:
        self.sentence = sentence
        self.retry_after_s = retry_after_s
        self.final = final
        super().__init__(sentence)
