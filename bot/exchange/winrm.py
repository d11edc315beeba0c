"""
One WinRS shell with one PowerShell in it, over pywinrm.

With `winrm_connection.py` and `winrm_reading.py` the only file that names winrm or requests. It knows bytes and lines, not what they mean;
every failure leaves it as `WireTrouble`. A shell belongs to the thread that opened it; only `cancel` comes from
another, over a connection of its own.
"""

import codecs
import contextlib
import threading
import time
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

import xmltodict
from winrm.exceptions import WinRMOperationTimeoutError
from winrm.protocol import Protocol as WsmanProtocol

from bot.exchange.access import HostAccess
from bot.exchange.allowance import Allowance, Gate
from bot.exchange.dialling import accident, check_port, open_password
from bot.exchange.faults import Accident, Moment, WireTrouble
from bot.exchange.knock import sign_in_note
from bot.exchange.quiet import CONNECTION_S, ENDS_S
from bot.exchange.refused import RefusedPasswords
from bot.exchange.retries import Message, Persistence, Remedy
from bot.exchange.tickets import Tickets
from bot.exchange.winrm_connection import protocol_for
from bot.exchange.winrm_reading import check_installed, told

CHUNK_BYTES: Final = 100_000
"""What one Send may carry: below both envelope limits (winrm.md 3); pywinrm does not split."""

_CANCEL_READ_S: Final = 10
_CANCEL_OPERATION_S: Final = 5
_UTF8_CODE_PAGE: Final = "65001"
_SHELL: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
_TRANSFER: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer"

Answer = TypeVar("Answer")


