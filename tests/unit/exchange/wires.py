"""A wire without a network, and a runner that knows its answers: for tests of what speaks over them."""

import base64
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.domain.ids import HostName
from bot.exchange.allowance import Allowance
from bot.exchange.call import Call, Reply
from bot.exchange.faults import ACCIDENT_RULES, Accident, Moment, WireTrouble
from tests.unit.exchange.samples import EX01

Answering = Callable[[ET.Element], Sequence[str]]


@dataclass(kw_only=True)
class FakeWire:
    """
    A `Wire` in memory.

    Args:
        answering: the lines that follow a request, without their prefix.
        greeting: what comes after the runner was sent.
        trouble: raised by the named method, once its count of calls is reached.
        before_send: what happens between the session and the socket: a sign-in, waiting.
    """

    answering: Answering = lambda _: ["."]
    greeting: Sequence[str] = ("CD1 ready",)
    trouble: dict[str, WireTrouble] = field(default_factory=dict)
    before_send: Callable[[], object] = lambda: None
    ends: bool = False
    silent: bool = False
    opened: list[str] = field(default_factory=list)
    requests: list[ET.Element] = field(default_factory=list)
    closed: int = 0
    cancelled: int = 0
    sends: int = 0
    _lines: list[str] = field(default_factory=list)

    def open(self, command: str) -> None:
        """Remember the command."""
        self._raise("open")
        self.opened.append(command)

    def send(self, data: bytes, allowance: Allowance | None = None) -> None:
        """Greet after the runner, answer after each request; let nothing through whose time is over."""
        self.before_send()
        if allowance is not None and allowance.spare_s < 0:
            raise WireTrouble(ACCIDENT_RULES[Accident.TOO_LATE], Moment.SEND, code="too-late")
        self.sends += 1
        for line in data.splitlines():
            self._take(base64.b64decode(line))

    def _take(self, text: bytes) -> None:
        if not text.startswith(b"<"):
            self._raise("start")
            self._lines.extend(self.greeting)
            return
        self._raise("send")
        request = ET.fromstring(text)
        self.requests.append(request)
        prefix = f"CD1 {request.get('nonce')} {request.get('id')} "
        self._lines.extend(prefix + line for line in self.answering(request))

    def receive(self) -> tuple[tuple[str, ...], bool]:
        """Everything that is there, in one piece."""
        if self.requests:
            self._raise("receive")
        lines, self._lines = tuple(self._lines), []
        return ((), False) if self.silent and self.requests else (lines, self.ends)

    def close(self) -> None:
        """Count."""
        self.closed += 1

    def cancel(self) -> None:
        """Count."""
        self.cancelled += 1

    def _raise(self, method: str) -> None:
        if method in self.trouble:
            raise self.trouble[method]


@dataclass(kw_only=True)
class FakeRunner:
    """A `Runner` that answers by a function and remembers what it was asked."""

    reply: Callable[[Call], Reply]
    host: HostName = EX01
    calls: list[Call] = field(default_factory=list)

    def run(self, call: Call) -> Reply:
        """Answer."""
        self.calls.append(call)
        return self.reply(call)
