"""The minute's look at what is due: each moment once, however late, and nobody at night."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.chase_ports import Account
from bot.domain import events as ev
from bot.domain.approvals import Gate, Role
from bot.domain.ids import OrderId, PersonId
from bot.domain.messages import Reminder, ReminderMessage
from bot.domain.order import CertificateOrder
from bot.domain.reminding import Escalation, is_awake
from bot.domain.site import Site
from bot.domain.states import State
from bot.domain.validation import reuse_ends
from bot.domain.waiting import Wait, waits_on
from bot.watch.chaser import Chaser
from bot.workflow.turns import LookFailed
from tests.fakes.people import FakePeople
from tests.fakes.reminders import FakeReminders
from tests.unit.domain.samples import RITA, certificate, order, plan, site, wish
from tests.unit.workflow.clock import FakeClock
from tests.unit.workflow.house import House

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = 3600.0
DAY = 24 * HOUR
HEAD = PersonId("T1:UHEAD")


class Watched:
    """A house whose clock the test moves, and what its people were told."""

    def __init__(self, of: Site | None = None) -> None:
        self.house = House(site=of or site(), clock=FakeClock(MONDAY))
        self.people = FakePeople()
        self.chaser = Chaser(
            self.house.engine,
            self.house.orders,
            FakeReminders(self.house.memory),
            self.people,
            self.house.site,
            self.house.clock,
        )

    def place(self, key: str = "form-1") -> CertificateOrder:
        """Rita asks for a certificate."""
        return self.house.engine.place(wish(), by=RITA, home="CCERTS", key=key)

    def put(self, waiting: CertificateOrder) -> CertificateOrder:
        """An order as it is, that waits since now."""
        moment = replace(waiting, waits_since=self.house.clock.now(), version=1)
        self.house.memory.orders[moment.id] = moment
        self.house.memory.due.pop(moment.id, None)
        anew = self.chaser._anew(moment, self.house.clock.now())
        assert anew is not None
        self.house.memory.due[moment.id] = anew
        return moment

    def pass_time(self, seconds: float, *, step_s: float = HOUR / 4) -> None:
        """Let time go by with a look every so often."""
        end = self.house.clock.now() + timedelta(seconds=seconds)
        while self.house.clock.now() < end:
            self.house.clock.forward(step_s)
            self.chaser()

    def told(self, person: PersonId | None = None) -> list[ReminderMessage]:
        """What somebody, or everybody, was reminded of, the first word first."""
        rows = [row.message for row in self.house.memory.outbox.values()]
        return [m for m in rows if isinstance(m, ReminderMessage) and person in (None, m.to)]

    def reminders(self, person: PersonId) -> list[Reminder]:
        """Every single reminder of somebody."""
        return [one for message in self.told(person) for one in message.reminders]

    def approvers(self) -> tuple[PersonId, ...]:
        """Who keeps the gate of issue."""
        return tuple(p.id for p in self.house.site.keepers(Role.APPROVER) if p.id != RITA)


def escalating(*groups: tuple[PersonId, ...], who: str = "approver") -> Site:
    """A site that tells these groups after one reminder."""
    house = site()
    rule = Escalation(after=1, groups={who: groups})
    return replace(house, policy=replace(house.policy, escalation=rule))


def test_approvers_hear_with_growing_distance_until_the_order_lapses() -> None:
    """Four hours, a day, two, four: and on the fourteenth day it is over, and they hear no more."""
    watched = Watched()
    placed = watched.place()
    first = watched.approvers()[0]
    watched.pass_time(15 * DAY)
    numbers = [one.number for one in watched.reminders(first)]

    assert list(range(1, len(numbers) + 1)) == numbers
    assert 4 <= len(numbers) <= 5
    assert State.LAPSED is watched.house.order(placed.id).state
    assert ["placed", "lapse"] == [w for w in watched.house.whats(placed.id) if w != "reminded"]
    watched.pass_time(5 * DAY)
    assert len(numbers) == len(watched.reminders(first))


def test_each_reminder_leaves_an_entry() -> None:
    """Who was told of what, which time."""
    watched = Watched()
    placed = watched.place()
    watched.pass_time(5 * HOUR)
    entries = [e for e in watched.house.audit.entries(placed.id) if e.what == "reminded"]

    assert {(p, "1", "issue") for p in watched.approvers()} == {
        (e.facts["person"], e.facts["number"], e.facts["of"]) for e in entries
    }
    assert watched.house.audit.broken_at() is None


def test_a_long_sleep_is_one_reminder_and_the_next_keeps_its_distance() -> None:
    """All processes were down for five days: one word, not one for each that was missed."""
    watched = Watched()
    watched.place()
    person = watched.approvers()[0]
    watched.house.clock.forward(7 * DAY)
    for _ in range(5):
        watched.chaser()
        watched.house.clock.forward(60)

    assert [1] == [one.number for one in watched.reminders(person)]
    watched.pass_time(20 * HOUR)
    assert [1] == [one.number for one in watched.reminders(person)]


def test_a_clock_that_jumped_ahead_silences_nobody() -> None:
    """It sets moments a year away; back in its right mind it sets them anew."""
    watched = Watched()
    waiting = watched.put(order(State.PROVEN, plan=plan()))
    operator = waits_on(watched.house.site, waiting, Wait.PLAN)[0]
    watched.house.clock.forward(365 * DAY)
    watched.chaser()
    before = len(watched.told(operator))
    watched.house.clock.forward(-364 * DAY)
    watched.pass_time(5 * DAY)

    assert len(watched.told(operator)) > before


def test_a_plan_nobody_decides_on_reaches_more_people_and_never_lapses() -> None:
    """The certificate is bought: after months it still waits, and the head of IT hears of it."""
    watched = Watched(escalating((HEAD,), who="operator"))
    waiting = watched.put(order(State.PROVEN, plan=plan()))
    operators = waits_on(watched.house.site, waiting, Wait.PLAN)
    watched.pass_time(90 * DAY, step_s=6 * HOUR)

    assert State.PROVEN is watched.house.order().state
    assert len(watched.reminders(operators[0])) > 10
    head = watched.reminders(HEAD)
    assert 2 == head[0].number
    assert {(False, operators)} == {(one.acts, one.on) for one in head}


def test_nobody_is_told_at_night_wherever_they_are() -> None:
    """Two approvers half the world apart: each hears in their own morning."""
    watched = Watched()
    zones = dict(zip(watched.approvers(), ("America/New_York", "Asia/Kolkata"), strict=False))
    watched.people.accounts = {p: Account(zone=ZoneInfo(zone)) for p, zone in zones.items()}
    watched.place()
    rule = watched.house.site.policy.reminders
    heard: dict[PersonId, list[datetime]] = {person: [] for person in zones}
    for _ in range(10 * 24 * 4):
        before = {person: len(watched.told(person)) for person in zones}
        watched.pass_time(HOUR / 4)
        for person in zones:
            if len(watched.told(person)) > before[person]:
                heard[person].append(watched.house.clock.now())

    assert all(heard.values())
    assert all(
        is_awake(rule, at, ZoneInfo(zones[person])) for person, ats in heard.items() for at in ats
    )


def test_many_orders_are_one_message() -> None:
    """Ten asked for in one morning: a person hears of all of them at once."""
    watched = Watched()
    for number in range(10):
        watched.place(f"form-{number}")
        watched.house.clock.forward(60)
    watched.pass_time(6 * HOUR)
    person = watched.approvers()[0]

    first, *later = watched.told(person)
    assert 10 == len(first.reminders) + sum(len(m.reminders) for m in later)
    assert len(later) <= 1


def test_who_has_given_their_word_is_not_asked_again() -> None:
    """Of two who must say yes, only the other one is reminded."""
    house = site(issue=2)
    watched = Watched(house)
    placed = watched.place()
    first, *others = watched.approvers()
    watched.house.engine.decide(placed.id, Gate.ISSUE, yes=True, by=first)
    watched.pass_time(DAY)

    assert others
    assert [] == watched.told(first)
    assert watched.told(others[0])


def test_who_gave_their_word_after_they_were_owed_one_is_let_off() -> None:
    """It fell due in the evening; they decided in the night; in the morning nothing waits for them."""
    watched = Watched(site(issue=2))
    watched.house.clock.forward(5 * HOUR)
    placed = watched.place()
    first = watched.approvers()[0]
    watched.people.accounts[first] = Account(zone=ZoneInfo("Asia/Tokyo"))
    watched.house.clock.forward(3 * HOUR)
    watched.house.clock.forward(DAY - 8 * HOUR)
    watched.chaser()
    watched.house.engine.decide(placed.id, Gate.ISSUE, yes=True, by=first)
    watched.pass_time(DAY)

    assert [] == watched.told(first)


def test_closed_accounts_and_guests_are_not_told() -> None:
    """They neither count nor are pinged."""
    watched = Watched(escalating((HEAD,)))
    closed = Account(closed=True)
    watched.people.accounts = dict.fromkeys(watched.approvers(), closed)
    watched.place()
    watched.pass_time(6 * HOUR)

    assert {HEAD} == {message.to for message in watched.told()}
    assert not watched.house.memory.debts


def test_an_account_that_is_closed_meanwhile_gets_no_word() -> None:
    """The debt ends without one."""
    watched = Watched()
    watched.place()
    watched.house.clock.forward(5 * HOUR)
    reminders = FakeReminders(watched.house.memory)
    [due] = reminders.due(watched.house.clock.now(), horizon=timedelta(days=30))
    reminders.give(due, (HEAD,), watched.house.clock.now() + timedelta(days=1))
    watched.people.accounts[HEAD] = Account(guest=True)
    watched.chaser()

    assert [] == watched.told(HEAD)
    assert not watched.house.memory.debts


def test_the_requester_is_chased_at_the_vendor_s_desk() -> None:
    """CSR ready, submitted, issued: each with its own beginning."""
    for state, wait in (
        (State.CSR_READY, Wait.SUBMIT),
        (State.SUBMITTED, Wait.VENDOR),
        (State.ISSUED, Wait.BUNDLE),
    ):
        watched = Watched()
        watched.put(order(state))
        watched.pass_time(2 * DAY)

        assert {(RITA, wait)} == {(m.to, one.wait) for m in watched.told() for one in m.reminders}


def test_orders_of_an_earlier_release_are_set_anew_without_a_word() -> None:
    """Their moment was put there by the migration, for a wait that is nobody's."""
    watched = Watched()
    waiting = watched.put(order(State.SUBMITTED))
    old = watched.house.memory.due[waiting.id]
    watched.house.memory.due[waiting.id] = replace(old, wait="unknown", due_at=MONDAY)
    ended = order(State.INSTALLED, id=OrderId(8))
    watched.house.memory.orders[ended.id] = ended
    watched.house.memory.due[ended.id] = replace(
        old, order_id=ended.id, wait="unknown", due_at=MONDAY
    )
    watched.chaser()

    assert [] == watched.told()
    assert {waiting.id: old} == watched.house.memory.due


