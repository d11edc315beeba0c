"""A host that was left half done: what people are told of it, and the two ways out."""

from dataclasses import replace
from typing import Any

import pytest

from bot.certs.names import DnsName
from bot.certs.prints import Thumbprint
from bot.domain.approvals import Gate
from bot.domain.faults import FaultKind
from bot.domain.ids import HostName, OrderId
from bot.domain.order import CertificateOrder
from bot.domain.plan import (
    Answer,
    HostPlan,
    InstallPlan,
    OperationKind,
    Service,
    Snapshot,
    Step,
)
from bot.domain.states import State, Work
from tests.unit.domain.samples import (
    EX01,
    EX02,
    OLD_THUMBPRINT,
    OLGA,
    certificate,
    host_plan,
    operation,
    order,
    plan,
    wish,
)
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import PlainRun
from tests.unit.workflow.requests import csr_for
from tests.unit.workflow.test_install_job import yes

SEVEN = OrderId(7)
GIVE_BACK = "EX01/restore_smtp_default"
OTHER = Thumbprint("EF" * 20)


def asking(host: HostName) -> HostPlan:
    """A host on which No means: take the default, then give it back."""
    asked = host_plan(host, asks=True)
    taking = replace(asked.operations[-1], key=f"{host}/enable_smtp_no", only_if=Answer.NO)
    giving = operation(
        host, OperationKind.RESTORE_SMTP_DEFAULT, Step.ENABLE, thumbprint=OLD_THUMBPRINT,
        services=(Service.SMTP,), only_if=Answer.NO, text="Enable-ExchangeCertificate of before",
    )  # fmt: skip
    return replace(asked, operations=(*asked.operations, taking, giving))


def installing(answer: Answer = Answer.NO) -> House:
    """A house about to install on EX01 with the question answered, then on EX02."""
    house = House()
    both: InstallPlan = plan(asking(EX01), host_plan(EX02))
    house.put(
        order(
            State.INSTALLING, plan=both, certificate=certificate(), csr_pem=csr_for(wish()),
            approvals=(yes(both.digest()),), answers={EX01: answer},
        )
    )  # fmt: skip
    return house


def play(house: House, work: Work = Work.INSTALL) -> CertificateOrder:
    """Run the job."""
    house.job(work)(PlainRun(house.clock), SEVEN, house.order().version)
    return house.order()


def test_a_default_that_was_taken_and_not_given_back_is_said() -> None:
    """No was decided and the new one is the default now: the operator reads so, with the way back."""
    house = installing()
    house.hosts.fail(GIVE_BACK, FaultKind.CMDLET_ERROR)

    after = play(house)

    assert State.FAILED is after.state
    assert "No was decided for the default SMTP certificate of EX01" in after.detail
    assert after.detail.endswith("by hand it is Enable-ExchangeCertificate of before")


def test_an_answer_that_got_lost_while_the_default_was_taken_is_said_too() -> None:
    """Nobody knows whether it was taken, so the sentence says that it may have been."""
    house = installing()
    house.hosts.fail("EX01/enable_smtp_no", FaultKind.PROTOCOL, executed="maybe")

    assert "the new one may be the default" in play(house).detail


@pytest.mark.parametrize(
    ("answer", "call"),
    [(Answer.NO, "EX01/import_certificate"), (Answer.YES, "EX01/enable_smtp")],
)
def test_nothing_is_said_of_a_default_that_is_as_decided(answer: Answer, call: str) -> None:
    """Before it was touched, and where Yes was the word, there is nothing to give back."""
    house = installing(answer)
    house.hosts.fail(call, FaultKind.CMDLET_ERROR)

    assert "default SMTP certificate" not in play(house).detail


def test_a_retry_gives_the_default_back() -> None:
    """The one way out: forward to the end that was decided, nothing twice."""
    house = installing()
    house.hosts.fail(GIVE_BACK, FaultKind.CMDLET_ERROR)
    play(house)

    house.engine.retry(SEVEN, by=OLGA)

    assert State.INSTALLED is play(house).state
    assert {1} == set(house.hosts.acts.values())


def test_a_roll_back_undoes_what_was_reached_and_nothing_else() -> None:
    """The other way out: back; a host that the installation never reached is not touched now either."""
    house = installing()
    house.hosts.fail(GIVE_BACK, FaultKind.CMDLET_ERROR)
    play(house)
    before = set(house.hosts.acts)

    asked = house.engine.decide(SEVEN, Gate.ROLL_BACK, yes=True, by=OLGA, reason="no more")
    after = play(house, Work.ROLL_BACK)

    assert (State.ROLLING_BACK, None, "") == (asked.state, asked.failed_in, asked.fault_code)
    assert State.ROLLED_BACK is after.state
    assert {"EX01"} == {key.split("/")[0] for key in set(house.hosts.acts) - before}


class Changed:
    """A host whose default SMTP certificate is another one than at the time of the plan."""

    def __init__(self, house: House, default: Thumbprint | None) -> None:
        self._snapshot, self._default = house.hosts.snapshot, default

    def __call__(self, host: HostName) -> Snapshot:
        """Read the host."""
        return replace(self._snapshot(host), default_smtp=self._default)


@pytest.mark.parametrize("answer", list(Answer))
def test_a_question_that_is_not_the_same_any_more_is_not_answered(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Yes would replace a certificate nobody read of, No would give the default to one that had lost it."""
    house = installing(answer)
    monkeypatch.setattr(house.hosts, "snapshot", Changed(house, OTHER))

    after = play(house)

    assert (State.FAILED, "smtp-default-changed") == (after.state, after.fault_code)
    assert {} == house.hosts.acts


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        ({}, State.SUPERSEDED),
        ({"names": (DnsName("mail.example.com"), DnsName("owa.example.com"))}, State.INSTALLED),
        ({"hosts": (EX01, EX02, HostName("EX03"))}, State.INSTALLED),
        ({"services": (Service.IIS, Service.SMTP, Service.POP)}, State.INSTALLED),
    ],
)
def test_only_what_is_served_by_the_new_one_is_superseded(
    parts: dict[str, Any], state: State
) -> None:
    """A name, host or service that was not taken over is still served, and watched, by the order of before."""
    house = installing()
    house.put(replace(house.order(), wish=wish(renews=OrderId(3))))
    house.put(order(State.INSTALLED, id=OrderId(3), wish=wish(**parts)))

    play(house)

    assert state is house.order(3).state


def test_an_only_service_that_nobody_can_see_is_not_called_installed() -> None:
    """After a No nothing may show the new certificate; the sentence does not blame the configuration."""
    house = installing()
    hidden = replace(asking(EX01), smtp_by_name=False)
    only = replace(plan(hidden), services=(Service.SMTP,))
    house.put(replace(house.order(), plan=only, approvals=(yes(only.digest()),)))

    after = play(house)

    assert (State.FAILED, "nothing-to-prove") == (after.state, after.fault_code)
    assert "after the No to the default SMTP certificate" in after.detail
