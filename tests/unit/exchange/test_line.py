"""The line to one host: when a conversation is kept, and when it is opened anew."""

import base64
import threading
import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest

from bot.domain.faults import FaultKind, HostFault
from bot.exchange import cmdlets
from bot.exchange.access import HostAccess
from bot.exchange.line import MOST_CALLS, HostLine
from bot.exchange.session import Deadlines, RunnerSession
from tests.unit.exchange.samples import EX01
from tests.unit.exchange.wires import FakeWire

_FIELDS = {
    "hello": ("5.1", "EX01", "ex01.corp.example.com", "en-US", "2026-11-23T12:00:00Z", "CORP\\x"),
    "connect": ("15.2.1118.7", "C:\\Exchange"),
}


class _Desk:
    """A line over fake wires, and a clock to move."""

    def __init__(self, *, keep_s: float = 45.0, build: str = "15.2.1118.7") -> None:
        self.wires: list[FakeWire] = []
        self.now_s = 0.0
        self.speakers: set[int] = set()
        self._build = build
        self.line = HostLine(
            HostAccess(
                name=EX01,
                version="2010",
                winrm_url="http://ex01.corp.example.com/wsman",
                auth="ntlm",
                user="x",
                password=lambda: "y",
            ),
            open_wire=self._open,
            open_endpoint=self._endpoint,
            deadlines=Deadlines(),
            monotonic=lambda: self.now_s,
            keep_s=keep_s,
        )

    def talk(self) -> None:
        """One meeting with one harmless call."""
        with self.line.meeting() as met:
            met.runner.run(cmdlets.list_store("CA"))

    def _endpoint(self, access: HostAccess) -> RunnerSession:
        raise AssertionError("no endpoint is configured")

    def _open(self, access: HostAccess) -> FakeWire:
        self.wires.append(FakeWire(answering=self._answer))
        return self.wires[-1]

    def _answer(self, request: ET.Element) -> Sequence[str]:
        self.speakers.add(threading.get_ident())
        fields = _FIELDS.get(request.get("op", ""), ())
        values = [self._build if one == "15.2.1118.7" else one for one in fields]
        line = "|".join(base64.b64encode(one.encode()).decode() for one in values)
        return [f"O {line}", "."] if values else ["."]


def _closed(desk: _Desk) -> list[int]:
    return [wire.closed for wire in desk.wires]


def test_a_conversation_is_kept_for_the_next_call() -> None:
    """Starting PowerShell costs more than the work: it is done once."""
    desk = _Desk()
    desk.talk()
    desk.talk()

    assert _closed(desk) == [0]


@pytest.mark.parametrize(("pause_s", "times"), [(46.0, 1), (40.0, 25)])
def test_an_idle_or_old_conversation_is_replaced(pause_s: float, times: int) -> None:
    """A sealed connection dies when idle, and a shell must not grow old."""
    desk = _Desk()
    desk.talk()
    for _ in range(times):
        desk.now_s += pause_s
        desk.talk()

    assert _closed(desk) == [1, 0]


def test_one_thread_speaks_to_a_host_whoever_asks() -> None:
    """Sealed messages must not change threads; callers may."""
    desk = _Desk()
    desk.talk()
    other = threading.Thread(target=desk.talk)
    other.start()
    other.join()

    assert _closed(desk) == [0]
    assert len(desk.speakers) == 1
    assert threading.get_ident() not in desk.speakers


def test_a_conversation_is_replaced_after_a_hundred_calls() -> None:
    """A text shell gives no operation back: it is recycled long before they run out."""
    desk = _Desk()
    for _ in range(MOST_CALLS):
        desk.talk()

    assert _closed(desk) == [1, 0]


_ENDS = [HostFault(FaultKind.CMDLET_ERROR, EX01, "no", executed="no"), KeyError("a bug")]


@pytest.mark.parametrize("fault", _ENDS)
def test_a_fault_ends_the_conversation(fault: Exception) -> None:
    """Its state is in doubt afterwards, so the next one starts afresh, whoever was at fault."""
    desk = _Desk()
    with pytest.raises(type(fault)), desk.line.meeting():
        raise fault
    desk.talk()

    assert _closed(desk) == [1, 0]


def test_nothing_is_kept_when_that_is_asked_for() -> None:
    """With no time to keep, each call ends its own conversation."""
    desk = _Desk(keep_s=0)
    desk.talk()
    desk.talk()

    assert _closed(desk) == [1, 1]


def test_close_ends_what_is_kept_and_can_be_repeated() -> None:
    """At the end of the process nothing stays open on the host."""
    desk = _Desk()
    desk.talk()
    desk.line.close()
    desk.line.close()

    assert _closed(desk) == [1]


def test_a_host_that_cannot_be_understood_is_closed() -> None:
    """A build nobody knows stops everything, and leaves no shell."""
    desk = _Desk(build="9.9.9.9")
    with pytest.raises(HostFault, match="no version CertDesk knows") as caught:
        desk.talk()

    assert (caught.value.code, _closed(desk)) == ("unknown-build", [1])


def test_the_old_engine_is_started_for_the_version_that_needs_it() -> None:
    """Exchange 2010 runs on PowerShell 2.0 alone."""
    desk = _Desk()
    desk.talk()

    assert desk.wires[0].opened[0].startswith("powershell -Version 2.0 ")


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"auth": "basic"}, "clear text"),
        ({"winrm_url": "ex01:5985"}, "no WinRM address"),
        ({"winrm_url": "https://user:pw@ex01/wsman"}, "no WinRM address"),
        ({"version": "2003"}, "no version of Exchange"),
    ],
)
def test_a_dangerous_configuration_is_refused(parts: dict[str, str], why: str) -> None:
    """A password in clear text and a wrong address are seen at the start, not at night."""
    whole = {
        "name": EX01,
        "version": "2019",
        "winrm_url": "http://ex01.corp.example.com:5985/wsman",
        "auth": "ntlm",
        "user": "svc",
    }
    with pytest.raises(ValueError, match=why):
        HostAccess(**{**whole, **parts}, password=lambda: "secret")  # type: ignore[arg-type] # a table of texts


def test_the_password_is_never_printed() -> None:
    """How a host is reached can stand in a log."""
    access = HostAccess(
        name=EX01,
        version="2019",
        winrm_url="https://ex01.corp.example.com/wsman",
        auth="ntlm",
        user="svc",
        password=lambda: "secret",
    )

    assert "password" not in repr(access)
    assert access.address == ("ex01.corp.example.com", 5986)
