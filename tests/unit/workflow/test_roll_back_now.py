"""A roll-back looks at each host before it acts: what another certificate serves by now is left alone, and people are told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.approvals import Gate
from bot.domain.faults import Refused
from bot.domain.ids import HostName, OrderId
from bot.domain.leases import Holder, Lease
from bot.domain.messages import LineMessage
from bot.domain.order import CertificateOrder
from bot.domain.plan import InstallPlan, OperationKind, Snapshot, Step
from bot.domain.states import State, Work
from bot.domain.undoing import GivingBack
from bot.workflow.reporter import Errand
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
from tests.unit.workflow.house import DEADLINE_S, HOLD_S, House
from tests.unit.workflow.plain_run import PlainRun

SEVEN = OrderId(7)
STRANGER = Holder(worker="w2", order_id=OrderId(8), version=5)
LEFT = "EX01: IIS is served now by 'CN=later', so that was left as it is."
STAYS = (
    "EX02: IIS is still served by the certificate of this order, because the one of before expired."
)
BACK = "/restore_smtp_default"


def rolling_back(**parts: Any) -> House:
    """A house whose installed order is being rolled back."""
    house = House()
    whole = {
        "plan": plan(),
        "certificate": certificate(),
        "installed_at": NOON,
        "done_hosts": (EX01, EX02),
    }
    house.put(order(State.ROLLING_BACK, **{**whole, **parts}))
    return house


def play(house: House) -> CertificateOrder:
    """Run the job."""
    house.job(Work.ROLL_BACK)(PlainRun(house.clock), SEVEN, house.order().version)
    return house.order()


def restored(house: House, host: HostName) -> tuple[str, list[str]]:
    """How the host's step ended on the card, and what is warned of there."""
    (step,) = (
        one for one in house.orders.steps(SEVEN) if (one.host, one.step) == (host, Step.RESTORE)
    )
    return step.status, [caution.meaning for caution in step.warnings]


class Looking:
    """A host's snapshot, with something that happens right before it is given away."""

    def __init__(self, house: House, then: Callable[[HostName], None]) -> None:
        self._snapshot, self._then = house.hosts.snapshot, then

    def __call__(self, host: HostName) -> Snapshot:
        """Read the host."""
        seen = self._snapshot(host)
        self._then(host)
        return seen


class Pausing:
    """The planner of a process that stands still once, right after it has planned."""

    def __init__(self, house: House, then: Callable[[], None]) -> None:
        self._plan, self._then = house.hosts.plan_roll_back, [then]

    def __call__(self, plan: InstallPlan, snapshot: Snapshot) -> GivingBack:
        """Plan."""
        planned = self._plan(plan, snapshot)
        if self._then:
            self._then.pop()()
        return planned


def test_what_was_left_alone_is_told_wherever_people_look() -> None:
    """On the card, in the thread, in the audit; the other host is given back, and the order has ended."""
    house = rolling_back()
    house.hosts.left[EX01] = (LEFT,)

    assert State.ROLLED_BACK is play(house).state
    assert [f"{EX02}{BACK}"] == list(house.hosts.acts)
    assert ("done", [LEFT]) == restored(house, EX01)
    entries = house.audit.entries(SEVEN)
    (finished,) = (one for one in entries if one.what == "roll_back_finished")
    assert LEFT == finished.facts["left"]
    assert any(LEFT in one.facts.get("warnings", "") for one in entries)
    said = [row.message for row in house.memory.outbox.values()]
    lines = [one for one in said if isinstance(one, LineMessage)]
    assert {LEFT} == {one.facts["left"] for one in lines if one.code == "roll-back-finished"}


def test_what_cannot_be_given_back_fails_the_order_after_everything_else() -> None:
    """The rest is given back on every host, the sentence says what stays and what to do next."""
    house = rolling_back()
    house.hosts.stays[EX02] = (STAYS,)

    after = play(house)

    assert (State.FAILED, State.ROLLING_BACK, "before-not-usable") == (
        after.state, after.failed_in, after.fault_code,
    )  # fmt: skip
    assert [f"{EX01}{BACK}"] == list(house.hosts.acts)
    assert after.detail.startswith(STAYS)
    assert "Enable a valid certificate by hand" in after.detail
    assert ("failed", []) == restored(house, EX02)
    assert ("done", []) == restored(house, EX01)


def test_a_retry_looks_anew_and_repeats_nothing() -> None:
    """Somebody has enabled a good certificate by hand: it is left alone, and the order ends."""
    house = rolling_back()
    house.hosts.stays[EX02] = (STAYS,)
    play(house)
    del house.hosts.stays[EX02]
    house.hosts.left[EX02] = (LEFT,)

    house.engine.retry(SEVEN, by=OLGA)

    assert State.ROLLED_BACK is play(house).state
    assert {f"{EX01}{BACK}": 1} == house.hosts.acts


def test_the_host_is_looked_at_while_nobody_else_may_change_it() -> None:
    """The lease comes first, and another order would have to wait."""
    house = rolling_back()
    occupied: list[bool] = []

    def try_to_take(host: HostName) -> None:
        occupied.append(not isinstance(house.leases.take(host, STRANGER), Lease))

    house.hosts.snapshot = Looking(house, try_to_take)  # type: ignore[method-assign]
    play(house)

    assert [True, True] == occupied


