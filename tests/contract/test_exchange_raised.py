"""
Whatever a library raises leaves as the one error: kind, executed, code, host (winrm.md 3, "What is raised when").

Each row is played by a listener that does the thing, spoken to by the real client; both doors.
"""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest
import trustme

from bot.domain.faults import FaultKind, HostFault
from bot.exchange.access import HostAccess
from bot.exchange.psrp import ExchangeEndpoint
from bot.exchange.session import Deadlines, RunnerSession
from bot.exchange.winrm import WinRMWire
from tests.unit.exchange.samples import EX01, SetClock

_SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"


def _fault(detail: str) -> bytes:
    body = (
        f'<s:Envelope xmlns:s="{_SOAP}"><s:Header/><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value>'
        "<s:Subcode><s:Value>w:InternalError</s:Value></s:Subcode></s:Code>"
        f"<s:Reason><s:Text>Nicht jetzt.</s:Text></s:Reason><s:Detail>{detail}</s:Detail></s:Fault>"
        "</s:Body></s:Envelope>"
    )
    return _http(500, body.encode(), "application/soap+xml;charset=UTF-8")


def _wsman(code: int) -> bytes:
    return _fault(
        f'<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{code}" Machine="EX01">'
        "<f:Message>x</f:Message></f:WSManFault>"
    )


def _wmi(code: int) -> bytes:
    return _fault(
        '<p:MSFT_WmiError xmlns:p="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError">'
        f"<p:error_Code>{code}</p:error_Code></p:MSFT_WmiError>"
    )


def _http(
    status: int, body: bytes = b"", kind: str = "text/html", *, claim: int | None = None
) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {claim or len(body)}\r\n\r\n"
    return head.encode() + body


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the listener does, and what must be told."""

    answer: bytes | None
    kind: FaultKind
    code: str
    reset: bool = False


_ROWS: Final = {
    "401": Row(answer=_http(401), kind=FaultKind.SIGN_IN, code="http-401"),
    "fault of WS-Management": Row(answer=_wsman(1726), kind=FaultKind.UNREACHABLE, code="1726"),
    "fault nobody knows": Row(answer=_wsman(4711), kind=FaultKind.PROTOCOL, code="4711"),
    "operation timed out": Row(
        answer=_wsman(2150858793), kind=FaultKind.TIMEOUT, code="2150858793"
    ),
    "400": Row(answer=_http(400), kind=FaultKind.UNREACHABLE, code="http-400"),
    "403": Row(answer=_http(403), kind=FaultKind.ACCESS_DENIED, code="http-403"),
    "404": Row(answer=_http(404, b"<html/>"), kind=FaultKind.UNSUPPORTED, code="http-404"),
    "413": Row(answer=_http(413), kind=FaultKind.PROTOCOL, code="http-413"),
    "500 empty": Row(answer=_http(500), kind=FaultKind.PROTOCOL, code="http-500"),
    "503 page": Row(answer=_http(503, b"<html>busy"), kind=FaultKind.BUSY, code="http-503"),
    "200 page": Row(
        answer=_http(200, b"<html>log in<br>"), kind=FaultKind.PROTOCOL, code="not-soap"
    ),
    "200 page that is XML": Row(
        answer=_http(200, b"<html>log in</html>"), kind=FaultKind.PROTOCOL, code="not-soap"
    ),
    "200 empty": Row(answer=_http(200), kind=FaultKind.PROTOCOL, code="not-soap"),
    "reset": Row(answer=None, reset=True, kind=FaultKind.UNREACHABLE, code="broken-connection"),
    "end without answer": Row(answer=None, kind=FaultKind.UNREACHABLE, code="broken-connection"),
    "truncated": Row(
        answer=_http(200, b"<s:Env", claim=500),
        kind=FaultKind.UNREACHABLE,
        code="broken-connection",
    ),
}


@contextlib.contextmanager
def _listener(row: Row, context: ssl.SSLContext) -> Iterator[int]:
    """Listen on loopback over TLS, do what the row says to each request."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with contextlib.suppress(OSError):
                    plain, _ = server.accept()
                    with context.wrap_socket(plain, server_side=True) as guest:
                        guest.settimeout(60)
                        _take_request(guest)
                        if row.answer is not None:
                            guest.sendall(row.answer)
                        if row.reset:
                            guest.setsockopt(
                                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                            )

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            over.set()
            with contextlib.suppress(OSError), socket.create_connection(server.getsockname(), 1):
                pass
            thread.join(60)


