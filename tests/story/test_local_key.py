"""
A whole order whose key CertDesk makes, on two hosts over the real wires; and nothing of the key, of a PFX's password or of the
vault's key to be found anywhere while it runs or afterwards.
"""

import asyncio
import base64
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from sqlalchemy import inspect, text

from bot.domain.ids import OrderId
from bot.domain.sealed import Bond, Purpose
from bot.store.audit import SqlAudit
from bot.store.database import open_database
from bot.store.sealed import SqlSealedSecrets
from bot.system.vault import AesVault
from sandbox.demo import PROJECT, Demo
from sandbox.exchange.engine import importing, pfx
from sandbox.parts import SandboxFault
from sandbox.person import said
from sandbox.story import NAMES, Story
from sandbox.town import HostWish, Town
from tests.story.conftest import PATIENT_S, LiveTown
from tests.story.test_kills import kill_and_wait

pytestmark = pytest.mark.story
BOND = Bond(order_id=OrderId(1), purpose=Purpose.PRIVATE_KEY, round=1)
HOSTS = (
    HostWish(name="EX01", local_key=True),
    HostWish(name="EX02", version="2013", door="psrp", local_key=True),
)
"""One of each door and of each lock: AES-256 over WinRM, TripleDES at the endpoint."""


class LocalStory(Story):
    """The story of two hosts that get a key CertDesk made."""

    def __init__(self, session: aiohttp.ClientSession, addresses: dict[str, Any]) -> None:
        super().__init__(session, addresses)
        self._hosts = addresses["exchange"]

    async def ask(self) -> None:
        """The form offers the choice, and it is taken."""
        before = await self.rita.newest(self.requests)
        await self.rita.command(self.requests, "request")
        view = await self.rita.view("Request")
        names = [*NAMES[1:], *(host["fqdn"].lower() for host in self._hosts)]
        faults = await self.rita.submit(
            view,
            {
                "Exchange hosts": [host["name"] for host in self._hosts],
                "Common name": NAMES[0],
                "More names": "\n".join(names),
                "Organisation": "Example Corp",
                "Town": "Redmond",
                "State": "Washington",
                "Country": "US",
                "Who makes the private key": "CertDesk",
                "Services": ["IIS", "SMTP", "IMAP", "POP"],
                "Reason": "Two hosts, one certificate.",
            },
        )
        assert faults == {}
        card = await self.rita.wait_for(self.requests, NAMES[0], "rder ", after=before)
        self.thread, self.order = card["ts"], "1"

    async def approve(self) -> None:
        """Max reads in plain words who makes the key, and approves."""
        card = await self.max.wait_for(self.approvals, "rder 1", button="Approve")
        assert "The private key is made by CertDesk, kept encrypted until" in said(card)
        assert "leaves it only as a PFX to the hosts" in said(card)
        await self.max.click(self.approvals, card, "Approve")

    async def install(self) -> None:
        """The plan says how the key arrives; No for both hosts."""
        card = await self.olga.wait_for(self.approvals, "rder 1", button="Review and install")
        await self.olga.click(self.approvals, card, "Review and install")
        view = await self.olga.view("nstall")
        assert "The key was made by CertDesk. It is imported as a PFX" in json.dumps(view)
        answers = {f"{host['name']}: overwrite": "No" for host in self._hosts}
        faults = await self.olga.submit(view, answers)
        if faults:
            raise SandboxFault(f"The approval was not taken: {faults}.")


