"""Every sign-in over HTTP and HTTPS with the real client, and each way it can be refused."""

import importlib.util
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.faults import FaultKind, HostFault
from bot.exchange import cmdlets
from bot.exchange.access import Auth, HostAccess
from bot.exchange.session import Deadlines, RunnerSession
from bot.exchange.winrm import WinRMWire
from sandbox.exchange.host import ExchangeHost
from tests.contract.test_exchange_hosts import access
from tests.unit.exchange.samples import EX01, NOW, SetClock

_HAS_CREDSSP = importlib.util.find_spec("requests_credssp") is not None


def _needs(auth: str) -> None:
    """Skip visibly where an extra is missing; never under CI."""
    if auth == "credssp" and not _HAS_CREDSSP:
        if os.environ.get("CI") == "true":
            pytest.fail("requests-credssp is not installed")
        pytest.skip("the extra credssp is not installed")


@pytest.fixture
def host() -> Iterator[ExchangeHost]:
    """A sandbox host, not started yet."""
    machine = ExchangeHost(clock=lambda: NOW)
    yield machine
    machine.stop()


def _way(host: ExchangeHost, folder: Path, auth: Auth, scheme: str) -> HostAccess:
    info = host.start()
    way = access(info, "2019", folder)
    way = replace(way, winrm_url=str(info[f"wsman_{scheme}"]))
    if auth == "certificate":
        cert, key = host.issue_client_certificate("svc-certdesk")
        cert_pem, key_pem = folder / "client.pem", folder / "client.key"
        cert_pem.write_text(cert, encoding="ascii")
        key_pem.touch(mode=0o600)
        key_pem.write_text(key, encoding="ascii")
        return replace(way, auth=auth, cert_pem=str(cert_pem), key_pem=str(key_pem))
    return replace(way, auth=auth)


def _session(way: HostAccess) -> RunnerSession:
    wire = WinRMWire(way, now=SetClock().now, pause=lambda _: None)
    return RunnerSession(EX01, wire, deadlines=Deadlines(), monotonic=time.monotonic)


_WAYS: list[tuple[Auth, str, int]] = [
    ("ntlm", "http", 3),
    ("ntlm", "https", 2),
    ("basic", "https", 0),
    ("certificate", "https", 0),
    ("credssp", "http", 6),
    ("credssp", "https", 5),
]


@pytest.mark.parametrize(("auth", "scheme", "handshake"), _WAYS)
def test_each_sign_in_carries_a_conversation(
    host: ExchangeHost, tmp_path: Path, auth: Auth, scheme: str, handshake: int
) -> None:
    """Large values both ways, the exact number of requests, and no shell left (winrm.md 2)."""
    _needs(auth)
    data = bytes(range(256)) * 200
    session = _session(_way(host, tmp_path, auth, scheme))
    session.open()
    opened = int(str(host.request_counts()["http"]))
    session.run(cmdlets.write_file("large.bin", data))
    read = session.run(cmdlets.read_file("large.bin"))
    session.close()

    assert opened == handshake + 4
    assert len(read.objects[0][0] or "") > len(data)
    assert host.shells.listed() == []


@pytest.mark.parametrize(
    ("auth", "scheme"),
    [("ntlm", "http"), ("ntlm", "https"), ("basic", "https"), ("credssp", "https")],
)
def test_a_wrong_password_is_told_with_what_the_host_offers(
    host: ExchangeHost, tmp_path: Path, auth: Auth, scheme: str
) -> None:
    """Asked once; the sentence names the mechanisms and the clock, never the password."""
    _needs(auth)
    way = replace(_way(host, tmp_path, auth, scheme), password=lambda: "wr0ng-pass")
    host.clock.set(NOW - timedelta(minutes=7))
    with pytest.raises(HostFault) as caught:
        _session(way).open()
    sentence = caught.value.sentence

    assert (caught.value.kind, caught.value.code) == (FaultKind.SIGN_IN, "http-401")
    assert "Negotiate" in sentence
    assert "-420 s, which Kerberos does not bear" in sentence
    assert "wr0ng-pass" not in sentence
    assert host.request_counts()["actions"] == {}


def test_a_certificate_of_nobody_is_refused(host: ExchangeHost, tmp_path: Path) -> None:
    """It proves a name; the host knows no such account."""
    way = _way(host, tmp_path, "certificate", "https")
    cert, key = host.issue_client_certificate("stranger")
    Path(way.cert_pem).write_text(cert, encoding="ascii")
    Path(way.key_pem).write_text(key, encoding="ascii")
    with pytest.raises(HostFault) as caught:
        _session(way).open()

    assert (caught.value.kind, caught.value.code) == (FaultKind.SIGN_IN, "http-401")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda way: Path(way.key_pem).chmod(0o640), "client.key is open to others"),
        (lambda way: Path(way.key_pem).unlink(), "client.key cannot be read"),
        (lambda way: Path(way.cert_pem).write_text("x"), "do not fit"),
    ],
)
def test_a_key_file_that_is_not_well_kept_is_refused(
    host: ExchangeHost, tmp_path: Path, spoil: object, words: str
) -> None:
    """Nothing is sent, and the sentence names the file."""
    way = _way(host, tmp_path, "certificate", "https")
    spoil(way)  # type: ignore[operator] # a table of functions
    with pytest.raises(HostFault) as caught:
        _session(way).open()

    assert (caught.value.kind, caught.value.code) == (FaultKind.SIGN_IN, "client-key-file")
    assert words in caught.value.sentence
    assert host.request_counts()["http"] == 0
