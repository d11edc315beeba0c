"""
A town with the bot in it where things go wrong: more people, switches for trouble, and a look behind the stage.

`Stage` is the town, one for a whole file of tests; `Scene` is one order in it, with the steps of sad stories.
Never here: what must come of it; that is said in the tests.
"""

import asyncio
import json
import re
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from bot.domain.states import State
from handlers.headlines import STATES
from sandbox.bot_site import password_variable
from sandbox.demo import PROJECT, Demo
from sandbox.parts import Addresses
from sandbox.person import Person, said
from sandbox.story import NAMES, Story
from sandbox.town import HostWish, Town
from tests.story.conftest import PATIENT_S, PINNED

PASSWORD_FILE = "EX01.password"
STRANGE_TEAM = "T0STRANGE1"
NEVER_IN_LOG = re.compile(r"/response/T|xox[bp]-|xapp-|wss?://[^\s\"]*ticket=")
"""One-use addresses and tokens: none may stand in the log."""


class BusyTown(Town):
    """A town with settings of one's own, a second manager (Mia), and a stranger from elsewhere (Stan)."""

    def __init__(self, *, folder: Path, settings: Mapping[str, str], **rest: Any) -> None:
        super().__init__(folder=folder, **rest)
        self._settings = settings

    async def start(self) -> Addresses:
        """As every town, with these people and settings added before the bot moves in."""
        addresses = await super().start()
        control, users = self.slack["control"], self.slack["users"]
        channels = list(self.slack["channels"].values())
        async with aiohttp.ClientSession() as session:
            mia = {"name": "mia", "real_name": "Mia Manager", "channels": channels}
            stan = {"name": "stan", "channels": channels, "team_id": STRANGE_TEAM}
            users["second_manager"] = (await _post(session, f"{control}/user", mia))["id"]
            users["stranger"] = (await _post(session, f"{control}/user", stan))["id"]
        self.change_password(self.exchange[0]["password"])
        await asyncio.to_thread(self._add_to_config, Path(addresses["config"]))
        self.environment |= self._settings
        return addresses

    def change_password(self, password: str) -> None:
        """Write down what the bot believes to be the first host's password."""
        (self.folder / PASSWORD_FILE).write_text(password, encoding="utf-8")

    def _add_to_config(self, config: Path) -> None:
        mia = f"{self.slack['team_id']}:{self.slack['users']['second_manager']}"
        person = f'[[people]]\nslack = "{mia}"\nname = "Mia Manager"\nroles = ["approver"]\n'
        variable = password_variable(self.exchange[0]["name"])
        text = config.read_text(encoding="utf-8").replace(
            f'password_env = "{variable}"', f'password_file = "{self.folder / PASSWORD_FILE}"'
        )
        config.write_text(f"{text}\n{person}", encoding="utf-8")


