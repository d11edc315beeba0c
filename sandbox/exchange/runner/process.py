"""The kept powershell.exe: a thread that reads lines from stdin and writes answers, until stdin ends."""

import base64
import binascii
import hashlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.exchange.runner.commandline import NotUnderstood, bootstrap_hash
from sandbox.exchange.runner.operations import RunnerSession, answer, fail
from sandbox.exchange.runner.protocol import BadLine, RunnerRequest, parse_line
from sandbox.exchange.spoiling import READER_S, HostGone, ShellKilled, spoil
from sandbox.exchange.trouble import TroublePlan
from sandbox.exchange.wsman.shells import Output

_REFUSED_EXIT = 3
_BAD_LINE_EXIT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """The hashes under which this host knows the two constant scripts."""

    bootstraps: frozenset[str]
    runners: frozenset[str]


class EndedProcess:
    """A command line that was not understood: it has printed its error and is gone."""

    def __init__(self, output: Output, text: str) -> None:
        output.write("stderr", f"{text}\r\n".encode())
        output.finish(1)

    def feed(self, data: bytes) -> None:
        """Nobody reads it."""

    def end_input(self) -> None:
        """Nobody waits for it."""

    def terminate(self) -> None:
        """It has ended already."""


class RunnerProcess:
    """The twin of bootstrap and runner. Feed it lines; it answers in its own thread."""

    def __init__(
        self,
        *,
        session: RunnerSession,
        output: Output,
        plan: TroublePlan,
        scripts: Scripts,
        reboot: Callable[[float], None],
    ) -> None:
        self._session = session
        self._output = output
        self._plan = plan
        self._scripts = scripts
        self._reboot = reboot
        self._rest = b""
        self._last_id = 0
        self._held = b""
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="runner", daemon=True)
        self._thread.start()

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._lines.put(line.strip())

    def end_input(self) -> None:
        if self._rest.strip():
            self._lines.put(self._rest.strip())
        self._lines.put(None)

    def terminate(self) -> None:
        self._lines.put(None)

    def _run(self) -> None:
        script = self._lines.get()
        if script is None:
            self._output.finish(0)
        elif _script_hash(script) not in self._scripts.runners:
            self._output.write("stdout", b"CD1 refused\r\n")
            self._output.finish(_REFUSED_EXIT)
        else:
            self._output.write("stdout", b"CD1 ready\r\n")
            self._serve()

    def _serve(self) -> None:
        while (line := self._lines.get()) is not None:
            if not line:
                continue
            try:
                self._output.write("stdout", self._answer(line))
            except BadLine as bad:
                self._output.write(
                    "stderr", f"The runner cannot read a request: {bad}\r\n".encode()
                )
                self._output.finish(_BAD_LINE_EXIT)
                return
            except HostGone as gone:
                # So that the client loses its Receive, not the Send that has long been answered.
                self._output.wait_for_reader(READER_S)
                self._reboot(gone.seconds)
                return
            except ShellKilled:
                self._output.die()
                return
        self._output.finish(0)

    def _answer(self, line: bytes) -> bytes:
        request = parse_line(line)
        if request.id <= self._last_id:
            # A line that the wire delivered twice must not run twice.
            return b""
        self._last_id = request.id
        self._held += self._do(request)
        if request.is_held:
            return b""
        written, self._held = self._held, b""
        return written

    def _do(self, request: RunnerRequest) -> bytes:
        name = request.name if request.op == "cmdlet" else request.op
        trouble = self._plan.take_cmdlet(name, shell="cmd")
        if trouble is None:
            return answer(request, self._session)
        if trouble.do == "session_drop":
            self._output.end_sessions_with_next()
        return spoil(
            trouble,
            cmdlet=name,
            arguments=request.arguments,
            server=self._session.exchange.state.name,
            work=lambda bend: answer(request, self._session, bend),
            fail=lambda failure: fail(request, self._session, failure),
        )


def start_process(
    line: str,
    *,
    session: RunnerSession,
    output: Output,
    plan: TroublePlan,
    scripts: Scripts,
    reboot: Callable[[float], None],
) -> RunnerProcess | EndedProcess:
    """The process for a command line; anything but a known bootstrap ends at once with exit code 1."""
    try:
        known = bootstrap_hash(line) in scripts.bootstraps
    except NotUnderstood as other:
        return EndedProcess(output, str(other))
    if not known:
        return EndedProcess(output, "This host does not know the script in -EncodedCommand.")
    return RunnerProcess(session=session, output=output, plan=plan, scripts=scripts, reboot=reboot)


def _script_hash(line: bytes) -> str:
    try:
        return hashlib.sha256(base64.b64decode(line, validate=True)).hexdigest()
    except binascii.Error:
        return ""
