"""
The ports of reminding: what is due, who is owed a word, and whether a person can be told anything at all.

As in `bot/ports.py`, each docstring is the contract.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Protocol

from bot.domain.audit import AuditEntry
from bot.domain.ids import OrderId, PersonId
from bot.domain.messages import ReminderMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """
    The next moment of an order that waits.

    Args:
        wait: what for, as `bot.domain.waiting.Wait` names it.
        given: how many reminders of this wait were given.
    """

    order_id: OrderId
    wait: str
    since: datetime
    given: int
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """
    A word that a person is owed about an order; of several about one order the last stays.

    Args:
        number: which reminder of its wait it is, from 1.
    """

    person: PersonId
    order_id: OrderId
    number: int


class Reminders(Protocol):
    """
    What is due and who is owed a word, kept with the orders.

    1. A saved change of an order sets its next moment in the same transaction (`bot.ports.Change.due_at`), unless
       the same wait goes on; where the wait ends, what people were owed about it goes too.
    2. `give`, `set_again` and `settle` are compare-and-set on what was seen: of several callers one has an effect,
       and False means that nothing was written.
    3. `settle` writes the message, its audit entries and the start of its delivery in one transaction with the end
       of the debts; after a failure none of it exists.
    """

    def due(self, now: datetime, *, horizon: timedelta, limit: int = 500) -> tuple[Due, ...]:
        """
        What fell due by now, the earliest first; and what lies beyond the horizon.

        No rule sets a moment so far ahead: the clock was wrong when it was set, and it must be set again.
        """
        ...

    def set_again(self, seen: Due, anew: Due | None) -> bool:
        """Put another moment of the same order in place of the one seen, or none; nobody is told."""
        ...

    def give(self, seen: Due, people: tuple[PersonId, ...], due_at: datetime) -> bool:
        """Count a reminder: these people are owed a word, and the next moment is this one."""
        ...

    def owed(self, now: datetime, *, gap: timedelta) -> tuple[PersonId, ...]:
        """Who is owed a word and was told of nothing within the gap."""
        ...

    def debts(self, person: PersonId) -> tuple[Debt, ...]:
        """What a person is owed, by the number of the order."""
        ...

    def settle(
        self,
        seen: tuple[Debt, ...],
        message: ReminderMessage | None,
        entries: tuple[AuditEntry, ...],
        *,
        at: datetime,
        gap: timedelta,
    ) -> bool:
        """
        End debts of one person, with the message that tells them or without any.

        Args:
            seen: not empty, all of one person.
            entries: about the orders of the message; none without one.
            gap: with a message, False as well when the person was told within it by somebody else meanwhile.
        """
        ...

    def waiting(self, order_ids: tuple[OrderId, ...]) -> dict[OrderId, Due]:
        """The next moments of these orders, as far as they wait."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """
    What chat says of a person's account.

    Args:
        zone: the person's own; None when it is not known.
        closed: it was deactivated, or never was.
        guest: somebody from outside, let into some channels.
    """

    zone: tzinfo | None = None
    closed: bool = False
    guest: bool = False

    @property
    def counts(self) -> bool:
        """Whether CertDesk tells this person anything and takes their word."""
        return not self.closed and not self.guest


class People(Protocol):
    """
    The accounts behind people's ids.

    1. An answer is at most a minute old. 2. Never raises: when chat cannot be asked, the last answer counts, and an
    account of which nothing is known is taken for an open one.
    """

    def find(self, person: PersonId) -> Account:
        """A person's account."""
        ...
