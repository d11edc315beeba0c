"""Two runs of an order's work: one that was killed behind its last word, and the one a person started since."""

from collections.abc import Callable

import pytest

from bot.domain import events as ev
from bot.domain.faults import FaultKind
from bot.domain.ids import SYSTEM, OrderId, UploadId
from bot.domain.intent import Deadline
from bot.domain.leases import Lease
from bot.domain.plan import Observation, Receipt
from bot.domain.states import EventKind, State, Work
from bot.workflow.jobs import Apology
from bot.workflow.operations import RemoteOperation
from bot.workflow.outcome import Done, Outcome, TryLater
from bot.workflow.reporter import Errand
from tests.unit.domain.samples import EX01, NOON, OLGA, certificate, order, plan, wish
from tests.unit.workflow.fuse import Killed
from tests.unit.workflow.house import House, refused
from tests.unit.workflow.plain_run import Kept, PlainRun
from tests.unit.workflow.requests import csr_for
from tests.unit.workflow.test_install_job import installing
from tests.unit.workflow.test_reconcile import ToyQueue, look

SEVEN = OrderId(7)


class FailsBehindItsReport(PlainRun):
    """A run whose process dies after the failure was reported and before the step was kept."""

    def step(self, name: str, function: Callable[[], Outcome]) -> Outcome:
        """Run one step."""
        if name != "report failure":
            return super().step(name, function)
        function()
        raise Killed(name)


def failed_behind_its_report(house: House, work: Work) -> Kept:
    """Play a job until it has said that it failed, and lose that it did."""
    kept: Kept = []
    with pytest.raises(Killed):
        house.job(work)(FailsBehindItsReport(house.clock, kept), SEVEN, house.order().version)
    return kept


UNDONE = {"plan": plan(), "certificate": certificate(), "installed_at": NOON}


@pytest.mark.parametrize(
    ("house", "work", "call"),
    [
        (installing(), Work.INSTALL, "EX02/import_certificate"),
        (House(), Work.ROLL_BACK, "EX01/restore_smtp_default"),
        (House(), Work.RETIRE, "EX02/remove_certificate"),
    ],
)
def test_a_resumed_run_does_not_fail_the_retry(house: House, work: Work, call: str) -> None:
    """The old run's last word was heard; said again it would fail the work an operator has just started."""
    if work is not Work.INSTALL:
        states = {Work.ROLL_BACK: State.ROLLING_BACK, Work.RETIRE: State.RETIRING}
        house.put(order(states[work], **UNDONE))
    version = house.order().version
    house.hosts.fail(call, FaultKind.CMDLET_ERROR)
    kept = failed_behind_its_report(house, work)
    retried = house.engine.retry(SEVEN, by=OLGA)

    house.job(work)(PlainRun(house.clock, kept), SEVEN, version)

    assert retried == house.order()


def test_a_run_that_was_overtaken_touches_no_host() -> None:
    """Failed by the minute's look and called off by an operator: what still runs must stop."""
    house = installing()
    version = house.order().version
    house.engine.take(SEVEN, ev.HostFailed(host=wish().hosts[0], code="internal"), by=SYSTEM)
    house.engine.cancel(SEVEN, by=OLGA, reason="enough")

    house.job(Work.INSTALL)(PlainRun(house.clock), SEVEN, version)

    assert State.CANCELLED is house.order().state
    assert {} == house.hosts.acts


def test_a_csr_job_behind_its_report_makes_no_second_request() -> None:
    """After the report the next round's name is another one, and nothing is pending under it."""
    house = House()
    house.put(order(State.APPROVED))
    version = house.order().version
    house.job(Work.MAKE_CSR)(PlainRun(house.clock), SEVEN, version)

    house.job(Work.MAKE_CSR)(PlainRun(house.clock), SEVEN, version)

    assert {1} == set(house.hosts.acts.values())
    assert 1 == len(house.hosts.requests)


def test_a_work_that_ended_during_the_look_is_not_taken_for_the_next_one() -> None:
    """The bundle is proven while the look asks for its job: the plan's job is alive and needs no apology."""
    house, queue = House(), ToyQueue()
    house.put(order(State.CHECKING))

    def prove_once() -> None:
        if house.order().state is State.CHECKING:
            house.engine.take(SEVEN, ev.BundleProven(certificate=certificate()), by=SYSTEM)

    queue.before_answer = prove_once

    look(house, queue)

    assert (State.PROVEN, "") == (house.order().state, house.order().fault_code)


def test_a_job_that_breaks_behind_its_report_does_not_fail_the_next_work() -> None:
    """The judge's job breaks after its last word; the plan it led to is being made."""
    house = House()
    before = house.put(order(State.PROVEN, certificate=certificate()))

    Apology(house.orders, house.reporter)(SEVEN, "4711", Work.CHECK_BUNDLE)

    assert before == house.order()


def test_a_key_in_the_file_is_named_though_the_run_was_killed() -> None:
    """The bytes are wiped after the verdict was told, so no second look ever judges an empty file."""
    points = 0
    while True:
        points += 1
        house = House()
        house.put(order(State.CHECKING, csr_pem=csr_for(wish()), upload_id=UploadId(1)))
        house.put_file(SEVEN)
        house.judge.verdict = refused("private_key_present")
        house.fuse.at = house.fuse.passed + points
        kept: Kept = []
        for _ in range(2):
            try:
                house.job(Work.CHECK_BUNDLE)(PlainRun(house.clock, kept, house.fuse), SEVEN, 3)
            except Killed:
                continue
            break
        assert {b"PK"} == {data for data, _ in house.judge.judged}, house.fuse.blown
        assert b"" == house.orders.upload(UploadId(1)).data, house.fuse.blown
        assert ["private_key_present"] == [f.code for f in house.order().findings]
        if not house.fuse.blown:
            break
    assert points > 4


def test_two_runs_at_the_same_moment_act_once() -> None:
    """Both looked before either had noted its intent; the second one sees that it was second."""
    house = House()
    acts: list[str] = []
    lease = house.operator.hold(Errand(order_id=SEVEN, version=3), EX01)
    assert isinstance(lease, Lease)
    inner: list[Outcome] = []

    def observe() -> Observation:
        if not inner:
            inner.append(Done())
            inner[0] = house.operator.run(operation, lease)
        return Observation(done=bool(acts), seen="looked")

    def act(_: Deadline) -> Receipt:
        acts.append("x")
        return Receipt()

    operation = RemoteOperation(key="7/EX01/x", observe=observe, act=act, skip_if_seen=False)
    # The outer run found no intent before its look; the inner one acts and confirms during that look.
    outer = house.operator.run(operation, lease)

    assert ["x"] == acts
    assert [Done("looked")] == inner
    assert isinstance(outer, TryLater)
    assert not outer.counts
    house.clock.forward(300)
    assert Done("looked") == house.operator.run(operation, lease)
    assert ["x"] == acts


def test_a_second_word_of_a_host_is_not_counted() -> None:
    """A host is done once, however often it is said."""
    house = installing()
    house.job(Work.INSTALL)(PlainRun(house.clock), SEVEN, house.order().version)

    assert len(set(house.order().done_hosts)) == len(house.order().done_hosts)
    assert 1 == house.whats().count(EventKind.INSTALL_FINISHED.value)
