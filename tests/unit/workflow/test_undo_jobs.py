"""Taking back: the certificates of before serve again, and a certificate is removed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.approvals import Gate
from bot.domain.faults import FaultKind, Refused
from bot.domain.ids import OrderId
from bot.domain.leases import Lease
from bot.domain.order import CertificateOrder
from bot.domain.states import State, Work
from bot.watch.expiry import Calendar
from bot.workflow.reporter import Errand
from tests.unit.domain.samples import (
    BOSS,
    EX01,
    EX02,
    MAX,
    NOON,
    OLGA,
    certificate,
    host_plan,
    order,
    plan,
    site,
    wish,
)
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import PlainRun

SEVEN = OrderId(7)


def undoing(state: State, **parts: Any) -> House:
    """A house whose order is being undone."""
    house = House()
    house.put(
        order(
            state,
            **{
                "plan": plan(),
                "certificate": certificate(),
                "installed_at": NOON,
                "done_hosts": (EX01, EX02),
                **parts,
            },
        )
    )
    return house


def play(house: House, work: Work) -> CertificateOrder:
    """Run the job."""
    house.job(work)(PlainRun(house.clock), SEVEN, house.order().version)
    return house.order()


def test_a_roll_back_goes_from_the_last_host_to_the_first() -> None:
    """Backwards, each host once."""
    house = undoing(State.ROLLING_BACK)

    assert State.ROLLED_BACK is play(house, Work.ROLL_BACK).state
    assert ["EX02/restore_smtp_default", "EX01/restore_smtp_default"] == list(house.hosts.acts)
    assert ["roll_back_finished"] == house.whats()


def test_a_half_installation_is_taken_back_where_it_came_to() -> None:
    """A host that the installation never reached is left alone now too."""
    house = undoing(State.ROLLING_BACK, installed_at=None)
    key = plan().host(EX01).operations[0].key
    lease = house.operator.hold(Errand(order_id=SEVEN, version=2), EX01)
    assert isinstance(lease, Lease)
    house.journal.intend(f"7/{key}", attempt=1, deadline=NOON, was_done=False, lease=lease)
    house.operator.let_go(SEVEN, 2)
    house.clock.forward(1)

    assert State.ROLLED_BACK is play(house, Work.ROLL_BACK).state
    assert ["EX01/restore_smtp_default"] == list(house.hosts.acts)


@pytest.mark.parametrize(
    ("state", "work"), [(State.ROLLING_BACK, Work.ROLL_BACK), (State.RETIRING, Work.RETIRE)]
)
def test_a_run_the_order_no_longer_means_touches_no_host(state: State, work: Work) -> None:
    """Killed behind its last word and resumed after a retry has started another run: it ends in silence."""
    house = undoing(state, version=5)
    before = house.order()

    house.job(work)(PlainRun(house.clock), SEVEN, 3)

    assert before == house.order()
    assert {} == house.hosts.acts
    assert [] == house.whats()


def test_a_host_without_a_certificate_before_is_left_as_it_is() -> None:
    """What can be given back is; a host that had nothing keeps the new one and stops nobody."""
    whole = plan(host_plan(EX01), replace(host_plan(EX02), before={}))
    house = undoing(State.ROLLING_BACK, plan=whole)

    assert State.ROLLED_BACK is play(house, Work.ROLL_BACK).state
    assert ["EX01/restore_smtp_default"] == list(house.hosts.acts)


def test_with_nothing_to_go_back_to_nothing_is_begun() -> None:
    """A roll-back that can only fail would leave an installed order failed for ever."""
    whole = plan(replace(host_plan(EX01), before={}))
    house = undoing(State.INSTALLED, plan=whole)
    before = house.order()

    with pytest.raises(Refused) as raised:
        house.engine.decide(SEVEN, Gate.ROLL_BACK, yes=True, by=OLGA)

    assert "nothing-before" == raised.value.code
    assert before == house.order()


def test_the_order_of_before_is_watched_again() -> None:
    """Its certificate serves again; nobody but the watch would see it expire."""
    house = undoing(State.ROLLING_BACK, wish=wish(renews=OrderId(3)))
    house.put(order(State.SUPERSEDED, id=OrderId(3), superseded_by=SEVEN, renewed_by=SEVEN))

    play(house, Work.ROLL_BACK)

    before = house.order(3)
    assert (State.INSTALLED, None, None) == (before.state, before.superseded_by, before.renewed_by)
    assert ["reinstated"] == house.whats(3)


@pytest.mark.parametrize("state", [State.INSTALLED, State.RETIRED])
def test_an_order_of_before_that_was_not_superseded_is_left_alone(state: State) -> None:
    """A half installation never took over, and what was retired is gone."""
    house = undoing(State.ROLLING_BACK, wish=wish(renews=OrderId(3)))
    before = house.put(order(state, id=OrderId(3)))

    play(house, Work.ROLL_BACK)

    assert before == house.order(3)


def test_an_order_without_a_plan_cannot_be_taken_back() -> None:
    """The job breaks loudly, so that the order gets its apology; no host is touched."""
    house = undoing(State.ROLLING_BACK, plan=None)

    with pytest.raises(LookupError, match="order 7 rolls back without a plan"):
        play(house, Work.ROLL_BACK)

    assert {} == house.hosts.acts


def test_a_retirement_removes_the_certificate_from_every_host() -> None:
    """Each host once, and then the order has ended."""
    house = undoing(State.RETIRING)

    assert State.RETIRED is play(house, Work.RETIRE).state
    assert {"EX01/remove_certificate": 1, "EX02/remove_certificate": 1} == house.hosts.acts


def test_a_certificate_that_still_serves_is_not_removed() -> None:
    """The host's word of now decides; the sentence says so and nothing was removed."""
    house = undoing(State.RETIRING)
    house.hosts.fail("plan_retirement", FaultKind.UNSUPPORTED)

    after = play(house, Work.RETIRE)

    assert (State.INSTALLED, None, "") == (after.state, after.failed_in, after.fault_code)
    assert "host-unsupported" in after.detail
    assert {} == house.hosts.acts
    assert ["keep_installed"] == house.whats()


