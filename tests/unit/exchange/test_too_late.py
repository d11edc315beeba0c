"""A change whose time was used up before it could be sent: refused at both doors, whatever used it up."""

import base64
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from bot.certs.prints import Thumbprint
from bot.domain.faults import FaultKind, HostFault
from bot.exchange import cmdlets
from bot.exchange.access import HostAccess
from bot.exchange.actor import AttendedConversation, HostActor
from bot.exchange.allowance import Allowance
from bot.exchange.call import Call, Reply
from bot.exchange.line import HostLine
from bot.exchange.session import Deadlines, RunnerSession
from tests.unit.exchange.samples import EX01
from tests.unit.exchange.test_actor import Stuck
from tests.unit.exchange.test_allowance import allowance
from tests.unit.exchange.test_doors import Door
from tests.unit.exchange.wires import FakeWire
from tests.unit.workflow.clock import FakeClock

_FIELDS = {
    "hello": ("5.1", "EX01", "ex01.corp.example.com", "en-US", "2026-11-23T12:00:00Z", "CORP\\x"),
    "connect": ("15.2.1118.7", "C:\\Exchange"),
}
_READING = cmdlets.list_store("CA")
_BY_DOOR = {
    "winrm": cmdlets.add_intermediate(b"\x30"),
    "psrp": cmdlets.remove_certificate(Thumbprint("A" * 40)),
}


class _Endpoint(Door):
    """Exchange's endpoint, as far as meeting a host asks it."""

    def run(self, call: Call, allowance: Allowance | None = None) -> Reply:
        """Say which build it is, remember the rest."""
        super().run(call, allowance)
        is_asked = call.cmdlet == "Get-ExchangeServer"
        return Reply(objects=(("Version 15.2 (Build 1118.7)", "Mailbox"),) if is_asked else ())


class _Desk:
    """A line with both doors, on which opening and reading take what the test says."""

    def __init__(self, *, opening_s: float = 0.0, reading_s: float = 0.0) -> None:
        self.clock = FakeClock()
        self.endpoint = _Endpoint()
        self.changed: list[str] = []
        self._opening_s = opening_s
        self._reading_s = reading_s
        self.line = HostLine(
            HostAccess(
                name=EX01,
                version="2019",
                winrm_url="http://ex01.corp.example.com/wsman",
                psrp_url="http://ex01.corp.example.com/PowerShell/",
                auth="ntlm",
                user="x",
                password=lambda: "y",
            ),
            open_wire=self._open,
            open_endpoint=lambda _: self.endpoint,
            deadlines=Deadlines(),
            monotonic=lambda: self.clock.now().timestamp(),
            keep_s=300.0,
        )

    def change(self, call: Call) -> None:
        """Read, then change: one run of an operation, whose intent is noted now."""
        with self.line.meeting(allowance(self.clock)) as met:
            met.runner.run(_READING)
            met.runner.run(call)

    def sent(self) -> list[str]:
        """The changes that reached the host, at either door."""
        return [*self.changed, *(call.title for call in self.endpoint.calls if call.changes)]

    @contextmanager
    def held_by_another(self) -> Iterator[None]:
        """Somebody else speaks to the host."""
        held, over = threading.Event(), threading.Event()

        def hold() -> None:
            with self.line.meeting():
                held.set()
                over.wait(20)

        other = threading.Thread(target=hold)
        other.start()
        held.wait(20)
        yield
        over.set()
        other.join()

    def _open(self, _: HostAccess) -> FakeWire:
        self.clock.forward(self._opening_s)
        return FakeWire(answering=self._answer)

    def _answer(self, request: ET.Element) -> Sequence[str]:
        op = request.get("op", "")
        if op == "store.list":
            self.clock.forward(self._reading_s)
        if op.startswith("store.add"):
            self.changed.append(op)
        fields = [base64.b64encode(one.encode()).decode() for one in _FIELDS.get(op, ())]
        return [f"O {'|'.join(fields)}", "."] if fields else ["."]


def _refused(change: Callable[[], object]) -> HostFault:
    with pytest.raises(HostFault) as caught:
        change()
    return caught.value


