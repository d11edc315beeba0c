"""Who still counts: two gates passed by one word, and words of people who keep the gate no more."""

import pytest

from bot.domain.approvals import Approval, Gate
from bot.domain.faults import Refused
from bot.domain.ids import OrderId, PersonId
from bot.domain.plan import Answer
from bot.domain.states import State
from bot.workflow.engine import Engine
from tests.unit.domain.samples import (
    EX01,
    MAX,
    MIA,
    NOON,
    OLGA,
    OTTO,
    certificate,
    order,
    plan,
    site,
)
from tests.unit.workflow.house import House
from tests.unit.workflow.overtaken import Overtaken
from tests.unit.workflow.test_engine_install_gate import decide, proven

LEFT = PersonId("T1:ULEFT")
"""Somebody who was an operator once."""


@pytest.mark.parametrize(
    ("answer", "end"), [(Answer.YES, State.PROVEN), (Answer.NO, State.INSTALLING)]
)
def test_a_yes_to_overwriting_needs_the_quorum_of_its_own_gate(answer: Answer, end: State) -> None:
    """The plan has one form and two gates: the stricter one counts when a default is to be replaced."""
    house = House(site=site(overwrite_smtp=2))
    house.put(proven())

    assert end is decide(house, answers={EX01: answer}).state


def test_two_operators_together_overwrite_the_default() -> None:
    """The second one's same answer is what was missing."""
    house = House(site=site(overwrite_smtp=2))
    house.put(proven())
    decide(house, answers={EX01: Answer.YES})

    assert State.INSTALLING is decide(house, by=OTTO, answers={EX01: Answer.YES}).state


def test_an_answer_of_somebody_who_left_binds_nobody() -> None:
    """Else their Yes could neither be counted nor be contradicted."""
    digest = plan().digest()
    said = [
        Approval(gate=gate, by=LEFT, at=NOON, yes=True, subject=subject)
        for gate, subject in ((Gate.INSTALL, digest), (Gate.OVERWRITE_SMTP, f"{EX01}:{digest}"))
    ]
    house = House(site=site(install=2))
    house.put(proven(approvals=tuple(said)))

    assert State.PROVEN is decide(house, by=OLGA).state
    assert State.INSTALLING is decide(house, by=OTTO).state


def test_a_renewal_nobody_proposed_is_not_one_person_s_act() -> None:
    """The watch asks and a person approves; without its question the form is the way, and somebody else decides."""
    house = House()
    before = house.put(order(State.INSTALLED, certificate=certificate()))

    with pytest.raises(Refused) as raised:
        house.engine.renew(OrderId(7), by=MAX)

    assert "not-now" == raised.value.code
    assert before == house.order()
    assert 1 == len(house.memory.orders)


@pytest.mark.parametrize(
    ("faster", "ends"), [("postpone_renewal", [State.CANCELLED]), ("renew", [State.APPROVED])]
)
def test_a_yes_that_came_too_late_leaves_no_order_behind(faster: str, ends: list[State]) -> None:
    """A "not now" in the same millisecond: the successor is taken back; another yes: it is the other one's."""
    house = House()
    house.put(order(State.INSTALLED, certificate=certificate(), renewal_asked_at=NOON))
    orders = Overtaken(house.memory)
    orders.meanwhile = lambda: getattr(house.engine, faster)(OrderId(7), by=MIA)

    with pytest.raises(Refused) as raised:
        Engine(orders, house.site, house.clock).renew(OrderId(7), by=MAX)

    assert "stale" == raised.value.code
    assert ends == [o.state for o in house.memory.orders.values() if o.id != OrderId(7)]
