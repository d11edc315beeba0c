"""The minute's look, the machine's own voice and the apology for a job that broke."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.domain import events as ev
from bot.domain.ids import SYSTEM, OrderId
from bot.domain.messages import CardMessage, OutboxRow
from bot.domain.order import CertificateOrder
from bot.domain.plan import Step
from bot.domain.states import ENGINE_OWNED, State, Work
from bot.workflow.jobs import Apology
from bot.workflow.reconcile import Reconciler
from bot.workflow.turns import LookFailed
from tests.unit.domain.samples import EX01, EX02, RITA, order, plan, wish
from tests.unit.workflow.house import House

SEVEN = OrderId(7)


class ToyQueue:
    """`bot.workflow.reconcile.RunningWork` over two sets."""

    def __init__(self) -> None:
        self.alive: set[tuple[Work, OrderId]] = set()
        self.overtaken_by_release: set[OrderId] = set()
        self.started_again: list[tuple[Work, OrderId]] = []
        self.delivering: set[OrderId] = set()
        self.delivering_later: set[OrderId] = set()
        self.delivered_again: list[tuple[OrderId, str]] = []
        self.before_answer: Callable[[], object] = lambda: None

    def is_alive(self, work: Work, order_id: OrderId) -> bool:
        """Whether it is alive."""
        self.before_answer()
        return (work, order_id) in self.alive

    def start_again(self, work: Work, order: CertificateOrder) -> bool:
        """Whether its run was ended by a new release."""
        if order.id in self.overtaken_by_release:
            self.overtaken_by_release.discard(order.id)
            self.alive.add((work, order.id))
            self.started_again.append((work, order.id))
            return True
        return False

    def is_delivering(self, order_id: OrderId, *, put_off: bool = True) -> bool:
        """Whether somebody delivers, or will."""
        later = self.delivering_later if put_off else set()
        return order_id in self.delivering | later

    def deliver_again(self, order_id: OrderId, row_id: str) -> None:
        """Note it."""
        self.delivered_again.append((order_id, row_id))


def test_work_that_a_new_release_has_stopped_goes_on() -> None:
    """The order stays as it is: its work is started anew, and nobody is told of a failure."""
    house, queue = House(), ToyQueue()
    before = house.put(order(State.INSTALLING))
    queue.overtaken_by_release = {SEVEN}

    look(house, queue)
    look(house, queue)

    assert [(Work.INSTALL, SEVEN)] == queue.started_again
    assert before == house.order()


def look(house: House, queue: ToyQueue) -> None:
    """One look."""
    Reconciler(house.orders, house.outbox, queue, Apology(house.orders, house.reporter))()


LOST: dict[State, tuple[State, str]] = {
    State.APPROVED: (State.FAILED, "internal"),
    State.CHECKING: (State.ISSUED, ""),
    State.PROVEN: (State.PROVEN, "internal"),
    State.INSTALLING: (State.FAILED, "internal"),
    State.ROLLING_BACK: (State.FAILED, "internal"),
    State.RETIRING: (State.FAILED, "internal"),
}
"""Where an order ends whose work is gone, and its fault code."""


def test_every_state_of_the_engine_is_looked_after() -> None:
    """And the proven one, while it waits for its plan."""
    assert {*ENGINE_OWNED, State.PROVEN} == set(LOST)


@pytest.mark.parametrize("state", list(LOST))
def test_an_order_whose_work_is_gone_gets_a_named_state_and_a_sentence(state: State) -> None:
    """It never hangs without a word, and the next look has nothing more to say."""
    house, queue = House(), ToyQueue()
    house.put(order(state))

    look(house, queue)
    look(house, queue)

    after = house.order()
    assert LOST[state] == (after.state, after.fault_code)
    assert 1 == len(house.whats())
    told = after.detail or after.findings[0].message
    assert "CertDesk itself failed" in told
    assert "gone-7-3" in told


@pytest.mark.parametrize("state", list(LOST))
def test_an_order_whose_work_is_alive_is_left_alone(state: State) -> None:
    """However long it takes."""
    house, queue = House(), ToyQueue()
    before = house.put(order(state))
    queue.alive = {(ENGINE_OWNED.get(state, Work.MAKE_PLAN), SEVEN)}

    look(house, queue)

    assert before == house.order()


@pytest.mark.parametrize("state", [s for s in State if s not in LOST])
def test_an_order_that_waits_for_the_world_is_left_alone(state: State) -> None:
    """People and vendors take their time."""
    house = House()
    before = house.put(order(state))

    look(house, ToyQueue())

    assert before == house.order()


@pytest.mark.parametrize("parts", [{"plan": plan()}, {"fault_code": "host-unreachable"}])
def test_a_proven_order_with_a_plan_or_a_fault_waits_for_people(parts: dict[str, Any]) -> None:
    """Only while the plan is being made there is work that can be lost."""
    house = House()
    before = house.put(order(State.PROVEN, **parts))

    look(house, ToyQueue())

    assert before == house.order()


def test_work_that_ended_during_the_look_is_no_loss(caplog: pytest.LogCaptureFixture) -> None:
    """The order is read again before anything is said about it, in chat or in the log."""
    house, queue = House(), ToyQueue()
    house.put(order(State.INSTALLING))

    def finish_once() -> None:
        if house.order().state is State.INSTALLING:
            house.engine.take(SEVEN, ev.InstallFinished(), by=SYSTEM)

    queue.before_answer = finish_once

    look(house, queue)

    assert State.INSTALLED is house.order().state
    assert ["install_finished"] == house.whats()
    assert not caplog.records


def test_messages_nobody_delivers_are_started_again() -> None:
    """By the id of the newest; where a delivery lives, nothing is started."""
    house, queue = House(), ToyQueue()
    house.put(order(State.SUBMITTED))
    house.put(order(State.SUBMITTED, id=OrderId(8)))
    for number in (7, 8):
        house.engine.take(OrderId(number), ev.VendorIssued(), by=SYSTEM)
    queue.delivering = {OrderId(8)}

    look(house, queue)

    assert [(SEVEN, "7:4:4")] == queue.delivered_again


WORKS = [work for work in Work if work is not Work.NOTHING]


@pytest.mark.parametrize("work", WORKS)
@pytest.mark.parametrize("state", list(State))
def test_an_apology_is_for_the_work_the_order_waits_for(state: State, work: Work) -> None:
    """A job that broke after its last word, or whose order waits for another work, says nothing."""
    house = House()
    before = house.put(order(state))
    waits_for = ENGINE_OWNED.get(state, Work.MAKE_PLAN if state is State.PROVEN else None)

    Apology(house.orders, house.reporter)(SEVEN, "4711", work)

    assert (before != house.order()) is (work is waits_for)


def test_an_apology_for_what_was_seen_before_a_retry_is_not_said() -> None:
    """Between the look and the word an operator may have started the work anew."""
    house = House()
    before = house.put(order(State.INSTALLING, version=5))

    Apology(house.orders, house.reporter)(SEVEN, "4711", Work.INSTALL, 3)

    assert before == house.order()


def test_an_apology_names_the_host_that_was_next() -> None:
    """The first one that is not done."""
    house = House()
    house.put(order(State.INSTALLING, done_hosts=(EX01,)))

    Apology(house.orders, house.reporter)(SEVEN, "4711", Work.INSTALL)

    assert ["EX02"] == [entry.facts["host"] for entry in house.audit.entries(SEVEN)]


def test_the_machine_says_a_step_once() -> None:
    """A replay finds its step shown already and adds no entry and no message."""
    house = House()
    house.put(order(State.INSTALLING))
    for _ in range(2):
        house.reporter.step(SEVEN, EX01, Step.IMPORT, "running", "")
    house.reporter.step(SEVEN, EX01, Step.IMPORT, "done", "")
    house.reporter.step(SEVEN, EX02, Step.IMPORT, "running", "")

    assert [
        ("step:import", "", "running", "EX01"),
        ("step:import", "running", "done", "EX01"),
        ("step:import", "", "running", "EX02"),
    ] == [(e.what, e.before, e.after, e.facts["host"]) for e in house.audit.entries(SEVEN)]
    assert {CardMessage} == {type(row.message) for row in house.memory.outbox.values()}


def test_a_report_of_a_machine_that_was_overtaken_changes_nothing() -> None:
    """It is told as taken note of, so that the job goes on to its end."""
    house = House()
    before = house.put(order(State.CANCELLED))

    done = house.reporter.once(SEVEN, None, ev.InstallFinished())

    assert "not taken: not-now" == done.seen
    assert before == house.order()


@pytest.mark.parametrize(("jump_s", "started"), [(0.0, 0), (-5 * 3600.0, 1)])
def test_a_delivery_that_comes_later_is_not_waited_for_for_hours(
    jump_s: float, started: int
) -> None:
    """Put off for half a minute, and then somebody sets the clock back: the next look delivers."""
    house, queue = House(), ToyQueue()
    house.put(order(State.PLACED))
    house.engine.cancel(SEVEN, by=RITA, reason="not needed")
    [(_, newest)] = house.outbox.orders_waiting()
    for row_id in house.outbox.waiting(SEVEN):
        row = house.outbox.begin(row_id)
        assert isinstance(row, OutboxRow)
        house.outbox.put_off(row, 30, sent=False, slot="")
    queue.delivering_later = {SEVEN}
    house.clock.forward(jump_s)
    look(house, queue)

    assert started * [(SEVEN, newest)] == queue.delivered_again


def test_an_order_that_breaks_the_look_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """The others get their word and their messages; the look says that it failed, and the log says where."""
    house, queue = House(), ToyQueue()
    house.put(order(State.INSTALLING))
    house.put(order(State.INSTALLING, id=OrderId(8)))
    placed = house.engine.place(wish(), by=RITA, home="C1", key="form-1")

    def apologize(order_id: OrderId, incident: str, work: Work, version: int) -> None:
        if order_id == OrderId(8):
            raise LookupError(order_id)
        Apology(house.orders, house.reporter)(order_id, incident, work, version)

    with pytest.raises(LookFailed, match="look-work-8"):
        Reconciler(house.orders, house.outbox, queue, apologize)()

    assert State.FAILED is house.order().state
    assert placed.id in [order_id for order_id, _ in queue.delivered_again]
    assert ["incident look-work-8: the look goes on with the next"] == [
        one.getMessage() for one in caplog.records if one.exc_info
    ]
