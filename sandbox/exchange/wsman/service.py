"""WS-Management's actions on shells: an envelope in, status and envelope out. No HTTP, no log-on here."""

import base64
import binascii
import threading
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from sandbox.exchange.trouble import TroublePlan
from sandbox.exchange.wsman.envelope import (
    CMD_SHELL_URI,
    CONFIG_URI,
    SHELL,
    TRANSFER,
    NotAnEnvelope,
    WsmanRequest,
    parse_duration,
    parse_request,
    render_fault,
    render_response,
)
from sandbox.exchange.wsman.faults import (
    ACCESS_DENIED,
    INVALID_HEADER,
    INVALID_PARAMETER,
    INVALID_RESOURCE,
    MAX_OPERATIONS,
    TIMED_OUT,
    WsmanFault,
    failure,
)
from sandbox.exchange.wsman.mishap import Mishap, spoil_before
from sandbox.exchange.wsman.shells import Output, Process, Received, Shells

_STATES: Final = SHELL + "/CommandState/"
_SPARE: Final = 8192  # of an envelope, for everything that is not output


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who logged on, and whether the host takes them for an administrator."""

    name: str
    is_admin: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """A command to start: its line as cmd.exe would see it, and the options that change its meaning."""

    text: str
    console_stdin: bool
    principal: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back over HTTP; `lost` means that nothing goes back although the work was done."""

    status: int
    body: bytes
    mishap: Mishap | None = None


Spawn = Callable[[CommandLine, Output], Process]