@dataclass(kw_only=True)
class Secrets:
    """What must be found nowhere, under the name to complain of it by."""

    by_name: dict[str, bytes] = field(default_factory=dict)

    def know_key(self, pkcs8: bytes) -> None:
        """A private key: whole, and each of its numbers."""
        key = load_der_private_key(pkcs8, password=None)
        assert isinstance(key, RSAPrivateKey)
        numbers = key.private_numbers()
        for name in ("p", "q", "d"):
            number: int = getattr(numbers, name)
            self.by_name[f"the key's {name}"] = number.to_bytes((number.bit_length() + 7) // 8)
        self.by_name["the key in PKCS#8"] = pkcs8

    def found_in(self, haystack: bytes) -> list[str]:
        """The names of what stands there, raw, in hex or in base64 of any alignment, however it is wrapped."""
        flat = b"".join(haystack.split())
        lower = flat.lower()
        return [
            name
            for name, secret in self.by_name.items()
            if secret in haystack
            or _middle(secret).hex().encode() in lower
            or any(one in flat for one in _base64s(_middle(secret)))
        ]


def _middle(secret: bytes) -> bytes:
    """Enough of it that chance never finds it, without its ends, which may be cut or escaped."""
    return secret if len(secret) < 48 else secret[len(secret) // 2 : len(secret) // 2 + 36]


def _base64s(part: bytes) -> Iterator[bytes]:
    for shift in range(3):
        # The first and the last group depend on the neighbours.
        yield base64.b64encode(bytes(shift) + part)[4:-4].rstrip(b"=")


def dumped(url: str) -> bytes:
    """Every value of every table of a database, ours and the engine's; the file itself where there is one."""
    engine = open_database(url)
    found: list[bytes] = []
    try:
        seen = inspect(engine)
        schemas = [
            s for s in seen.get_schema_names() if s not in ("information_schema", "pg_catalog")
        ]
        with engine.connect() as connection:
            for schema in schemas:
                for table in seen.get_table_names(schema):
                    for row in connection.execute(text(f'SELECT * FROM "{schema}"."{table}"')):
                        found += [_bytes_of(value) for value in row]
    finally:
        engine.dispose()
    if url.startswith("sqlite:"):
        path = Path(url.removeprefix("sqlite:///"))
        found += [part.read_bytes() for part in path.parent.glob(f"{path.name}*")]
    return b"\n".join(found)


def _bytes_of(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def test_the_search_finds_what_it_looks_for() -> None:
    """Or the story below would prove nothing: raw, hex, base64 at any place, wrapped or not."""
    secret = bytes(range(7, 250))
    secrets = Secrets(by_name={"s": secret})

    for before in (b"", b"x", b"xy"):
        wrapped = base64.encodebytes(before + secret + b"tail")
        for there in (
            before + secret,
            wrapped,
            secret.hex().encode(),
            secret.hex().upper().encode(),
        ):
            assert ["s"] == secrets.found_in(b"..." + there + b"...")
    assert [] == secrets.found_in(base64.encodebytes(bytes(range(0, 250, 2)) * 9))


class Watched:
    """A town of two hosts, and everything that can be read of it from outside."""

    def __init__(self, folder: Path, database_url: str | None) -> None:
        self.town = Town(
            folder=folder, hosts=HOSTS, database_url=database_url, slack_patience_s=PATIENT_S
        )
        self.demo = Demo(self.town)
        self.secrets = Secrets()
        self.addresses: dict[str, Any] = {}
        self.sealed = b""

    @property
    def url(self) -> str:
        """Where the bot keeps everything."""
        return self.town.environment["CERTDESK_DATABASE_URL"]

    def note_parcels(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Write down every PFX and password that reaches a host; the hosts live in this process."""
        real = pfx.open_pfx

        def noting(data: bytes, password: str | None, os_version: str) -> Any:
            number = sum(name.startswith("PFX") for name in self.secrets.by_name) + 1
            self.secrets.by_name[f"PFX {number}"] = data
            self.secrets.by_name[f"password {number}"] = (password or "").encode()
            return real(data, password, os_version)

        monkeypatch.setattr(importing, "open_pfx", noting)

    def know_key(self) -> None:
        """Open the sealed key as only the vault's key can."""
        vault_key = self.town.environment["CERTDESK_VAULT_KEY"]
        self.secrets.by_name["the vault's key"] = vault_key.encode()
        self.secrets.by_name["the vault's key in bytes"] = base64.urlsafe_b64decode(vault_key)
        engine = open_database(self.url)
        try:
            kept = SqlSealedSecrets(engine).find(BOND)
        finally:
            engine.dispose()
        assert kept is not None
        self.secrets.know_key(AesVault((vault_key,)).open_(kept.sealed, BOND))
        self.sealed = kept.sealed

    async def readable(self, session: aiohttp.ClientSession) -> dict[str, bytes]:
        """Every place something could leak to."""
        log = self.demo.bot.log.read_bytes()
        slack = self.addresses["slack"]
        told: list[str] = []
        for user in slack["users"].values():
            for channel in (await _get(session, f"{slack['control']}/channels?as={user}"))[
                "channels"
            ]:
                where = f"{slack['control']}/messages?as={user}&channel={channel['id']}"
                page = await _get(session, where)
                told.append(json.dumps(page, ensure_ascii=False))
                for message in page["messages"]:
                    thread = await _get(session, f"{where}&thread_ts={message['ts']}")
                    told.append(json.dumps(thread, ensure_ascii=False))
        hosts = [
            json.dumps(await _get(session, f"{host['control']}/{what}"))
            for host in self.addresses["exchange"]
            for what in ("operations", "state")
        ]
        return {
            "the log": log,
            "Slack": "".join(told).encode(),
            "the hosts' record": "".join(hosts).encode(),
            "the database": await asyncio.to_thread(dumped, self.url),
            "the command line": await self.command_line(),
        }

    async def command_line(self) -> bytes:
        """What the reading verbs print."""
        said_: list[bytes] = []
        for words in (
            ("orders", "show", "1", "--json"),
            ("audit", "export"),
            ("vault", "list"),
            ("vault", "list", "--json"),
        ):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", *words,
                env=self.town.environment, cwd=PROJECT, stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            said_.append((await process.communicate())[0])
        return b"".join(said_)

    async def check_nothing_leaked(self, session: aiohttp.ClientSession) -> None:
        """Search everywhere for everything."""
        places = await self.readable(session)
        assert all(places.values()), "a place that cannot be read proves nothing"
        leaks = {place: self.secrets.found_in(content) for place, content in places.items()}
        assert {} == {place: names for place, names in leaks.items() if names}


async def _get(session: aiohttp.ClientSession, address: str) -> Any:
    async with session.get(address) as answer:
        answer.raise_for_status()
        return await answer.json()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_of_town(request: pytest.FixtureRequest) -> str | None:
    """None for the town's own SQLite file."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


async def _play(watched: Watched, between: Callable[[str], Any] | None = None) -> None:
    async with aiohttp.ClientSession() as session:
        story = LocalStory(session, watched.addresses)
        for sentence, step in story.steps():
            await step()
            print(sentence)
            if between is not None:
                await between(step.__name__)


async def test_nothing_of_the_key_is_found_anywhere(
    tmp_path: Path, database_of_town: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the key is kept and after it is gone: no file, table, message, record or print holds any part of it."""
    watched = Watched(tmp_path / "town", database_of_town)
    watched.note_parcels(monkeypatch)
    try:
        watched.addresses = await watched.demo.start()
        async with aiohttp.ClientSession() as session:

            async def between(step: str) -> None:
                if step == "submit":
                    watched.know_key()
                    await watched.check_nothing_leaked(session)

            await _play(watched, between)
            await watched.check_nothing_leaked(session)
            states = [
                await _get(session, f"{host['control']}/state")
                for host in watched.addresses["exchange"]
            ]
    finally:
        await watched.demo.stop()

    parcels = [name for name in watched.secrets.by_name if name.startswith("PFX")]
    assert ["PFX 1", "PFX 2"] == parcels
    assert watched.secrets.by_name["password 1"] != watched.secrets.by_name["password 2"]
    assert len(watched.secrets.by_name["password 1"]) >= 24
    for state in states:
        [ours] = [c for c in state["stores"]["My"] if NAMES[0] in c["Subject"]]
        assert (True, False, 12) == (
            ours["HasPrivateKey"], ours["PrivateKeyExportable"], ours["KeyProviderType"],
        )  # fmt: skip
        assert {} == state["files"]
    # What was sealed is gone as well, and from SQLite's file and log too.
    assert watched.sealed not in await asyncio.to_thread(dumped, watched.url)
    assert ["key_made", "key_used", "key_used", "key_deleted"] == _key_entries(watched.url)


def _key_entries(url: str) -> list[str]:
    engine = open_database(url)
    try:
        assert SqlAudit(engine).broken_at() is None
        return [e.what for e in SqlAudit(engine).entries(OrderId(1)) if e.what.startswith("key_")]
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    "kills",
    [
        ("ask", "approve"),
        ("receive_csr", "submit"),
        ("vendor_issues", "report_issued"),
        ("hand_in", "install"),
    ],
    ids=" ".join,
)
async def test_a_kill_after_a_step_makes_no_second_key(
    tmp_path: Path, kills: tuple[str, ...]
) -> None:
    """Killed after each step of the order: one key for the CSR that was posted, one import a host, none kept at the end."""
    watched = Watched(tmp_path / "town", None)
    try:
        watched.addresses = await watched.demo.start()
        live = LiveTown(watched.demo, watched.addresses)

        async def between(step: str) -> None:
            if step in kills:
                await kill_and_wait(live)

        await _play(watched, between)
        imports = await _imports(watched)
        deaths = live.demo.bot.deaths
    finally:
        await watched.demo.stop()

    assert len(kills) == deaths
    assert [1, 1] == imports
    told = _key_entries(watched.url)
    assert (1, 1) == (told.count("key_made"), told.count("key_deleted"))


@pytest.mark.parametrize("place", [0, 1])
async def test_a_kill_right_behind_an_import_imports_nothing_twice(
    tmp_path: Path, place: int
) -> None:
    """SIGKILL as soon as a host has the key: the next run sees it there and packs no second one for it."""
    watched = Watched(tmp_path / "town", None)
    try:
        watched.addresses = await watched.demo.start()
        live = LiveTown(watched.demo, watched.addresses)

        async def kill() -> None:
            while (await _imports(watched))[place] == 0:
                await asyncio.sleep(0.01)
            live.kill_bot()
            while live.demo.bot.deaths == 0:
                await asyncio.sleep(0.01)

        killer = asyncio.create_task(kill())
        try:
            await _play(watched)
            # Both hosts have the key by now; the death may still have to be noticed.
            async with asyncio.timeout(PATIENT_S):
                await killer
        finally:
            killer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await killer
        imports = await _imports(watched)
        deaths = live.demo.bot.deaths
    finally:
        await watched.demo.stop()

    assert 1 == deaths
    assert [1, 1] == imports
    assert ["key_made", "key_used", "key_used", "key_deleted"] == _key_entries(watched.url)


async def _imports(watched: Watched) -> list[int]:
    """How many times each host was sent an import."""
    counts = []
    async with aiohttp.ClientSession() as session:
        for host in watched.addresses["exchange"]:
            body = await _get(session, f"{host['control']}/operations")
            listed = body["operations"] if isinstance(body, dict) else body
            counts.append(sum(op["cmdlet"] == "Import-ExchangeCertificate" for op in listed))
    return counts