def _take_request(guest: ssl.SSLSocket) -> None:
    data = b""
    while b"\r\n\r\n" not in data and (more := guest.recv(65536)):
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    ]
    while lengths and len(body) < lengths[0] and (more := guest.recv(65536)):
        body += more


@pytest.fixture
def way(tmp_path: Path) -> HostAccess:
    """How the listener is reached: Basic over TLS, so that nothing is sealed and each row is the first answer."""
    return HostAccess(
        name=EX01,
        version="2019",
        winrm_url="https://127.0.0.1:1/wsman",
        auth="basic",
        user="svc",
        password=lambda: "s3cr3t",
        psrp_url="https://127.0.0.1:1/PowerShell",
        door="psrp",
        ca_pem=str(tmp_path / "ca.pem"),
    )


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A throw-away authority."""
    return trustme.CA()


def _context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def _open(way: HostAccess, door: str, port: int) -> None:
    """Try to open a conversation; every wait is skipped."""
    if door == "winrm":
        there = replace(way, winrm_url=f"https://127.0.0.1:{port}/wsman")
        wire = WinRMWire(there, now=SetClock().now, pause=lambda _: None)
        RunnerSession(EX01, wire, deadlines=Deadlines(), monotonic=time.monotonic).open()
    else:
        there = replace(way, psrp_url=f"https://127.0.0.1:{port}/PowerShell")
        ExchangeEndpoint(
            there,
            now=SetClock().now,
            deadlines=Deadlines(),
            monotonic=time.monotonic,
            pause=lambda _: None,
        ).open()


@pytest.mark.parametrize("door", ["winrm", "psrp"])
@pytest.mark.parametrize("row", _ROWS.values(), ids=_ROWS)
def test_each_row_becomes_the_one_error(
    way: HostAccess, authority: trustme.CA, row: Row, door: str
) -> None:
    """Kind, code and host are there, nothing was changed, and no secret is told."""
    authority.cert_pem.write_to_path(way.ca_pem or "")
    with _listener(row, _context(authority)) as port, pytest.raises(HostFault) as caught:
        _open(way, door, port)

    told = caught.value
    assert (told.kind, told.code, told.executed, told.host) == (row.kind, row.code, "no", EX01)
    assert "s3cr3t" not in told.sentence


@pytest.mark.parametrize("door", ["winrm", "psrp"])
def test_a_quota_told_by_wmi_is_read(way: HostAccess, authority: trustme.CA, door: str) -> None:
    """Quotas come as MSFT_WmiError as well; the second door's library shows no code then."""
    authority.cert_pem.write_to_path(way.ca_pem or "")
    row = Row(answer=_wmi(2150859174), kind=FaultKind.BUSY, code="2150859174")
    with _listener(row, _context(authority)) as port, pytest.raises(HostFault) as caught:
        _open(way, door, port)

    assert caught.value.kind is FaultKind.BUSY
    assert caught.value.retry_after_s is not None


@pytest.mark.parametrize("door", ["winrm", "psrp"])
def test_a_bad_certificate_is_no_broken_connection(
    way: HostAccess, authority: trustme.CA, door: str
) -> None:
    """Nothing is sent to a listener whose certificate is not trusted, and there is no way to switch that off."""
    trustme.CA().cert_pem.write_to_path(way.ca_pem or "")
    with (
        _listener(_ROWS["401"], _context(authority)) as port,
        pytest.raises(HostFault) as caught,
    ):
        _open(way, door, port)

    assert (caught.value.kind, caught.value.code) == (FaultKind.PROTOCOL, "tls")
    assert not [
        name for name in HostAccess.__dataclass_fields__ if "insecure" in name or "verify" in name
    ]


@pytest.mark.parametrize("door", ["winrm", "psrp"])
def test_nobody_there_and_no_such_name_are_unreachable(way: HostAccess, door: str) -> None:
    """Refused and unknown: nothing was sent."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(HostFault) as caught:
            _open(way, door, taken.getsockname()[1])

    assert (caught.value.kind, caught.value.executed) == (FaultKind.UNREACHABLE, "no")
