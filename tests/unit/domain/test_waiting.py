"""What an order waits for, on whom, until when: a row for every state, and nothing bought ever lapses."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.approvals import Approval, Gate
from bot.domain.ids import SYSTEM, PersonId
from bot.domain.life import advance
from bot.domain.order import CertificateOrder, Clearing
from bot.domain.reminding import REQUESTER, Escalation
from bot.domain.site import Site
from bot.domain.states import MOVES, EventKind, State
from bot.domain.waiting import (
    UNDER_WAY,
    UNDER_WAY_WAITS,
    WAITING_STATES,
    Wait,
    due_at,
    lapses_at,
    to_tell,
    wait_of,
    waits_on,
    who,
)
from tests.unit.domain.samples import NOON, RITA, event, order, plan, site

WAITS: dict[State, Wait | None] = {
    State.PLACED: Wait.ISSUE,
    State.APPROVED: None,
    State.CSR_READY: Wait.SUBMIT,
    State.SUBMITTED: Wait.VENDOR,
    State.ISSUED: Wait.BUNDLE,
    State.CHECKING: None,
    State.PROVEN: None,
    State.INSTALLING: None,
    State.INSTALLED: None,
    State.ROLLING_BACK: None,
    State.RETIRING: None,
    State.ROLLED_BACK: None,
    State.REJECTED: None,
    State.CANCELLED: None,
    State.LAPSED: None,
    State.FAILED: Wait.MEND,
    State.SUPERSEDED: None,
    State.RETIRED: None,
}
"""What a bare order in each state waits for."""

MAX, OLGA = PersonId("T1:UMAX"), PersonId("T1:UOLGA")


def said(gate: Gate, by: PersonId = MAX, **parts: Any) -> Approval:
    """A yes."""
    return Approval(gate=gate, by=by, at=NOON, yes=True, **parts)


@pytest.mark.parametrize("state", list(State))
def test_every_state_says_what_it_waits_for(state: State) -> None:
    """The table is complete, and what it says is only found in states named as waiting ones."""
    assert set(WAITS) == set(State)
    assert wait_of(order(state)) is WAITS[state]
    assert WAITS[state] is None or state in WAITING_STATES
    assert (WAITS[state] in UNDER_WAY_WAITS) is (WAITS[state] is not None and state in UNDER_WAY)


@pytest.mark.parametrize(
    ("waiting", "wait"),
    [
        (order(State.PROVEN, plan=plan()), Wait.PLAN),
        (order(State.PROVEN, fault_code="host-unreachable"), Wait.READING),
        (order(State.INSTALLED, renewal_asked_at=NOON), Wait.RENEWAL),
        (order(State.INSTALLED, approvals=(said(Gate.ROLL_BACK),)), Wait.ROLL_BACK),
        (order(State.INSTALLED, approvals=(said(Gate.RETIRE),)), Wait.RETIRE),
        (order(State.SUPERSEDED, approvals=(said(Gate.RETIRE),)), Wait.RETIRE),
        (order(State.INSTALLED, approvals=(said(Gate.RETIRE),), kept=1), None),
        (order(State.INSTALLED, approvals=(said(Gate.ISSUE), said(Gate.INSTALL))), None),
        (order(State.CANCELLED, approvals=(said(Gate.CLEAR_REQUEST),)), None),
        (
            order(State.INSTALLED, renewal_asked_at=NOON, approvals=(said(Gate.RETIRE),)),
            Wait.RENEWAL,
        ),
        (
            order(
                State.SUPERSEDED,
                approvals=(said(Gate.RETIRE),),
                clearing=Clearing(rounds=(1,), since=3),
            ),
            None,
        ),
    ],
)
def test_what_else_decides(waiting: CertificateOrder, wait: Wait | None) -> None:
    """Plans, renewals, and gates of which one of several keepers has said yes."""
    assert wait_of(waiting) is wait
    assert (wait in UNDER_WAY_WAITS) is (wait is not None and waiting.state in UNDER_WAY)


def test_only_what_was_never_ordered_lapses() -> None:
    """A bought certificate waits without end; its reminders go on."""
    policy = site().policy
    ends = {
        wait_of(o): lapses_at(o, policy)
        for o in (*(order(state) for state in State), order(State.PROVEN, plan=plan()))
    }

    assert NOON + timedelta(days=policy.gate_expiry_days) == ends.pop(Wait.ISSUE)
    assert {None} == set(ends.values())


def test_the_last_moment_of_an_order_is_its_end() -> None:
    """However far the reminders have come, the end is not overslept."""
    placed = order(State.PLACED)
    end = lapses_at(placed, site().policy)
    assert end is not None

    assert end == due_at(placed, site().policy, given=9, at=end - timedelta(hours=1))
    assert due_at(placed, site().policy, given=0, at=NOON) < end  # type: ignore[operator]  # it waits


def test_who_is_waited_for() -> None:
    """The keepers who may decide and have not; for the vendor's desk whoever asked."""
    house = site()
    approvers = waits_on(house, order(State.PLACED), Wait.ISSUE)
    endorsed = order(State.PLACED, approvals=(said(Gate.ISSUE, by=approvers[0]),))

    assert RITA not in approvers
    assert approvers[1:] == waits_on(house, endorsed, Wait.ISSUE)
    assert (RITA,) == waits_on(house, order(State.CSR_READY), Wait.SUBMIT)
    assert () == waits_on(house, order(State.CSR_READY, requester=SYSTEM), Wait.SUBMIT)