@pytest.mark.parametrize("door", list(_BY_DOOR))
@pytest.mark.parametrize(
    ("opening_s", "reading_s"), [(60.0, 0.0), (0.0, 60.0), (30.0, 30.0), (110.0, 110.0)]
)
def test_what_opening_and_reading_used_up_is_not_there_for_the_change(
    door: str, opening_s: float, reading_s: float
) -> None:
    """Nothing is sent, and the sentence says so and what to do when it stays so."""
    desk = _Desk(opening_s=opening_s, reading_s=reading_s)
    told = _refused(lambda: desk.change(_BY_DOOR[door]))

    assert desk.sent() == []
    assert (told.kind, told.executed, told.code) == (FaultKind.BUSY, "no", "too-late")
    assert "Nothing was changed" in told.sentence
    assert "CERTDESK_COMMAND_DEADLINE_S" in told.sentence


@pytest.mark.parametrize("door", list(_BY_DOOR))
def test_what_leaves_enough_is_sent(door: str) -> None:
    """Reads are no reason to refuse; only what they leave is."""
    desk = _Desk(opening_s=25.0, reading_s=25.0)
    desk.change(_BY_DOOR[door])

    assert len(desk.sent()) == 1


@pytest.mark.parametrize("door", list(_BY_DOOR))
def test_a_kept_conversation_lets_the_next_try_through(door: str) -> None:
    """The slow opening is paid once: the look before the next intent has opened the line."""
    desk = _Desk(opening_s=60.0)
    _refused(lambda: desk.change(_BY_DOOR[door]))
    with desk.line.meeting() as met:
        met.runner.run(_READING)
    desk.change(_BY_DOOR[door])

    assert len(desk.sent()) == 1


def test_a_line_that_others_hold_is_not_waited_for_longer_than_that() -> None:
    """Another order reads on the host for long: this change was not sent, and its thread is free again."""
    desk = _Desk()
    with desk.held_by_another():
        one = allowance(desk.clock)
        desk.clock.forward(55.0)
        with pytest.raises(HostFault) as caught, desk.line.meeting(one):
            pytest.fail("the line was not free")

    assert (caught.value.code, caught.value.executed) == ("too-late", "no")
    desk.change(_BY_DOOR["winrm"])
    assert desk.sent() == ["store.add"]


def test_what_a_sign_in_used_up_is_seen_right_before_the_socket() -> None:
    """Between the session and the socket there may be a sign-in: the last look comes behind it."""
    clock = FakeClock()
    wire = FakeWire()
    session = RunnerSession(
        EX01, wire, deadlines=Deadlines(), monotonic=lambda: clock.now().timestamp()
    )
    session.open()
    wire.before_send = lambda: clock.forward(60.0)
    told = _refused(lambda: session.run(_BY_DOOR["winrm"], allowance(clock)))

    assert (told.code, told.executed) == ("too-late", "no")
    assert wire.requests == []


def test_an_answer_is_waited_for_until_the_command_must_be_ended() -> None:
    """What was not used before is the command's: ten seconds before its deadline it is given up, not earlier."""
    clock = FakeClock()
    wire = FakeWire(silent=True)
    session = RunnerSession(
        EX01, wire, deadlines=Deadlines(), monotonic=lambda: clock.now().timestamp()
    )
    session.open()
    begun = clock.now().timestamp()
    receive = wire.receive

    def slowly() -> tuple[tuple[str, ...], bool]:
        clock.forward(1.0)
        return receive()

    wire.receive = slowly  # type: ignore[method-assign] # a wire whose receiving takes its time
    told = _refused(lambda: session.run(_BY_DOOR["winrm"], allowance(clock)))

    assert (told.kind, told.code, told.executed) == (FaultKind.TIMEOUT, "deadline", "maybe")
    assert clock.now().timestamp() - begun == 111.0


def test_whoever_waits_for_a_change_leaves_in_time_to_end_it() -> None:
    """Whatever hangs inside a library: the wait outside ends with the time the command has, without any grace."""
    clock, stuck = FakeClock(), Stuck()
    one = allowance(clock, 0.12)
    conversation = AttendedConversation(
        stuck, actor=HostActor("EX01"), deadlines=Deadlines(), read_s=3600.0
    )
    told = _refused(lambda: conversation.run(_BY_DOOR["winrm"], one))

    assert (told.code, told.executed) == ("deadline", "maybe")
    assert stuck.cancelled.wait(20)
