"""
Reminders that are delivered later than they were told: what of them still holds, and whether it is night by now.

While chat was away the decision may have been made, the reader may have gone to bed, or have left.
"""

from dataclasses import dataclass, replace

from bot.chase_ports import People
from bot.domain.ids import PersonId
from bot.domain.messages import Reminder, ReminderMessage
from bot.domain.reminding import is_awake, next_awake
from bot.domain.site import Site
from bot.domain.waiting import has_spoken, wait_of, waits_on
from bot.ports import Clock, Orders


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nobody may be told anything where the reader is, for so many seconds."""

    seconds: float


class LateReminders:
    """Looks at a reminder in the moment it is delivered."""

    def __init__(self, orders: Orders, people: People, site: Site, clock: Clock) -> None:
        self._orders = orders
        self._people = people
        self._site = site
        self._clock = clock

    def __call__(self, message: ReminderMessage) -> ReminderMessage | Quiet | None:
        """The part of a reminder that is still waited for, or how long it has to wait; None when nothing is left of it."""
        account = self._people.find(message.to)
        if not account.counts:
            return None
        left = tuple(
            still
            for reminder in message.reminders
            if (still := self._still(reminder, message.to)) is not None
        )
        if not left:
            return None
        rule, now = self._site.policy.reminders, self._clock.now()
        zone = account.zone or rule.zone
        if not is_awake(rule, now, zone):
            return Quiet((next_awake(rule, now, zone) - now).total_seconds())
        return replace(message, reminders=left)

    def _still(self, reminder: Reminder, reader: PersonId) -> Reminder | None:
        """A reminder as things stand now; None when its wait is over, or the reader did their part."""
        order = self._orders.load(reminder.order_id)
        wait = wait_of(order)
        if wait is None or wait != reminder.wait or order.waits_since != reminder.since:
            return None
        on = waits_on(self._site, order, wait)
        acts = reader in on
        if not acts and has_spoken(order, reader):
            return None
        return replace(reminder, acts=acts, on=() if acts else on)
