"""What each event makes of an order."""

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.certs.findings import Finding
from bot.domain import events as ev
from bot.domain.approvals import Approval, Gate
from bot.domain.ids import OrderId, UploadId
from bot.domain.life import SPOILED_CSR, advance
from bot.domain.order import Clearing
from bot.domain.plan import Answer
from bot.domain.states import MOVES, EventKind, State
from bot.domain.waiting import wait_of
from tests.unit.domain.samples import EX01, EX02, MAX, NOON, RITA, certificate, event, order, plan

LATER = NOON + timedelta(minutes=5)
FINDING = Finding(code="expired", severity="refuse", where="leaf", message="It has expired.")

BROUGHT: dict[EventKind, dict[str, Any]] = {
    EventKind.CSR_MADE: {"csr_pem": "-----BEGIN CERTIFICATE REQUEST-----", "csr_round": 1},
    EventKind.HOST_REFUSED: {
        "failed_in": State.APPROVED,
        "fault_code": "host-sign-in",
        "detail": "The sign-in was refused.",
    },
    EventKind.SUBMITTED: {"vendor_reference": "GD-1"},
    EventKind.REKEYED: {"csr_pem": "", "past_csrs": {0: "old csr"}},
    EventKind.BUNDLE_UPLOADED: {
        "upload_id": UploadId(5), "uploader": RITA, "findings": (), "certificate": None,
    },
    EventKind.BUNDLE_PROVEN: {"certificate": certificate(), "findings": (), "plan": None},
    EventKind.BUNDLE_REFUSED: {"findings": ()},
    EventKind.PLAN_MADE: {"plan": plan(), "answers": {}},
    EventKind.PLAN_FAILED: {
        "plan": None, "fault_code": "host-unreachable", "detail": "EX01 is away.",
    },
    EventKind.REPLAN: {"plan": None, "fault_code": ""},
    EventKind.INSTALL_APPROVED: {"answers": {EX01: Answer.NO}, "done_hosts": ()},
    EventKind.HOST_DONE: {"done_hosts": (EX02, EX01)},
    EventKind.INSTALL_FINISHED: {"installed_at": LATER},
    EventKind.SUPERSEDED: {"superseded_by": OrderId(8)},
    EventKind.REINSTATED: {"superseded_by": None, "renewed_by": None},
    EventKind.RENEWAL_PROPOSED: {"renewal_asked_at": LATER, "renewed_by": None},
    EventKind.RENEWAL_POSTPONED: {
        "renewal_asked_at": None, "renewal_not_before": NOON + timedelta(days=7),
    },
    EventKind.RENEWAL_OPENED: {"renewal_asked_at": None, "renewed_by": OrderId(8)},
    EventKind.RETRY_CSR: {"failed_in": None, "fault_code": ""},
    EventKind.RETRY_INSTALL: {"failed_in": None, "fault_code": ""},
    EventKind.RETRY_ROLL_BACK: {"failed_in": None, "fault_code": ""},
    EventKind.RETRY_RETIRE: {"failed_in": None, "fault_code": ""},
    EventKind.ENDORSE: {"detail": "being looked at"},
    EventKind.ROLL_BACK: {"failed_in": None, "fault_code": ""},
    EventKind.KEEP_INSTALLED: {
        "failed_in": None, "fault_code": "", "detail": "In use.", "kept": 1,
    },
    EventKind.KEEP_SUPERSEDED: {
        "failed_in": None, "fault_code": "", "detail": "In use.", "kept": 1,
    },
    EventKind.CLEAR_REQUEST: {
        "detail": "being looked at", "clearing": Clearing(rounds=(1,), since=4),
    },
    EventKind.REQUEST_CLEARED: {"detail": "being looked at", "clearing": None, "cleared": (2, 1)},
    EventKind.CLEAR_FAILED: {
        "detail": "being looked at", "clearing": Clearing(rounds=(1,), since=2, fault="EX01 is away."),
    },
    EventKind.RETRY_CLEAR: {
        "detail": "being looked at", "clearing": Clearing(rounds=(1,), since=4),
    },
    EventKind.HOST_FAILED: {
        "fault_code": "host-cmdlet-error", "detail": "Exchange refused.",
    },
}  # fmt: skip
"""What an event changes besides state, version and time; kinds that are left out change nothing more."""


def full(state: State) -> Any:
    """An order with something in every field an event may change."""
    return order(
        state,
        detail="being looked at",
        csr_pem="old csr",
        findings=(FINDING,),
        certificate=certificate(serial_hex="old"),
        plan=None,
        done_hosts=(EX02,),
        fault_code="old-fault",
        failed_in=State.APPROVED,
        renewal_asked_at=NOON,
        renewed_by=OrderId(9),
        superseded_by=OrderId(9),
        cleared=(2,),
        clearing=Clearing(rounds=(1,), since=2, fault="It stopped."),
    )


