"""
One WinRS shell with one PowerShell in it, over pywinrm.

The only file that names winrm or requests. It knows bytes and lines, not what they mean; every
failure leaves it as `WireTrouble`. A shell belongs to the thread that opened it.
"""

import codecs
import contextlib
import socket
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

import certifi
import requests
from winrm.exceptions import (
    AuthenticationError,
    WinRMError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
    WSManFaultError,
)
from winrm.protocol import Protocol as WsmanProtocol
from winrm.transport import Transport

from bot.exchange.access import HostAccess
from bot.exchange.dialling import PREFLIGHT_S, accident, check_port, open_password
from bot.exchange.faults import (
    HTTP_RULES,
    UNKNOWN_HTTP,
    UNKNOWN_WSMAN,
    WSMAN_RULES,
    Accident,
    Moment,
    WireTrouble,
    heeding,
)

CHUNK_BYTES: Final = 100_000
"""What one Send may carry: below both envelope limits (winrm.md 3); pywinrm does not split."""

_OPERATION_TIMEOUT_S: Final = 20
_READ_TIMEOUT_S: Final = 30
_IDLE: Final = "PT900S"
_UTF8_CODE_PAGE: Final = 65001


class WinRMWire:
    """A `Wire` over WS-Management."""

    def __init__(self, access: HostAccess, *, now: Callable[[], datetime]) -> None:
        self._access = access
        self._now = now
        self._protocol: WsmanProtocol | None = None
        self._shell = ""
        self._command = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self.stderr = ""

    def open(self, command: str) -> None:
        """Sign in, open a shell, start the command."""
        check_port(self._access.address)
        password = open_password(self._access)
        with self._told(Moment.OPEN):
            self._protocol = _protocol_for(self._access, password)
            self._shell = self._protocol.open_shell(
                codepage=_UTF8_CODE_PAGE, noprofile=True, idle_timeout=_IDLE
            )
        with self._told(Moment.START):
            self._command = self._protocol.run_command(
                self._shell, command, (), console_mode_stdin=False, skip_cmd_shell=False
            )

    def send(self, data: bytes) -> None:
        """Write to stdin, split so that each message fits the host's envelope."""
        with self._told(Moment.SEND):
            for start in range(0, len(data), CHUNK_BYTES):
                chunk = data[start : start + CHUNK_BYTES]
                self._open_protocol().send_command_input(self._shell, self._command, chunk)

    def receive(self) -> tuple[tuple[str, ...], bool]:
        """Wait for output, at most the time one operation has; nothing yet is an empty answer."""
        with self._told(Moment.RECEIVE):
            try:
                out, err, _, ended = self._open_protocol().get_command_output_raw(
                    self._shell, self._command
                )
            except WinRMOperationTimeoutError:
                return (), False
        self.stderr = (self.stderr + err.decode("utf-8", "replace"))[:2000]
        return self._lines(out, ended=ended), ended

    def close(self) -> None:
        """Delete the shell, which ends its command too, and drop the connection."""
        protocol, self._protocol = self._protocol, None
        if protocol is None:
            return
        try:
            if self._shell:
                self._delete_shell(protocol)
        finally:
            protocol.transport.close_session()

    def _delete_shell(self, protocol: WsmanProtocol) -> None:
        """
        Give the shell back, at most in two tries: a broken sealed connection cannot be taken up again.

        A host that still does not take it ends the shell after its idle time.
        """
        for _ in range(2):
            try:
                protocol.close_shell(self._shell, close_session=True)
            except (AuthenticationError, requests.Timeout):
                return
            except (*_LIBRARY_FAULTS, AssertionError):
                continue
            return

    def _open_protocol(self) -> WsmanProtocol:
        if self._protocol is None:
            raise accident(Accident.ENDED, Moment.SEND)
        return self._protocol

    def _lines(self, out: bytes, *, ended: bool) -> tuple[str, ...]:
        text = self._rest + self._decoder.decode(out, final=ended)
        *lines, self._rest = text.split("\n")
        return tuple(line.rstrip("\r") for line in lines)

    @contextlib.contextmanager
    def _told(self, moment: Moment) -> Iterator[None]:
        try:
            yield
        except _LIBRARY_FAULTS as fault:
            trouble = _trouble(fault, moment)
            if trouble.code == "http-401":
                trouble.note = _sign_in_note(self._access, self._now())
            raise trouble from fault


_LIBRARY_FAULTS: Final = (
    WinRMError,
    WinRMTransportError,
    WinRMOperationTimeoutError,
    requests.RequestException,
    ET.ParseError,
    OSError,
    # pywinrm reads answers with next(...) and text of missing nodes: a foreign page ends in these.
    StopIteration,
    RuntimeError,
    AttributeError,
    TypeError,
    ValueError,
)


