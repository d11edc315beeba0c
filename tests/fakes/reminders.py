"""What is due and who is owed a word, in memory."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bot.chase_ports import Debt, Due
from bot.domain.audit import AuditEntry
from bot.domain.ids import OrderId, PersonId
from bot.domain.messages import ReminderMessage
from tests.fakes.store import Memory, Waiting, append


class FakeReminders:
    """`bot.chase_ports.Reminders` over the memory of the orders."""

    def __init__(
        self, memory: Memory, enqueue_delivery: Callable[[Any, OrderId, str], None] | None = None
    ) -> None:
        self._memory = memory
        self._enqueue_delivery = enqueue_delivery or (
            lambda memory, order_id, row_id: memory.deliveries.append((order_id, row_id))
        )

    def due(self, now: datetime, *, horizon: timedelta, limit: int = 500) -> tuple[Due, ...]:
        """What fell due by now, and what lies beyond the horizon."""
        found = [
            d for d in self._memory.due.values() if d.due_at <= now or d.due_at > now + horizon
        ]
        return tuple(sorted(found, key=lambda d: (d.due_at, d.order_id)))[:limit]

    def set_again(self, seen: Due, anew: Due | None) -> bool:
        """Put another moment in place."""
        with self._memory.change():
            if self._memory.due.get(seen.order_id) != seen:
                return False
            if anew is None:
                del self._memory.due[seen.order_id]
            else:
                self._memory.due[seen.order_id] = anew
            return True

    def give(self, seen: Due, people: tuple[PersonId, ...], due_at: datetime) -> bool:
        """Count a reminder."""
        number = seen.given + 1
        anew = Due(
            order_id=seen.order_id, wait=seen.wait, since=seen.since, given=number, due_at=due_at
        )
        with self._memory.change():
            if not self.set_again(seen, anew):
                return False
            for person in people:
                debt = Debt(person=person, order_id=seen.order_id, number=number)
                self._memory.debts[person, seen.order_id] = debt
            return True

    def owed(self, now: datetime, *, gap: timedelta) -> tuple[PersonId, ...]:
        """Who is owed a word and was not just told."""
        people = {person for person, _ in self._memory.debts}
        return tuple(sorted(p for p in people if not self._just_told(p, now, gap)))

    def debts(self, person: PersonId) -> tuple[Debt, ...]:
        """What a person is owed."""
        own = [debt for debt in self._memory.debts.values() if debt.person == person]
        return tuple(sorted(own, key=lambda debt: debt.order_id))

    def settle(
        self,
        seen: tuple[Debt, ...],
        message: ReminderMessage | None,
        entries: tuple[AuditEntry, ...],
        *,
        at: datetime,
        gap: timedelta,
    ) -> bool:
        """End debts of one person, all or none."""
        with self._memory.change():
            if any(self._memory.debts.get((d.person, d.order_id)) != d for d in seen):
                return False
            if message is not None and self._just_told(message.to, at, gap):
                return False
            for debt in seen:
                del self._memory.debts[debt.person, debt.order_id]
            for entry in entries:
                append(self._memory, entry)
            if message is not None:
                self._tell(message, at)
            return True

    def waiting(self, order_ids: tuple[OrderId, ...]) -> dict[OrderId, Due]:
        """The next moments of these orders."""
        return {
            number: self._memory.due[number] for number in order_ids if number in self._memory.due
        }

    def _tell(self, message: ReminderMessage, at: datetime) -> None:
        order_id = message.reminders[0].order_id
        row_id = f"{order_id}:r{int(at.timestamp() * 1000)}:{message.to.rpartition(':')[2]}"
        self._memory.told[message.to] = at
        self._memory.outbox[row_id] = Waiting(id=row_id, order_id=order_id, message=message)
        self._enqueue_delivery(self._memory, order_id, row_id)

    def _just_told(self, person: PersonId, now: datetime, gap: timedelta) -> bool:
        told = self._memory.told.get(person)
        return told is not None and now - gap < told <= now
