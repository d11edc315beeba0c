"""The wire itself: what it costs, what it carries, and how it meets listeners that are not WinRM."""

import base64
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bot.domain.faults import FaultKind, HostFault
from bot.exchange import cmdlets
from bot.exchange.access import Auth, HostAccess
from bot.exchange.hosts import WinRMHosts
from bot.exchange.session import Deadlines, RunnerSession
from bot.exchange.winrm import CHUNK_BYTES, WinRMWire
from sandbox.exchange.host import ExchangeHost
from tests.contract.exchange_worlds import access
from tests.unit.exchange.samples import EX01, NOW, SetClock

_CLOCK = SetClock()


_ROUND_TRIPS: list[tuple[Auth, str, int]] = [
    ("ntlm", "http", 3),
    ("ntlm", "https", 2),
    ("basic", "https", 0),
]
"""By sign-in: what the handshake adds (winrm.md 2)."""


@pytest.fixture
def host() -> Iterator[ExchangeHost]:
    """A sandbox host, not started yet."""
    machine = ExchangeHost(clock=lambda: NOW)
    yield machine
    machine.stop()


def _session(way: HostAccess) -> RunnerSession:
    wire = WinRMWire(way, now=_CLOCK.now)
    session = RunnerSession(EX01, wire, deadlines=Deadlines(), monotonic=time.monotonic)
    session.open()
    return session


def test_a_kept_conversation_costs_two_messages_a_call(host: ExchangeHost, tmp_path: Path) -> None:
    """One Send and one Receive: PowerShell is started once (winrm.md 2)."""
    session = _session(access(host.start(), "2019", tmp_path))
    before = host.request_counts()["http"]
    session.run(cmdlets.hello())
    after = host.request_counts()["http"]
    session.close()

    assert (before, after) == (before, int(str(before)) + 2)
    assert host.shells.listed() == []


@pytest.mark.parametrize(("auth", "scheme", "handshake"), _ROUND_TRIPS)
def test_what_a_whole_conversation_costs(
    host: ExchangeHost, tmp_path: Path, auth: Auth, scheme: str, handshake: int
) -> None:
    """The handshake, Create, Command, the runner there and back, two a call, Delete; Signal is not needed."""
    info = host.start()
    way = replace(access(info, "2019", tmp_path), auth=auth, winrm_url=str(info[f"wsman_{scheme}"]))
    session = _session(way)
    for _ in range(3):
        session.run(cmdlets.hello())
    session.close()

    assert host.request_counts()["http"] == handshake + 2 + 2 + 3 * 2 + 1
    assert host.request_counts()["actions"] == {
        "Create": 1,
        "Command": 1,
        "Send": 4,
        "Receive": 4,
        "Delete": 1,
    }


def test_a_snapshot_travels_in_one_message_each_way(host: ExchangeHost, tmp_path: Path) -> None:
    """However much is read of a host: meeting it and reading it are one Send and one Receive each."""
    hosts = WinRMHosts([access(host.start(), "2019", tmp_path)], _CLOCK)
    hosts.snapshot(EX01)
    first = host.request_counts()["actions"]
    hosts.snapshot(EX01)
    second = host.request_counts()["actions"]
    hosts.close()

    assert first == {"Create": 1, "Command": 1, "Send": 3, "Receive": 3}
    assert second == {"Create": 1, "Command": 1, "Send": 4, "Receive": 4}


def test_a_large_value_arrives_whole(host: ExchangeHost, tmp_path: Path) -> None:
    """More than one message can hold is split, and nothing is lost or added."""
    data = bytes(range(256)) * 1200
    session = _session(access(host.start(), "2019", tmp_path))
    session.run(cmdlets.write_file("large.bin", data))
    reply = session.run(cmdlets.read_file("large.bin"))
    session.close()

    assert len(data) > 3 * CHUNK_BYTES
    assert reply.objects == ((base64.b64encode(data).decode(),),)


def test_threads_wait_for_each_other(host: ExchangeHost, tmp_path: Path) -> None:
    """Sealed messages of two threads must never mix: each gets its answer, and no shell is left."""
    hosts = WinRMHosts([access(host.start(), "2019", tmp_path)], _CLOCK)
    with ThreadPoolExecutor(max_workers=4) as pool:
        seen = list(pool.map(hosts.snapshot, [EX01] * 12))
    hosts.close()

    assert seen == [seen[0]] * 12
    assert host.shells.listed() == []


@contextmanager
def _stranger(status: int, headers: dict[str, str], body: bytes = b"") -> Iterator[HostAccess]:
    """A listener that is not WinRM; gives how to reach it."""
    met: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            met.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            met.append(f"GET {self.path}")
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield HostAccess(
                name=EX01,
                version="2019",
                winrm_url=f"http://127.0.0.1:{server.server_port}/wsman",
                auth="ntlm",
                user="CORP\\svc",
                password=lambda: "secret",
            )
        finally:
            server.shutdown()
            thread.join()
    assert "/elsewhere" not in met
    assert "GET /elsewhere" not in met


_STRANGERS = [
    (302, {"Location": "/elsewhere"}, b"", FaultKind.UNSUPPORTED, "redirect"),
    (307, {"Location": "/elsewhere"}, b"", FaultKind.UNSUPPORTED, "redirect"),
    (200, {}, b"<html>Please sign in</html>", FaultKind.PROTOCOL, "not-soap"),
    (200, {}, b"", FaultKind.PROTOCOL, "not-soap"),
    (404, {}, b"<html>IIS</html>", FaultKind.UNSUPPORTED, "http-404"),
    (418, {}, b"", FaultKind.PROTOCOL, "http-418"),
]


@pytest.mark.parametrize(("status", "headers", "body", "kind", "code"), _STRANGERS)
def test_a_listener_that_is_not_winrm_is_told(
    status: int, headers: dict[str, str], body: bytes, kind: FaultKind, code: str
) -> None:
    """A proxy's page, a wrong path or a redirect is named, and nobody is led elsewhere."""
    with _stranger(status, headers, body) as way, pytest.raises(HostFault) as caught:
        _session(way)

    assert (caught.value.kind, caught.value.code, caught.value.executed) == (kind, code, "no")
    assert "secret" not in caught.value.sentence
