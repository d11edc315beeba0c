"""
What killed processes leave open on a host: it ends by itself, before an order that waits for it gives up.

The clients, the wires and the job are the real ones; one clock, moved by the waits, is that of both sides.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from bot.certs.prints import Thumbprint
from bot.domain.ids import OrderId
from bot.domain.plan import Service
from bot.domain.states import State, Work
from bot.exchange import cmdlets
from bot.exchange.access import Door
from bot.exchange.call import Call
from bot.exchange.hosts import WinRMHosts
from bot.exchange.quiet import KEPT_S
from sandbox.exchange.engine.exchange import Caller
from sandbox.exchange.engine.journal import Journal
from sandbox.exchange.host import ExchangeHost
from tests.contract.exchange_worlds import access
from tests.unit.cli.front_door import FrontDoor
from tests.unit.domain.samples import TOY, order
from tests.unit.exchange.samples import EX01, MAIL, Authority, wish
from tests.unit.workflow.clock import FakeClock
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import PlainRun

SEVEN: Final = OrderId(7)
_ROOM: Final = 3
"""How many sessions the account may have here."""


@dataclass(kw_only=True)
class _Lab:
    """A host, and processes that work there and are killed."""

    host: ExchangeHost
    door: Door
    version: str
    folder: Path
    clock: FakeClock
    info: dict[str, object] = field(init=False)
    alive: list[WinRMHosts] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.info = self.host.start()

    def process(self) -> WinRMHosts:
        """What a process holds of its hosts."""
        hosts = WinRMHosts(
            [access(self.info, self.version, self.folder, door=self.door)],
            self.clock,
            monotonic=lambda: self.clock.now().timestamp(),
            pause=self.clock.forward,
        )
        self.alive.append(hosts)
        return hosts

    def fill(self) -> None:
        """Let processes look at the host and be killed until it has no room: nothing of theirs is ever ended."""
        for _ in range(_ROOM):
            self.process().pending(EX01)
        assert self.host._doorman is not None
        self.host._doorman.drop_guests()

    def play(self, hosts: WinRMHosts) -> tuple[House, PlainRun]:
        """An approved order's CSR is made, or not."""
        house = House(clock=self.clock)
        house.hosts = hosts  # type: ignore[assignment] # the same port
        house.put(order(State.APPROVED, wish=wish(vendor=TOY)))
        run = PlainRun(self.clock)
        house.job(Work.MAKE_CSR)(run, SEVEN, house.order().version)
        return house, run

    def listed(self) -> list[str]:
        """The sessions open on the host, by id."""
        return [str(one["id"]) for one in (*self.host.shells.listed(), *self.host.pools.listed())]

    def sessions(self) -> tuple[int, int]:
        """How many shells there are, and how many sessions at the endpoint."""
        return len(self.host.shells.listed()), len(self.host.pools.listed())

    def close(self) -> None:
        """End everything."""
        for hosts in self.alive:
            hosts.close()
        self.host.stop()


@pytest.fixture(params=[("winrm", "2019"), ("winrm", "2010"), ("psrp", "2019"), ("psrp", "2010")])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[_Lab]:
    """A host with little room behind a door; that of 2010 is an old Windows."""
    door, version = request.param
    clock = FakeClock()
    host = ExchangeHost(version=version, clock=clock.now)
    allowed = host.shells.quotas
    tight = {"max_sessions": _ROOM} if door == "psrp" else {"max_shells": _ROOM}
    host.allow(replace(allowed, **tight))  # type: ignore[arg-type] # both are figures
    lab = _Lab(host=host, door=door, version=version, folder=tmp_path, clock=clock)
    yield lab
    lab.close()


def test_an_order_outlasts_what_killed_processes_left_open(lab: _Lab) -> None:
    """It is told as waiting, and goes on when the host has ended what nobody uses; nobody is asked for help."""
    lab.fill()
    house, run = lab.play(lab.process())

    first = run.kept[0][1]
    assert (first["end"], first["code"]) == ("later", "host-busy")
    assert "as it may have" in first["sentence"]
    assert "ends by itself after 2 minutes" in first["sentence"]
    assert house.order().state is State.CSR_READY


