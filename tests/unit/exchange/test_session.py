"""One conversation: numbered, bounded in time, and honest about what may have run."""

import base64
import itertools
import xml.etree.ElementTree as ET

import pytest

from bot.domain.faults import Executed, FaultKind, HostFault
from bot.exchange import cmdlets
from bot.exchange.call import Call, Reply
from bot.exchange.faults import (
    ACCIDENT_RULES,
    HTTP_RULES,
    WSMAN_RULES,
    Accident,
    Moment,
    Rule,
    WireTrouble,
)
from bot.exchange.session import Deadlines, RunnerSession
from tests.unit.exchange.samples import EX01
from tests.unit.exchange.wires import FakeWire

_READING = cmdlets.get_certificates()
_CHANGING = cmdlets.add_intermediate(b"\x30")


def _session(wire: FakeWire, *, step_s: float = 0.0) -> RunnerSession:
    ticks = itertools.count(step=step_s) if step_s else itertools.repeat(0.0)
    session = RunnerSession(EX01, wire, deadlines=Deadlines(), monotonic=lambda: float(next(ticks)))
    session.open()
    return session


def _trouble(rule: Rule, moment: Moment) -> WireTrouble:
    return WireTrouble(rule, moment, code="x")


def test_an_answer_is_given_back_whole() -> None:
    """What the host printed between request and end is the reply."""
    field = base64.b64encode(b"EX01").decode()
    wire = FakeWire(answering=lambda _: [f"O {field}", "."])

    assert _session(wire).run(_READING) == Reply(objects=(("EX01",),))


def test_every_request_has_its_own_number_and_nonce() -> None:
    """Ids rise by one; no nonce is used twice."""
    wire = FakeWire()
    session = _session(wire)
    for _ in range(3):
        session.run(_READING)

    assert [request.get("id") for request in wire.requests] == ["1", "2", "3"]
    assert len({request.get("nonce") for request in wire.requests}) == 3


def test_a_request_is_sent_once_even_when_it_fails() -> None:
    """Nothing is repeated by itself: whether to try again is decided elsewhere."""
    wire = FakeWire(
        trouble={"receive": _trouble(ACCIDENT_RULES[Accident.READ_TIMEOUT], Moment.RECEIVE)}
    )
    with pytest.raises(HostFault):
        _session(wire).run(_CHANGING)

    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("greeting", "kind"),
    [(["CD1 refused"], FaultKind.PROTOCOL), (["garbage"], FaultKind.TIMEOUT)],
)
def test_a_runner_that_does_not_start_is_closed(greeting: list[str], kind: FaultKind) -> None:
    """No shell is left behind when the start failed."""
    wire = FakeWire(greeting=greeting)
    with pytest.raises(HostFault) as caught:
        _session(wire, step_s=60)

    assert (caught.value.kind, caught.value.executed, wire.closed) == (kind, "no", 1)


def test_an_end_before_the_answer_is_a_doubt() -> None:
    """When PowerShell dies under a changing call, it may have run."""
    wire = FakeWire(answering=lambda _: [], ends=False)
    session = _session(wire)
    wire.ends = True
    with pytest.raises(HostFault) as caught:
        session.run(_CHANGING)

    assert (caught.value.executed, caught.value.code) == ("maybe", "ended")


def test_the_deadline_ends_a_call() -> None:
    """A host that says nothing for too long is given up, and the shell is closed."""
    wire = FakeWire(silent=True)
    session = _session(wire, step_s=100)
    with pytest.raises(HostFault) as caught:
        session.run(_CHANGING)

    assert (caught.value.kind, caught.value.executed) == (FaultKind.TIMEOUT, "maybe")
    assert wire.closed == 1


def test_a_value_that_cannot_travel_is_not_sent() -> None:
    """The refusal comes before the wire, so nothing can have run."""
    wire = FakeWire()
    with pytest.raises(HostFault) as caught:
        _session(wire).run(Call(op="file.write", values=(("Name", "a\nb"),)))

    assert (caught.value.executed, wire.requests) == ("no", [])


def test_an_unreadable_answer_is_a_fault() -> None:
    """A line that claims to be an answer and is none is not guessed at."""

    def broken(_: ET.Element) -> list[str]:
        return ["O %%%", "."]

    with pytest.raises(HostFault) as caught:
        _session(FakeWire(answering=broken)).run(_CHANGING)

    assert (caught.value.kind, caught.value.executed) == (FaultKind.PROTOCOL, "maybe")


