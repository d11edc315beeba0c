"""The installation: the approved plan, host by host, proven before the next is touched."""

from dataclasses import replace
from typing import Any

import pytest

from bot.certs.findings import Finding
from bot.certs.names import DnsName
from bot.certs.prints import Thumbprint
from bot.domain.approvals import Approval, Gate
from bot.domain.faults import FaultKind
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.plan import Answer, Service
from bot.domain.states import State, Work
from tests.unit.domain.samples import (
    EX01,
    EX02,
    LAB01,
    NAMES,
    NOON,
    OLGA,
    THUMBPRINT,
    certificate,
    host_plan,
    order,
    plan,
    wish,
)
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import PlainRun
from tests.unit.workflow.requests import csr_for

SEVEN = OrderId(7)
BOTH_HOSTS = {
    "EX01/add_intermediate": 1, "EX01/import_certificate": 1, "EX01/enable_services": 1,
    "EX02/add_intermediate": 1, "EX02/import_certificate": 1, "EX02/enable_services": 1,
}  # fmt: skip


def yes(digest: str) -> Approval:
    """Olga's yes to a plan."""
    return Approval(gate=Gate.INSTALL, by=OLGA, at=NOON, yes=True, subject=digest)


def installing(answer: Answer = Answer.NO, **parts: Any) -> House:
    """A house whose order 7 was approved for installation."""
    whole: dict[str, Any] = {
        "plan": plan(), "certificate": certificate(), "csr_pem": csr_for(wish()),
        "approvals": (yes(plan().digest()),), "answers": {EX01: answer}, **parts,
    }  # fmt: skip
    house = House()
    house.put(order(State.INSTALLING, **whole))
    return house


def play(house: House) -> CertificateOrder:
    """Install."""
    house.job(Work.INSTALL)(PlainRun(house.clock), SEVEN, house.order().version)
    return house.order()


@pytest.mark.parametrize(
    ("answer", "more"), [(Answer.NO, {}), (Answer.YES, {"EX01/enable_smtp": 1})]
)
def test_every_host_is_installed_and_proven(answer: Answer, more: dict[str, int]) -> None:
    """Each operation once; the default SMTP certificate only where somebody said Yes."""
    house = installing(answer)

    after = play(house)

    assert (State.INSTALLED, (EX01, EX02), NOON) == (
        after.state,
        after.done_hosts,
        after.installed_at,
    )
    assert BOTH_HOSTS | more == house.hosts.acts
    assert ["host_done", "host_done", "install_finished"] == house.whats()


def test_another_plan_than_the_approved_one_does_not_run() -> None:
    """The digest in the approval is compared with the stored plan's before anything leaves."""
    house = installing(plan=plan(host_plan(EX02)))

    after = play(house)

    assert (State.FAILED, "plan-changed") == (after.state, after.fault_code)
    assert {} == house.hosts.acts


@pytest.mark.parametrize(
    "word",
    [
        replace(yes(plan().digest()), yes=False),
        replace(yes(plan().digest()), gate=Gate.ISSUE),
        replace(yes(plan().digest()), subject=""),
    ],
)
def test_only_a_yes_at_this_gate_to_this_plan_runs_it(word: Approval) -> None:
    """A no, a yes elsewhere and a yes to nothing are no approval."""
    house = installing(approvals=(word,))

    assert "plan-changed" == play(house).fault_code
    assert {} == house.hosts.acts


def test_a_certificate_that_is_no_longer_good_is_not_installed() -> None:
    """Time has passed since it was proven; it is judged once more."""
    house = installing()
    house.judge.later = (
        Finding(code="expired", severity="refuse", where="leaf", message="It has expired."),
        Finding(code="days_left", severity="warn", where="leaf", message="Few days."),
    )

    after = play(house)

    assert (State.FAILED, "bundle-no-longer-good") == (after.state, after.fault_code)
    assert "It has expired. Nothing was installed." == after.detail
    assert {} == house.hosts.acts


