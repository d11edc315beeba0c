"""
Every implementation of `ports.ExchangeHosts` that the contract is asked of, and how each is opened.

The hosts in memory, and the sandbox's hosts of every dialect: by WinRM, and at Exchange's own endpoint where there is one.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.domain.faults import FaultKind, HostFault
from bot.exchange.access import Door, HostAccess
from bot.exchange.dialect import Version
from bot.exchange.hosts import WinRMHosts
from bot.ports import ExchangeHosts
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.profile import BEFORE_2022_H1, PROFILES, Build
from sandbox.exchange.trouble import Trouble
from tests.fakes.exchange import FakeExchangeHosts
from tests.unit.exchange.samples import EX01, NOW, Authority, SetClock

METHODS: Final = (
    "find_csr",
    "make_csr",
    "snapshot",
    "pending",
    "clear_request",
    "observe",
    "act",
    "read_back",
)
"""What reaches a host."""

_METHOD_OF: Final = {
    "New-ExchangeCertificate": "make_csr",
    "Remove-ExchangeCertificate": "clear_request",
}
"""By which method of the port a cmdlet is run; all others by `act`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One line of the contract's table: a version of Exchange at one build."""

    title: str
    version: Version
    build: Build

    @property
    def has_endpoint(self) -> bool:
        """Whether Exchange has an endpoint of its own there."""
        return self.version != "2007"


def _dialect(title: str, version: Version, build: Build | None = None) -> Dialect:
    return Dialect(title=title, version=version, build=build or PROFILES[version].build)


DIALECTS: Final = (
    _dialect("2007 SP3", "2007"),
    _dialect("2010", "2010"),
    _dialect("2013", "2013"),
    _dialect("2016 CU22", "2016", BEFORE_2022_H1["2016"]),
    _dialect("2016 CU23", "2016"),
    _dialect("2019 CU11", "2019", BEFORE_2022_H1["2019"]),
    _dialect("2019 CU12", "2019"),
    _dialect("SE", "se"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One way to be `ports.ExchangeHosts`: in memory, or a dialect behind a door."""

    dialect: Dialect
    door: Door
    is_fake: bool = False

    @property
    def title(self) -> str:
        """How a test calls it."""
        return f"{'fake ' if self.is_fake else ''}{self.dialect.title} {self.door}"

    @property
    def by_endpoint(self) -> bool:
        """Whether questions can be answered there."""
        return self.door == "psrp"


def _backends(*, is_fake: bool, doors: tuple[Door, ...]) -> list[Backend]:
    return [
        Backend(dialect=dialect, door=door, is_fake=is_fake)
        for dialect in DIALECTS
        for door in doors
        if door == "winrm" or dialect.has_endpoint
    ]


ON_THE_WIRE: Final = _backends(is_fake=False, doors=("winrm", "psrp"))
BACKENDS: Final = [*_backends(is_fake=True, doors=("winrm", "psrp")), *ON_THE_WIRE]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """
    One opened backend with one host in it, EX01.

    Args:
        changes: how many changing operations the host has really run.
        reached: how often it was asked anything at all.
        lose_answer: the next run of a cmdlet is done, and its answer lost.
        go_away: from now on nobody answers.
    """

    backend: Backend
    hosts: ExchangeHosts
    changes: Callable[[], int]
    reached: Callable[[], int]
    lose_answer: Callable[[str], None]
    go_away: Callable[[], None]
    machine: ExchangeHost | None = None

    @property
    def by_endpoint(self) -> bool:
        """Whether questions can be answered there."""
        return self.backend.by_endpoint

    @property
    def version(self) -> Version:
        """The word of the configuration."""
        return self.backend.dialect.version


def open_world(backend: Backend, vendor: Authority, folder: Path, stack: ExitStack) -> World:
    """Open a backend; the stack closes it."""
    if backend.is_fake:
        return _in_memory(backend)
    dialect = backend.dialect
    host = ExchangeHost(
        version=dialect.version,
        build=dialect.build,
        anchors_pem=vendor.anchors_pem,
        clock=lambda: NOW,
    )
    stack.callback(host.stop)
    info = host.start()
    hosts = WinRMHosts([access(info, dialect.version, folder, door=backend.door)], SetClock())
    stack.callback(hosts.close)
    return World(
        backend=backend,
        hosts=hosts,
        changes=lambda: len(host.engine.journal.listed()),
        reached=lambda: _messages(host),
        lose_answer=lambda cmdlet: host.plan.add(Trouble(do="executed_then_lost", cmdlet=cmdlet)),
        go_away=lambda: host.plan.add(Trouble(do="rst", action="*", times=0)),
        machine=host,
    )


def access(
    info: dict[str, object], version: str, folder: Path, *, door: Door = "winrm"
) -> HostAccess:
    """How the bot would be configured for a sandbox host."""
    anchor = folder / "winrm.pem"
    anchor.write_text(str(info["ca_pem"]), encoding="ascii")
    return HostAccess(
        name=EX01,
        version=version,
        winrm_url=str(info["wsman_http"]),
        auth="ntlm",
        user=str(info["user"]),
        password=lambda: str(info["password"]),
        psrp_url=str(info["psrp"] or ""),
        door=door,
        ca_pem=str(anchor),
    )


def _in_memory(backend: Backend) -> World:
    build = ".".join(str(part) for part in backend.dialect.build)
    fake = FakeExchangeHosts(
        version=backend.dialect.version, build=build, by_endpoint=backend.by_endpoint
    )

    def go_away() -> None:
        sentence = "EX01: nobody answers. Nothing was changed. See that the host is up, then retry."
        for method in METHODS:
            away = HostFault(FaultKind.UNREACHABLE, EX01, sentence, executed="no")
            fake.fail(method, away)

    return World(
        backend=backend,
        hosts=fake,
        changes=fake.ran.total,
        reached=fake.asked_by.total,
        lose_answer=lambda cmdlet: fake.lose_answer(_METHOD_OF.get(cmdlet, "act")),
        go_away=go_away,
    )


def _messages(host: ExchangeHost) -> int:
    counted = host.request_counts()
    return int(str(counted["http"])) + sum(_counter(counted["endpoint"]).values())


def _counter(value: object) -> dict[str, int]:
    assert isinstance(value, dict)
    return value
