"""Reminders that waited in the outbox: nothing of what is settled, nothing at night, and nobody else is held up."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.chase_ports import Account
from bot.domain.approvals import Gate
from bot.domain.ids import OrderId, PersonId
from bot.domain.messages import ReminderMessage
from tests.unit.domain.samples import site
from tests.unit.watch.test_chaser import HOUR, Watched
from tests.unit.workflow.plain_run import PlainRun

LONGEST_S = 900.0
TOKYO = ZoneInfo("Asia/Tokyo")


class Late(Watched):
    """Two orders wait for the approvers; one reminder of both waits for chat, which was away when it was written."""

    def __init__(self, quorum: int = 1) -> None:
        super().__init__(site(issue=quorum))
        self.house.people = self.people
        self.first, self.second = self.place("one"), self.place("two")
        self.reader = self.approvers()[0]
        while not self.told(self.reader):
            self.pass_time(HOUR / 4)
        self.house.chat.said.clear()

    def deliver(self, order_id: OrderId | None = None) -> float:
        """One run; the seconds after which it wants another."""
        return self.house.deliver().run(PlainRun(self.house.clock), order_id or self.first.id)

    def heard(self) -> list[tuple[OrderId, ...]]:
        """The orders in each reminder the reader got."""
        return [
            tuple(one.order_id for one in message.reminders)
            for message in self.house.chat.said
            if isinstance(message, ReminderMessage) and message.to == self.reader
        ]

    def decide(self, order_id: OrderId, by: PersonId | None = None) -> None:
        """Somebody says yes."""
        self.house.engine.decide(order_id, Gate.ISSUE, yes=True, by=by or self.approvers()[-1])


def test_what_still_waits_is_told() -> None:
    """In the day, with nothing settled, as it was written."""
    late = Late()

    assert 0.0 == late.deliver()
    assert [(late.first.id, late.second.id)] == late.heard()


@pytest.mark.parametrize("settled", [(0,), (1,), (0, 1)])
def test_what_was_decided_meanwhile_is_left_out(settled: tuple[int, ...]) -> None:
    """And a reminder of which nothing is left is not said, but done."""
    late = Late()
    both = (late.first.id, late.second.id)
    for number in settled:
        late.decide(both[number])
    left = tuple(one for number, one in enumerate(both) if number not in settled)
    late.deliver()

    assert ([left] if left else []) == late.heard()
    assert () == late.house.outbox.waiting(late.first.id)


def test_who_has_said_yes_of_several_is_not_asked_again() -> None:
    """The order still waits, for somebody else."""
    late = Late(quorum=2)
    late.decide(late.first.id, by=late.reader)
    late.deliver()

    assert [(late.second.id,)] == late.heard()


def test_who_left_is_told_nothing() -> None:
    """Their account was closed while chat was away."""
    late = Late()
    late.people.accounts[late.reader] = Account(closed=True)
    late.deliver()

    assert [] == late.heard()
    assert () == late.house.outbox.waiting(late.first.id)


def test_a_wait_that_ended_and_began_anew_has_reminders_of_its_own() -> None:
    """The old one speaks of days that do not count any more."""
    late = Late()
    stands = late.house.order(late.first.id)
    assert stands.waits_since is not None
    late.house.put(replace(stands, waits_since=stands.waits_since + timedelta(hours=1)))
    late.deliver()

    assert [(late.second.id,)] == late.heard()


def test_at_night_it_waits_alone_and_is_told_in_the_morning() -> None:
    """What else the order has to say goes before it, in this run and in later ones; no further run is asked for by those."""
    late = Late(quorum=2)
    late.people.accounts[late.reader] = Account(zone=TOKYO)
    waits = [late.deliver()]
    cards = len(late.house.chat.said)

    assert [LONGEST_S] == waits
    assert cards > 0

    late.decide(late.first.id)
    assert 0.0 == late.deliver()
    assert len(late.house.chat.said) > cards
    assert 1 == len(late.house.outbox.waiting(late.first.id))
    assert [] == late.heard()

    while waits[-1]:
        late.house.clock.forward(waits[-1])
        waits.append(late.deliver())
    local = late.house.clock.now().astimezone(TOKYO)

    assert [(late.first.id, late.second.id)] == late.heard()
    assert (8, 0) == (local.hour, local.minute)
    assert all(wait <= LONGEST_S for wait in waits)
    assert () == late.house.outbox.waiting(late.first.id)


def test_a_reminder_decided_in_the_night_is_not_told_in_the_morning() -> None:
    """What was put off is looked at anew each time."""
    late = Late()
    late.people.accounts[late.reader] = Account(zone=TOKYO)
    late.deliver()
    for one in (late.first, late.second):
        late.decide(one.id)
    late.house.clock.forward(LONGEST_S)

    assert 0.0 == late.deliver()
    assert [] == late.heard()
    assert () == late.house.outbox.waiting(late.first.id)
