"""The HTTP and HTTPS doors of WS-Management: one handler object a connection, since log-on belongs to the connection."""

import ssl
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Protocol

from sandbox.exchange.net.doorman import Guest, Serve
from sandbox.exchange.wsman.accounts import Accounts
from sandbox.exchange.wsman.logon import Logon, Ways
from sandbox.exchange.wsman.mishap import Mishap
from sandbox.exchange.wsman.sealing import CannotUnseal, is_sealed, seal, unseal
from sandbox.exchange.wsman.service import Answer, Principal
from sandbox.exchange.wsman.shells import ConnectionLost

_DRIPS = 8
_SOAP_TYPE = "application/soap+xml;charset=UTF-8"
_NOT_FOUND = b"<html><head><title>404 - Not Found</title></head><body>404</body></html>"


class Service(Protocol):
    """What answers the envelopes behind a door."""

    def handle(self, data: bytes, principal: Principal) -> Answer:
        """Answer one envelope; raises Mishap and ConnectionLost."""


@dataclass(slots=True, kw_only=True)
class WsmanDoor:
    """
    What every connection to one path of one host shares; the path is lower case, `latency_s` stands for a network.

    `kerberos_only` and `binding` are those of `Ways`; a binding is asked for inside TLS alone.
    """

    service: Service
    accounts: Accounts
    max_body: Callable[[], int]
    now: Callable[[], datetime]
    path: str = "/wsman"
    latency_s: float = 0.0
    kerberos_only: bool = False
    binding: bytes = b""
    requests: Counter[str] = field(default_factory=Counter)

    def over_http(self) -> Serve:
        """Plain HTTP: log-on by NTLM, and every message must be sealed."""
        return lambda guest: self._serve(guest, is_tls=False)

    def over_https(self, context: ssl.SSLContext) -> Serve:
        """HTTPS: Basic as well, and messages are plain inside TLS."""

        def serve(guest: Guest) -> None:
            guest.start_tls(context)
            self._serve(guest, is_tls=True)

        return serve

    def _serve(self, guest: Guest, *, is_tls: bool) -> None:
        door = self

        class Connection(_Connection):
            def setup(self) -> None:
                self.begin(door, guest, is_tls=is_tls)
                super().setup()

        # The handler wants a server object and never uses it but to hand it on.
        Connection(guest.socket, ("127.0.0.1", 0), None)  # type: ignore[arg-type] # see above


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""

    def begin(self, door: WsmanDoor, guest: Guest, *, is_tls: bool) -> None:
        self._door = door
        self._guest = guest
        self._is_tls = is_tls
        shown = guest.peer_name() if is_tls else ""
        ways = Ways(
            basic=is_tls,
            kerberos_only=door.kerberos_only,
            binding=door.binding if is_tls else b"",
        )
        self._logon = Logon(door.accounts, ways, shown=shown)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Nothing: requests are counted, not printed."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The host's own time, which may be wrong: clients learn the skew by it."""
        return format_datetime(self._door.now(), usegmt=True)

    def do_POST(self) -> None:
        self._door.requests["http"] += 1
        if self._door.latency_s > 0:
            threading.Event().wait(self._door.latency_s)
        body = self._read_body()
        if body is None:
            self._answer(413, b"")
        elif self.path.partition("?")[0].rstrip("/").lower() != self._door.path:
            self._answer(404, _NOT_FOUND, content_type="text/html")
        else:
            self._admit(body)

    def _read_body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._read_chunks()
        size = int(self.headers.get("Content-Length") or 0)
        if size > self._door.max_body():
            self.close_connection = True
            return None
        return self.rfile.read(size)

    def _read_chunks(self) -> bytes | None:
        body = b""
        while size := int(self.rfile.readline(32).split(b";")[0] or b"0", 16):
            if len(body) + size > self._door.max_body():
                self.close_connection = True
                return None
            body += self.rfile.read(size)
            self.rfile.readline(8)
        self.rfile.readline(8)
        return body

    def _admit(self, body: bytes) -> None:
        """Log on if the request tries to, then serve it if somebody is logged on."""
        token = None
        header = self.headers.get("Authorization")
        if header is not None:
            token = self._logon.offer(header)
        principal = self._logon.principal
        if principal is None:
            self._door.requests["refused"] += 1
            self._unauthorized([token] if token else self._logon.challenges())
        elif not body:
            self._answer(200, b"", token=token)
        else:
            self._serve_message(body, principal, token)

    def _unauthorized(self, challenges: list[str]) -> None:
        self.send_response(401)
        for challenge in challenges:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _serve_message(self, body: bytes, principal: Principal, token: str | None) -> None:
        sealed = is_sealed(self.headers.get("Content-Type", ""))
        if not sealed and not self._is_tls:
            self._answer(500, b"")
            return
        try:
            message = self._unseal(body) if sealed else body
        except CannotUnseal:
            self._answer(400, b"")
            return
        try:
            answer = self._door.service.handle(message, principal)
        except Mishap as mishap:
            self._mishap(mishap)
        except ConnectionLost:
            self._mishap(Mishap())
        else:
            self._reply(answer, sealed=sealed, token=token)

    def _unseal(self, body: bytes) -> bytes:
        if self._logon.context is None:
            raise CannotUnseal("no context")
        return unseal(self._logon.context, body, is_credssp=self._logon.is_credssp)

    def _reply(self, answer: Answer, *, sealed: bool, token: str | None) -> None:
        body, content_type, mishap = answer.body, _SOAP_TYPE, answer.mishap
        if mishap is not None and mishap.way in {"rst", "fin", "half_close"}:
            self._mishap(mishap)
            return
        if sealed and body and self._logon.context is not None:
            body, content_type = seal(self._logon.context, body, is_credssp=self._logon.is_credssp)
        self._answer(answer.status, body, content_type=content_type, token=token, mishap=mishap)

    def _mishap(self, mishap: Mishap) -> None:
        if mishap.status == 401:
            # Without a mechanism to try again with: a client must take it as final.
            self._unauthorized([])
        elif mishap.status:
            page = f"<html><body>HTTP Error {mishap.status}</body></html>".encode()
            self._answer(mishap.status, page, content_type="text/html")
        else:
            if mishap.way == "rst":
                self._guest.reset_on_close()
            if mishap.way == "half_close":
                self._guest.close_half()
            self.close_connection = True

    def _answer(
        self,
        status: int,
        body: bytes,
        *,
        content_type: str = _SOAP_TYPE,
        token: str | None = None,
        mishap: Mishap | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if token:
            self.send_header("WWW-Authenticate", token)
        self.end_headers()
        if mishap is None or mishap.way == "wrong_relates_to":
            self.wfile.write(body)
        elif mishap.way == "truncate":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self._drip(body, mishap.pause_s)

    def _drip(self, body: bytes, pause_s: float) -> None:
        """Write the answer in pieces; each resets the time-out of a client that counts by the read."""
        size = max(1, len(body) // _DRIPS)
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            self.wfile.flush()
            threading.Event().wait(pause_s)