def test_a_decision_in_the_same_moment_wins_over_the_lapse() -> None:
    """The watch saw the order before; then nothing lapses."""
    watched = Watched()
    placed = watched.place()
    watched.house.clock.forward(15 * DAY)
    overtaken = watched.house.engine
    take = overtaken.take

    def late(order_id: OrderId, what: ev.Event, **parts: object) -> CertificateOrder:
        watched.house.engine.decide(order_id, Gate.ISSUE, yes=True, by=watched.approvers()[0])
        return take(order_id, what, **parts)  # type: ignore[arg-type]  # as it was called

    overtaken.take = late  # type: ignore[method-assign,assignment]  # somebody is faster
    watched.chaser()

    assert State.APPROVED is watched.house.order(placed.id).state


def test_the_vendor_s_silence_on_a_renewal_names_the_end_of_the_last_proof() -> None:
    """Counted from the certificate of before; a first order has none to reuse."""
    watched = Watched()
    before = order(State.INSTALLED, id=OrderId(6), certificate=certificate())
    watched.house.memory.orders[before.id] = before
    watched.put(order(State.SUBMITTED, wish=wish(renews=before.id)))
    watched.pass_time(2 * DAY)
    ends = {one.reuse_ends_at for one in watched.reminders(RITA)}

    first = Watched()
    first.put(order(State.SUBMITTED))
    first.pass_time(2 * DAY)

    assert {reuse_ends(certificate().facts.not_before)} == ends
    assert {None} == {one.reuse_ends_at for one in first.reminders(RITA)}


