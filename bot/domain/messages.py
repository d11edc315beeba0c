"""
What CertDesk has to tell people, as facts: which card, which line, to whom.

The words and the pictures belong to `handlers/`; here is only what was decided to be said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """
    One order somebody is reminded of.

    Args:
        name: the first name of the certificate.
        wait: what is waited for, as `bot.domain.waiting.Wait` names it.
        number: which reminder of this wait it is, from 1.
        acts: whether the reader can end the wait; somebody of a further group may only know who can.
        on: who can, for a reader who cannot.
        ends_at: when the order lapses, if it does.
        reuse_ends_at: until when, at the latest, the vendor may reuse the proof that the names are controlled.
    """

    order_id: OrderId
    name: str
    wait: str
    since: datetime
    number: int
    acts: bool = True
    on: tuple[PersonId, ...] = ()
    ends_at: datetime | None = None
    reuse_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderMessage:
    """Remind one person, directly and once, of everything that waits for them."""

    to: PersonId
    reminders: tuple[Reminder, ...]


Message = CardMessage | LineMessage | ReminderMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """
    One message waiting to be delivered.

    Args:
        id: ``order:version:n``, also put into the posted message, to find it again after a crash.
        attempt: how often delivery was begun before; above 0 the post may exist already.
        slot: the bucket of chat in which this message has its slot already; empty without.
    """

    id: str
    order_id: OrderId
    message: Message
    attempt: int
    slot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """
    Why a message is not sent yet.

    Args:
        seconds: how long it still waits; above 0.
        for_card: its card was shown a moment ago, so that others of its order may go first.
        for_reminder: it reminds somebody by themselves, so that others of its order may go first.
    """

    seconds: float
    for_card: bool
    for_reminder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Where a message stands in chat."""

    channel: str
    ts: str