def test_a_certificate_revoked_meanwhile_is_not_installed() -> None:
    """The issuers are asked once more, right before the first host is touched."""
    house = installing()
    house.revocation.revoked = frozenset({certificate().facts.sha256})

    after = play(house)

    assert (State.FAILED, "bundle-no-longer-good") == (after.state, after.fault_code)
    assert "was revoked. Nothing was installed." in after.detail
    assert {} == house.hosts.acts


def test_issuers_that_do_not_answer_stop_nothing() -> None:
    """What was approved with sight of the warning goes on."""
    house = installing()
    house.revocation.silent = True

    assert State.INSTALLED is play(house).state


def test_a_warning_does_not_stop_what_was_approved() -> None:
    """Only what refuses stops it."""
    house = installing()
    house.judge.later = (
        Finding(code="days_left", severity="warn", where="leaf", message="Few days."),
    )

    assert State.INSTALLED is play(house).state


def test_the_first_failure_stops_before_the_next_host() -> None:
    """What comes after the failed operation is untouched, on this host and on the others."""
    house = installing()
    house.hosts.fail("EX01/import_certificate", FaultKind.CMDLET_ERROR)

    after = play(house)

    assert (State.FAILED, State.INSTALLING, "host-cmdlet-error") == (
        after.state, after.failed_in, after.fault_code,
    )  # fmt: skip
    assert {"EX01/add_intermediate": 1} == house.hosts.acts
    assert [("intermediates", "done"), ("import", "failed")] == [
        (step.step.value, step.status) for step in house.orders.steps(SEVEN)
    ]


def test_a_retry_goes_on_where_it_stopped() -> None:
    """What was done before the failure is not done again."""
    house = installing()
    house.hosts.fail("EX02/import_certificate", FaultKind.CMDLET_ERROR)
    play(house)

    house.engine.retry(SEVEN, by=OLGA)
    after = play(house)

    assert (State.INSTALLED, (EX01, EX02)) == (after.state, after.done_hosts)
    assert BOTH_HOSTS == house.hosts.acts
    assert [
        "host_done",
        "host_failed",
        "retry_install",
        "host_done",
        "install_finished",
    ] == house.whats()


def test_a_host_that_shows_another_certificate_is_not_done() -> None:
    """Real handshakes decide; after the tries an operator reads what was seen."""
    house = installing()
    house.prober.proven = [False]

    after = play(house)

    assert (State.FAILED, "not-proven", ()) == (after.state, after.fault_code, after.done_hosts)
    assert (
        "EX01 shows another certificate. Tried 6 times. "
        "Done on EX01 before: add intermediate, import certificate, enable services."
    ) == after.detail


def test_a_host_without_an_open_port_is_a_person_s_business() -> None:
    """What cannot be proven is not called installed; after the file is mended a retry changes nothing anew."""
    house = installing()
    house.prober.proven = []

    after = play(house)
    assert (State.FAILED, "nothing-to-prove") == (after.state, after.fault_code)
    house.prober.proven = [True]
    house.engine.retry(SEVEN, by=OLGA)

    assert State.INSTALLED is play(house).state
    assert BOTH_HOSTS == house.hosts.acts


def test_a_default_that_changed_since_the_question_was_answered_stops_the_work() -> None:
    """With Yes another certificate would be replaced than the one people read, with No another given back."""
    house = installing(Answer.YES)
    house.hosts.default_smtp = Thumbprint("EF" * 20)

    after = play(house)

    assert (State.FAILED, "smtp-default-changed") == (after.state, after.fault_code)
    assert {} == house.hosts.acts


def test_a_default_that_is_the_new_one_already_is_no_change() -> None:
    """A retry after the default was taken over goes on."""
    house = installing(Answer.YES)
    house.hosts.default_smtp = THUMBPRINT

    assert State.INSTALLED is play(house).state


