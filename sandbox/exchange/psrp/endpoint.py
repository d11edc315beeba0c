"""WS-Management for runspace pools: an envelope in, status and envelope out. No HTTP, no log-on, no cmdlets here."""

import base64
import binascii
import threading
import uuid
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final
from xml.sax.saxutils import escape

from sandbox.exchange.psrp.pools import PIECE, Pipeline, Pool, Pools
from sandbox.exchange.trouble import Levers, TroublePlan
from sandbox.exchange.wsman.envelope import (
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
    INVALID_PARAMETER,
    INVALID_RESOURCE,
    QUOTA_CODES,
    RPC_FAILED,
    TIMED_OUT,
    Fault,
    WsmanFault,
    failure,
)
from sandbox.exchange.wsman.mishap import Mishap, spoil_before
from sandbox.exchange.wsman.service import Answer, Principal, stray
from sandbox.exchange.wsman.shells import ShellDied

RESOURCE: Final = "http://schemas.microsoft.com/powershell/Microsoft.Exchange"
_CREATION: Final = "{http://schemas.microsoft.com/powershell}creationXml"
_STATES: Final = SHELL + "/CommandState/"
_STOPS: Final = frozenset({"terminate", "crtl_c"})
"""How Windows spells its stop; the right spelling stops nothing there (reference 2)."""

_NO_ROLES: Final = 2150858819


