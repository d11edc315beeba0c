"""WS-Management's actions on shells: an envelope in, status and envelope out. No HTTP, no log-on here."""

import base64
import binascii
import threading
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from xml.sax.saxutils import escape

from sandbox.exchange.trouble import Levers, TroublePlan
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
    QUOTA_CODES,
    RPC_FAILED,
    TIMED_OUT,
    TOO_LARGE,
    WsmanFault,
    failure,
)
from sandbox.exchange.wsman.mishap import Mishap, spoil_before
from sandbox.exchange.wsman.shells import Output, Process, Received, Shell, ShellDied, Shells

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
    """What goes back over HTTP; a `mishap` spoils it on its way, although the work was done."""

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
        levers: Levers,
    ) -> None:
        self.shells = shells
        self._machine = machine
        self._spawn = spawn
        self._plan = plan
        self._levers = levers
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
            after = self._spoil(request)
            body = self._dispatch(stray(request, after), principal)
            return Answer(status=200, body=body, mishap=after)
        except WsmanFault as raised:
            return self._fault(request, raised)

    def counts(self) -> dict[str, int]:
        """How many requests of each action have been read."""
        with self._lock:
            return dict(self._actions)

    def _spoil(self, request: WsmanRequest) -> Mishap | None:
        shell = self.shells.peek(request.shell_id)
        if shell is not None and request.verb == "Send":
            shell.asked = _carried(request)
        trouble = self._plan.take_action(
            request.verb, shell="cmd", carries=shell.asked if shell else b""
        )
        return spoil_before(
            trouble,
            self._levers,
            kill_shell=lambda: self._kill(shell),
            machine=self._machine,
        )

    def _kill(self, shell: Shell | None) -> None:
        if shell is not None:
            self.shells.delete(shell)

    def _fault(self, request: WsmanRequest, raised: WsmanFault) -> Answer:
        quotas, code = self.shells.quotas, raised.fault.code
        form = quotas.operations_form if code == MAX_OPERATIONS else quotas.quota_form
        body = render_fault(
            request.message_id,
            raised.fault,
            machine=self._machine,
            as_wmi=raised.as_wmi or (form == "wmi" and code in QUOTA_CODES),
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
        wanted = _attribute(request.body.find(f"{{{SHELL}}}Shell"), "ShellId")
        shell = self.shells.create(principal.name, parse_duration(idle), wanted)
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
        if room <= 0:
            raise failure(TOO_LARGE)
        try:
            received = command.output.take(
                timeout_s=min(request.timeout_s, quotas.max_timeout_s), limit=room * 3 // 4
            )
        except ShellDied:
            self.shells.delete(shell)
            raise failure(RPC_FAILED) from None
        if received is None:
            raise failure(TIMED_OUT)
        if received.ends_sessions:
            self._levers.drop_sessions()
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
            "<cfg:Service><cfg:MaxConcurrentOperationsPerUser>"
            f"{quotas.max_operations}</cfg:MaxConcurrentOperationsPerUser></cfg:Service>"
            f"<cfg:Winrs><cfg:MaxShellsPerUser>{quotas.max_shells}</cfg:MaxShellsPerUser>"
            f"<cfg:MaxConcurrentUsers>{quotas.max_users}</cfg:MaxConcurrentUsers>"
            f"<cfg:MaxProcessesPerShell>{quotas.max_processes}</cfg:MaxProcessesPerShell>"
            f"<cfg:MaxMemoryPerShellMB>{quotas.max_memory_mb}</cfg:MaxMemoryPerShellMB>"
            f"<cfg:IdleTimeout>{int(quotas.idle_s * 1000)}</cfg:IdleTimeout>"
            f"<cfg:MaxShellRunTime>{int(quotas.max_run_s * 1000)}</cfg:MaxShellRunTime>"
            "</cfg:Winrs></cfg:Config>"
        )
        return render_response(request, TRANSFER + "/GetResponse", body)


def stray(request: WsmanRequest, after: Mishap | None) -> WsmanRequest:
    """The request as its answer shall relate to it: another one, where trouble wants that."""
    if after is None or after.way != "wrong_relates_to":
        return request
    return replace(request, message_id="uuid:00000000-0000-0000-0000-000000000000")


def _carried(request: WsmanRequest) -> bytes:
    """What a Send carries, decoded twice where it can be: the runner's lines are base64 themselves."""
    text = b""
    for stream in request.body.iter(f"{{{SHELL}}}Stream"):
        try:
            data = base64.b64decode("".join((stream.text or "").split()))
            text += data + b"".join(base64.b64decode(line) for line in data.split())
        except binascii.Error:
            continue
    return text.lower()


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