def test_an_order_that_breaks_the_look_keeps_nobody_from_being_reminded() -> None:
    """What is due of the others is taken, and whoever is owed a word hears it; the look says that it failed."""
    watched = Watched()
    broken, sound = watched.place("a"), watched.place("b")
    watched.pass_time(3 * HOUR)
    del watched.house.memory.orders[broken.id]
    watched.house.clock.forward(2 * HOUR)

    with pytest.raises(LookFailed, match=f"look-due-{broken.id}"):
        watched.chaser()

    reminded = {one.order_id for who in watched.approvers() for one in watched.reminders(who)}
    assert {sound.id} == reminded


def test_a_person_who_breaks_the_look_keeps_nobody_from_being_reminded() -> None:
    """One account that cannot be read is one person who waits for the next look."""
    watched = Watched()
    watched.place()
    first, *others = sorted(watched.approvers())
    find = watched.people.find

    class Unreadable(FakePeople):
        def find(self, person: PersonId) -> Account:
            if person == first and watched.house.memory.debts:
                raise LookupError(person)
            return find(person)

    watched.chaser._people = Unreadable()
    watched.house.clock.forward(5 * HOUR)

    with pytest.raises(LookFailed, match=f"look-owed-{first}"):
        watched.chaser()

    assert others
    assert [] == watched.told(first)
    assert all(watched.told(other) for other in others)
