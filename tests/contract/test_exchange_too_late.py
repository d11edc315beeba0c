"""
A change whose time is over, against real listeners of both doors: it never reaches the host, and the host proves it.

The clock is the test's; it moves while something is waited for.
"""

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from bot.domain.faults import FaultKind, HostFault
from bot.domain.intent import Deadline
from bot.domain.pending import ClearAsk
from bot.exchange import cmdlets, operations
from bot.exchange.access import Door
from bot.exchange.allowance import UNHEARD_S, Allowance, Gate
from bot.exchange.gated import GatedAdapter
from bot.exchange.hosts import WinRMHosts
from bot.exchange.quiet import CONNECTION_S
from bot.exchange.session import Deadlines, RunnerSession
from bot.exchange.winrm import WinRMWire
from bot.ports import ExchangeHosts
from bot.system.stopwatch import BootStopwatch
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.trouble import Trouble
from tests.contract.exchange_worlds import World, access
from tests.unit.exchange.samples import EX01, NOW, Authority, SetClock, ask

DOORS: tuple[Door, ...] = ("winrm", "psrp")
_SENDING = {"winrm": "Send", "psrp": "Command"}
"""The message that carries a cmdlet, by door."""


@dataclass(kw_only=True)
class Lab:
    """A host behind one door, and seconds that the test adds."""

    host: ExchangeHost
    door: Door
    folder: Path
    later_s: float = 0.0
    pause_s: float = 0.0
    pauses: int = 0

    def __post_init__(self) -> None:
        self.access = access(self.host.start(), "2019", self.folder, door=self.door)
        self.stopwatch = BootStopwatch("lab", self._seconds)
        self.hosts = WinRMHosts(
            [self.access], SetClock(), pause=self._pause, stopwatch=self.stopwatch
        )

    def until(self, whole_s: float = 120.0) -> Deadline:
        """The deadline of an intent that is noted now."""
        return Deadline(whole_s=whole_s, begun=self.stopwatch.mark())

    def ran(self) -> list[object]:
        """The changes that really ran on the host."""
        return [one["cmdlet"] for one in self.host.engine.journal.listed()]

    def _seconds(self) -> float:
        return time.monotonic() + self.later_s

    def _pause(self, _: float) -> None:
        self.pauses += 1
        self.later_s += self.pause_s


@pytest.fixture(params=DOORS)
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """A fresh host, by each door."""
    made = Lab(host=ExchangeHost(clock=lambda: NOW), door=request.param, folder=tmp_path)
    yield made
    made.hosts.close()
    made.host.stop()


def test_nothing_is_sent_whose_time_is_over(world: World, vendor: Authority) -> None:
    """Whoever implements the hosts: past the deadline no change of any kind reaches them, and the fault says so."""
    past = Deadline(whole_s=120.0, begun=(NOW - timedelta(seconds=120)).isoformat())
    made = world.hosts.make_csr(ask("CertDesk 27/1"))
    certificate = vendor.answer(made)
    adding = operations.add_intermediate(EX01, certificate.path[0])
    clearing = _clearing(world.hosts, made, "CertDesk 27/1")
    before = world.changes()
    for change in (
        lambda: world.hosts.make_csr(ask("CertDesk 27/2"), until=past),
        lambda: world.hosts.act(adding, certificate, until=past),
        lambda: world.hosts.clear_request(clearing, until=past),
    ):
        with pytest.raises(HostFault) as caught:
            change()
        assert (caught.value.kind, caught.value.executed) == (FaultKind.BUSY, "no")
        assert caught.value.code == "too-late"

    assert world.changes() == before
    assert world.hosts.find_csr(ask("CertDesk 27/2")) is None
    assert not world.hosts.observe(adding, certificate).done


def _clearing(hosts: ExchangeHosts, made: str, name: str) -> ClearAsk:
    (waiting,) = hosts.pending(EX01)
    return ClearAsk(host=EX01, friendly_name=name, thumbprint=waiting.thumbprint, csr_pem=made)


@pytest.mark.parametrize(("pause_s", "ran"), [(0.0, 1), (100.0, 0)])
def test_a_second_try_is_not_sent_past_its_time(lab: Lab, pause_s: float, ran: int) -> None:
    """A busy host is asked again after a pause, unless the pause has used up the command's time."""
    lab.hosts.find_csr(ask())
    lab.pause_s = pause_s
    lab.host.plan.add(Trouble(do="status", action=_SENDING[lab.door], status=503, times=1))
    told: list[HostFault] = []
    try:
        lab.hosts.make_csr(ask(), until=lab.until())
    except HostFault as fault:
        told.append(fault)

    assert lab.ran() == ["New-ExchangeCertificate"] * ran
    assert [(one.code, one.executed) for one in told] == [("too-late", "no")] * (1 - ran)
    assert lab.pauses == 1


def test_a_slow_reading_leaves_no_time_for_the_change_behind_it(lab: Lab) -> None:
    """Real seconds: the host takes long over the look that comes first, so the request stays where it is."""
    made = lab.hosts.make_csr(ask())
    clearing = _clearing(lab.hosts, made, ask().friendly_name)
    lab.host.plan.add(Trouble(do="delay", cmdlet="Get-ExchangeCertificate", seconds=0.6))
    with pytest.raises(HostFault) as caught:
        lab.hosts.clear_request(clearing, until=lab.until(0.8))

    assert (caught.value.code, caught.value.executed) == ("too-late", "no")
    assert lab.ran() == ["New-ExchangeCertificate"]
    lab.hosts.clear_request(clearing, until=lab.until())
    assert lab.hosts.pending(EX01) == ()


class _Looked(Allowance):
    """An allowance that counts how often it was looked at."""

    looks = 0

    def check(self) -> None:
        """Count, and look."""
        self.looks += 1
        super().check()


def test_the_last_look_comes_behind_every_leg_of_a_sign_in(tmp_path: Path) -> None:
    """A connection that was idle signs in anew before it sends: each of its requests passes the gate, the last one too."""
    host = ExchangeHost(clock=lambda: NOW)
    later = [0.0]
    way = access(host.start(), "2019", tmp_path)
    wire = WinRMWire(way, now=SetClock().now, monotonic=lambda: time.monotonic() + later[0])
    session = RunnerSession(EX01, wire, deadlines=Deadlines(), monotonic=time.monotonic)
    session.open()
    stopwatch = BootStopwatch()
    one = _Looked(Deadline(whole_s=600.0, begun=stopwatch.mark()), stopwatch)
    later[0] = CONNECTION_S + 1
    before = _requests(host)
    with contextlib.suppress(HostFault):
        session.run(cmdlets.add_intermediate(b"\x30"), one)
    receives = 1
    told = _requests(host) - before - receives
    session.close()
    host.stop()

    assert one.looks == told == 4


def _requests(host: ExchangeHost) -> int:
    counted = host.request_counts()["http"]
    assert isinstance(counted, int)
    return counted


def test_bytes_that_nobody_acknowledges_are_dropped_by_the_kernel() -> None:
    """Else it would go on sending a change for minutes after it was given up."""
    session = requests.Session()
    adapter = GatedAdapter(Gate())
    session.mount("http://", adapter)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        pool = adapter.poolmanager.connection_from_host(*address, scheme="http")
        connection = pool._new_conn()
        connection.connect()
        unheard = connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        connection.close()
    session.close()

    assert unheard == UNHEARD_S * 1000