@pytest.mark.parametrize(("state", "kind"), list(MOVES))
def test_an_event_changes_what_it_brings_and_nothing_else(state: State, kind: EventKind) -> None:
    """Every field of the order after each legal event is the one expected here."""
    before = full(state)
    brought = dict(BROUGHT.get(kind, {}))
    if kind is EventKind.HOST_FAILED:
        brought["failed_in"] = state
    if state is State.FAILED and kind in {EventKind.SUPERSEDED, EventKind.REINSTATED}:
        brought["detail"] = before.detail  # the fault is still there
    expected = {
        **asdict(before), "detail": "", "state": MOVES[state, kind].to, "version": 4,
        "changed_at": LATER, **{k: asdict(v) if k in {"plan", "certificate", "clearing"} and v else v for k, v in brought.items()},
    }  # fmt: skip

    after, work = advance(before, event(kind), at=LATER)
    # Which waits go on is in test_waiting.py; this order has no beginning of its own.
    expected["waits_since"] = LATER if wait_of(after) else None

    assert expected == asdict(after)
    assert MOVES[state, kind].work is work


def test_decisions_are_added_in_the_order_they_were_given() -> None:
    """Approvals only ever grow at the end."""
    first = Approval(gate=Gate.ISSUE, by=MAX, at=NOON, yes=True)
    second = replace(first, by=RITA)

    after, _ = advance(order(approvals=(first,)), ev.Approved(approvals=(second,)), at=LATER)

    assert (first, second) == after.approvals


@pytest.mark.parametrize("code", sorted(SPOILED_CSR))
def test_a_retry_after_a_spoiled_csr_asks_for_another_request(code: str) -> None:
    """A pending request that is gone or wrong is not looked for again: the next round has another name."""
    failed = order(State.FAILED, csr_round=1, failed_in=State.APPROVED, fault_code=code)

    after, _ = advance(failed, ev.RetryAsked(kind=EventKind.RETRY_CSR), at=LATER)

    assert 2 == after.csr_round


def test_a_retry_after_another_fault_looks_for_the_same_request() -> None:
    """What may have been made before the fault is found again by its name."""
    failed = order(State.FAILED, csr_round=1, failed_in=State.APPROVED, fault_code="host-timeout")

    after, _ = advance(failed, ev.RetryAsked(kind=EventKind.RETRY_CSR), at=LATER)

    assert 1 == after.csr_round


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(EventKind)), max_size=40))
def test_any_string_of_events_stays_in_the_table_and_counts_its_versions(
    kinds: list[EventKind],
) -> None:
    """The version rises by one for each event that was legal and for no other."""
    now, taken = order(version=1), 0
    for kind in kinds:
        if (now.state, kind) in MOVES:
            now, _ = advance(now, event(kind), at=LATER)
            taken += 1

    assert 1 + taken == now.version


ENDINGS = {
    EventKind.REJECT: State.PLACED,
    EventKind.CANCEL: State.ISSUED,
    EventKind.WITHDRAWN: State.CSR_READY,
    EventKind.VENDOR_REJECTED: State.SUBMITTED,
    EventKind.REKEYED: State.SUBMITTED,
    EventKind.ROLL_BACK: State.FAILED,
}
"""What people say after which nobody waits for the round's request, and a state it is said in."""


@pytest.mark.parametrize("kind", list(EventKind))
def test_who_ended_a_round_is_kept(kind: EventKind) -> None:
    """By round and person, for these events and no other; an earlier round keeps whoever ended it."""
    state = ENDINGS.get(kind) or next(state for state, known in MOVES if known is kind)
    before = order(state, csr_pem="second", csr_round=2, ended_by={1: RITA})
    after, _ = advance(before, event(kind), at=LATER, by=MAX)

    assert after.ended_by == ({1: RITA, 2: MAX} if kind in ENDINGS else {1: RITA})


@pytest.mark.parametrize("kind", list(ENDINGS))
def test_the_machine_ends_no_round_of_anybody_s(kind: EventKind) -> None:
    """What the calendar or the watch calls off leaves every approver free to decide."""
    after, _ = advance(order(ENDINGS[kind], csr_pem="x", csr_round=1), event(kind), at=LATER)

    assert after.ended_by == {}


def test_a_proven_installation_that_is_rolled_back_ends_no_round() -> None:
    """Its request was completed by the certificate: nothing waits there."""
    before = order(State.INSTALLED, csr_pem="x", csr_round=1, installed_at=NOON)
    after, _ = advance(before, event(EventKind.ROLL_BACK), at=LATER, by=MAX)

    assert after.ended_by == {}


def test_the_round_that_was_under_way_is_the_one_that_ended() -> None:
    """Called off before its CSR was seen: the host may have made it all the same."""
    before = order(State.FAILED, csr_pem="", csr_round=1, failed_in=State.APPROVED)
    after, _ = advance(before, event(EventKind.CANCEL), at=LATER, by=MAX)

    assert after.ended_by == {2: MAX}
