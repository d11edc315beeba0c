"""The thread that speaks to a host, and the deadline outside of it."""

import threading
from dataclasses import dataclass, field

import pytest

from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.exchange import cmdlets
from bot.exchange.actor import AttendedConversation, HostActor, Overrun
from bot.exchange.allowance import Allowance
from bot.exchange.call import Call, Reply
from bot.exchange.session import Deadlines
from tests.unit.exchange.samples import EX01

_AT_ONCE = Deadlines(read_s=0.05, change_s=0.05)


@dataclass(kw_only=True)
class Stuck:
    """A conversation whose answer never comes until it is cancelled, or not even then."""

    host: HostName = EX01
    heeds: bool = True
    cancelled: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)

    def run(self, call: Call, allowance: Allowance | None = None) -> Reply:
        """Wait."""
        (self.cancelled if self.heeds else self.let_go).wait(20)
        return Reply()

    def cancel(self) -> None:
        """Remember it."""
        self.cancelled.set()

    def close(self) -> None:
        """Remember it."""
        self.closed.set()


def _attended(stuck: Stuck) -> AttendedConversation:
    return AttendedConversation(stuck, actor=HostActor("EX01"), deadlines=_AT_ONCE, read_s=0.05)


@pytest.mark.parametrize("heeds", [True, False])
def test_an_answer_that_never_ends_is_left(heeds: bool) -> None:
    """The caller gets the fault in time, the call is cancelled, and its thread closes up when it gets free."""
    stuck = Stuck(heeds=heeds)
    conversation = _attended(stuck)
    with pytest.raises(HostFault) as caught:
        conversation.run(cmdlets.add_intermediate(b"\x30"))
    conversation.close()

    assert (caught.value.kind, caught.value.executed) == (FaultKind.TIMEOUT, "maybe")
    assert caught.value.code == "deadline"
    assert stuck.cancelled.wait(20)
    stuck.let_go.set()
    assert stuck.closed.wait(20)


def test_a_reading_that_never_ends_changed_nothing() -> None:
    """Only of a change the outcome is in doubt."""
    stuck = Stuck()
    with pytest.raises(HostFault) as caught:
        _attended(stuck).run(cmdlets.hello())

    assert caught.value.executed == "no"


def test_faults_reach_whoever_asked() -> None:
    """Whatever the work raises is raised where it was asked for, and the thread goes on."""
    actor = HostActor("EX01")

    def fail() -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        actor.ask(fail, limit_s=20)
    assert actor.ask(lambda: 7, limit_s=20) == 7


def test_the_work_is_done_by_one_thread() -> None:
    """Whoever asks, the same thread speaks."""
    actor = HostActor("EX01")
    seen = {actor.ask(threading.get_ident, limit_s=20) for _ in range(3)}

    assert len(seen) == 1
    assert threading.get_ident() not in seen


def test_an_overrun_says_so() -> None:
    """The limit is kept, whatever the work does."""
    gate = threading.Event()
    actor = HostActor("EX01")
    with pytest.raises(Overrun):
        actor.ask(lambda: gate.wait(20), limit_s=0.05)
    gate.set()