def test_where_no_service_is_sure_to_show_it_nothing_is_called_proven() -> None:
    """SMTP alone, by the default, and the default stays: a person decides what to do."""
    lone = replace(
        plan(replace(host_plan(EX01, asks=True), smtp_by_name=False)), services=(Service.SMTP,)
    )
    house = installing(plan=lone, approvals=(yes(lone.digest()),))

    assert "nothing-to-prove" == play(house).fault_code


def test_a_run_the_order_no_longer_means_touches_no_host() -> None:
    """Killed behind its last word and resumed after a retry has started another run: it ends in silence."""
    house = installing(version=5)
    before = house.order()

    house.job(Work.INSTALL)(PlainRun(house.clock), SEVEN, 3)

    assert before == house.order()
    assert {} == house.hosts.acts
    assert [] == house.whats()


@pytest.mark.parametrize(
    "wider",
    [
        {"hosts": (EX01, EX02, LAB01)},
        {"names": (*NAMES, DnsName("imap.example.com"))},
        {"services": (Service.IIS, Service.SMTP, Service.IMAP)},
    ],
)
def test_what_serves_more_than_its_successor_is_not_superseded(wider: dict[str, Any]) -> None:
    """A host, a name or a service that was left out still needs the certificate of before."""
    house = installing(wish=wish(renews=OrderId(3)))
    before = house.put(order(State.INSTALLED, id=OrderId(3), wish=wish(**wider)))

    assert State.INSTALLED is play(house).state
    assert before == house.order(3)


def test_a_service_that_takes_a_moment_is_waited_for() -> None:
    """Exchange needs a while until it serves the new certificate."""
    house = installing()
    house.prober.proven = [False, False, True]

    assert State.INSTALLED is play(house).state


def test_a_host_that_does_not_show_the_result_stops_the_work() -> None:
    """Reading back comes before the handshakes."""
    house = installing()
    house.hosts.readable = False

    assert "host-not-taken" == play(house).fault_code


def test_a_host_that_is_busy_is_tried_again() -> None:
    """Passing faults at any call do not stop the work."""
    house = installing()
    for call in ("EX01/import_certificate", "observe EX02/enable_services", "read_back"):
        house.hosts.fail(call, FaultKind.BUSY, times=2)

    assert State.INSTALLED is play(house).state
    assert BOTH_HOSTS == house.hosts.acts


def test_a_lost_answer_is_settled_by_looking() -> None:
    """No import runs twice because its answer got lost."""
    house = installing()
    house.hosts.lost_answers |= {"EX01/import_certificate", "EX02/enable_services"}

    assert State.INSTALLED is play(house).state
    assert BOTH_HOSTS == house.hosts.acts


def test_the_order_of_before_is_superseded() -> None:
    """The successor's last step tells the order it renews."""
    house = installing(wish=wish(renews=OrderId(3)))
    house.put(order(State.INSTALLED, id=OrderId(3)))

    play(house)

    assert (State.SUPERSEDED, SEVEN) == (house.order(3).state, house.order(3).superseded_by)
    assert ["superseded"] == house.whats(3)


def test_an_order_of_before_that_ended_otherwise_is_left_alone() -> None:
    """A retired certificate is not superseded as well."""
    house = installing(wish=wish(renews=OrderId(3)))
    before = house.put(order(State.RETIRED, id=OrderId(3)))

    assert State.INSTALLED is play(house).state
    assert before == house.order(3)


def test_people_see_each_step_come_and_go() -> None:
    """The status card's steps, in the order in which they were first shown."""
    house = installing()
    play(house)

    assert [
        (host, step, "done")
        for host in (EX01, EX02)
        for step in ("intermediates", "import", "enable", "verify")
    ] == [(s.host, s.step.value, s.status) for s in house.orders.steps(SEVEN)]


def test_each_step_s_change_has_one_entry() -> None:
    """Running and done, no more and no less, for each step of each host."""
    house = installing()
    play(house)

    steps = [e for e in house.audit.entries(SEVEN) if e.what.startswith("step:")]
    assert 2 * 2 * 4 == len(steps)
    assert len(steps) == len({(e.what, e.after, e.facts["host"]) for e in steps})
