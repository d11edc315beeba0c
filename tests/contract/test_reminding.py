"""Reminders over weeks of a clock that the test moves, through the real store, outbox and notifier into the sandbox's Slack."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from slack_sdk import WebClient

from bot.domain.approvals import Role
from bot.domain.ids import OrderId, PersonId
from bot.domain.reminding import Escalation, Reminding
from bot.domain.site import Person
from bot.domain.states import State
from bot.vendors.desk import GuidedDesk
from bot.watch.chaser import Chaser
from bot.workflow.delivery_job import DeliveryJob
from bot.workflow.engine import Engine
from bot.workflow.late_reminders import LateReminders
from handlers.notifier import SlackNotifier
from handlers.people import SlackPeople
from sandbox.slack.server import SlackWorkspace
from tests.contract.stores import Store, sql_store
from tests.unit.domain.samples import site, wish
from tests.unit.workflow.clock import FakeClock
from tests.unit.workflow.plain_run import PlainRun

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""Four in the afternoon in Berlin: the first reminder falls into the evening there."""
ZONES = {"manager": ZoneInfo("Europe/Berlin"), "auditor": ZoneInfo("America/New_York")}
STEP_S = 1800.0


@dataclass
class Town:
    """A store, a workspace, and whoever looks after both while time is moved."""

    store: Store
    clock: FakeClock
    client: WebClient
    users: dict[str, str]
    home: str
    engine: Engine
    chaser: Chaser
    delivery: DeliveryJob
    heard: list[tuple[str, datetime, str]] = field(default_factory=list)
    """Who was told in a direct message, at which moment of the test's clock, and what."""

    def person(self, role: str) -> PersonId:
        """Somebody's id."""
        return PersonId(f"T1:{self.users[role]}")

    def pass_time(self, hours: float) -> None:
        """Let time go by: a look every half an hour, then what waits in the outbox."""
        end = self.clock.now() + timedelta(hours=hours)
        while self.clock.now() < end:
            self.clock.forward(STEP_S)
            self.look()

    def look(self) -> None:
        """One look, and its messages delivered and read where people read them."""
        self.chaser()
        waiting = self.store.outbox.orders_waiting()
        for order_id, _ in waiting:
            self.delivery.run(PlainRun(self.clock), order_id)
        for role in ZONES if waiting else ():
            known = sum(who == role for who, _, _ in self.heard)
            texts = [m["text"] for m in self.direct(role)]
            self.heard += [(role, self.clock.now(), text) for text in texts[known:]]

    def direct(self, role: str) -> list[dict[str, Any]]:
        """What the app has said to somebody alone, the first word first."""
        opened: Any = self.client.conversations_open(users=self.users[role])
        page: Any = self.client.conversations_history(channel=opened["channel"]["id"], limit=200)
        return list(reversed(page["messages"]))

    def told(self, role: str) -> list[datetime]:
        """When somebody was reminded, on their own wall."""
        return [
            at.astimezone(ZONES[role])
            for who, at, text in self.heard
            if who == role and " waits" in text
        ]


@pytest.fixture
async def town(sqlite_url: str) -> AsyncIterator[Town]:
    """One manager who may approve, and an auditor overseas who hears when nobody does."""
    workspace = SlackWorkspace()
    address = await workspace.start()
    users: dict[str, str] = address["users"]
    workspace.state.users[users["auditor"]].tz = str(ZONES["auditor"])
    client = WebClient(token=address["bot_token"], base_url=address["api_url"], timeout=60)
    manager, head = (PersonId(f"T1:{users[role]}") for role in ("manager", "auditor"))
    house = replace(
        site(),
        people=(
            Person(id=manager, name="Max", roles=frozenset({Role.APPROVER})),
            Person(id=head, name="Head", roles=frozenset({Role.AUDITOR})),
        ),
        approvals_channel=address["channels"]["cert-approvals"],
    )
    berlin = Reminding(zone=ZONES["manager"])
    policy = replace(
        house.policy,
        reminders=berlin,
        escalation=Escalation(after=1, groups={"approver": ((head,),)}),
    )
    house = replace(house, policy=policy)
    try:
        with sql_store(sqlite_url) as store:
            store.clock.forward((MONDAY - store.clock.now()).total_seconds())
            engine = Engine(store.orders, house, store.clock)
            notifier = SlackNotifier(client, store.outbox, store.pace, house, GuidedDesk(house))
            people = SlackPeople(client, store.clock)
            yield Town(
                store=store, clock=store.clock, client=client, users=users,
                home=address["channels"]["cert-requests"], engine=engine,
                chaser=Chaser(
                    engine, store.orders, store.reminders, people, house, store.clock
                ),
                delivery=DeliveryJob(
                    store.orders, store.outbox, notifier,
                    LateReminders(store.orders, people, house, store.clock), store.clock,
                ),
            )  # fmt: skip
    finally:
        await workspace.stop()


async def test_weeks_of_reminders_reach_people_by_day_and_end_with_the_order(town: Town) -> None:
    """Due, growing, never at night where the reader is, one group more, each once; then the order lapses and nobody hears more."""
    await asyncio.to_thread(play, town)
    manager, head = town.told("manager"), town.told("auditor")

    assert manager[0].strftime("%a %H:%M") == "Tue 08:00"
    assert len(head) == len(manager) - 1
    assert head[0] > manager[0]
    for moment in (*manager, *head):
        assert 8 <= moment.hour < 18, moment
        assert moment.weekday() < 5, moment
    gaps = [later - sooner for sooner, later in pairwise(manager)]
    assert gaps == sorted(gaps)
    assert town.store.orders.load(OrderId(1)).state is State.LAPSED
    assert town.store.audit.broken_at() is None
    reminded = [
        (entry.facts["person"], entry.facts["number"])
        for entry in town.store.audit.entries()
        if entry.what == "reminded"
    ]
    assert len(reminded) == len(set(reminded)) == len(manager) + len(head)


def play(town: Town) -> None:
    """An order that nobody decides on, for three weeks."""
    town.engine.place(wish(), by=town.person("requester"), home=town.home, key="form-1")
    town.pass_time(24 * 21)