def test_a_refused_removal_of_a_superseded_certificate_leads_back_there() -> None:
    """The order stands where the removal was asked for, so that its card offers the same again."""
    house = undoing(State.RETIRING, superseded_by=OrderId(8))
    house.hosts.fail("plan_retirement", FaultKind.UNSUPPORTED)

    assert State.SUPERSEDED is play(house, Work.RETIRE).state


def test_a_refused_removal_does_not_silence_the_watch() -> None:
    """The certificate serves on and ends all the same: its renewal is proposed as if nobody had asked."""
    ending = certificate(not_before=NOON - timedelta(days=193), not_after=NOON + timedelta(days=7))
    house = undoing(State.RETIRING, certificate=ending)
    house.hosts.fail("plan_retirement", FaultKind.UNSUPPORTED)
    play(house, Work.RETIRE)

    proposed = Calendar(house.engine, house.orders, house.site, house.clock).propose_renewals()

    assert 1 == proposed


def test_whoever_asked_for_the_refused_removal_may_ask_again() -> None:
    """Their word was for the removal that came to nothing, so it neither binds them nor counts for the next."""
    house = undoing(State.INSTALLED)
    house.engine.decide(SEVEN, Gate.RETIRE, yes=True, by=MAX)
    house.hosts.fail("plan_retirement", FaultKind.UNSUPPORTED)
    play(house, Work.RETIRE)

    assert State.RETIRING is house.engine.decide(SEVEN, Gate.RETIRE, yes=True, by=MAX).state


def test_a_quorum_is_counted_anew_after_a_refused_removal() -> None:
    """Two have to say yes to each removal, whatever was said to the one before."""
    house = House(site=site(retire=2))
    house.put(order(State.INSTALLED, plan=plan(), certificate=certificate(), installed_at=NOON))
    for person in (MAX, BOSS):
        house.engine.decide(SEVEN, Gate.RETIRE, yes=True, by=person)
    house.hosts.fail("plan_retirement", FaultKind.UNSUPPORTED)
    play(house, Work.RETIRE)

    assert State.INSTALLED is house.engine.decide(SEVEN, Gate.RETIRE, yes=True, by=MAX).state