_LOST = WSMAN_RULES[2150858843]
_QUOTA = WSMAN_RULES[2150859174]
_EXECUTED: list[tuple[Rule, Moment, Call, Executed]] = [
    (_LOST, Moment.SEND, _CHANGING, "maybe"),
    (_LOST, Moment.RECEIVE, _CHANGING, "maybe"),
    (_LOST, Moment.OPEN, _CHANGING, "no"),
    (_LOST, Moment.START, _CHANGING, "no"),
    (_LOST, Moment.RECEIVE, _READING, "no"),
    (_QUOTA, Moment.SEND, _CHANGING, "no"),
    (_QUOTA, Moment.RECEIVE, _CHANGING, "maybe"),
    (HTTP_RULES[401], Moment.RECEIVE, _CHANGING, "maybe"),
    (HTTP_RULES[503], Moment.SEND, _CHANGING, "no"),
    (HTTP_RULES[401], Moment.SEND, _CHANGING, "no"),
    (HTTP_RULES[400], Moment.SEND, _CHANGING, "no"),
    (WSMAN_RULES[995], Moment.RECEIVE, _CHANGING, "maybe"),
    (WSMAN_RULES[1726], Moment.SEND, _CHANGING, "maybe"),
    (WSMAN_RULES[170], Moment.SEND, _CHANGING, "no"),
    (ACCIDENT_RULES[Accident.NO_ROUTE], Moment.SEND, _CHANGING, "no"),
    (ACCIDENT_RULES[Accident.BROKEN], Moment.SEND, _CHANGING, "maybe"),
    (ACCIDENT_RULES[Accident.READ_TIMEOUT], Moment.RECEIVE, _CHANGING, "maybe"),
]


@pytest.mark.parametrize(("rule", "moment", "call", "expected"), _EXECUTED)
def test_what_may_have_run_is_told_honestly(
    rule: Rule, moment: Moment, call: Call, expected: Executed
) -> None:
    """By fault, moment and call, as the table of winrm.md 7 point 8 says."""
    method = "send" if moment in {Moment.OPEN, Moment.START, Moment.SEND} else "receive"
    wire = FakeWire(trouble={method: _trouble(rule, moment)})
    with pytest.raises(HostFault) as caught:
        _session(wire).run(call)

    assert caught.value.executed == expected
    assert ("not known" in caught.value.sentence) == (expected == "maybe")


@pytest.mark.parametrize(
    "rule", [*WSMAN_RULES.values(), *HTTP_RULES.values(), *ACCIDENT_RULES.values()]
)
def test_every_rule_makes_a_sentence(rule: Rule) -> None:
    """Host, what happened, what was not done, what to do next."""
    wire = FakeWire(trouble={"send": _trouble(rule, Moment.SEND)})
    with pytest.raises(HostFault) as caught:
        _session(wire).run(_CHANGING)
    sentence = caught.value.sentence

    assert sentence.startswith("EX01: ")
    assert sentence.endswith(rule.advice)
    assert rule.advice.endswith(".")


def test_every_accident_has_a_rule() -> None:
    """The table is complete."""
    assert set(ACCIDENT_RULES) == set(Accident)


def test_readings_asked_ahead_travel_together_and_are_taken_once() -> None:
    """One message there, whichever order they are taken in; all but the last answer are held back."""
    wire = FakeWire(
        answering=lambda request: [
            f"O {base64.b64encode(request.get('name', request.get('op', '')).encode()).decode()}",
            ".",
        ]
    )
    session = _session(wire)
    sends = wire.sends
    session.ahead([_READING, cmdlets.hello(), cmdlets.get_send_connectors()])

    assert session.run(cmdlets.get_send_connectors()).objects == (("Get-SendConnector",),)
    assert session.run(_READING).objects == (("Get-ExchangeCertificate",),)
    assert session.run(cmdlets.hello()).objects == (("hello",),)
    assert wire.sends - sends == 1
    assert [request.get("hold") for request in wire.requests] == ["1", "1", None]

    session.run(_READING)
    assert wire.sends - sends == 2


def test_a_change_forgets_what_was_read_before_it() -> None:
    """Nothing that was read ahead of a change is taken for the state after it; a change is never sent ahead."""
    wire = FakeWire()
    session = _session(wire)
    session.ahead([_READING, _CHANGING])
    session.run(_CHANGING)
    session.run(_READING)

    assert [request.get("op") for request in wire.requests] == ["cmdlet", "store.add", "cmdlet"]
