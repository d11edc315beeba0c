"""Taking back: the certificates of before serve again, and a certificate is removed."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.approvals import Gate
from bot.domain.faults import FaultKind, Refused
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import State, Work
from tests.unit.domain.samples import (
    EX01,
    EX02,
    NOON,
    OLGA,
    certificate,
    host_plan,
    order,
    plan,
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
    house.journal.intend(f"7/{key}", attempt=1, deadline=NOON, was_done=False)

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

    assert (State.FAILED, State.RETIRING, "host-unsupported") == (
        after.state, after.failed_in, after.fault_code,
    )  # fmt: skip
    assert {} == house.hosts.acts


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