def test_a_removal_that_reached_one_host_is_a_failure() -> None:
    """Something is gone: an operator decides, and nothing pretends that all is as before."""
    house = undoing(State.RETIRING)
    house.hosts.fail("EX02/remove_certificate", FaultKind.CMDLET_ERROR)

    after = play(house, Work.RETIRE)

    assert (State.FAILED, State.RETIRING) == (after.state, after.failed_in)
    assert {"EX01/remove_certificate": 1} == house.hosts.acts


def test_a_refusal_by_the_cmdlet_itself_removed_nothing() -> None:
    """Exchange said no to the first removal, and said that it did not run."""
    house = undoing(State.RETIRING)
    house.hosts.fail("EX01/remove_certificate", FaultKind.CMDLET_ERROR)

    assert State.INSTALLED is play(house, Work.RETIRE).state
    assert {} == house.hosts.acts


def test_a_removal_whose_answer_was_lost_is_never_called_untouched() -> None:
    """It may have run: the order fails where it stood, and keeping it is an operator's word."""
    house = undoing(State.RETIRING)
    house.hosts.lost_answers.add("EX01/remove_certificate")
    house.hosts.gone_after = "EX01/remove_certificate"

    after = play(house, Work.RETIRE)

    assert (State.FAILED, State.RETIRING) == (after.state, after.failed_in)


def test_an_operator_keeps_what_could_not_be_removed() -> None:
    """Given up by a person: watched again, their reason in the audit, nothing more removed."""
    house = undoing(State.FAILED, failed_in=State.RETIRING, fault_code="host-timeout", detail="?")

    with pytest.raises(Refused) as raised:
        house.engine.keep(SEVEN, by=MAX, reason="still needed")
    after = house.engine.keep(SEVEN, by=OLGA, reason="still needed")

    assert "not-operator" == raised.value.code
    assert (State.INSTALLED, None, "", "") == (
        after.state, after.failed_in, after.fault_code, after.detail,
    )  # fmt: skip
    assert ["keep_installed"] == house.whats()


@pytest.mark.parametrize("where", [State.APPROVED, State.INSTALLING])
def test_only_a_failed_removal_or_roll_back_can_be_kept(where: State) -> None:
    """Every other failure has its own ways out."""
    house = undoing(State.FAILED, failed_in=where)
    before = house.order()

    with pytest.raises(Refused) as raised:
        house.engine.keep(SEVEN, by=OLGA, reason="still needed")

    assert "not-now" == raised.value.code
    assert before == house.order()


@pytest.mark.parametrize(
    ("state", "work", "call", "end"),
    [
        (State.ROLLING_BACK, Work.ROLL_BACK, "EX01/restore_smtp_default", State.ROLLED_BACK),
        (State.RETIRING, Work.RETIRE, "EX02/remove_certificate", State.RETIRED),
    ],
)
def test_a_retry_takes_up_the_rest(state: State, work: Work, call: str, end: State) -> None:
    """What was undone before the failure is not undone again."""
    house = undoing(state)
    house.hosts.fail(call, FaultKind.CMDLET_ERROR)
    assert (State.FAILED, state) == (play(house, work).state, house.order().failed_in)

    house.engine.retry(SEVEN, by=OLGA)

    assert end is play(house, work).state
    assert {1} == set(house.hosts.acts.values())


@pytest.mark.parametrize(
    ("state", "work"), [(State.ROLLING_BACK, Work.ROLL_BACK), (State.RETIRING, Work.RETIRE)]
)
def test_a_host_that_is_away_is_tried_and_then_told(state: State, work: Work) -> None:
    """After the tries an operator is asked, and the order says where it failed."""
    house = undoing(state)
    for host in ("EX01", "EX02"):
        for kind in ("restore_smtp_default", "remove_certificate"):
            house.hosts.fail(f"{host}/{kind}", FaultKind.UNREACHABLE, times=6)

    after = play(house, work)

    assert (State.FAILED, "host-unreachable") == (after.state, after.fault_code)
    assert after.detail.endswith("Tried 6 times.")
