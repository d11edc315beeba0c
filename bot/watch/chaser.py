"""
The minute's look at what falls due: orders nobody decided on end, and people are reminded of what waits for them.

It decides nothing and pushes nobody twice: each moment is taken once, whoever looks, and however late.
"""

import logging
from datetime import datetime

from bot.chase_ports import Account, Debt, Due, People, Reminders
from bot.domain import events as ev
from bot.domain.audit import AuditEntry
from bot.domain.faults import Refused
from bot.domain.ids import SYSTEM, PersonId
from bot.domain.messages import Reminder, ReminderMessage
from bot.domain.order import CertificateOrder
from bot.domain.reminding import is_awake
from bot.domain.site import Site
from bot.domain.validation import reuse_ends
from bot.domain.waiting import Wait, due_at, has_spoken, lapses_at, to_tell, wait_of, waits_on
from bot.ports import Clock, Orders
from bot.workflow.engine import Engine
from bot.workflow.turns import each, in_turn

log = logging.getLogger(__name__)

_AT_THE_VENDOR = frozenset({Wait.RENEWAL, Wait.SUBMIT, Wait.VENDOR})
"""Waits in which it matters how long the vendor takes the names for proven."""


class Chaser:
    """Takes what fell due, and tells people what they are owed while it is day where they are."""

    def __init__(
        self,
        engine: Engine,
        orders: Orders,
        reminders: Reminders,
        people: People,
        site: Site,
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._orders = orders
        self._reminders = reminders
        self._people = people
        self._site = site
        self._clock = clock

    def __call__(self) -> None:
        """Look once; harmless to repeat, and in several processes at once."""
        now = self._clock.now()
        in_turn(lambda: self._take_all(now), lambda: self._tell_all(now))()

    def _take_all(self, now: datetime) -> None:
        fell_due = self._reminders.due(now, horizon=self._site.policy.reminders.longest)
        each(fell_due, lambda due: self._take(due, now), named=lambda due: f"due-{due.order_id}")

    def _tell_all(self, now: datetime) -> None:
        owed = self._reminders.owed(now, gap=self._site.policy.reminders.gap)
        each(owed, lambda person: self._tell(person, now), named=lambda person: f"owed-{person}")

    def _take(self, due: Due, now: datetime) -> None:
        order = self._orders.load(due.order_id)
        wait = wait_of(order)
        if wait is None or due.wait != wait or due.since != order.waits_since or due.due_at > now:
            # Stored by an earlier release, or by a clock that was wrong: set anew, and nobody is told.
            self._reminders.set_again(due, self._anew(order, now))
            return
        end = lapses_at(order, self._site.policy)
        if end is not None and end <= now:
            self._lapse(order)
            return
        next_at = due_at(order, self._site.policy, given=due.given + 1, at=now)
        people = to_tell(
            self._site, order, wait, number=due.given + 1, is_active=lambda p: self._find(p).counts
        )
        if not people:
            log.error("order %s waits and nobody is left who could be told", order.id)
        if next_at is not None:
            self._reminders.give(due, people, next_at)

    def _anew(self, order: CertificateOrder, now: datetime) -> Due | None:
        wait = wait_of(order)
        moment = due_at(order, self._site.policy, given=0, at=now)
        if wait is None or moment is None or order.waits_since is None:
            return None
        return Due(order_id=order.id, wait=wait, since=order.waits_since, given=0, due_at=moment)

    def _lapse(self, order: CertificateOrder) -> None:
        days = self._site.policy.gate_expiry_days
        event = ev.Lapsed(reason=f"Nobody decided within {days} days.")
        try:
            self._engine.take(order.id, event, by=SYSTEM, version=order.version)
        except Refused as refused:
            # Somebody decided in the same moment; then nothing is due any more.
            log.info("order %s did not lapse: %s", order.id, refused.code)

    def _tell(self, person: PersonId, now: datetime) -> None:
        account = self._find(person)
        rule = self._site.policy.reminders
        if account.counts and not is_awake(rule, now, account.zone or rule.zone):
            return
        debts = self._reminders.debts(person)
        if not debts:
            return
        orders = [self._orders.load(debt.order_id) for debt in debts] if account.counts else []
        told = [
            (order, self._reminder(debt, order)) for debt, order in zip(debts, orders, strict=False)
        ]
        reminders = tuple(one for _, one in told if one is not None)
        message = ReminderMessage(to=person, reminders=reminders) if reminders else None
        entries = tuple(_entry(one, order, person, now) for order, one in told if one is not None)
        self._reminders.settle(debts, message, entries, at=now, gap=rule.gap)

    def _reminder(self, debt: Debt, order: CertificateOrder) -> Reminder | None:
        """What a debt tells; None when the person has done their part meanwhile."""
        wait = wait_of(order)
        if wait is None or order.waits_since is None:
            return None
        on = waits_on(self._site, order, wait)
        acts = debt.person in on
        if not acts and has_spoken(order, debt.person):
            return None
        return Reminder(
            order_id=order.id,
            name=order.wish.subject.common_name,
            wait=wait,
            since=order.waits_since,
            number=debt.number,
            acts=acts,
            on=() if acts else on,
            ends_at=lapses_at(order, self._site.policy),
            reuse_ends_at=self._reuse_ends(order, wait),
        )

    def _reuse_ends(self, order: CertificateOrder, wait: Wait) -> datetime | None:
        """Of the certificate whose names are to be proven again, if there was one."""
        if wait not in _AT_THE_VENDOR:
            return None
        proven = order
        if wait is not Wait.RENEWAL and order.wish.renews is not None:
            proven = self._orders.load(order.wish.renews)
        certificate = proven.certificate
        return reuse_ends(certificate.facts.not_before) if certificate else None

    def _find(self, person: PersonId) -> Account:
        return self._people.find(person)


def _entry(
    reminder: Reminder, order: CertificateOrder, person: PersonId, now: datetime
) -> AuditEntry:
    return AuditEntry(
        order_id=order.id,
        at=now,
        by=SYSTEM,
        what="reminded",
        before=order.state.value,
        after=order.state.value,
        facts={"of": reminder.wait, "person": person, "number": str(reminder.number)},
    )
