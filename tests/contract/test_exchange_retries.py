"""
The table of retries, row by row, against a real listener: what is sent again, how often, and what is left behind.

The table of the test is written from winrm.md 7 point 8, not from the code.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest

from bot.domain.faults import HostFault
from bot.exchange import cmdlets
from bot.exchange.access import HostAccess
from bot.exchange.quiet import CONNECTION_S
from bot.exchange.refused import RefusedPasswords
from bot.exchange.retries import BACK_OFF_S, REMEDIES, Happened, Message, Remedy
from bot.exchange.session import Deadlines, RunnerSession
from bot.exchange.winrm import WinRMWire
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.trouble import Trouble
from tests.contract.test_exchange_hosts import access
from tests.unit.exchange.samples import EX01, NOW, SetClock


@dataclass(kw_only=True)
class Lab:
    """A host, a session with it that counts its waits, and what may happen while it waits."""

    host: ExchangeHost
    access: HostAccess
    pauses: list[float] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    later_s: float = 0.0

    def __post_init__(self) -> None:
        self.wire = WinRMWire(
            self.access, now=SetClock().now, monotonic=self.monotonic, pause=self._pause
        )
        self.session = RunnerSession(
            EX01, self.wire, deadlines=Deadlines(), monotonic=time.monotonic
        )

    def monotonic(self) -> float:
        """Seconds, and those the test adds."""
        return time.monotonic() + self.later_s

    def sent(self, message: Message) -> int:
        """How often the host read this message."""
        actions = self.host.request_counts()["actions"]
        assert isinstance(actions, dict)
        return int(actions.get(message, 0))

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.meanwhile()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A fresh host, spoken to over NTLM-sealed http."""
    host = ExchangeHost(clock=lambda: NOW)
    yield Lab(host=host, access=access(host.start(), "2019", tmp_path))
    host.stop()


def _play(lab: Lab, message: Message, arm: Callable[[], None]) -> None:
    """Send everything there is, with the trouble armed right before the message in question."""
    if message in {Message.CREATE, Message.COMMAND}:
        arm()
    lab.session.open()
    if message in {Message.SEND, Message.RECEIVE}:
        arm()
    lab.session.run(cmdlets.hello())
    if message in {Message.SIGNAL, Message.DELETE}:
        arm()
    if message is Message.SIGNAL:
        lab.wire.cancel()
    lab.session.close()


_BACK_OFF, _FRESH, _TELL = Remedy.BACK_OFF, Remedy.FRESH_SESSION, Remedy.TELL
_EXPECTED: Final[dict[Happened, list[Remedy]]] = {
    # In the order Create, Command, Send, Receive, Signal, Delete.
    Happened.UNSENT: [_BACK_OFF] * 6,
    Happened.UNSEALED: [_FRESH] * 6,
    Happened.NOT_LET_IN: [Remedy.SIGN_IN_AGAIN] * 6,
    Happened.BUSY: [_BACK_OFF] * 6,
    Happened.USED_UP: [_BACK_OFF, Remedy.NEW_SHELL, *[_BACK_OFF] * 4],
    Happened.GONE: [Remedy.NEW_SHELL, Remedy.NEW_SHELL, _TELL, _TELL, Remedy.DONE, Remedy.DONE],
    Happened.DOUBT: [_TELL, _TELL, _TELL, _TELL, Remedy.ONCE_MORE, Remedy.ONCE_MORE],
    Happened.REFUSED: [_TELL] * 6,
}
_TROUBLES: Final[list[tuple[Happened, Trouble]]] = [
    (Happened.UNSEALED, Trouble(do="status", action="*", status=400)),
    (Happened.NOT_LET_IN, Trouble(do="401", action="*")),
    (Happened.BUSY, Trouble(do="status", action="*", status=503)),
    (Happened.BUSY, Trouble(do="fault", action="*", code=170)),
    (Happened.BUSY, Trouble(do="fault", action="*", code=2150859175)),
    (Happened.USED_UP, Trouble(do="fault", action="*", code=2150859174)),
    (Happened.GONE, Trouble(do="fault", action="*", code=2150858843)),
    (Happened.DOUBT, Trouble(do="rst", action="*")),
    (Happened.DOUBT, Trouble(do="fin", action="*")),
    (Happened.DOUBT, Trouble(do="executed_then_lost", action="*")),
    (Happened.DOUBT, Trouble(do="fault", action="*", code=995)),
    (Happened.DOUBT, Trouble(do="fault", action="*", code=1726)),
    (Happened.REFUSED, Trouble(do="fault", action="*", code=5)),
    (Happened.REFUSED, Trouble(do="status", action="*", status=404)),
]
_TIMES: Final = {
    Remedy.BACK_OFF: 3,
    Remedy.FRESH_SESSION: 1,
    Remedy.SIGN_IN_AGAIN: 1,
    Remedy.NEW_SHELL: 1,
    Remedy.ONCE_MORE: 1,
    Remedy.TELL: 0,
    Remedy.DONE: 0,
}
"""How often the message is sent again."""

_FIRST: Final = {Message.CREATE, Message.SIGNAL}
"""They begin a connection (a cancel has its own): a refused sign-in there is final."""

