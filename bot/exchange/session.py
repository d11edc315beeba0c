"""
One conversation with the runner on one host: numbered requests, their answers, a deadline for each.

It raises `HostFault` for the wire; errors of cmdlets are values in the `Reply` and judged by the caller.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from bot.domain.ids import HostName
from bot.exchange.call import Call, Reply
from bot.exchange.faults import ACCIDENT_RULES, Accident, Moment, WireTrouble, host_fault
from bot.exchange.frames import (
    READY,
    REFUSED,
    BadFrame,
    BadValue,
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
    """How long a host may take, in seconds: to start, to read, to change something."""

    start_s: float = 90.0
    read_s: float = 120.0
    change_s: float = 300.0


class Runner(Protocol):
    """Somebody who runs calls on one host. 1. `run` sends the call once and never repeats it."""

    host: HostName

    def run(self, call: Call) -> Reply:
        """Run one call. Raises `HostFault` when the wire fails; errors of the host are in the reply."""
        ...


class Conversation(Runner, Protocol):
    """
    A `Runner` that can be ended. 2. `close` never raises.

    3. `cancel` never raises, and may come from another thread while `run` waits: it ends the call on the host.
    """

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

    def open(self, *, old_engine: bool = False) -> None:
        """Start PowerShell and hand it the runner; on failure everything is closed again."""
        try:
            self._wire.open(command_line(old_engine=old_engine))
            self._wire.send(runner_line())
            self._await_ready(self._monotonic() + self._deadlines.start_s)
        except WireTrouble as trouble:
            self._wire.close()
            raise host_fault(self.host, trouble, None) from trouble

    def run(self, call: Call) -> Reply:
        """Run one call, once; the wire is closed when it failed."""
        try:
            return self._exchange(call)
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

    def _exchange(self, call: Call) -> Reply:
        self._last_id += 1
        request_id, nonce = self._last_id, secrets.token_hex(16)
        try:
            self._wire.send(encode_request(call, request_id=request_id, nonce=nonce))
        except BadValue as fault:
            raise _accident(Accident.BAD_VALUE, Moment.SEND, note=str(fault)) from fault
        limit = self._deadlines.change_s if call.changes else self._deadlines.read_s
        lines = self._answer_lines(request_id, nonce, self._monotonic() + limit)
        try:
            return decode_answer(lines, request_id=request_id, nonce=nonce)
        except BadFrame as fault:
            raise _accident(Accident.BAD_FRAME, Moment.RECEIVE, note=str(fault)) from fault

    def _answer_lines(self, request_id: int, nonce: str, deadline: float) -> list[str]:
        kept: list[str] = []
        while True:
            lines, ended = self._receive(deadline)
            kept.extend(lines)
            if any(is_last(line, request_id=request_id, nonce=nonce) for line in lines):
                return kept
            if ended:
                raise _accident(Accident.ENDED, Moment.RECEIVE)
            if len(kept) > _OUTPUT_LIMIT:
                raise _accident(Accident.BAD_FRAME, Moment.RECEIVE, note="It never ends.")

    def _receive(self, deadline: float) -> tuple[tuple[str, ...], bool]:
        """Take what came; the deadline is looked at between messages, so one read may overrun it."""
        lines, ended = self._wire.receive()
        if not lines and not ended and self._monotonic() > deadline:
            raise _accident(Accident.DEADLINE, Moment.RECEIVE)
        return lines, ended


def _accident(accident: Accident, moment: Moment, *, note: str = "") -> WireTrouble:
    return WireTrouble(ACCIDENT_RULES[accident], moment, code=accident.value, note=note)
