"""The plan job: hosts are read and nothing is changed."""

import pytest

from bot.domain.faults import FaultKind
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import State, Work
from tests.unit.domain.samples import EX01, EX02, certificate, order
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import PlainRun

SEVEN = OrderId(7)


def proven() -> House:
    """A house with a proven bundle."""
    house = House()
    house.put(order(State.PROVEN, certificate=certificate()))
    return house


def play(house: House) -> CertificateOrder:
    """Make the plan."""
    house.job(Work.MAKE_PLAN)(PlainRun(house.clock), SEVEN, house.order().version)
    return house.order()


def test_a_plan_names_the_hosts_in_the_order_s_order() -> None:
    """The order stays proven, and there is something to decide on."""
    house = proven()

    after = play(house)

    assert State.PROVEN is after.state
    assert after.plan is not None
    assert [EX01, EX02] == [host.host for host in after.plan.hosts]
    assert {} == house.hosts.acts
    assert [{"plan_digest": after.plan.digest()}] == [e.facts for e in house.audit.entries(SEVEN)]


@pytest.mark.parametrize("call", ["snapshot", "plan"])
def test_a_host_that_cannot_be_read_is_said(call: str) -> None:
    """There is no plan, and a sentence says which host and why."""
    house = proven()
    house.hosts.fail(call, FaultKind.ACCESS_DENIED)

    after = play(house)

    assert (State.PROVEN, None, "host-access-denied") == (after.state, after.plan, after.fault_code)
    assert "EX01: host-access-denied. Nothing was done." == after.detail
    assert ["plan_failed"] == house.whats()


def test_a_host_that_is_away_for_a_moment_is_waited_for() -> None:
    """Two failures and a success make a plan."""
    house = proven()
    house.hosts.fail("snapshot", FaultKind.UNREACHABLE, times=2)

    assert play(house).plan is not None
    assert ["plan_made"] == house.whats()


def test_without_a_certificate_there_is_no_plan() -> None:
    """An order that lost its certificate says so instead of hanging."""
    house = House()
    house.put(order(State.PROVEN))

    assert "no-certificate" == play(house).fault_code


def test_a_plan_for_an_order_that_moved_on_is_dropped() -> None:
    """Somebody cancelled while the hosts were read."""
    house = proven()
    cancelled = house.put(order(State.CANCELLED, version=9))

    house.job(Work.MAKE_PLAN)(PlainRun(house.clock), SEVEN, 3)

    assert [] == house.whats()
    assert cancelled == house.order()