def test_a_look_from_before_a_pause_is_not_acted_on() -> None:
    """The process stood still between look and act, and another order installed meanwhile: it keeps what it took."""
    house = rolling_back(plan=plan(host_plan(EX01)))

    def stand_still() -> None:
        house.clock.forward(HOLD_S + 1)
        assert isinstance(house.leases.take(EX01, STRANGER), Lease)
        house.leases.release(STRANGER)
        house.hosts.left[EX01] = (LEFT,)

    house.hosts.plan_roll_back = Pausing(house, stand_still)  # type: ignore[method-assign]

    assert State.ROLLED_BACK is play(house).state
    assert {} == house.hosts.acts
    assert ("done", [LEFT]) == restored(house, EX01)


def test_an_order_of_before_is_reinstated_only_where_it_serves_again() -> None:
    """With everything taken over by a third certificate its expiry is nobody's matter."""
    house = rolling_back(wish=wish(renews=OrderId(3)))
    house.put(order(State.SUPERSEDED, id=OrderId(3), superseded_by=SEVEN, renewed_by=SEVEN))
    house.hosts.left.update({EX01: (LEFT,), EX02: (LEFT,)})

    assert State.ROLLED_BACK is play(house).state
    assert State.SUPERSEDED is house.order(3).state


# A half installation.


def half(*, answered: bool, seen: str = "") -> House:
    """The services of EX01 were being enabled when the installation failed; it is taken back at once."""
    house = rolling_back(plan=plan(host_plan(EX01)), installed_at=None, done_hosts=())
    enabling = next(
        op for op in host_plan(EX01).operations if op.kind is OperationKind.ENABLE_SERVICES
    )
    lease = house.operator.hold(Errand(order_id=SEVEN, version=2), EX01)
    assert isinstance(lease, Lease)
    key, deadline = f"7/{enabling.key}", house.clock.now() + timedelta(seconds=DEADLINE_S)
    house.journal.intend(key, attempt=1, deadline=deadline, was_done=False, lease=lease)
    if answered:
        house.journal.hear(key, (), attempt=1, lease=lease)
    if seen:
        house.journal.confirm(key, seen)
    house.leases.rest(lease)
    house.operator.let_go(SEVEN, 2)
    return house


def is_back_already(house: House) -> None:
    """The host shows the certificate of before in its place."""
    house.hosts.done.add(f"{EX01}{BACK}")


def test_a_command_that_may_still_run_is_waited_out_before_the_host_is_looked_at() -> None:
    """What is seen while it runs says nothing about what is there when it has ended."""
    house = half(answered=False)
    looked_at = []
    house.hosts.snapshot = Looking(house, lambda _: looked_at.append(house.clock.now()))  # type: ignore[method-assign]

    assert State.ROLLED_BACK is play(house).state
    assert [NOON + timedelta(seconds=DEADLINE_S)] <= looked_at
    assert {f"{EX01}{BACK}": 1} == house.hosts.acts


@pytest.mark.parametrize(
    ("seen", "acts"), [("", {f"{EX01}{BACK}": 1}), ("it serves IIS", {})], ids=["unseen", "seen"]
)
def test_what_was_accepted_and_never_seen_is_given_back_once_more(
    seen: str, acts: dict[str, int]
) -> None:
    """Active Directory may still carry the new one: that the host shows the old one is no proof that it stays."""
    house = half(answered=True, seen=seen)
    is_back_already(house)

    assert State.ROLLED_BACK is play(house).state
    assert acts == house.hosts.acts
    assert "done" == restored(house, EX01)[0]


def test_what_a_killed_run_had_sent_counts_as_done() -> None:
    """The journal gets its confirmation from the look, so that the evidence has it."""
    house = rolling_back(plan=plan(host_plan(EX01)))
    lease = house.operator.hold(Errand(order_id=SEVEN, version=3), EX01)
    assert isinstance(lease, Lease)
    key = f"7/back/{EX01}{BACK}"
    house.journal.intend(key, attempt=1, deadline=NOON, was_done=False, lease=lease)
    is_back_already(house)

    assert State.ROLLED_BACK is play(house).state
    intent = house.journal.find(key)
    assert intent is not None
    assert "the certificate of before serves" == intent.confirmed
    assert {} == house.hosts.acts


# Giving it up.


def failed_back() -> House:
    """A roll-back that Olga asked for and that could not give everything back."""
    house = rolling_back()
    house.put(replace(house.order(), state=State.INSTALLED))
    house.engine.decide(SEVEN, Gate.ROLL_BACK, yes=True, by=OLGA, reason="phones do not trust it")
    house.hosts.stays[EX02] = (STAYS,)
    play(house)
    return house


def test_a_roll_back_that_cannot_end_can_be_given_up() -> None:
    """The certificate serves on where it must, and is watched again; the next roll-back is one of its own."""
    house = failed_back()
    kept = house.engine.keep(SEVEN, by=OLGA, reason="the old one has expired")
    house.hosts.stays.clear()
    house.hosts.done.clear()

    again = house.engine.decide(
        SEVEN, Gate.ROLL_BACK, yes=True, by=OLGA, reason="a new one is there"
    )

    assert (State.INSTALLED, None, "") == (kept.state, kept.failed_in, kept.fault_code)
    assert State.ROLLING_BACK is again.state
    assert State.ROLLED_BACK is play(house).state
    assert {f"{EX01}{BACK}": 2, f"{EX02}{BACK}": 1} == house.hosts.acts


def test_a_half_installation_cannot_be_kept() -> None:
    """It was never proven, so nothing may call it installed."""
    house = half(answered=True, seen="it serves IIS")
    house.hosts.stays[EX01] = (STAYS,)
    assert State.FAILED is play(house).state
    before = house.order()

    with pytest.raises(Refused) as raised:
        house.engine.keep(SEVEN, by=OLGA, reason="enough")

    assert "not-now" == raised.value.code
    assert before == house.order()