class _StraightTransport(Transport):
    """pywinrm's transport, but it goes nowhere else: a redirect is an error (winrm.md 3)."""

    def build_session(self) -> requests.Session:
        """Give the session, which is the library's but for redirects."""
        session = super().build_session()
        session.max_redirects = 0
        return session

    def setup_encryption(self, session: requests.Session) -> None:
        """Forbid redirects before the very first message, which signs in."""
        session.max_redirects = 0
        super().setup_encryption(session)


def _protocol_for(access: HostAccess, password: str) -> WsmanProtocol:
    protocol = WsmanProtocol(
        endpoint=access.winrm_url,
        transport=access.auth,
        username=access.user,
        password=password,
        read_timeout_sec=_READ_TIMEOUT_S,
        operation_timeout_sec=_OPERATION_TIMEOUT_S,
        proxy=None,
    )
    protocol.transport = _StraightTransport(
        endpoint=access.winrm_url,
        auth_method=access.auth,
        username=access.user,
        password=password,
        service="HTTP",
        ca_trust_path=access.ca_pem or certifi.where(),
        server_cert_validation="ignore" if access.allow_insecure else "validate",
        read_timeout_sec=_READ_TIMEOUT_S,
        kerberos_delegation=access.auth == "kerberos",
        message_encryption="auto",
        proxy=None,
    )
    return protocol


def _trouble(fault: Exception, moment: Moment) -> WireTrouble:
    match fault:
        case AuthenticationError():
            return WireTrouble(HTTP_RULES[401], moment, code="http-401")
        case WSManFaultError():
            return _wsman_trouble(fault, moment)
        case WinRMOperationTimeoutError():
            return WireTrouble(WSMAN_RULES[2150858793], moment, code="2150858793")
        case WinRMTransportError():
            rule = HTTP_RULES.get(fault.code, UNKNOWN_HTTP)
            return WireTrouble(rule, moment, code=f"http-{fault.code}")
        case _:
            return accident(_accident_of(fault), moment)


def _wsman_trouble(fault: WSManFaultError, moment: Moment) -> WireTrouble:
    code = fault.wsman_fault_code if fault.wsman_fault_code is not None else fault.wmierror_code
    rule = WSMAN_RULES.get(code, UNKNOWN_WSMAN) if code is not None else UNKNOWN_WSMAN
    note = "" if rule is not UNKNOWN_WSMAN else f"It said {str(fault.reason)[:200]!r}."
    raw = str(code or fault.fault_subcode or "")
    return WireTrouble(heeding(rule, code, str(fault.reason)), moment, code=raw, note=note)


def _accident_of(fault: Exception) -> Accident:
    if _is_unsent(fault):
        return Accident.NO_ROUTE
    match fault:
        case requests.exceptions.SSLError():
            return Accident.TLS
        case requests.TooManyRedirects():
            return Accident.REDIRECT
        case requests.ReadTimeout():
            return Accident.READ_TIMEOUT
        case requests.RequestException() if "Kerberos" in type(fault).__name__:
            return Accident.TICKET
        case requests.RequestException() | OSError():
            return Accident.BROKEN
        case WinRMError():
            # What pywinrm says when a sealed answer cannot be opened.
            return Accident.BROKEN
        case _:
            return Accident.NOT_SOAP


def _is_unsent(fault: Exception) -> bool:
    """Say whether no connection was made, so that certainly nothing was sent."""
    if isinstance(fault, requests.ConnectTimeout | socket.gaierror | ConnectionRefusedError):
        return True
    reason = getattr(fault.args[0], "reason", None) if fault.args else None
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}


def _sign_in_note(access: HostAccess, now: datetime) -> str:
    """Ask once without credentials: the answer's date and offers tell the causes of a 401 apart."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(
                access.winrm_url,
                timeout=PREFLIGHT_S,
                allow_redirects=False,
                verify=False if access.allow_insecure else (access.ca_pem or True),
            )
            offers = answer.headers.get("WWW-Authenticate", "")
            date = answer.headers.get("Date", "")
    except (requests.RequestException, OSError):
        return ""
    words = sorted({offer.split()[0] for offer in offers.split(",") if offer.split()})
    return f"The host offers {', '.join(words)[:80] or 'no way to sign in'}.{_skew_note(date, now)}"


def _skew_note(date: str, now: datetime) -> str:
    try:
        skew = (parsedate_to_datetime(date) - now).total_seconds()
    except (TypeError, ValueError):
        return ""
    return f" Its clock differs from ours by {skew:+.0f} s (Kerberos bears 300)."
