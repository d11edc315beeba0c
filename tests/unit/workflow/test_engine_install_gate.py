"""The gate *install*: this very plan, every question answered, by somebody who may."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.domain.approvals import Gate
from bot.domain.faults import Refused
from bot.domain.ids import HostName, OrderId, PersonId
from bot.domain.order import CertificateOrder
from bot.domain.plan import Answer
from bot.domain.states import State, Work
from tests.unit.domain.samples import (
    BOSS,
    EX01,
    EX02,
    LAB01,
    MAX,
    OLGA,
    OTTO,
    RITA,
    certificate,
    host_plan,
    order,
    plan,
    site,
    wish,
)  # fmt: skip
from tests.unit.workflow.house import House

SEVEN = OrderId(7)
ANSWERS = {EX01: Answer.NO}


def proven(**parts: Any) -> CertificateOrder:
    """An order whose plan waits for a decision."""
    whole = {"plan": plan(), "certificate": certificate(), "uploader": RITA, **parts}
    return order(State.PROVEN, **whole)


def decide(
    house: House,
    *,
    by: PersonId = OLGA,
    yes: bool = True,
    digest: str = "",
    answers: Mapping[HostName, Answer] | None = None,
) -> CertificateOrder:
    """One word on the plan of the samples."""
    return house.engine.decide(
        SEVEN,
        Gate.INSTALL,
        yes=yes,
        by=by,
        digest=digest or plan().digest(),
        answers=ANSWERS if answers is None else answers,
    )


def code_of(house: House, **word: Any) -> str:
    """The code a word is refused with; nothing may have changed."""
    before = house.order()
    with pytest.raises(Refused) as raised:
        decide(house, **word)
    assert before == house.order()
    assert [] == house.memory.works
    return raised.value.code


def test_a_yes_starts_the_installation_with_its_answers() -> None:
    """Digest and answers stand in the decision, in the order and in the audit."""
    house = House()
    house.put(proven())

    after = decide(house, answers={EX01: Answer.YES})

    assert (State.INSTALLING, {EX01: Answer.YES}) == (after.state, after.answers)
    assert [(Work.INSTALL, SEVEN)] == house.memory.works
    assert [
        (Gate.INSTALL, True, plan().digest()),
        (Gate.OVERWRITE_SMTP, True, f"EX01:{plan().digest()}"),
    ] == [(word.gate, word.yes, word.subject) for word in after.approvals]
    assert [{"plan_digest": plan().digest(), "overwrite_smtp.EX01": "yes"}] == [
        entry.facts for entry in house.audit.entries(SEVEN)
    ]


@pytest.mark.parametrize("digest", ["0" * 64, plan(host_plan(EX02)).digest()])
def test_another_plan_than_the_one_that_stands_is_refused(digest: str) -> None:
    """What a person read is what runs; the hosts may have been read anew since."""
    house = House()
    house.put(proven())

    assert "stale" == code_of(house, digest=digest)
    assert "stale" == code_of(house, digest=digest, yes=False)


def test_without_a_plan_there_is_nothing_to_decide() -> None:
    """While the hosts are read a click on the former plan is refused."""
    house = House()
    house.put(proven(plan=None))

    assert "not-now" == code_of(house)


@pytest.mark.parametrize("state", [s for s in State if s is not State.PROVEN])
def test_a_plan_is_decided_on_in_its_state_only(state: State) -> None:
    """A late click installs nothing."""
    house = House()
    house.put(order(state, plan=plan(), certificate=certificate()))

    assert "not-now" == code_of(house)


@pytest.mark.parametrize("answers", [{}, {EX02: Answer.YES}])
def test_every_question_must_be_answered(answers: dict[HostName, Answer]) -> None:
    """Silence is no answer to "overwrite the default SMTP certificate?"."""
    house = House()
    house.put(proven())

    with pytest.raises(Refused, match="not answered for EX01") as raised:
        decide(house, answers=answers)

    assert "smtp-question-open" == raised.value.code
    assert [] == house.whats()


def test_a_no_needs_no_answers() -> None:
    """Who rejects a plan does not have to say what it should have done."""
    house = House()
    house.put(proven())

    after = decide(house, yes=False, answers={})

    assert State.CANCELLED is after.state
    assert [] == house.memory.works


@pytest.mark.parametrize(
    ("by", "code"), [(MAX, "not-operator"), (RITA, "not-operator"), (OTTO, "own-upload")]
)
def test_who_may_not_install(by: PersonId, code: str) -> None:
    """An approver, the requester, and the operator who uploaded the bundle."""
    house = House()
    house.put(proven(uploader=OTTO))

    assert code == code_of(house, by=by)


def test_on_a_lab_host_the_boss_may_do_it_all() -> None:
    """The policy's one exception is by named host."""
    house = House()
    lab = plan(host_plan(LAB01))
    house.put(proven(wish=wish(hosts=(LAB01,)), plan=lab, requester=BOSS, uploader=BOSS))

    assert State.INSTALLING is decide(house, by=BOSS, digest=lab.digest(), answers={}).state


def test_a_quorum_counts_words_on_the_same_plan_only() -> None:
    """A yes to the plan of before does not count for the one that stands now."""
    house = House(site=site(install=2))
    former = plan(host_plan(EX01))
    house.put(proven(plan=former))
    decide(house, digest=former.digest())
    house.put(proven(plan=plan(), approvals=house.order().approvals, version=house.order().version))

    decide(house, by=OTTO)
    assert State.PROVEN is house.order().state
    decide(house, by=OLGA)

    assert State.INSTALLING is house.order().state


def test_with_a_quorum_everybody_gives_the_same_answers() -> None:
    """The second yes cannot turn the first one's No into a Yes behind their back."""
    house = House(site=site(install=2))
    house.put(proven())
    decide(house, answers={EX01: Answer.NO})
    house.memory.works.clear()

    with pytest.raises(Refused, match="<@UOLGA> answered No for EX01") as raised:
        decide(house, by=OTTO, answers={EX01: Answer.YES})

    assert "smtp-answers-differ" == raised.value.code
    assert State.PROVEN is house.order().state
    assert State.INSTALLING is decide(house, by=OTTO, answers={EX01: Answer.NO}).state


def test_two_operators_in_a_row_start_one_installation() -> None:
    """The second click finds the order installing and is told so."""
    house = House()
    house.put(proven())
    decide(house)

    with pytest.raises(Refused, match="it is installing"):
        decide(house, by=OTTO)

    assert [(Work.INSTALL, SEVEN)] == house.memory.works