class WsmanService:
    """One host's WS-Management service."""

    def __init__(
        self,
        *,
        machine: str,
        shells: Shells,
        spawn: Spawn,
        plan: TroublePlan,
        reboot: Callable[[float], None],
    ) -> None:
        self.shells = shells
        self._machine = machine
        self._spawn = spawn
        self._plan = plan
        self._reboot = reboot
        self._actions: Counter[str] = Counter()
        self._lock = threading.Lock()

    def handle(self, data: bytes, principal: Principal) -> Answer:
        """
        Answer one envelope.

        Raises:
            Mishap: the fault plan wants something that is not an answer.
            ConnectionLost: the host went down while this request waited.
        """
        try:
            request = parse_request(data)
        except NotAnEnvelope:
            return Answer(status=400, body=b"")
        with self._lock:
            self._actions[request.verb] += 1
        try:
            after = spoil_before(self._plan.take_action(request.verb), self._reboot)
            return Answer(status=200, body=self._dispatch(request, principal), mishap=after)
        except WsmanFault as raised:
            return self._fault(request, raised)

    def counts(self) -> dict[str, int]:
        """How many requests of each action have been read."""
        with self._lock:
            return dict(self._actions)

    def _fault(self, request: WsmanRequest, raised: WsmanFault) -> Answer:
        is_operations = raised.fault.code == MAX_OPERATIONS
        body = render_fault(
            request.message_id, raised.fault, machine=self._machine, as_wmi=is_operations
        )
        return Answer(status=raised.fault.status, body=body)

    def _dispatch(self, request: WsmanRequest, principal: Principal) -> bytes:
        if not request.message_id or not request.action:
            raise failure(INVALID_HEADER)
        if request.verb == "Get" and request.resource_uri.startswith(CONFIG_URI):
            return self._config(request)
        if request.resource_uri != CMD_SHELL_URI:
            raise failure(INVALID_RESOURCE)
        verbs: dict[str, Callable[[WsmanRequest, Principal], bytes]] = {
            "Create": self._create,
            "Command": self._command,
            "Send": self._send,
            "Receive": self._receive,
            "Signal": self._signal,
            "Delete": self._delete,
            "Get": self._get,
        }
        verb = verbs.get(request.verb)
        if verb is None:
            raise failure(INVALID_PARAMETER)
        return verb(request, principal)

    def _create(self, request: WsmanRequest, principal: Principal) -> bytes:
        if not principal.is_admin:
            raise failure(ACCESS_DENIED)
        idle = request.body.findtext(f".//{{{SHELL}}}IdleTimeOut") or ""
        shell = self.shells.create(principal.name, parse_duration(idle))
        selector = f'<w:Selector Name="ShellId">{shell.id}</w:Selector>'
        body = (
            f"<x:ResourceCreated><a:Address>{escape('http://' + self._machine + ':5985/wsman')}</a:Address>"
            f"<a:ReferenceParameters><w:ResourceURI>{CMD_SHELL_URI}</w:ResourceURI>"
            f"<w:SelectorSet>{selector}</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
            f"<rsp:Shell><rsp:ShellId>{shell.id}</rsp:ShellId>"
            f"<rsp:Owner>{escape(principal.name)}</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>"
            f"<rsp:IdleTimeOut>PT{shell.idle_s:.3f}S</rsp:IdleTimeOut></rsp:Shell>"
        )
        return render_response(request, TRANSFER + "/CreateResponse", body)

    def _command(self, request: WsmanRequest, principal: Principal) -> bytes:
        shell = self.shells.find(request.shell_id, principal.name)
        line = request.body.find(f"{{{SHELL}}}CommandLine")
        if line is None:
            raise failure(INVALID_PARAMETER)
        parts = [
            element.text or "" for element in line if element.tag.endswith(("Command", "Arguments"))
        ]
        wanted = CommandLine(
            text=" ".join(parts).strip(),
            console_stdin=request.options.get("WINRS_CONSOLEMODE_STDIN", "TRUE").upper() != "FALSE",
            principal=principal,
        )
        command = self.shells.start(
            shell, line.get("CommandId", ""), lambda output: self._spawn(wanted, output)
        )
        body = f"<rsp:CommandResponse><rsp:CommandId>{command.id}</rsp:CommandId></rsp:CommandResponse>"
        return render_response(request, SHELL + "/CommandResponse", body)

    def _send(self, request: WsmanRequest, principal: Principal) -> bytes:
        shell = self.shells.find(request.shell_id, principal.name)
        for stream in request.body.iter(f"{{{SHELL}}}Stream"):
            command = self.shells.command(shell, stream.get("CommandId", ""))
            try:
                data = base64.b64decode("".join((stream.text or "").split()), validate=True)
            except binascii.Error as bad:
                raise failure(INVALID_PARAMETER) from bad
            command.process.feed(data)
            if stream.get("End", "").lower() == "true":
                command.process.end_input()
        return render_response(request, SHELL + "/SendResponse", "<rsp:SendResponse/>")

    def _receive(self, request: WsmanRequest, principal: Principal) -> bytes:
        shell = self.shells.find(request.shell_id, principal.name)
        wanted = request.body.find(f".//{{{SHELL}}}DesiredStream")
        command = self.shells.command(shell, _attribute(wanted, "CommandId"))
        quotas = self.shells.quotas
        room = min(request.max_envelope, quotas.max_envelope_kb * 1024) - _SPARE
        received = command.output.take(
            timeout_s=min(request.timeout_s, quotas.max_timeout_s), limit=room * 3 // 4
        )
        if received is None:
            raise failure(TIMED_OUT)
        return render_response(request, SHELL + "/ReceiveResponse", _streams(command.id, received))

    def _signal(self, request: WsmanRequest, principal: Principal) -> bytes:
        shell = self.shells.find(request.shell_id, principal.name)
        signal = request.body.find(f".//{{{SHELL}}}Signal")
        command = self.shells.command(shell, _attribute(signal, "CommandId"))
        self.shells.end_command(shell, command)
        return render_response(request, SHELL + "/SignalResponse", "<rsp:SignalResponse/>")

    def _delete(self, request: WsmanRequest, principal: Principal) -> bytes:
        self.shells.delete(self.shells.find(request.shell_id, principal.name))
        return render_response(request, TRANSFER + "/DeleteResponse", "")

    def _get(self, request: WsmanRequest, principal: Principal) -> bytes:
        shell = self.shells.find(request.shell_id, principal.name)
        body = (
            f"<rsp:Shell><rsp:ShellId>{shell.id}</rsp:ShellId><rsp:State>Connected</rsp:State>"
            f"<rsp:Owner>{escape(shell.owner)}</rsp:Owner></rsp:Shell>"
        )
        return render_response(request, TRANSFER + "/GetResponse", body)

    def _config(self, request: WsmanRequest) -> bytes:
        quotas = self.shells.quotas
        body = (
            f"<cfg:Config><cfg:MaxEnvelopeSizekb>{quotas.max_envelope_kb}</cfg:MaxEnvelopeSizekb>"
            f"<cfg:MaxTimeoutms>{int(quotas.max_timeout_s * 1000)}</cfg:MaxTimeoutms>"
            f"<cfg:Winrs><cfg:MaxShellsPerUser>{quotas.max_shells}</cfg:MaxShellsPerUser>"
            "</cfg:Winrs></cfg:Config>"
        )
        return render_response(request, TRANSFER + "/GetResponse", body)


def _attribute(element: ET.Element | None, name: str) -> str:
    return "" if element is None else element.get(name, "")


def _streams(command_id: str, received: Received) -> str:
    streams = "".join(
        f'<rsp:Stream Name="{stream}" CommandId="{command_id}">{base64.b64encode(data).decode()}</rsp:Stream>'
        for stream, data in received.chunks
    )
    if received.exit_code is None:
        state = f'<rsp:CommandState CommandId="{command_id}" State="{_STATES}Running"/>'
    else:
        streams += "".join(
            f'<rsp:Stream Name="{name}" CommandId="{command_id}" End="true"/>'
            for name in ("stdout", "stderr")
        )
        state = (
            f'<rsp:CommandState CommandId="{command_id}" State="{_STATES}Done">'
            f"<rsp:ExitCode>{received.exit_code}</rsp:ExitCode></rsp:CommandState>"
        )
    return f"<rsp:ReceiveResponse>{streams}{state}</rsp:ReceiveResponse>"
