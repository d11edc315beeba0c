"""One of two doors after a long silence: opened anew before anything is sent there, and nothing is sent twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bot.certs.prints import Thumbprint
from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.exchange import cmdlets
from bot.exchange.allowance import Allowance
from bot.exchange.call import Call, Reply
from bot.exchange.quiet import KEPT_S
from bot.exchange.renewed import Renewed
from bot.exchange.session import Conversation
from tests.unit.exchange.samples import EX01

_CHANGE = cmdlets.remove_certificate(Thumbprint("A" * 40))


@dataclass(kw_only=True)
class _Session:
    """A conversation that remembers."""

    host: HostName = EX01
    calls: list[Call] = field(default_factory=list)
    fetched: list[Call] = field(default_factory=list)
    closed: int = 0
    cancelled: int = 0

    def run(self, call: Call, allowance: Allowance | None = None) -> Reply:
        """Remember the call."""
        self.calls.append(call)
        return Reply()

    def ahead(self, calls: Sequence[Call]) -> None:
        """Remember what was fetched."""
        self.fetched.extend(calls)

    def close(self) -> None:
        """Count."""
        self.closed += 1

    def cancel(self) -> None:
        """Count."""
        self.cancelled += 1


class _Desk:
    """A door whose every opening is another session, and a clock to move."""

    def __init__(self) -> None:
        self.sessions: list[_Session] = []
        self.now_s = 0.0
        self.is_away = False
        self.cancel_while_opening = False
        self.door = Renewed(self._open, monotonic=lambda: self.now_s)

    @property
    def calls(self) -> list[list[Call]]:
        """What each session was asked."""
        return [session.calls for session in self.sessions]

    def _open(self) -> Conversation:
        if self.is_away:
            raise HostFault(FaultKind.UNREACHABLE, EX01, "EX01 is away.", executed="no")
        self.sessions.append(_Session())
        if self.cancel_while_opening:
            self.door.cancel()
        return self.sessions[-1]


def test_a_session_in_use_is_kept() -> None:
    """However long it lives, as long as something is said in it."""
    desk = _Desk()
    for _ in range(10):
        desk.now_s += KEPT_S
        desk.door.run(_CHANGE)

    assert desk.calls == [[_CHANGE] * 10]


def test_after_a_long_silence_the_call_goes_to_a_fresh_session_alone() -> None:
    """The old one is ended and hears nothing of it: a change that is sent once cannot run twice."""
    desk = _Desk()
    desk.door.run(cmdlets.hello())
    desk.now_s += KEPT_S + 0.1
    desk.door.run(_CHANGE)

    assert desk.calls == [[cmdlets.hello()], [_CHANGE]]
    assert [session.closed for session in desk.sessions] == [1, 0]


def test_readings_are_fetched_ahead_in_a_fresh_session_too() -> None:
    """What is asked ahead counts as use, and goes nowhere stale."""
    desk = _Desk()
    desk.now_s = KEPT_S + 0.1
    desk.door.ahead([cmdlets.hello()])
    desk.now_s += KEPT_S
    desk.door.run(cmdlets.hello())

    assert [session.fetched for session in desk.sessions] == [[], [cmdlets.hello()]]
    assert desk.calls == [[], [cmdlets.hello()]]


def test_a_door_that_cannot_be_opened_again_is_told_as_it_is() -> None:
    """Nothing was sent, and the old session is ended."""
    desk = _Desk()
    desk.now_s = KEPT_S + 0.1
    desk.is_away = True
    with pytest.raises(HostFault) as caught:
        desk.door.run(_CHANGE)
    desk.door.close()

    assert caught.value.executed == "no"
    assert desk.calls == [[]]


def test_what_was_cancelled_while_a_fresh_session_opened_is_not_sent() -> None:
    """Whoever cancels met the session of before: the change must not begin in the new one."""
    desk = _Desk()
    desk.now_s = KEPT_S + 0.1
    desk.cancel_while_opening = True
    with pytest.raises(HostFault) as caught:
        desk.door.run(_CHANGE)
    desk.door.close()

    assert (caught.value.executed, desk.calls) == ("no", [[], []])
    assert [session.closed for session in desk.sessions] == [1, 1]
