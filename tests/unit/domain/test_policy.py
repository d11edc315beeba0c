"""Who may do what: every person at every gate of every sort of order."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from bot.domain.approvals import KEEPERS, Approval, Gate, Role
from bot.domain.faults import Refused
from bot.domain.ids import HostName, PersonId
from bot.domain.order import CertificateOrder
from bot.domain.policy import check_keeps_gate, check_may_act, check_may_decide, may_decide
from bot.domain.states import State
from tests.unit.domain.samples import (
    ANNE,
    BOSS,
    EX01,
    LAB01,
    MAX,
    MIA,
    NOON,
    OLGA,
    RITA,
    STRANGER,
    host_plan,
    order,
    plan,
    site,
    wish,
)

ORDERS: dict[str, CertificateOrder] = {
    "somebody's": order(uploader=RITA),
    "asked by the boss": order(requester=BOSS),
    "uploaded by the boss": order(uploader=BOSS),
    "asked by the boss for a lab": order(requester=BOSS, wish=wish(hosts=(LAB01,))),
    "asked by the boss for a lab and more": order(requester=BOSS, wish=wish(hosts=(LAB01, EX01))),
    "asked by the boss for nothing known": order(requester=BOSS, wish=wish(hosts=(HostName("X"),))),
    "asked by the boss for no host": order(requester=BOSS, wish=wish(hosts=())),
}
PEOPLE = {"Rita": RITA, "Max": MAX, "Olga": OLGA, "Anne": ANNE, "Boss": BOSS, "nobody": STRANGER}

APPROVERS_GATES = {Gate.ISSUE, Gate.RETIRE, Gate.CLEAR_REQUEST}
OWN = {
    "asked by the boss",
    "asked by the boss for a lab and more",
    "asked by the boss for nothing known",
    "asked by the boss for no host",
}


def expected_code(person: str, gate: Gate, which: str) -> str:
    """The rule once more, in other words than the code's."""
    role = "approver" if gate in APPROVERS_GATES else "operator"
    if person not in {"approver": {"Max", "Boss"}, "operator": {"Olga", "Boss"}}[role]:
        return f"not-{role}"
    if person == "Boss" and which in OWN:
        return "own-order"
    if person == "Boss" and which == "uploaded by the boss":
        return "own-upload"
    return ""


TRIPLES = list(product(PEOPLE, Gate, ORDERS))


def test_the_table_is_complete() -> None:
    """Every role appears among the people and every gate has a keeper."""
    given = frozenset[Role]().union(*(site().roles_of(p) for p in PEOPLE.values()))

    assert set(Role) == set(given)
    assert set(Gate) == set(KEEPERS)
    assert len(PEOPLE) * len(Gate) * len(ORDERS) == len(TRIPLES)


@pytest.mark.parametrize(("person", "gate", "which"), TRIPLES)
def test_who_may_decide(person: str, gate: Gate, which: str) -> None:
    """Each (person, gate, order) passes or is refused with the code of the rule."""
    code = ""
    try:
        check_may_decide(site(), ORDERS[which], gate, PEOPLE[person])
    except Refused as refused:
        code = refused.code

    assert expected_code(person, gate, which) == code


@pytest.mark.parametrize(("person", "gate", "which"), TRIPLES)
def test_the_yes_or_no_agrees_with_the_check(person: str, gate: Gate, which: str) -> None:
    """A button is offered exactly to whom its click would be taken from."""
    may = may_decide(site(), ORDERS[which], gate, PEOPLE[person])

    assert (expected_code(person, gate, which) == "") is may


@pytest.mark.parametrize("gate", list(Gate))
def test_a_second_word_at_one_gate_is_refused(gate: Gate) -> None:
    """One person counts once, whatever they said the first time."""
    said = Approval(gate=gate, by=BOSS, at=NOON, yes=False)

    with pytest.raises(Refused, match="counted once") as raised:
        check_may_decide(site(), order(approvals=(said,)), gate, BOSS)

    assert "decided-already" == raised.value.code


def test_a_word_on_the_plan_of_before_does_not_bind() -> None:
    """Who approved one plan may decide on the next one, which is another."""
    said = Approval(
        gate=Gate.INSTALL, by=OLGA, at=NOON, yes=True, subject=plan(host_plan(EX01)).digest()
    )

    check_may_decide(site(), order(plan=plan(), approvals=(said,)), Gate.INSTALL, OLGA)

    with pytest.raises(Refused, match="counted once"):
        check_may_decide(
            site(), order(plan=plan(host_plan(EX01)), approvals=(said,)), Gate.INSTALL, OLGA
        )


def test_whoever_decided_before_still_keeps_the_gate() -> None:
    """The approver of an order is asked again for its renewal, so a former word is no obstacle there."""
    said = Approval(gate=Gate.ISSUE, by=MAX, at=NOON, yes=True)

    check_keeps_gate(site(), order(approvals=(said,)), Gate.ISSUE, MAX)

    with pytest.raises(Refused):
        check_may_decide(site(), order(approvals=(said,)), Gate.ISSUE, MAX)


