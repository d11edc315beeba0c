"""
One conversation with the runner on one host: numbered requests, their answers, a deadline for each.

It raises `HostFault` for the wire; errors of cmdlets are values in the `Reply` and judged by the caller.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from bot.domain.ids import HostName
from bot.exchange.allowance import Allowance
from bot.exchange.call import Call, Reply
from bot.exchange.faults import ACCIDENT_RULES, Accident, Moment, WireTrouble, host_fault
from bot.exchange.frames import (
    READY,
    REFUSED,
    BadFrame,
    BadValue,
    answer_prefix,
    decode_answer,
    encode_request,
    is_last,
)
from bot.exchange.scripts import command_line, runner_line
from bot.exchange.wire import Wire

_OUTPUT_LIMIT: Final = 200_000
"""Lines of one answer; a host with more certificates than this is not one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """
    How long a host may take, in seconds.

    Args:
        start_s: to start.
        read_s: to read.
        change_s: to change something, with all that is waited and read for it before.
    """

    start_s: float = 90.0
    read_s: float = 120.0
    change_s: float = 300.0

    def limit_s(self, call: Call, allowance: Allowance | None) -> float:
        """How long the answer to a call is waited for from now on."""
        if not call.changes:
            return self.read_s
        return self.change_s if allowance is None else allowance.run_s


class Runner(Protocol):
    """Somebody who runs calls on one host. 1. `run` sends the call once and never repeats it."""

    host: HostName

    def run(self, call: Call) -> Reply:
        """Run one call. Raises `HostFault` when the wire fails; errors of the host are in the reply."""
        ...


@runtime_checkable
class Foresighted(Protocol):
    """A `Runner` that can be told which readings will be asked for next, and fetches them together."""

    def ahead(self, calls: Sequence[Call]) -> None:
        """
        Send these readings in one message; `run` of an equal call takes its answer, once.

        A change forgets what was not asked for yet: nothing read before it is taken for the state after it.
        """
        ...


class Conversation(Runner, Protocol):
    """
    A `Runner` that can be ended. 2. `close` never raises.

    3. `cancel` never raises, and may come from another thread while `run` waits: it ends the call on the host.
    4. A change is not sent, and the fault says so (``too-late``), when its allowance is not enough any more.
    """

    def run(self, call: Call, allowance: Allowance | None = None) -> Reply:
        """Run one call; an allowance counts for a change alone."""
        ...

    def close(self) -> None:
        """End it, whatever its state."""
        ...

    def cancel(self) -> None:
        """End the call under way, over a connection of its own."""
        ...


class RunnerSession:
    """A `Conversation` over a `Wire`."""

    def __init__(
        self,
        host: HostName,
        wire: Wire,
        *,
        deadlines: Deadlines,
        monotonic: Callable[[], float],
    ) -> None:
        self.host = host
        self._wire = wire
        self._deadlines = deadlines
        self._monotonic = monotonic
        self._last_id = 0
        self._asked: dict[Call, tuple[int, str]] = {}
        self._lines: list[str] = []

    def open(self, *, old_engine: bool = False) -> None:
        """Start PowerShell and hand it the runner; on failure everything is closed again."""
        try:
            self._wire.open(command_line(old_engine=old_engine))
            self._wire.send(runner_line())
            self._await_ready(self._monotonic() + self._deadlines.start_s)
        except WireTrouble as trouble:
            self._wire.close()
            raise host_fault(self.host, trouble, None) from trouble

    def ahead(self, calls: Sequence[Call]) -> None:
        """Send several readings in one message; their answers come in one as well."""
        try:
            self._ask_together(
                [call for call in calls if not call.changes and call not in self._asked]
            )
        except WireTrouble as trouble:
            self._wire.close()
            raise host_fault(self.host, trouble, None) from trouble

    def run(self, call: Call, allowance: Allowance | None = None) -> Reply:
        """Run one call, once; the wire is closed when it failed."""
        try:
            return self._exchange(call, allowance if call.changes else None)
        except WireTrouble as trouble:
            self._wire.close()
            raise host_fault(self.host, trouble, call) from trouble

    def close(self) -> None:
        """End the conversation; never raises."""
        self._wire.close()

    def cancel(self) -> None:
        """End the call under way, from another thread; never raises."""
        self._wire.cancel()

    def _await_ready(self, deadline: float) -> None:
        while True:
            lines, ended = self._receive(deadline)
            if READY in lines:
                return
            if REFUSED in lines:
                raise _accident(Accident.RUNNER_REFUSED, Moment.START)
            if ended:
                raise _accident(Accident.ENDED, Moment.START)

    def _exchange(self, call: Call, allowance: Allowance | None) -> Reply:
        if call.changes:
            # Their answers belong to nobody any more, and are skipped as noise when they come.
            self._asked.clear()
        if call not in self._asked:
            self._ask_together([call], allowance)
        request_id, nonce = self._asked.pop(call)
        limit = self._deadlines.limit_s(call, allowance)
        lines = self._answer_lines(request_id, nonce, self._monotonic() + limit)
        try:
            return decode_answer(lines, request_id=request_id, nonce=nonce)
        except BadFrame as fault:
            raise _accident(Accident.BAD_FRAME, Moment.RECEIVE, note=str(fault)) from fault

    def _ask_together(self, calls: Sequence[Call], allowance: Allowance | None = None) -> None:
        """Send the requests; only the last answer is not held, so that all come with it."""
        data = b""
        for place, call in enumerate(calls, start=1):
            self._last_id += 1
            named = self._last_id, secrets.token_hex(16)
            try:
                data += encode_request(
                    call, request_id=named[0], nonce=named[1], hold=place < len(calls)
                )
            except BadValue as fault:
                raise _accident(Accident.BAD_VALUE, Moment.SEND, note=str(fault)) from fault
            self._asked[call] = named
        if data:
            self._wire.send(data, allowance)

    def _answer_lines(self, request_id: int, nonce: str, deadline: float) -> list[str]:
        """The lines up to the end of this answer; those of answers still awaited are kept, noise is not."""
        seen = 0
        while True:
            for place in range(seen, len(self._lines)):
                if is_last(self._lines[place], request_id=request_id, nonce=nonce):
                    return self._cut_lines(place + 1)
            seen = len(self._lines)
            lines, ended = self._receive(deadline)
            self._lines.extend(lines)
            if ended and not any(is_last(one, request_id=request_id, nonce=nonce) for one in lines):
                raise _accident(Accident.ENDED, Moment.RECEIVE)
            if len(self._lines) > _OUTPUT_LIMIT:
                raise _accident(Accident.BAD_FRAME, Moment.RECEIVE, note="It never ends.")

    def _cut_lines(self, end: int) -> list[str]:
        awaited = tuple(
            answer_prefix(request_id=other, nonce=its) for other, its in self._asked.values()
        )
        taken = self._lines[:end]
        self._lines = [
            *(line for line in taken if awaited and line.startswith(awaited)),
            *self._lines[end:],
        ]
        return taken

    def _receive(self, deadline: float) -> tuple[tuple[str, ...], bool]:
        """Take what came; the deadline is looked at between messages, so one read may overrun it."""
        lines, ended = self._wire.receive()
        if not lines and not ended and self._monotonic() > deadline:
            raise _accident(Accident.DEADLINE, Moment.RECEIVE)
        return lines, ended


def _accident(accident: Accident, moment: Moment, *, note: str = "") -> WireTrouble:
    return WireTrouble(ACCIDENT_RULES[accident], moment, code=accident.value, note=note)
