"""A town with the bot in it, for whole stories; every process and socket is one of our own."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.demo import Demo
from sandbox.story import play
from sandbox.town import HostWish, Town

PINNED = (("Send", "Internet"), ("Receive", "Default Frontend EX01"))
WITH_CONNECTORS = {"Send and receive connectors": ["Change connectors"]}
"""What Rita ticks beside the story's own words."""
PATIENT_S = 30.0
"""Slack's patience where lateness is not the subject: three towns share two cores."""


class LiveTown:
    """A started demo: its addresses, its bot, and what its first host has recorded."""

    def __init__(self, demo: Demo, addresses: dict[str, Any]) -> None:
        self.demo = demo
        self.addresses = addresses

    def kill_bot(self) -> None:
        """SIGKILL; the demo starts it again."""
        self.demo.bot.kill()

    async def kill_behind(self, *nths: int) -> None:
        """Kill the bot as soon as its first host has executed the nth change, for each of them in turn."""
        for nth in nths:
            while len(await self.operations()) < nth:
                await asyncio.sleep(0.01)
            deaths = self.demo.bot.deaths
            self.kill_bot()
            while self.demo.bot.deaths == deaths:
                await asyncio.sleep(0.01)

    async def play_killed_behind(self, *nths: int, more: Mapping[str, Any] | None = None) -> None:
        """Play the story with a kill behind each of these changes."""
        killer = asyncio.create_task(self.kill_behind(*nths))
        try:
            await play(self.addresses, tell=print, more=more)
            # Every change was made by now; the last death may still have to be noticed.
            async with asyncio.timeout(PATIENT_S):
                await killer
        finally:
            killer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await killer

    async def operations(self) -> list[dict[str, Any]]:
        """Every mutating operation the first host has executed, oldest first."""
        address = f"{self.addresses['exchange'][0]['control']}/operations"
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            body = await answer.json()
        found: list[dict[str, Any]] = body["operations"] if isinstance(body, dict) else body
        return found

    async def state(self) -> dict[str, Any]:
        """What the first host holds."""
        address = f"{self.addresses['exchange'][0]['control']}/state"
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            found: dict[str, Any] = await answer.json()
        return found

    async def pin(self, thumbprint: str) -> None:
        """Let a send connector and the one on port 25 name a certificate, as an administrator did years ago."""
        address = f"{self.addresses['exchange'][0]['control']}/connectors"
        async with aiohttp.ClientSession() as session:
            for kind, name in PINNED:
                body = {"kind": kind, "name": name, "pin": thumbprint}
                async with session.post(address, json=body) as answer:
                    answer.raise_for_status()

    async def pairs(self) -> dict[str, str]:
        """What each connector of the first host names."""
        connectors = (await self.state())["connectors"]
        return {one["name"]: one["tls_certificate_name"] or "" for one in connectors}

    async def run_twice(self) -> list[str]:
        """Operations that ran more than once with the same arguments; there must be none."""
        counted = Counter((op["cmdlet"], op["digest"]) for op in await self.operations())
        return [cmdlet for (cmdlet, _), times in counted.items() if times > 1]


OpenTown = Callable[..., AbstractAsyncContextManager[LiveTown]]


@pytest.fixture
def open_town(tmp_path: Path) -> OpenTown:
    """Open a town with the bot in it; it is closed after the block."""

    @asynccontextmanager
    async def opened(
        *,
        version: Any = "2019",
        http: bool = False,
        door: Any = "winrm",
        role_group: str = "Server Management",
    ) -> AsyncIterator[LiveTown]:
        town = Town(
            folder=tmp_path / "town",
            hosts=(HostWish(version=version, door=door, role_group=role_group),),
            bot_http_port=0 if http else None,
            slack_patience_s=PATIENT_S,
        )
        demo = Demo(town)
        try:
            yield LiveTown(demo, await demo.start())
        finally:
            await demo.stop()

    return opened
