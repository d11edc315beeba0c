"""What Exchange warns of reaches the status card and the audit, whatever happens to the run."""

import pytest

from bot.domain.faults import FaultKind
from bot.domain.ids import HostName
from bot.domain.plan import Answer, Caution, Step
from bot.domain.states import State, Work
from bot.workflow.operations import ANSWER_LOST
from tests.unit.domain.samples import EX01, EX02, NOON, OLGA, certificate, order, plan
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import PlainRun
from tests.unit.workflow.test_install_job import SEVEN, installing, play

WILDCARD = Caution(said="It's a wildcard.", meaning="Harmless.")
ODD = Caution(said="Odd.")


def warnings(house: House, host: HostName, step: Step) -> tuple[Caution, ...]:
    """What stands on the card."""
    return {(s.host, s.step): s.warnings for s in house.orders.steps(SEVEN)}[(host, step)]


def test_warnings_of_a_step_are_shown_together_and_once() -> None:
    """Both operations that enable belong to one step; the same words stand there once."""
    house = installing(Answer.YES)
    house.hosts.warns = {
        "EX01/enable_services": (WILDCARD,),
        "EX01/enable_smtp": (WILDCARD, ODD),
        "EX02/import_certificate": (ODD,),
    }
    play(house)

    assert warnings(house, EX01, Step.ENABLE) == (WILDCARD, ODD)
    assert warnings(house, EX01, Step.IMPORT) == ()
    assert warnings(house, EX02, Step.IMPORT) == (ODD,)


def test_warnings_are_in_the_audit() -> None:
    """The evidence is made from it: the words, and what they mean."""
    house = installing()
    house.hosts.warns = {"EX01/enable_services": (WILDCARD,)}
    play(house)

    told = [e.facts["warnings"] for e in house.audit.entries(SEVEN) if "warnings" in e.facts]
    assert told == ['"It\'s a wildcard." Harmless.']


def test_warnings_outlive_a_failure_and_its_retry() -> None:
    """What was said before the fault stands beside it, and again after the rest was taken up."""
    house = installing(Answer.YES)
    house.hosts.warns = {"EX01/enable_services": (WILDCARD,)}
    house.hosts.fail("EX01/enable_smtp", FaultKind.CMDLET_ERROR)
    play(house)
    assert warnings(house, EX01, Step.ENABLE) == (WILDCARD,)

    house.engine.retry(SEVEN, by=OLGA)
    assert play(house).state is State.INSTALLED
    assert warnings(house, EX01, Step.ENABLE) == (WILDCARD,)


def test_a_lost_answer_is_told() -> None:
    """The command ran and its answer was lost: nobody claims that there was no warning."""
    house = installing()
    house.hosts.warns = {"EX01/enable_services": (WILDCARD,)}
    house.hosts.lost_answers = {"EX01/enable_services"}
    play(house)

    assert warnings(house, EX01, Step.ENABLE) == (ANSWER_LOST,)


@pytest.mark.parametrize("host", [EX01, EX02])
def test_a_removed_certificate_is_shown_as_removed(host: HostName) -> None:
    """The step does not stand as running for ever."""
    house = House()
    house.put(order(State.RETIRING, plan=plan(), certificate=certificate(), installed_at=NOON))
    house.job(Work.RETIRE)(PlainRun(house.clock), SEVEN, 3)

    steps = {(s.host, s.step): s.status for s in house.orders.steps(SEVEN)}
    assert steps[(host, Step.REMOVE)] == "done"