@pytest.mark.parametrize("lab", [("psrp", "2019")], indirect=True)
@pytest.mark.parametrize("busy", ["shell", "endpoint"])
def test_a_door_the_other_one_kept_waiting_is_opened_again_without_a_word(
    lab: _Lab, busy: str
) -> None:
    """While one works for longer than the host bears the other's silence: calls go on there, a change runs once."""
    at_shell, at_endpoint = cmdlets.list_store("CA"), cmdlets.get_certificates()
    working, change = (at_shell, _naming_imap(lab)) if busy == "shell" else (at_endpoint, _ADDING)
    with lab.process()._lines["ex01"].meeting() as met:
        begun = lab.sessions()
        for _ in range(3):
            lab.clock.forward(KEPT_S)
            met.runner.run(working)
        alive = lab.sessions()
        met.runner.run(change)
        after = lab.sessions()

    idle = (1, 0) if busy == "shell" else (0, 1)
    assert (begun, alive, after) == ((1, 1), idle, (1, 1))
    assert len(lab.host.engine.journal.listed()) == 1


@pytest.mark.parametrize("lab", [("winrm", "2019"), ("psrp", "2019")], indirect=True)
def test_a_session_nobody_needed_for_a_while_is_replaced_before_the_host_ends_it(lab: _Lab) -> None:
    """Whoever comes after the time it is kept for meets a fresh one, and the old one is given back."""
    hosts = lab.process()
    hosts.pending(EX01)
    first = lab.listed()
    lab.clock.forward(KEPT_S + 1)
    alive = lab.listed()
    hosts.pending(EX01)

    assert alive == first
    assert len(lab.listed()) == len(first)
    assert not set(lab.listed()) & set(first)


@pytest.mark.parametrize("lab", [("winrm", "2019"), ("psrp", "2019")], indirect=True)
def test_a_verb_that_reads_a_host_leaves_no_session_there(
    lab: _Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However often somebody asks within the two minutes: the account has room for few, and orders need them."""
    site = lab.folder / "certdesk.toml"
    site.write_text(_SITE.format(door=lab.door, **lab.info), encoding="utf-8")
    (lab.folder / "winrm.pem").write_text(str(lab.info["ca_pem"]), encoding="ascii")
    monkeypatch.setenv("CERTDESK_CONFIG", str(site))
    monkeypatch.setenv("CERTDESK_DATABASE_URL", f"sqlite:///{lab.folder}/none.db")
    monkeypatch.setenv("EX01_PASSWORD", str(lab.info["password"]))
    certdesk = FrontDoor(monkeypatch, capsys)

    told = [certdesk("inventory", "EX01") for _ in range(_ROOM + 1)]
    refused = certdesk("inventory", "EX02")

    assert [0] * (_ROOM + 1) == [one.code for one in told], told[-1].err
    assert 3 == refused.code
    assert (0, 0) == lab.sessions()


_SITE: Final = """
[slack]
approvals_channel = "C1"
channels = ["C1"]
[[hosts]]
name = "EX01"
version = "2019"
winrm = "{wsman_http}"
psrp = "{psrp}"
door = "{door}"
auth = "ntlm"
user = '{user}'
password_env = "EX01_PASSWORD"
ca_pem = "winrm.pem"
[[vendors]]
name = "toy"
title = "Toy"
"""


def _naming_imap(lab: _Lab) -> Call:
    """Have IMAP served by another certificate: one change at the endpoint."""
    made = lab.host.engine.invoke(
        "New-ExchangeCertificate",
        {"SubjectName": "CN=mail.example.com", "DomainName": [MAIL], "Services": "None"},
        Caller(principal="setup"),
    )
    lab.host.engine.journal = Journal()
    thumbprint = Thumbprint(str(made.objects[0].properties["Thumbprint"]))
    return cmdlets.enable(thumbprint, (Service.IMAP,), force=False, keep_http=False)


_ADDING: Final = cmdlets.add_intermediate(Authority().intermediate.public_bytes(Encoding.DER))
