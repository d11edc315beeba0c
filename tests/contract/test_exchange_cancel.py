"""Cancelling from a second connection: on a deadline, and when the process stops; and answers that drip."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.faults import FaultKind, HostFault
from bot.exchange import cmdlets
from bot.exchange.access import HostAccess
from bot.exchange.line import HostLine
from bot.exchange.psrp import ExchangeEndpoint
from bot.exchange.session import Conversation, Deadlines, RunnerSession
from bot.exchange.winrm import WinRMWire
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.trouble import Trouble
from tests.contract.test_exchange_hosts import access
from tests.unit.exchange.samples import EX01, NOW, SetClock

_LONG = Trouble(do="delay", cmdlet="store.list", seconds=30.0)


@pytest.fixture
def host() -> Iterator[ExchangeHost]:
    """A sandbox host, not started yet."""
    machine = ExchangeHost(clock=lambda: NOW)
    yield machine
    machine.stop()


def _line(way: HostAccess, **parts: float) -> HostLine:
    def never(_: HostAccess) -> Conversation:
        raise AssertionError("no endpoint is configured")

    return HostLine(
        way,
        open_wire=lambda one: WinRMWire(one, now=SetClock().now),
        open_endpoint=never,
        deadlines=Deadlines(read_s=parts.get("read_deadline_s", 120.0)),
        monotonic=time.monotonic,
        keep_s=300.0,
        read_s=parts.get("read_s", 30.0),
        stop_s=parts.get("stop_s", 10.0),
    )


def _until(is_so: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(1200):
        if is_so():
            return
        waiting.wait(0.05)
    raise AssertionError("it never became so")


def test_a_cancel_wakes_who_waits_and_leaves_no_shell(host: ExchangeHost, tmp_path: Path) -> None:
    """Signal and Delete from a second connection of the same account: the Receive of the first ends at once."""
    wire = WinRMWire(access(host.start(), "2019", tmp_path), now=SetClock().now)
    session = RunnerSession(EX01, wire, deadlines=Deadlines(), monotonic=time.monotonic)
    session.open()
    host.plan.add(_LONG)
    told: list[HostFault] = []

    def ask() -> None:
        with contextlib.suppress(HostFault):
            try:
                session.run(cmdlets.list_store("CA"))
            except HostFault as fault:
                told.append(fault)
                raise

    asking = threading.Thread(target=ask)
    asking.start()
    _until(lambda: any(shell.is_listened_to() for shell in host.shells._shells.values()))
    session.cancel()
    asking.join(60)

    assert [fault.code for fault in told] == ["ended"]
    assert host.shells.listed() == []
    actions = host.request_counts()["actions"]
    assert isinstance(actions, dict)
    assert actions["Signal"] == 1


def test_a_call_past_its_deadline_and_one_read_is_cancelled_on_the_host(
    host: ExchangeHost, tmp_path: Path
) -> None:
    """The watch is outside the library: the caller is told, and the host gets its shell back."""
    line = _line(access(host.start(), "2019", tmp_path), read_s=0.3, read_deadline_s=0.3)
    with line.meeting() as met:
        host.plan.add(_LONG)
        with pytest.raises(HostFault) as caught:
            met.runner.run(cmdlets.list_store("CA"))
    line.close()

    assert (caught.value.kind, caught.value.code) == (FaultKind.TIMEOUT, "deadline")
    _until(lambda: host.shells.listed() == [])


def test_what_runs_when_the_process_stops_is_cancelled(host: ExchangeHost, tmp_path: Path) -> None:
    """After a moment of grace; whoever waited is told that the outcome is not known."""
    line = _line(access(host.start(), "2019", tmp_path), stop_s=0.1)
    started = threading.Event()
    told: list[HostFault] = []

    def work() -> None:
        try:
            with line.meeting() as met:
                host.plan.add(replace(_LONG, cmdlet="store.add"))
                started.set()
                met.runner.run(cmdlets.add_intermediate(b"\x30"))
        except HostFault as fault:
            told.append(fault)

    working = threading.Thread(target=work)
    working.start()
    started.wait(60)
    _until(lambda: any(shell.is_listened_to() for shell in host.shells._shells.values()))
    line.close()
    working.join(60)

    assert [fault.executed for fault in told] == ["maybe"]
    assert host.shells.listed() == []


def test_a_pipeline_is_stopped_from_a_second_connection(host: ExchangeHost, tmp_path: Path) -> None:
    """At Exchange's endpoint as well: its session is gone, and the caller is told."""
    way = access(host.start(), "2019", tmp_path, door="psrp")
    endpoint = ExchangeEndpoint(
        way, now=SetClock().now, deadlines=Deadlines(), monotonic=time.monotonic
    )
    endpoint.open()
    host.plan.add(Trouble(do="delay", cmdlet="Get-ExchangeCertificate", seconds=30.0))
    told: list[HostFault] = []

    def ask() -> None:
        try:
            endpoint.run(cmdlets.get_certificates())
        except HostFault as fault:
            told.append(fault)

    opening = _endpoint_actions(host)["Receive"]
    asking = threading.Thread(target=ask)
    asking.start()
    _until(lambda: _endpoint_actions(host)["Receive"] > opening)
    endpoint.cancel()
    asking.join(60)

    assert len(told) == 1
    assert host.pools.listed() == []


def _endpoint_actions(host: ExchangeHost) -> dict[str, int]:
    counts = host.request_counts()["endpoint"]
    assert isinstance(counts, dict)
    return counts


def test_an_answer_that_drips_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    """A byte now and then keeps every read time-out from passing; the deadline is not theirs to keep."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            with contextlib.suppress(OSError):
                while not over.is_set():
                    guest, _ = server.accept()
                    threading.Thread(target=_drip_into, args=(guest, over), daemon=True).start()

        threading.Thread(target=drip, daemon=True).start()
        way = HostAccess(
            name=EX01,
            version="2019",
            winrm_url=f"http://127.0.0.1:{server.getsockname()[1]}/wsman",
            auth="ntlm",
            user="svc",
            password=lambda: "x",
        )
        line = HostLine(
            way,
            open_wire=lambda one: WinRMWire(one, now=SetClock().now),
            open_endpoint=lambda _: pytest.fail("no endpoint"),
            deadlines=Deadlines(start_s=0.2),
            monotonic=time.monotonic,
            keep_s=0,
            read_s=0.2,
        )
        with pytest.raises(HostFault) as caught, line.meeting():
            pytest.fail("nobody is there")
        over.set()

    assert (caught.value.kind, caught.value.code) == (FaultKind.TIMEOUT, "deadline")


def _drip_into(guest: socket.socket, over: threading.Event) -> None:
    with guest, contextlib.suppress(OSError):
        guest.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(0.05):
            guest.sendall(b"x")
