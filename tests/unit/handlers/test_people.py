"""What Slack says of an account, over the sandbox's Slack: read once a minute, and never in the way."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from slack_sdk import WebClient

from bot.chase_ports import Account
from bot.domain.ids import PersonId
from handlers.people import SlackPeople
from sandbox.slack.server import SlackWorkspace
from sandbox.slack.trouble import parse_fault
from tests.unit.workflow.clock import FakeClock


@dataclass
class Town:
    """A workspace, and somebody who asks about its people."""

    workspace: SlackWorkspace
    address: dict[str, Any]
    people: SlackPeople
    clock: FakeClock

    async def find(self, user: str = "") -> Account:
        """The account of somebody, of the requester if nobody is named."""
        user = user or self.address["users"]["requester"]
        return await asyncio.to_thread(self.people.find, PersonId(f"T1:{user}"))

    def set(self, **parts: Any) -> None:
        """Make the requester's account another one."""
        user = self.workspace.state.users[self.address["users"]["requester"]]
        for name, value in parts.items():
            setattr(user, name, value)

    def asked(self) -> int:
        """How often Slack was asked about accounts."""
        return sum(call.method == "users.info" for call in self.workspace.state.calls)


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    """A workspace with its people."""
    workspace = SlackWorkspace()
    address = await workspace.start()
    clock = FakeClock()
    client = WebClient(token=address["bot_token"], base_url=address["api_url"], timeout=60)
    try:
        yield Town(workspace, address, SlackPeople(client, clock), clock)
    finally:
        await workspace.stop()


async def test_an_account_has_its_zone(town: Town) -> None:
    """An open one, with the zone the person chose."""
    town.set(tz="Asia/Kolkata")

    assert Account(zone=ZoneInfo("Asia/Kolkata")) == await town.find()


@pytest.mark.parametrize(
    ("flag", "account"),
    [
        ("deleted", Account(closed=True)),
        ("is_restricted", Account(guest=True)),
        ("is_ultra_restricted", Account(guest=True)),
        ("is_stranger", Account(guest=True)),
        ("is_bot", Account(guest=True)),
    ],
)
async def test_accounts_that_do_not_count(town: Town, flag: str, account: Account) -> None:
    """Deactivated ones, guests, people of other workspaces, apps."""
    town.set(**{flag: True, "tz": ""})
    found = await town.find()

    assert account == found
    assert not found.counts


async def test_somebody_slack_does_not_know_does_not_count(town: Town) -> None:
    """An id that is wrong in the configuration."""
    assert Account(closed=True) == await town.find("U0NOBODY00")


async def test_an_answer_is_kept_for_a_minute(town: Town) -> None:
    """And no longer: a person who left is found out; a clock put back is no reason to believe an old answer."""
    await town.find()
    await town.find()
    assert 1 == town.asked()

    town.set(deleted=True)
    town.clock.forward(60)
    assert (await town.find()).closed
    town.clock.forward(-3600)
    await town.find()
    assert 3 == town.asked()


async def test_when_slack_cannot_be_asked_the_last_answer_counts(town: Town) -> None:
    """Without one the account is taken for an open one: the click itself came through Slack."""
    away = {"method": "users.info", "do": "error", "error": "internal_error", "times": 2}
    town.workspace.state.trouble.add(parse_fault(away))
    town.set(deleted=True)
    assert [Account(), Account()] == [await town.find(), await town.find()]
    assert (await town.find()).closed

    town.set(deleted=False)
    town.clock.forward(60)
    town.workspace.state.trouble.add(parse_fault(away))
    assert (await town.find()).closed


async def test_a_zone_nobody_knows_is_none(town: Town) -> None:
    """Slack's list of zones is not ours."""
    town.set(tz="Mars/Olympus_Mons")

    assert Account() == await town.find()
