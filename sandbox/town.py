"""
A whole town on loopback: one Slack, some Exchange hosts, one vendor, and what a bot needs to move in.

Never here: the bot itself (`demo` starts it), and what a part does inside.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aiohttp
from cryptography.fernet import Fernet

from sandbox.bot_site import ANCHORS_FILE, TownFacts, bot_environment, render_site
from sandbox.loopback import unused_port
from sandbox.parts import (
    SLACK_PATIENCE_S,
    Addresses,
    Part,
    Version,
    exchange_part,
    slack_part,
    vendor_part,
)
from sandbox.town_folder import CONFIG_FILE, TownFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class HostWish:
    """One Exchange host of the town, the door by which the bot reaches its cmdlets, and what it may do there and for it."""

    name: str = "EX01"
    version: Version = "2019"
    door: Literal["winrm", "psrp"] = "winrm"
    role_group: str = "Server Management"
    local_key: bool = False


class Town:
    """
    Starts every part and writes the bot's files into `folder`.

    After `start`: `slack`, `exchange` (a list) and `vendor` are the parts' addresses, `environment`
    is the bot's. A town begins empty, so databases of an earlier town in the folder are removed
    unless `database_url` names one of your own. Slack waits `slack_patience_s` for an answer of the
    bot: on a machine that does much else, three seconds may be over for no fault of the bot's.
    """

    def __init__(
        self,
        *,
        folder: Path,
        hosts: tuple[HostWish, ...] = (HostWish(),),
        slack_port: int = 0,
        bot_http_port: int | None = None,
        database_url: str | None = None,
        slack_patience_s: float = SLACK_PATIENCE_S,
    ) -> None:
        self.folder = folder.resolve()
        self._files = TownFolder(folder)
        self.slack: Addresses = {}
        self.exchange: list[Addresses] = []
        self.vendor: Addresses = {}
        self.environment: dict[str, str] = {}
        self._hosts = hosts
        self._slack_port = slack_port
        self._bot_http_port = bot_http_port
        self._database_url = database_url
        self._slack_patience_s = slack_patience_s
        self._started: list[Part] = []

    async def start(self) -> Addresses:
        """
        Start all parts, settle the bot's files, and tell the addresses of everything.

        Raises:
            SandboxFault: another town lives in the folder.
            OSError: the port asked for is taken.
        """
        self._files.take()
        self.vendor = await self._start(vendor_part())
        self.exchange = [await self._start_host(wish) for wish in self._hosts]
        self.slack = await self._start(self._slack_part())
        async with aiohttp.ClientSession() as session:
            for host in self.exchange:
                await _trust(session, host, self.vendor["anchors_pem"])
            people = await _people(session, self.slack)
        await asyncio.to_thread(self._settle, people)
        return {
            "page": self.slack["page"],
            "slack": self.slack,
            "exchange": self.exchange,
            "vendor": self.vendor,
            "config": self._files.config,
            "environment": self._files.environment,
        }

    async def stop(self) -> None:
        """Stop the parts, last started first."""
        while self._started:
            await self._started.pop().stop()
        self._files.leave()

    async def app_is_connected(self) -> bool:
        """Whether Slack sees the bot's app; in HTTP mode, whether the app says it is ready."""
        async with aiohttp.ClientSession() as session:
            if self._bot_http_port is None:
                return bool((await _workspace(session, self.slack))["app"]["connected"])
            try:
                async with session.get(f"{self._bot_page()}/readyz") as response:
                    return response.status == 200
            except aiohttp.ClientError:
                return False

    def _bot_page(self) -> str:
        return f"http://127.0.0.1:{self._bot_http_port}"

    async def _start(self, part: Part) -> Addresses:
        self._started.append(part)
        return await part.start()

    async def _start_host(self, wish: HostWish) -> Addresses:
        part = exchange_part(name=wish.name, version=wish.version, role_group=wish.role_group)
        addresses = await self._start(part)
        return {**addresses, "door": wish.door, "local_key": wish.local_key}

    def _slack_part(self) -> Part:
        links = [{"title": "Vendor's portal", "url": self.vendor["page"]}]
        links += [{"title": f"Host {host['name']}", "url": host["page"]} for host in self.exchange]
        events_url = None
        if self._bot_http_port is not None:
            self._bot_http_port = self._bot_http_port or unused_port()
            events_url = f"{self._bot_page()}/slack/events"
        return slack_part(
            port=self._slack_port,
            events_url=events_url,
            links=links,
            patience_s=self._slack_patience_s,
        )

    def _settle(self, people: Mapping[str, str]) -> None:
        facts = TownFacts(
            slack=self.slack, exchange=self.exchange, vendor=self.vendor, people=people
        )
        self.environment = bot_environment(
            facts,
            mode="socket" if self._bot_http_port is None else "http",
            config=self._files.config,
            database_url=self._database_url or self._files.fresh_database(),
            vault_key=Fernet.generate_key().decode(),
        )
        if self._bot_http_port is not None:
            self.environment["CERTDESK_HTTP_PORT"] = str(self._bot_http_port)
        self._files.write(ANCHORS_FILE, self.vendor["anchors_pem"])
        self._files.write(CONFIG_FILE, render_site(facts))
        self._files.write_environment(self.environment)


async def _trust(session: aiohttp.ClientSession, host: Addresses, anchors_pem: str) -> None:
    """Put the vendor's anchors among the host's roots, as Windows' own updates would."""
    async with session.post(f"{host['control']}/anchors", data=anchors_pem) as response:
        response.raise_for_status()


async def _people(session: aiohttp.ClientSession, slack: Addresses) -> dict[str, str]:
    workspace = await _workspace(session, slack)
    return {user["id"]: user.get("real_name") or user["name"] for user in workspace["users"]}


async def _workspace(session: aiohttp.ClientSession, slack: Addresses) -> dict[str, Any]:
    async with session.get(f"{slack['control']}/workspace") as response:
        response.raise_for_status()
        answer: dict[str, Any] = await response.json()
        return answer
