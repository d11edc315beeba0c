"""
What CertDesk has to tell people, as facts: which card, which line, to whom.

The words and the pictures belong to `handlers/`; here is only what was decided to be said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.ids import OrderId, PersonId


class Card(StrEnum):
    """Messages that exist once for an order and are edited in place."""

    STATUS = "status"
    APPROVAL = "approval"
    CSR = "csr"
    PLAN = "plan"
    RENEWAL = "renewal"


class Place(StrEnum):
    """Where a message goes; the channel itself is found when it is delivered."""

    HOME = "home"
    APPROVALS = "approvals"
    THREAD = "thread"
    DIRECT = "direct"


CARD_PLACES: dict[Card, Place] = {
    Card.STATUS: Place.HOME,
    Card.APPROVAL: Place.APPROVALS,
    Card.CSR: Place.THREAD,
    Card.PLAN: Place.APPROVALS,
    Card.RENEWAL: Place.APPROVALS,
}
"""Where each card lives: the status card opens the order's thread in the channel it was asked in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMessage:
    """Post this card of the order, or bring it up to date."""

    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMessage:
    """
    Say one thing, once.

    Args:
        code: which sentence; the words are in `handlers/words.py`.
        facts: what the sentence needs; outside text among it is escaped when rendered.
        to: the person, for `Place.DIRECT`.
    """

    code: str
    place: Place
    facts: Mapping[str, str] = field(default_factory=dict)
    to: PersonId | None = None


Message = CardMessage | LineMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """
    One message waiting to be delivered.

    Args:
        id: ``order:version:n``, also put into the posted message, to find it again after a crash.
        attempt: how often delivery was begun before; above 0 the post may exist already.
    """

    id: str
    order_id: OrderId
    message: Message
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Where a message stands in chat."""

    channel: str
    ts: str
