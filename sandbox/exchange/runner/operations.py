"""Every operation of the runner, done on the virtual host: hello, connect, cmdlets, stores, files."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from sandbox.exchange.engine.dialect import CMDLETS
from sandbox.exchange.engine.errors import CmdletFailure, ErrorRecord, unknown_command
from sandbox.exchange.engine.exchange import STRAIGHT, Bend, Caller, VirtualExchange
from sandbox.exchange.engine.languages import spoken
from sandbox.exchange.engine.values import Property, PSObject
from sandbox.exchange.runner import filework, storework, webwork
from sandbox.exchange.runner.errors import RunnerError, invalid, refused
from sandbox.exchange.runner.protocol import Answer, RunnerRequest

Row = list[Property]
_LISTED: Final = frozenset(name.lower() for name in CMDLETS)
CHANGING: Final = frozenset({"store.add", "store.remove", "file.write", "file.delete"})


@dataclass(slots=True, kw_only=True)
class RunnerSession:
    """One running runner: whose it is, and how the cmdlets were loaded."""

    exchange: VirtualExchange
    principal: str
    second_hop: bool = True
    connected: Literal["", "snapin", "session"] = ""

    @property
    def user(self) -> str:
        return self.principal.rpartition("\\")[2]

    def caller(self) -> Caller:
        return Caller(principal=self.principal, in_session=self.connected == "session")


def answer(request: RunnerRequest, session: RunnerSession, bend: Bend = STRAIGHT) -> bytes:
    """Do one request, bent as trouble wants, and give back the whole framed answer."""
    framed = Answer(request)
    try:
        if request.op == "cmdlet":
            _run_cmdlet(request, session, framed, bend)
        else:
            for row in _run_plain(request, session):
                framed.put_object(row)
    except RunnerError as error:
        framed.put_error(error.record)
    return framed.end()


def _run_plain(request: RunnerRequest, session: RunnerSession) -> list[Row]:
    """An operation that is not a cmdlet; those that change something are written down."""
    try:
        rows = _plain(request, session)
    except RunnerError as error:
        _record(request, session, str(error))
        raise
    _record(request, session, "")
    return rows


def _plain(request: RunnerRequest, session: RunnerSession) -> list[Row]:
    exchange = session.exchange
    operations: dict[str, Callable[[], list[Row]]] = {
        "hello": lambda: _hello(session),
        "connect": lambda: _connect(request, session),
        "parameters": lambda: _parameters(request, session),
        "store.list": lambda: storework.list_store(request, exchange),
        "store.add": lambda: storework.add_intermediate(request, exchange),
        "store.remove": lambda: storework.remove_intermediate(request, exchange),
        "web.bindings": lambda: webwork.list_bindings(exchange),
        "file.write": lambda: filework.write_file(request, exchange, session.user),
        "file.path": lambda: filework.name_path(request, exchange, session.user),
        "file.read": lambda: filework.read_file(request, exchange, session.user),
        "file.delete": lambda: filework.delete_file(request, exchange, session.user),
    }
    operation = operations.get(request.op)
    if operation is None:
        raise invalid(f"There is no operation {request.op[:40]!r}.", "UnknownOperation")
    return operation()


def _hello(session: RunnerSession) -> list[Row]:
    state = session.exchange.state
    return [
        [
            state.profile.powershell,
            state.name,
            state.fqdn,
            state.culture,
            state.now(),
            session.principal,
        ]
    ]


def _connect(request: RunnerRequest, session: RunnerSession) -> list[Row]:
    state = session.exchange.state
    match request.text("Mode"):
        case "snapin":
            session.connected = "snapin"
        case "session":
            _check_session(request, session)
            session.connected = "session"
        case other:
            raise invalid(f"The mode {other[:40]!r} is neither snapin nor session.", "UnknownMode")
    return [[state.profile.build_text, state.profile.install_folder]]


def _check_session(request: RunnerRequest, session: RunnerSession) -> None:
    """The second hop: to this server's own endpoint, with credentials that can be handed on."""
    state = session.exchange.state
    if state.profile.build[0] < 14 or state.edge:
        raise RunnerError(
            "The WS-Management service cannot process the request. The resource URI was not found.",
            "OpenError",
            "PSSessionOpenFailed",
        )
    expected = f"http://{state.fqdn}/powershell/"
    if request.text("Uri").lower().rstrip("/") + "/" != expected.lower() or not session.second_hop:
        raise RunnerError(
            "Failed to connect to an Exchange server in the current site.",
            "OpenError",
            "PSSessionOpenFailed",
        )


def _parameters(request: RunnerRequest, session: RunnerSession) -> list[Row]:
    name = request.text("Cmdlet")
    _check_listed(name)
    if not session.connected:
        raise _not_loaded(name)
    try:
        return [list(session.exchange.parameters(name))]
    except CmdletFailure as failure:
        raise RunnerError(failure.text, failure.category, failure.error_id) from failure


def fail(request: RunnerRequest, session: RunnerSession, failure: CmdletFailure) -> bytes:
    """The framed answer to a request that met trouble before anything was done; written down all the same."""
    if request.op == "cmdlet":
        outcome = session.exchange.fail(request.name, request.arguments, session.caller(), failure)
        return _refuse(request, outcome.errors[0])
    _record(request, session, failure.text)
    record = ErrorRecord(
        message=spoken(failure.text, session.exchange.state.culture),
        category=failure.category,
        error_id=failure.error_id or "Trouble",
    )
    return _refuse(request, record)


def _run_cmdlet(request: RunnerRequest, session: RunnerSession, framed: Answer, bend: Bend) -> None:
    _check_listed(request.name)
    if not session.connected:
        raise _not_loaded(request.name)
    outcome = session.exchange.invoke(request.name, request.arguments, session.caller(), bend)
    for shown in outcome.objects if request.wanted else ():
        framed.put_object(_row(shown, request))
    for warning in outcome.warnings:
        framed.put_warning(warning)
    for error in outcome.errors:
        framed.put_error(error)


def _check_listed(name: str) -> None:
    if name.lower() not in _LISTED:
        raise refused(f"{name[:80]!r} is not on the runner's list.", "NotOnTheList")


def _row(shown: PSObject, request: RunnerRequest) -> Row:
    properties = {name.lower(): value for name, value in shown.properties.items()}
    return [
        shown.text if wanted == "." else properties.get(wanted.lower()) for wanted in request.wanted
    ]


def _record(request: RunnerRequest, session: RunnerSession, error: str) -> None:
    if request.op not in CHANGING:
        return
    exchange = session.exchange
    with exchange.lock:
        exchange.journal.record(
            request.op,
            request.arguments,
            principal=session.principal,
            at=exchange.state.now(),
            error=error,
        )


def _not_loaded(name: str) -> RunnerError:
    failure = unknown_command(name[:80])
    return RunnerError(failure.text, failure.category, failure.error_id)


def _refuse(request: RunnerRequest, record: ErrorRecord) -> bytes:
    framed = Answer(request)
    framed.put_error(record)
    return framed.end()