class Stage:
    """The started town: its switches, and what can be seen of it from outside the bot."""

    def __init__(
        self, town: BusyTown, demo: Demo, addresses: Addresses, session: aiohttp.ClientSession
    ) -> None:
        self.town = town
        self.demo = demo
        self.addresses = addresses
        self.session = session
        self.host = addresses["exchange"][0]["control"]
        self.slack = addresses["slack"]["control"]
        self.vendor = addresses["vendor"]["control"]

    def scene(self, more: Mapping[str, Any] | None = None) -> "Scene":
        """A new order's people; ``more`` is what Rita enters beside the story's own words."""
        return Scene(self.session, self, more)

    async def pin(self, thumbprint: str) -> None:
        """Let a send connector and the one on port 25 name a certificate, as an administrator did years ago."""
        for kind, name in PINNED:
            body = {"kind": kind, "name": name, "pin": thumbprint}
            await _post(self.session, f"{self.host}/connectors", body)

    async def pairs(self) -> dict[str, str]:
        """What each connector of the host names."""
        connectors = (await self.look(self.host, "state"))["connectors"]
        return {one["name"]: one["tls_certificate_name"] or "" for one in connectors}

    async def host_trouble(self, **rule: Any) -> None:
        """Spoil the host; see `sandbox/exchange/README.md`."""
        await _post(self.session, f"{self.host}/trouble", rule)

    async def trouble_at(self, control: str, **rule: Any) -> None:
        """Spoil one of several hosts, by its control door."""
        await _post(self.session, f"{control}/trouble", rule)

    async def calm_at(self, control: str) -> None:
        """No trouble any more at one of several hosts."""
        async with self.session.delete(f"{control}/trouble") as answer:
            answer.raise_for_status()

    async def slack_trouble(self, **rule: Any) -> None:
        """Spoil Slack: a method or a delivery."""
        await _post(self.session, f"{self.slack}/trouble", rule)

    async def calm(self) -> None:
        """No trouble any more, and every window closed."""
        for control in (self.host, self.slack):
            async with self.session.delete(f"{control}/trouble") as answer:
                answer.raise_for_status()
        for user in self.addresses["slack"]["users"].values():
            await Person(self.session, self.slack, user).close_all()

    async def look(self, control: str, what: str) -> Any:
        """What a part tells of itself under a control path."""
        async with self.session.get(f"{control}/{what}") as answer:
            answer.raise_for_status()
            return await answer.json()

    async def ran(self, cmdlet: str) -> int:
        """How many times the host has executed a cmdlet with success."""
        operations = await self.look(self.host, "operations")
        listed = operations["operations"] if isinstance(operations, dict) else operations
        return sum(op["cmdlet"] == cmdlet and op["ok"] for op in listed)

    async def certdesk(self, *words: str, **settings: str) -> tuple[int, str]:
        """Run the command line over the town's database: exit code and everything it said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *words,
            env=self.town.environment | settings, cwd=PROJECT, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        told, _ = await process.communicate()
        return process.returncode or 0, told.decode()

    def log(self) -> str:
        """Everything the bot has logged."""
        return self.demo.bot.log.read_text(encoding="utf-8")

    def database_bytes(self) -> bytes:
        """The database as it lies on the disk, its log included."""
        return b"".join(file.read_bytes() for file in sorted(self.town.folder.glob("*.db*")))

    def secrets(self) -> list[str]:
        """Every secret the bot was given."""
        return [v for k, v in self.town.environment.items() if _is_secret(k)]

    async def check_afterwards(self) -> None:
        """What holds after every story: the chain verifies, nothing secret is logged, nothing broke."""
        code, told = await self.certdesk("audit", "verify", "--json")
        assert (code, json.loads(told)) == (0, {"ok": True, "broken_at": None})

        log = self.log()
        said = [secret for secret in self.secrets() if secret in log]
        assert not said, f"{len(said)} secret(s) stand in the log"
        assert NEVER_IN_LOG.search(log) is None, NEVER_IN_LOG.findall(log)
        broken = [line for line in log.splitlines() if _is_breakdown(line)]
        assert not broken, "\n".join(broken)


class Scene(Story):
    """
    One order on the stage, from the first step of the story, with what people do when it goes wrong.

    `olga`, `max` and `rita` have their roles; `mia` is a second manager, `stan` comes from elsewhere.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        stage: Stage,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(session, stage.addresses, more)
        self.stage = stage
        users = stage.addresses["slack"]["users"]
        self.mia, self.stan, self.arthur = (
            Person(session, stage.slack, users[who])
            for who in ("second_manager", "stranger", "auditor")
        )

    async def until(self, step: str) -> None:
        """Play the story up to and with the step of this name."""
        for _, one in self.steps():
            await one()
            if one.__name__ == step:
                return
        raise LookupError(f"the story has no step {step!r}")

    async def status(self, state: State, *words: str) -> dict[str, Any]:
        """Wait until the order's status card says this state and all the words."""

        async def has_them() -> dict[str, Any] | None:
            return await self.card_if(state, *words)

        return await self.rita.patiently(has_them, f"order {self.order} {state} with {words}")

    async def card_if(self, state: State, *words: str) -> dict[str, Any] | None:
        """The order's status card when it says this state and all the words now."""
        wanted = (f"is {STATES[state]}", *words)
        for message in await self.rita.messages(self.requests):
            if message["ts"] == self.thread and all(word in said(message) for word in wanted):
                return message
        return None

    async def in_thread(self, *words: str, after: str = "") -> dict[str, Any]:
        """Wait for a line in the order's thread with all the words."""
        return await self.rita.wait_for(self.requests, *words, thread_ts=self.thread, after=after)

    async def approval(self) -> dict[str, Any]:
        """The order's card in the approvals channel, once it can be approved."""
        return await self.max.wait_for(
            self.approvals, f"rder {self.order} ", button="Approve order"
        )

    async def press_status(self, person: Person, label: str) -> None:
        """Press a button on the order's status card, once it is there."""
        card = await person.wait_for(self.requests, f"rder {self.order} ", button=label)
        await person.click(self.requests, card, label)

    async def give_reason(self, person: Person, title: str, why: str, **more: str) -> None:
        """Fill in the form that asks why."""
        view = await person.view(title)
        faults = await person.submit(view, {"Why": why, **more})
        assert faults == {}

    async def retry(self) -> None:
        """Olga has mended the cause and presses Retry."""
        await self.press_status(self.olga, "Retry")

    async def certificate(self, trouble: str = "") -> bytes:
        """What the vendor delivers for this order's CSR, spoilt with one of its troubles."""
        await _post(self._session, f"{self.stage.vendor}/trouble", {"next": trouble})
        placed = await _post(self._session, f"{self.stage.vendor}/orders", {"csr": self.csr})
        address = f"{self.stage.vendor}/orders/{placed['id']}"
        await _post(self._session, f"{address}/confirm", {})
        async with self._session.get(f"{address}/zip") as answer:
            answer.raise_for_status()
            return await answer.read()

    async def drop(self, name: str, data: bytes) -> str:
        """Rita drops a file into the thread; the ts of the newest word before it."""
        before: str = max(m["ts"] for m in await self.rita.messages(self.requests, self.thread))
        await self.rita.upload(self.requests, self.thread, name, data)
        return before

    async def served(self) -> dict[str, str]:
        """The SHA-256 of the certificate each service really shows now."""
        ports = self.stage.addresses["exchange"][0]["tls"]
        return {service: await _shown(ports[service]) for service in ("https", "imaps", "pops")}

    async def default_smtp(self) -> str:
        """The thumbprint of the host's default SMTP certificate."""
        state = await self.stage.look(self.stage.host, "state")
        return str(state["default_smtp"])