_ROWS: Final = [
    pytest.param(
        happened,
        trouble,
        message,
        id=f"{trouble.do}-{trouble.code or trouble.status}-{message}".replace("-503-", "-")
        if trouble.do != "status"
        else f"{trouble.status}-{message}",
    )
    for happened, trouble in _TROUBLES
    for message in Message
]


def test_the_table_is_the_one_of_the_reference() -> None:
    """Every row, every message, nothing more."""
    assert _EXPECTED == {
        happened: [REMEDIES[happened][message] for message in Message] for happened in Happened
    }
    assert {happened for happened, _ in _TROUBLES} | {Happened.UNSENT} == set(Happened)


@pytest.mark.parametrize(("happened", "trouble", "message"), _ROWS)
def test_what_passes_is_survived_as_the_table_says(
    lab: Lab, happened: Happened, trouble: Trouble, message: Message
) -> None:
    """The message is sent again as often as it may be, the work goes on or the caller is told; no shell is left."""
    remedy = _EXPECTED[happened][list(Message).index(message)]
    is_first = remedy is Remedy.SIGN_IN_AGAIN and message in _FIRST
    times = 0 if is_first else _TIMES[remedy]
    before = 0

    def arm() -> None:
        nonlocal before
        before = lab.sent(message)
        lab.host.plan.add(replace(trouble, action=message, times=max(times, 1)))

    is_told = (remedy is Remedy.TELL or is_first) and message not in {
        Message.SIGNAL,
        Message.DELETE,
    }
    if is_told:
        with pytest.raises(HostFault):
            _play(lab, message, arm)
    else:
        _play(lab, message, arm)

    again = lab.sent(message) - before
    assert again == 1 + times
    assert lab.pauses == (list(BACK_OFF_S) if remedy is Remedy.BACK_OFF else [])
    if not (happened in {Happened.GONE, Happened.REFUSED} and message is Message.DELETE):
        assert lab.host.shells.listed() == []


@pytest.mark.parametrize(("happened", "trouble", "message"), _ROWS)
def test_what_stays_is_told_after_the_tries_the_table_allows(
    lab: Lab, happened: Happened, trouble: Trouble, message: Message
) -> None:
    """Never in a loop; ending a shell never fails the work."""
    remedy = _EXPECTED[happened][list(Message).index(message)]
    is_first = remedy is Remedy.SIGN_IN_AGAIN and message in _FIRST
    times = 0 if is_first else _TIMES[remedy]
    before = 0

    def arm() -> None:
        nonlocal before
        before = lab.sent(message)
        lab.host.plan.add(replace(trouble, action=message, times=0))

    if message in {Message.SIGNAL, Message.DELETE}:
        _play(lab, message, arm)
    else:
        with pytest.raises(HostFault):
            _play(lab, message, arm)

    assert lab.sent(message) - before == 1 + times


@pytest.mark.parametrize("message", [Message.SEND, Message.RECEIVE, Message.DELETE])
def test_a_host_that_does_not_answer_the_door_is_tried_three_times_more(
    lab: Lab, message: Message
) -> None:
    """
    Nothing was sent, so nothing can have run: it is sent when the door opens again.

    Before there is a shell the port is looked at first, and the whole step is tried again later.
    """
    doorman = lab.host._doorman
    assert doorman is not None

    def arm() -> None:
        doorman.shut_doors()
        doorman.drop_guests()

    def come_back() -> None:
        if len(lab.pauses) == len(BACK_OFF_S):
            doorman.reopen_doors()

    lab.meanwhile = come_back
    _play(lab, message, arm)

    assert lab.pauses == list(BACK_OFF_S)
    assert lab.host.shells.listed() == []


def test_a_quiet_connection_is_left_before_it_is_used(lab: Lab) -> None:
    """After a minute without traffic the connection is made anew and the shell taken up: no 400, no new shell."""
    lab.session.open()
    before = int(str(lab.host.request_counts()["http"]))
    lab.later_s = CONNECTION_S + 1
    doorman = lab.host._doorman
    assert doorman is not None
    doorman.drop_guests()
    lab.session.run(cmdlets.hello())
    after = int(str(lab.host.request_counts()["http"]))
    lab.session.close()

    assert after - before == 3 + 2
    assert (lab.sent(Message.CREATE), lab.pauses, lab.host.shells.listed()) == (1, [], [])


def test_a_refused_password_is_asked_once_however_often_somebody_tries(lab: Lab) -> None:
    """Wrong passwords lock accounts: the same one is answered from memory, a changed one is tried."""
    refused = RefusedPasswords(lambda: 0.0)
    before = int(str(lab.host.request_counts()["refused"]))

    def try_with(password: str) -> HostFault | None:
        way = replace(lab.access, password=lambda: password)
        wire = WinRMWire(way, now=SetClock().now, refused=refused)
        session = RunnerSession(EX01, wire, deadlines=Deadlines(), monotonic=time.monotonic)
        try:
            session.open()
        except HostFault as fault:
            return fault
        session.close()
        return None

    first = try_with("wr0ng")
    asked = int(str(lab.host.request_counts()["refused"]))
    second = try_with("wr0ng")

    assert first is not None
    assert second is not None
    assert (first.code, second.code) == ("http-401", "password-refused-before")
    assert asked > before
    assert int(str(lab.host.request_counts()["refused"])) == asked
    assert try_with(lab.access.password()) is None
