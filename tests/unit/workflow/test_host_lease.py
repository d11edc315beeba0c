"""Two orders over the same host: one at a time, and the card of the other one says whom it waits for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.certs.prints import Thumbprint
from bot.domain.ids import HostName, OrderId
from bot.domain.leases import Holder, Lease
from bot.domain.messages import Card
from bot.domain.order import CertificateOrder, Clearing, HostStep
from bot.domain.pending import request_name
from bot.domain.plan import Answer, Step
from bot.domain.states import State, Work
from bot.workflow.reporter import Errand
from tests.unit.domain.samples import (
    EX01,
    EX02,
    NOON,
    OLD_THUMBPRINT,
    certificate,
    host_plan,
    order,
    plan,
    wish,
)
from tests.unit.workflow.house import HOLD_S, House, cards
from tests.unit.workflow.plain_run import PlainRun
from tests.unit.workflow.requests import csr_for
from tests.unit.workflow.test_install_job import yes

SEVEN, EIGHT = OrderId(7), OrderId(8)
STRANGER = Holder(worker="w2", order_id=EIGHT, version=4)
TOLD = (
    "is being worked on for order 8. This order waits and goes on by itself when the host is free;"
)


class Meanwhile(PlainRun):
    """A run in whose waits something else happens."""

    def __init__(self, house: House, happens: Callable[[], object]) -> None:
        super().__init__(house.clock)
        self._happens = happens

    def sleep(self, seconds: float) -> None:
        """Wait; then it happens."""
        super().sleep(seconds)
        self._happens()


def installing(*hosts: HostName, number: int = 7, house: House | None = None) -> House:
    """An order that was approved for installation on these hosts, without questions."""
    house = house or House()
    planned = plan(*(host_plan(host) for host in hosts))
    whole: dict[str, Any] = {
        "plan": planned, "certificate": certificate(), "csr_pem": csr_for(wish()),
        "approvals": (yes(planned.digest()),), "wish": wish(hosts=hosts), "id": OrderId(number),
    }  # fmt: skip
    house.put(order(State.INSTALLING, **whole))
    return house


def notes(house: House, order_id: OrderId = SEVEN) -> list[tuple[str, str, str]]:
    """What the card shows of each host."""
    return [(s.host, s.step.value, s.status) for s in house.orders.steps(order_id)]


WAITING: dict[Work, tuple[Callable[[], CertificateOrder], HostName, Step]] = {
    Work.MAKE_CSR: (lambda: order(State.APPROVED), EX01, Step.REQUEST),
    Work.INSTALL: (lambda: installing(EX01, EX02).order(), EX02, Step.INTERMEDIATES),
    Work.ROLL_BACK: (
        lambda: order(
            State.ROLLING_BACK, plan=plan(), certificate=certificate(), installed_at=NOON
        ),
        EX02,
        Step.RESTORE,
    ),
    Work.CLEAR_REQUEST: (
        lambda: order(
            State.CANCELLED,
            csr_pem=csr_for(wish()),
            csr_round=1,
            clearing=Clearing(rounds=(1,), since=3),
        ),
        EX01,
        Step.REQUEST,
    ),
    Work.RETIRE: (
        lambda: order(State.RETIRING, certificate=certificate()), EX01, Step.REMOVE,
    ),
}  # fmt: skip
CHANGING_NOTHING = {Work.CHECK_BUNDLE, Work.MAKE_PLAN, Work.NOTHING}


def test_every_work_that_changes_hosts_waits() -> None:
    """A new kind of work gets its row here."""
    assert set(Work) - CHANGING_NOTHING == set(WAITING)


@pytest.mark.parametrize("work", list(WAITING))
def test_a_host_of_another_order_is_left_alone(work: Work) -> None:
    """Nothing reaches it while the other order has it; the card says so; then it goes on by itself."""
    given, busy, step = WAITING[work]
    house = House()
    mine = house.put(given())
    if mine.clearing:
        house.hosts.requests[request_name(mine, 1)] = mine.csr_pem
    assert isinstance(house.leases.take(busy, STRANGER), Lease)
    seen: list[HostStep] = []

    def look_then_free() -> None:
        waiting = [s for s in house.orders.steps(SEVEN) if s.status == "waiting"]
        seen.extend(waiting)
        # A request is counted under its friendly name, an operation under its host.
        assert not [name for name in house.hosts.acts if name.startswith((f"{busy}/", "CertDesk"))]
        if len(seen) == 3:
            house.leases.release(STRANGER)

    run = Meanwhile(house, look_then_free)
    house.job(work)(run, SEVEN, house.order().version)

    assert [(busy, step)] * 3 == [(s.host, s.step) for s in seen]
    assert all(f"{busy} {TOLD}" in s.note for s in seen)
    assert State.FAILED is not house.order().state
    assert house.hosts.acts
    assert not [s for s in house.orders.steps(SEVEN) if s.status == "waiting"]


def test_waiting_is_told_once_and_uses_up_no_try() -> None:
    """However long the other order takes: one line in the audit, one card, and no failure."""
    house = installing(EX01)
    house.leases.take(EX01, STRANGER)
    looks = 0

    def keep() -> None:
        nonlocal looks
        looks += 1
        if looks < 40:
            house.leases.take(EX01, STRANGER)
        else:
            house.leases.release(STRANGER)

    house.job(Work.INSTALL)(Meanwhile(house, keep), SEVEN, 3)

    waits = [e for e in house.audit.entries(SEVEN) if e.after == "waiting"]
    assert 1 == len(waits)
    assert State.INSTALLED is house.order().state


def test_a_dead_order_keeps_no_host_for_ever() -> None:
    """Its lease ends, and the one that waits goes on."""
    house = installing(EX01)
    house.leases.take(EX01, STRANGER)
    run = PlainRun(house.clock)
    house.job(Work.INSTALL)(run, SEVEN, 3)

    assert State.INSTALLED is house.order().state
    assert HOLD_S <= sum(run.slept) < HOLD_S + 10


def test_two_orders_over_the_same_hosts_in_opposite_order_both_end() -> None:
    """Neither holds one host while it waits for the other."""
    house = installing(EX01, EX02)
    installing(EX02, EX01, number=8, house=house)
    other = PlainRun(house.clock)
    started = False

    def start_other() -> None:
        nonlocal started
        if not started:
            started = True
            house.job(Work.INSTALL)(other, EIGHT, 3)
            house.operator.let_go(EIGHT, 3)

    class StartsIt(PlainRun):
        def step(self, name: str, function: Any) -> Any:
            if name.startswith("EX02/"):
                start_other()
            return super().step(name, function)

    house.job(Work.INSTALL)(StartsIt(house.clock), SEVEN, 3)

    assert (State.INSTALLED, State.INSTALLED) == (house.order().state, house.order(8).state)
    assert other.slept, "the other order had to wait for EX01"


def test_when_the_work_has_ended_its_hosts_are_free() -> None:
    """The next order does not wait for a lease to run out."""
    house = installing(EX01, EX02)
    house.job(Work.INSTALL)(PlainRun(house.clock), SEVEN, 3)
    house.operator.let_go(SEVEN, 3)

    for host in (EX01, EX02):
        assert isinstance(house.leases.take(host, STRANGER), Lease)


def test_a_process_that_was_taken_for_dead_cannot_begin_anything() -> None:
    """Frozen before its intent: the run went on elsewhere, and what it wakes up to do is refused."""
    house = installing(EX01)
    lease = house.operator.hold(Errand(order_id=SEVEN, version=3), EX01)
    assert isinstance(lease, Lease)
    house.leases.take(EX01, Holder(worker="w2", order_id=SEVEN, version=3))

    begun = house.journal.intend("7/x", attempt=1, deadline=NOON, was_done=False, lease=lease)

    assert begun is None


def test_the_card_is_drawn_anew_when_an_order_waits() -> None:
    """People see it without asking."""
    house = installing(EX01)
    house.leases.take(EX01, STRANGER)
    house.job(Work.INSTALL)(Meanwhile(house, lambda: house.leases.release(STRANGER)), SEVEN, 3)

    told = [row.message for row in house.memory.outbox.values()]
    assert Card.STATUS.value in cards(told)
    assert ("EX01", "intermediates", "done") in notes(house)


def test_a_host_is_held_until_it_is_proven() -> None:
    """While the proof is waited for, however long, no other order changes what is to be proven."""
    house = installing(EX01)
    house.prober.proven = [False] * 12 + [True]
    house.tries = 20
    answers: list[bool] = []

    def try_to_take() -> None:
        answers.append(isinstance(house.leases.take(EX01, STRANGER), Lease))

    run = Meanwhile(house, try_to_take)
    house.job(Work.INSTALL)(run, SEVEN, 3)

    assert State.INSTALLED is house.order().state
    assert HOLD_S < sum(run.slept)
    assert not any(answers)


def test_no_step_is_left_waiting_that_is_never_taken() -> None:
    """A host that has the intermediates already, and another order on it when the question is looked at."""
    asking = host_plan(EX01, asks=True)
    planned = plan(replace(asking, operations=asking.operations[1:]))
    house = installing(EX01)
    house.put(
        replace(
            house.order(),
            plan=planned,
            answers={EX01: Answer.NO},
            approvals=(yes(planned.digest()),),
        )
    )
    house.leases.take(EX01, STRANGER)

    run = Meanwhile(house, lambda: house.leases.release(STRANGER))
    house.job(Work.INSTALL)(run, SEVEN, 3)

    assert run.slept
    assert State.INSTALLED is house.order().state
    assert {"done"} == {status for _, _, status in notes(house)}


def test_a_host_is_not_read_for_a_plan_while_another_order_works_there() -> None:
    """What is there for seconds only, in the middle of that work, would stand in the plan as what was found."""
    house = House()
    house.put(order(State.PROVEN, certificate=certificate()))
    house.leases.take(EX02, STRANGER)
    house.hosts.default_smtp = Thumbprint("AB" * 20)

    def end_the_other() -> None:
        assert house.order().plan is None
        house.hosts.default_smtp = OLD_THUMBPRINT
        house.leases.release(STRANGER)

    run = Meanwhile(house, end_the_other)
    house.job(Work.MAKE_PLAN)(run, SEVEN, 3)

    assert run.slept
    assert house.order().plan is not None
    assert ["EX01", "EX01", "EX02"] == house.hosts.read