class WinRMWire:
    """
    A `Wire` over WS-Management.

    Args:
        now: aware UTC, for the note on the host's clock.
        refused: the passwords not to be tried; shared by every wire of the process.
        tickets: Kerberos' tickets; shared in the same way.
        monotonic: seconds that never step.
        pause: waits between tries.
    """

    def __init__(
        self,
        access: HostAccess,
        *,
        now: Callable[[], datetime],
        refused: RefusedPasswords | None = None,
        tickets: Tickets | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._access = access
        self._now = now
        self._refused = refused or RefusedPasswords(monotonic)
        self._tickets = tickets or Tickets(self._refused, monotonic)
        self._monotonic = monotonic
        self._pause = pause or threading.Event().wait
        self._protocol: WsmanProtocol | None = None
        self._gate = Gate()
        self._persistence = self._persistence_of(None)
        self._password = ""
        self._used_s = 0.0
        self._shell = ""
        self._command = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self.stderr = ""

    def open(self, command: str) -> None:
        """Sign in, open a shell, start the command; in another shell, once, when the first is no use."""
        check_port(self._access.address)
        password = open_password(self._access, self._refused, door=self._access.winrm_url)
        check_installed(self._access.auth)
        with told(Moment.OPEN):
            self._protocol = protocol_for(self._access, password, self._tickets, self._gate)
        self._persistence = self._persistence_of(self._protocol)
        self._used_s = self._monotonic()
        try:
            self._open_shell(command)
        except WireTrouble as trouble:
            if trouble.code == "http-401" and self._access.is_guess:
                self._refused.remember(self._access.winrm_url, self._access.user, password)
            raise
        self._refused.forget(self._access.winrm_url, self._access.user)

    def send(self, data: bytes, allowance: Allowance | None = None) -> None:
        """Write to stdin, split so that each message fits the host's envelope; none leaves behind its allowance."""
        with self._gate.narrowed(allowance):
            self._send(data)

    def receive(self) -> tuple[tuple[str, ...], bool]:
        """Wait for output, at most the time one operation has; nothing yet is an empty answer."""
        out, err, ended = self._say(Message.RECEIVE, Moment.RECEIVE, self._take)
        self.stderr = (self.stderr + err.decode("utf-8", "replace"))[:2000]
        return self._lines(out, ended=ended), ended

    def cancel(self) -> None:
        """
        End the command and the shell from another thread, over a connection of its own; never raises.

        Whoever waits for output gets an end at once (winrm.md 7.6). What the command did is not known afterwards.
        """
        shell, command = self._shell, self._command
        if not shell:
            return
        with contextlib.suppress(WireTrouble):
            password = open_password(self._access, self._refused, door=self._access.winrm_url)
            with told(Moment.OPEN):
                second = protocol_for(
                    self._access,
                    password,
                    self._tickets,
                    Gate(),
                    read_s=_CANCEL_READ_S,
                    operation_s=_CANCEL_OPERATION_S,
                )
            _end(second, self._persistence_of(second), shell, command)

    def close(self) -> None:
        """Delete the shell, which ends its command too, and drop the connection."""
        protocol, self._protocol = self._protocol, None
        shell, self._shell = self._shell, ""
        if protocol is None:
            return
        self._leave_idle_session(protocol)
        _end(protocol, self._persistence, shell, "")

    def _open_shell(self, command: str) -> None:
        for is_last in (False, True):
            message = Message.CREATE
            try:
                self._create()
                message = Message.COMMAND
                self._start(command)
            except WireTrouble as trouble:
                remedy = self._persistence.remedy(message, trouble)
                if remedy is not Remedy.NEW_SHELL or is_last:
                    raise
                self._give_back_shell()
            else:
                return

    def _create(self) -> None:
        # Our own id: when the answer is lost, the shell is not (it can be deleted by it).
        self._shell = str(uuid.uuid4()).upper()
        wanted = self._shell
        try:
            self._shell = self._say(
                Message.CREATE,
                Moment.OPEN,
                lambda wsman: _shell_id(wsman.send_message(_create_message(wsman, wanted))),
            )
        except WireTrouble as trouble:
            if trouble.rule.never_ran:
                # Nothing to give back, and no reason to sign in once more.
                self._shell = ""
            raise

    def _start(self, command: str) -> None:
        self._command = str(uuid.uuid4()).upper()
        wanted = self._command
        self._command = self._say(
            Message.COMMAND,
            Moment.START,
            lambda wsman: _command_id(
                wsman.send_message(_command_message(wsman, self._shell, wanted, command))
            ),
        )

    def _give_back_shell(self) -> None:
        with contextlib.suppress(WireTrouble):
            self._say(
                Message.DELETE,
                Moment.CLOSE,
                lambda wsman: wsman.close_shell(self._shell, close_session=False),
            )

    def _send(self, data: bytes) -> None:
        for start in range(0, len(data), CHUNK_BYTES):
            chunk = data[start : start + CHUNK_BYTES]
            self._say(
                Message.SEND,
                Moment.SEND,
                lambda wsman, chunk=chunk: wsman.send_command_input(  # type: ignore[misc] # a loop's own value
                    self._shell, self._command, chunk
                ),
            )

    def _take(self, wsman: WsmanProtocol) -> tuple[bytes, bytes, bool]:
        try:
            out, err, _, ended = wsman.get_command_output_raw(self._shell, self._command)
        except WinRMOperationTimeoutError:
            return b"", b"", False
        return out, err, ended

    def _say(
        self, message: Message, moment: Moment, send: Callable[[WsmanProtocol], Answer]
    ) -> Answer:
        wsman = self._protocol
        if wsman is None:
            raise accident(Accident.ENDED, Moment.SEND)

        def once() -> Answer:
            self._leave_idle_session(wsman)
            with told(moment):
                answer = send(wsman)
            self._used_s = self._monotonic()
            return answer

        try:
            return self._persistence.say(message, once)
        except WireTrouble as trouble:
            if trouble.code == "http-401":
                trouble.note = sign_in_note(
                    self._access.winrm_url, ca_pem=self._access.ca_pem, now=self._now()
                ) + self._tickets.clock_note(self._access)
            raise

    def _leave_idle_session(self, wsman: WsmanProtocol) -> None:
        if self._monotonic() - self._used_s > CONNECTION_S:
            wsman.transport.close_session()
            self._used_s = self._monotonic()

    def _persistence_of(self, wsman: WsmanProtocol | None) -> Persistence:
        return Persistence(
            sealed=self._access.is_sealed,
            fresh_session=lambda: wsman.transport.close_session() if wsman else None,
            pause=self._pause,
        )

    def _lines(self, out: bytes, *, ended: bool) -> tuple[str, ...]:
        text = self._rest + self._decoder.decode(out, final=ended)
        *lines, self._rest = text.split("\n")
        return tuple(line.rstrip("\r") for line in lines)


def _end(wsman: WsmanProtocol, persistence: Persistence, shell: str, command: str) -> None:
    """End a command and its shell, and drop the connection; never raises: an idle shell ends by itself."""

    def signal() -> None:
        with told(Moment.CLOSE):
            wsman.cleanup_command(shell, command)

    def delete() -> None:
        with told(Moment.CLOSE):
            wsman.close_shell(shell, close_session=False)

    try:
        if command:
            with contextlib.suppress(WireTrouble):
                persistence.say(Message.SIGNAL, signal)
        if shell:
            with contextlib.suppress(WireTrouble):
                persistence.say(Message.DELETE, delete)
    finally:
        wsman.transport.close_session()


def _create_message(wsman: WsmanProtocol, shell_id: str) -> str:
    return _envelope(
        wsman.build_wsman_header(f"{_TRANSFER}/Create", f"{_SHELL}/cmd"),
        {"WINRS_NOPROFILE": "TRUE", "WINRS_CODEPAGE": _UTF8_CODE_PAGE},
        {
            "rsp:Shell": {
                "@ShellId": shell_id,
                "rsp:InputStreams": "stdin",
                "rsp:OutputStreams": "stdout stderr",
                "rsp:IdleTimeOut": f"PT{ENDS_S}S",
            }
        },
    )


def _command_message(wsman: WsmanProtocol, shell_id: str, command_id: str, line: str) -> str:
    return _envelope(
        wsman.build_wsman_header(f"{_SHELL}/Command", f"{_SHELL}/cmd", shell_id=shell_id),
        {"WINRS_CONSOLEMODE_STDIN": "FALSE", "WINRS_SKIP_CMD_SHELL": "FALSE"},
        {"rsp:CommandLine": {"@CommandId": command_id, "rsp:Command": line}},
    )


def _envelope(head: dict[str, Any], options: dict[str, str], body: dict[str, Any]) -> str:
    head["env:Header"]["w:OptionSet"] = {
        "w:Option": [{"@Name": name, "#text": text} for name, text in options.items()]
    }
    text: str = xmltodict.unparse({"env:Envelope": {**head, "env:Body": body}})
    return text


def _shell_id(answer: bytes) -> str:
    """The id the host gave the shell: ours, or its own where it takes none from a client."""
    nodes = (node for node in ET.fromstring(answer).iter() if node.get("Name") == "ShellId")  # noqa: S314 - as the library reads it
    return next(nodes).text or ""


def _command_id(answer: bytes) -> str:
    """The id the host gave the command: ours, or its own."""
    nodes = (node for node in ET.fromstring(answer).iter() if node.tag == f"{{{_SHELL}}}CommandId")  # noqa: S314 - see above
    return next(nodes).text or ""