@pytest.mark.parametrize(
    ("person", "may"),
    [(RITA, True), (MAX, True), (OLGA, True), (BOSS, True), (ANNE, False), (STRANGER, False)],
)
def test_who_may_push_an_order_along(person: PersonId, may: bool) -> None:
    """The requester, an approver or an operator; an auditor only reads."""
    code = ""
    try:
        check_may_act(site(), order(), person)
    except Refused as refused:
        code = refused.code

    assert ("" if may else "not-yours") == code


def test_a_refusal_says_what_was_not_done_and_who_may() -> None:
    """The sentence helps: nothing was changed, and these people may."""
    with pytest.raises(Refused) as raised:
        check_may_decide(site(), order(), Gate.ISSUE, OLGA)

    assert raised.value.sentence == (
        "You are not an approver, so this was not counted and nothing was changed. "
        "These may: Max, Mia, Boss."
    )


def test_a_refusal_without_anybody_to_ask_says_whom_to_turn_to() -> None:
    """Where the configuration names nobody else, an administrator has to add somebody."""
    lonely = replace(site(), people=tuple(p for p in site().people if p.id == BOSS))

    with pytest.raises(Refused, match="ask an administrator"):
        check_may_decide(lonely, order(requester=BOSS), Gate.ISSUE, BOSS)


def left_behind(ended_by: dict[int, PersonId], **parts: Any) -> CertificateOrder:
    """A cancelled order whose two requests may both be cleared."""
    whole = {"csr_pem": "second", "csr_round": 2, "past_csrs": {1: "first"}, "ended_by": ended_by}
    return order(State.CANCELLED, **{**whole, **parts})


_ENDED: list[tuple[dict[int, PersonId], dict[str, Any], dict[str, str]]] = [
    ({}, {}, {"Max": "", "Mia": "", "Boss": ""}),
    ({1: RITA, 2: RITA}, {}, {"Max": "", "Mia": "", "Boss": ""}),
    ({1: MAX, 2: RITA}, {}, {"Max": "own-ending", "Mia": "", "Boss": ""}),
    ({1: RITA, 2: MAX}, {}, {"Max": "own-ending", "Mia": "", "Boss": ""}),
    ({1: MAX, 2: MIA}, {}, {"Max": "own-ending", "Mia": "own-ending", "Boss": ""}),
    ({2: MAX}, {}, {"Max": "own-ending", "Mia": "", "Boss": ""}),
    ({1: MAX}, {"cleared": (1,)}, {"Max": "", "Mia": "", "Boss": ""}),
    ({2: MAX}, {"cleared": (1,)}, {"Max": "own-ending", "Mia": "", "Boss": ""}),
    ({1: OLGA, 2: OLGA}, {}, {"Max": "", "Mia": "", "Boss": ""}),
    ({2: BOSS}, {"wish": wish(hosts=(LAB01,))}, {"Max": "", "Mia": "", "Boss": ""}),
    ({2: MAX}, {"requester": MAX}, {"Max": "own-order", "Mia": "", "Boss": ""}),
]
"""Who ended which round, what else is so, and what each approver is refused with; older orders know of nobody."""


@pytest.mark.parametrize(("ended_by", "parts", "codes"), _ENDED)
def test_nobody_has_the_request_cleared_that_they_ended(
    ended_by: dict[int, PersonId], parts: dict[str, Any], codes: dict[str, str]
) -> None:
    """A key goes on two people's words: one ended what waited for it, another has it destroyed."""
    mine = left_behind(ended_by, **parts)
    told = {}
    for name, person in {"Max": MAX, "Mia": MIA, "Boss": BOSS}.items():
        told[name] = ""
        try:
            check_may_decide(site(), mine, Gate.CLEAR_REQUEST, person)
        except Refused as refused:
            told[name] = refused.code

    assert codes == told


@pytest.mark.parametrize("gate", [gate for gate in Gate if gate is not Gate.CLEAR_REQUEST])
def test_who_ended_a_round_keeps_every_other_gate(gate: Gate) -> None:
    """It is no matter of theirs."""
    check_may_decide(site(), left_behind({2: BOSS}), gate, BOSS)


def test_whoever_ended_it_is_told_who_else_may() -> None:
    """The sentence says why, what was not done, and does not name them as a way out."""
    with pytest.raises(Refused) as raised:
        check_may_decide(site(), left_behind({2: MAX}), Gate.CLEAR_REQUEST, MAX)

    assert raised.value.sentence == (
        "It was you after whose word nobody waits for the pending request of Order 7: mail.example.com any more, so "
        "somebody else has to decide that its key is destroyed; nothing was changed. These may: Mia, Boss."
    )
