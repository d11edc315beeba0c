"""The people of a crowded town: groups around one order at a time each, whose clicks are counted while they wait."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.parts import Addresses
from sandbox.person import Person
from sandbox.town import HostWish, Town

ROLES = {"rita": "", "max": "approver", "mia": "approver", "olga": "operator"}
SHELLS = 1000
"""
What an account may have open on a host here. A killed process leaves its shell behind until the idle time the client asked
for is over, two minutes: with the 30 of a real host, the kills of a minute would stop all work again and again.
"""
HOSTS = tuple(HostWish(name=f"EX0{number}") for number in (1, 2, 3))


@dataclass(slots=True)
class Waiting:
    """How many people wait in this moment for the answer to a click; a kill of the doors hits them."""

    clicks: int = 0


class Presser(Person):
    """A person whose clicks are counted while they have no answer."""

    def __init__(self, waiting: Waiting, *where: Any) -> None:
        super().__init__(*where)
        self._waiting = waiting

    async def _act(self, verb: str, **what: Any) -> None:
        with self.pressing():
            await super()._act(verb, **what)

    async def submit(self, *form: Any) -> dict[str, str]:
        """Fill a modal in and send it."""
        with self.pressing():
            return await super().submit(*form)

    @contextlib.contextmanager
    def pressing(self) -> Iterator[None]:
        """While this lasts somebody waits for the doors."""
        self._waiting.clicks += 1
        try:
            yield
        finally:
            self._waiting.clicks -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The people around one order at a time, and the channel they ask in: chat is paced by channel."""

    channel: str
    people: dict[str, str] = field(default_factory=dict)


class CrowdedTown(Town):
    """A town with a requester, two managers, an operator and a channel for each customer there is at a time."""

    def __init__(self, *, customers: int, **rest: Any) -> None:
        super().__init__(**rest)
        self._customers = customers
        self.groups: list[Group] = []

    async def start(self) -> Addresses:
        """As every town, with the people added before the bot moves in."""
        addresses = await super().start()
        async with aiohttp.ClientSession() as session:
            self.groups = [await self._group(session, n) for n in range(self._customers)]
            for host in addresses["exchange"]:
                await self._widen(session, host["control"])
        path = Path(addresses["config"])
        await asyncio.to_thread(self._settle_in, path)
        self.environment["CERTDESK_COMMAND_DEADLINE_S"] = "4"
        self.environment["CERTDESK_TRIES"] = "20"
        return addresses

    async def _group(self, session: aiohttp.ClientSession, number: int) -> Group:
        channel = await self._add(session, "channel", name=f"orders-{number}", with_app=True)
        channels = [channel, self.slack["channels"]["cert-approvals"]]
        people = {}
        for part in ROLES:
            name = f"{part}{number}"
            people[part] = await self._add(
                session, "user", name=name, real_name=name.title(), channels=channels
            )
        return Group(channel=channel, people=people)

    async def _widen(self, session: aiohttp.ClientSession, control: str) -> None:
        async with session.post(f"{control}/quotas", json={"max_shells": SHELLS}) as answer:
            answer.raise_for_status()

    async def _add(self, session: aiohttp.ClientSession, what: str, **wish: Any) -> str:
        async with session.post(f"{self.slack['control']}/{what}", json=wish) as answer:
            answer.raise_for_status()
            made: str = (await answer.json())["id"]
            return made

    def _settle_in(self, config: Path) -> None:
        """Name the people and their channels in the site file."""
        before = list(self.slack["channels"].values())
        channels = [*before, *(group.channel for group in self.groups)]
        roles = [
            f'[[people]]\nslack = "{self.slack["team_id"]}:{group.people[part]}"\n'
            f'name = "{part.title()}{number}"\nroles = ["{role}"]\n'
            for number, group in enumerate(self.groups)
            for part, role in ROLES.items()
            if role
        ]
        written = config.read_text(encoding="utf-8")
        written = written.replace(json.dumps(before), json.dumps(channels), 1)
        config.write_text("\n".join([written, *roles]), encoding="utf-8")