class PsrpEndpoint:
    """The configuration Microsoft.Exchange of one host."""

    def __init__(
        self,
        *,
        machine: str,
        domain: str,
        pools: Pools,
        run: Callable[[Pipeline, Principal], None],
        cmdlets_of: Callable[[Principal], Iterable[str]],
        plan: TroublePlan,
        levers: Levers,
    ) -> None:
        self.pools = pools
        self._machine = machine
        self._domain = domain
        self._run = run
        self._cmdlets_of = cmdlets_of
        self._plan = plan
        self._levers = levers
        self._actions: Counter[str] = Counter()
        self._lock = threading.Lock()

    def handle(self, data: bytes, principal: Principal) -> Answer:
        """
        Answer one envelope.

        Raises:
            Mishap: the trouble plan wants something that is not an answer.
            ConnectionLost: the host went down while this request waited.
        """
        try:
            request = parse_request(data)
        except NotAnEnvelope:
            return Answer(status=400, body=b"")
        with self._lock:
            self._actions[request.verb] += 1
        try:
            self.pools.admit(principal)
            after = self._spoil(request)
            body = self._dispatch(stray(request, after), principal)
            return Answer(status=200, body=body, mishap=after)
        except WsmanFault as raised:
            is_quota = raised.fault.code in QUOTA_CODES
            as_wmi = raised.as_wmi or (is_quota and self.pools.quotas.quota_form == "wmi")
            body = render_fault(
                request.message_id, raised.fault, machine=self._machine, as_wmi=as_wmi
            )
            return Answer(status=raised.fault.status, body=body)

    def counts(self) -> dict[str, int]:
        """How many requests of each action have been read."""
        with self._lock:
            return dict(self._actions)

    def _spoil(self, request: WsmanRequest) -> Mishap | None:
        pool = self.pools.peek(request.shell_id)
        if pool is not None and request.verb == "Command":
            pool.asked = _carried(request)
        trouble = self._plan.take_action(
            request.verb, shell="psrp", carries=pool.asked if pool else b""
        )
        return spoil_before(
            trouble, self._levers, kill_shell=lambda: self._kill(pool), machine=self._machine
        )

    def _kill(self, pool: Pool | None) -> None:
        if pool is not None:
            self.pools.delete(pool)

    def _dispatch(self, request: WsmanRequest, principal: Principal) -> bytes:
        if request.resource_uri != RESOURCE:
            raise failure(INVALID_RESOURCE)
        if request.verb == "Create":
            return self._create(request, principal)
        pool = self.pools.find(request.shell_id, principal)
        verbs: dict[str, Callable[[WsmanRequest, Pool], bytes]] = {
            "Command": self._command,
            "Send": self._send,
            "Receive": self._receive,
            "Signal": self._signal,
            "Delete": self._delete,
        }
        verb = verbs.get(request.verb)
        if verb is None:
            raise failure(INVALID_PARAMETER)
        return verb(request, pool)

    def _create(self, request: WsmanRequest, principal: Principal) -> bytes:
        if not set(self._cmdlets_of(principal)):
            raise WsmanFault(self._no_roles(principal))
        shell = request.body.find(f"{{{SHELL}}}Shell")
        if shell is None:
            raise failure(INVALID_PARAMETER)
        pool = Pool(
            shell.get("ShellId", str(uuid.uuid4())).upper(),
            principal,
            self._run,
            idle_s=parse_duration(shell.findtext(f"{{{SHELL}}}IdleTimeOut") or ""),
        )
        self.pools.add(pool)
        _feed(pool, shell.findtext(_CREATION) or "")
        body = (
            f"<x:ResourceCreated><a:Address>{escape('http://' + self._machine + '/PowerShell')}</a:Address>"
            f"<a:ReferenceParameters><w:ResourceURI>{RESOURCE}</w:ResourceURI><w:SelectorSet>"
            f'<w:Selector Name="ShellId">{pool.id}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
            f"</x:ResourceCreated><rsp:Shell><rsp:ShellId>{pool.id}</rsp:ShellId>"
            f"<rsp:Owner>{escape(principal.name)}</rsp:Owner></rsp:Shell>"
        )
        return render_response(request, TRANSFER + "/CreateResponse", body)

    def _command(self, request: WsmanRequest, pool: Pool) -> bytes:
        line = request.body.find(f"{{{SHELL}}}CommandLine")
        if line is None:
            raise failure(INVALID_PARAMETER)
        pipeline_id = _id(line.get("CommandId", ""))
        # The pipeline must be there before the message that fills it is read.
        pool.create_pipeline(pipeline_id)
        _feed(pool, line.findtext(f"{{{SHELL}}}Arguments") or "")
        command = f"<rsp:CommandId>{str(pipeline_id).upper()}</rsp:CommandId>"
        body = f"<rsp:CommandResponse>{command}</rsp:CommandResponse>"
        return render_response(request, SHELL + "/CommandResponse", body)

    def _send(self, request: WsmanRequest, pool: Pool) -> bytes:
        for stream in request.body.iter(f"{{{SHELL}}}Stream"):
            _feed(pool, stream.text or "")
        return render_response(request, SHELL + "/SendResponse", "<rsp:SendResponse/>")

    def _receive(self, request: WsmanRequest, pool: Pool) -> bytes:
        wanted = request.body.find(f".//{{{SHELL}}}DesiredStream")
        command = _attribute(wanted, "CommandId")
        mailbox = pool.pipeline(_id(command)).mailbox if command else pool.mailbox
        try:
            taken = mailbox.take(
                min(request.timeout_s, self.pools.quotas.max_timeout_s), room=PIECE
            )
        except ShellDied:
            self.pools.delete(pool)
            raise failure(RPC_FAILED) from None
        if taken is None:
            raise failure(TIMED_OUT)
        if mailbox.ends_sessions:
            self._levers.drop_sessions()
        piece, is_last = taken
        named = f' CommandId="{escape(command)}"' if command else ""
        text = base64.b64encode(piece).decode()
        state = "Done" if is_last else "Running"
        body = (
            f'<rsp:ReceiveResponse><rsp:Stream Name="stdout"{named}>{text}</rsp:Stream>'
            f'<rsp:CommandState{named} State="{_STATES}{state}"/></rsp:ReceiveResponse>'
        )
        return render_response(request, SHELL + "/ReceiveResponse", body)

    def _signal(self, request: WsmanRequest, pool: Pool) -> bytes:
        signal = request.body.find(f".//{{{SHELL}}}Signal")
        code = (request.body.findtext(f".//{{{SHELL}}}Code") or "").rpartition("/")[2]
        if code in _STOPS:
            pool.end_pipeline(_id(_attribute(signal, "CommandId")))
        return render_response(request, SHELL + "/SignalResponse", "<rsp:SignalResponse/>")

    def _delete(self, request: WsmanRequest, pool: Pool) -> bytes:
        self.pools.delete(pool)
        return render_response(request, TRANSFER + "/DeleteResponse", "")

    def _no_roles(self, principal: Principal) -> Fault:
        """Error 31: signed in, and nothing to do here."""
        user = f"{self._domain}/Users/{principal.name.rpartition(chr(92))[2]}"
        return Fault(
            code=_NO_ROLES,
            subcode="w:InternalError",
            text=f"[Server={self._machine}] [FailureCategory=AuthZ-CmdletAccessDeniedException] "
            f'The user "{user}" isn\'t assigned to any management roles.',
        )


def _carried(request: WsmanRequest) -> bytes:
    """What a Command carries, decoded: the pipeline as fragments of XML."""
    arguments = request.body.findtext(f".//{{{SHELL}}}Arguments") or ""
    try:
        return base64.b64decode("".join(arguments.split())).lower()
    except binascii.Error:
        return b""


def _feed(pool: Pool, text: str) -> None:
    """Hand fragments on; the state machine trips in many ways over what is none, and a host says 87 to all."""
    try:
        pool.feed(base64.b64decode("".join(text.split()), validate=True))
    except Exception as bad:
        raise failure(INVALID_PARAMETER) from bad


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as bad:
        raise failure(INVALID_PARAMETER) from bad


def _attribute(element: ET.Element | None, name: str) -> str:
    return "" if element is None else element.get(name, "")