def escalating(**groups: tuple[tuple[PersonId, ...], ...]) -> Site:
    """A site with these groups, reached after one reminder."""
    house = site()
    policy = replace(house.policy, escalation=Escalation(after=1, groups=groups))
    return replace(house, policy=policy)


def test_closed_accounts_are_told_nothing_and_the_next_group_hears_at_once() -> None:
    """An approver who left neither counts nor is pinged; when all left, the escalation does not wait."""
    head = PersonId("T1:UHEAD")
    house = escalating(approver=((head,),))
    placed = order(State.PLACED)
    keepers = waits_on(house, placed, Wait.ISSUE)

    def told(number: int, *closed: PersonId) -> tuple[PersonId, ...]:
        return to_tell(
            house, placed, Wait.ISSUE, number=number, is_active=lambda p: p not in closed
        )

    assert keepers == told(1)
    assert (*keepers, head) == told(2)
    assert keepers[1:] == told(1, keepers[0])
    assert (head,) == told(1, *keepers)
    assert () == told(1, *keepers, head)


A, B, C, D = (PersonId(f"T1:U{name}") for name in "ABCD")


@pytest.mark.parametrize(
    ("closed", "reached"),
    [
        ("", ["", "AB", "ABC", "ABCD", "ABCD"]),
        ("A", ["", "B", "BC", "BCD", "BCD"]),
        ("AB", ["", "C", "CD", "CD", "CD"]),
        ("C", ["", "AB", "ABD", "ABD", "ABD"]),
        ("ABC", ["", "D", "D", "D", "D"]),
        ("ABD", ["", "C", "C", "C", "C"]),
        ("ABCD", ["", "", "", "", ""]),
    ],
)
def test_a_group_of_closed_accounts_costs_no_reminder(closed: str, reached: list[str]) -> None:
    """Of the groups (A, B), (C), (D) each later reminder reaches one more that has somebody; with none, those who can act go on."""
    house = escalating(approver=((A, B), (C,), (D,)))
    placed = order(State.PLACED)
    keepers = waits_on(house, placed, Wait.ISSUE)
    gone = {PersonId(f"T1:U{name}") for name in closed}

    told = [
        to_tell(house, placed, Wait.ISSUE, number=n, is_active=lambda p: p not in gone)
        for n in range(1, 6)
    ]

    assert [(*keepers, *(PersonId(f"T1:U{name}") for name in more)) for more in reached] == told


def test_an_order_whose_requester_left_is_told_to_the_approvers() -> None:
    """Somebody has to go to the vendor's desk, or call it off."""
    issued = order(State.ISSUED)
    told = to_tell(site(), issued, Wait.BUNDLE, number=1, is_active=lambda p: p != RITA)

    assert told
    assert RITA not in told
    assert REQUESTER == who(Wait.BUNDLE)


@pytest.mark.parametrize(("state", "kind"), sorted(MOVES))
def test_a_wait_that_goes_on_keeps_its_beginning(state: State, kind: EventKind) -> None:
    """And another one begins now; who waits for nobody has none."""
    before = order(state, waits_since=NOON)
    later = NOON + timedelta(hours=5)
    after, _ = advance(before, event(kind), at=later)

    same = wait_of(after) is wait_of(before)
    expected = None if wait_of(after) is None else NOON if same else later
    assert expected == after.waits_since