@asynccontextmanager
async def staged(
    folder: Path,
    *,
    http: bool = False,
    host: HostWish | None = None,
    hosts: tuple[HostWish, ...] = (),
    settings: Mapping[str, str] = MappingProxyType({}),
    slack_patience_s: float = PATIENT_S,
) -> AsyncIterator[Stage]:
    """Open a stage; whatever was played on it, the house is looked over before it closes."""
    town = BusyTown(
        folder=folder / "town",
        settings=settings,
        hosts=hosts or (host or HostWish(),),
        bot_http_port=0 if http else None,
        slack_patience_s=slack_patience_s,
    )
    demo = Demo(town)
    try:
        addresses = await demo.start()
        async with aiohttp.ClientSession() as session:
            stage = Stage(town, demo, addresses, session)
            yield stage
            await stage.check_afterwards()
    finally:
        await demo.stop()


async def _post(session: aiohttp.ClientSession, address: str, body: Mapping[str, Any]) -> Any:
    async with session.post(address, json=dict(body)) as answer:
        answer.raise_for_status()
        return await answer.json()


async def _shown(port: int) -> str:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=NAMES[0]
    )
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(der).fingerprint(hashes.SHA256()).hex()


def _is_secret(name: str) -> bool:
    return name.endswith(("_TOKEN", "_SECRET", "_PASSWORD", "_VAULT_KEY"))


def _is_breakdown(line: str) -> bool:
    """Whether a line tells of a fault of the bot's own; Slack's library logs a lost line as an error."""
    return "Traceback" in line or ('"level": "error"' in line and "slack_sdk" not in line)
