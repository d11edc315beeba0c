"""What an order's end means for the one it renews is said whatever that one is doing, and whoever is faster."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.faults import FaultKind
from bot.domain.ids import OrderId
from bot.domain.states import State, Work
from tests.unit.domain.samples import NOON, certificate, order, plan, wish
from tests.unit.workflow.fuse import Fuse
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import PlainRun
from tests.unit.workflow.test_install_job import installing, play
from tests.unit.workflow.test_undo_jobs import undoing

THREE, SEVEN = OrderId(3), OrderId(7)
SERVED: dict[str, Any] = {"installed_at": NOON, "plan": plan(), "certificate": certificate()}


class Faster(Fuse):
    """Somebody who does something of their own right before a change is saved, so many times."""

    def __init__(self, where: str, act: Callable[[], object], *, times: int) -> None:
        super().__init__()
        self.times = times
        self._where = where
        self._act = act

    def burn(self, where: str) -> None:
        """Be faster."""
        if where == self._where and self.times:
            self.times -= 1
            self._act()


def lose(house: House, to: Faster) -> None:
    """Let every store of the house lose its race."""
    house.orders._fuse = to


def touched(house: House, **parts: Any) -> Callable[[], object]:
    """A change of the order of before by somebody else."""

    def touch() -> None:
        before = house.order(THREE)
        house.put(replace(before, version=before.version + 1, **parts))

    return touch


def taking_over(state: State, **parts: Any) -> House:
    """Order 7 is being installed and renews order 3, which stands so."""
    house = installing(wish=wish(renews=THREE))
    house.put(order(state, id=THREE, renewed_by=SEVEN, **{**SERVED, **parts}))
    return house


def giving_back(state: State, **parts: Any) -> House:
    """Order 7, which had superseded order 3, is being rolled back."""
    house = undoing(State.ROLLING_BACK, wish=wish(renews=THREE))
    before = {**SERVED, "renewed_by": SEVEN, "superseded_by": SEVEN, **parts}
    house.put(order(state, id=THREE, **before))
    return house


def roll_back(house: House) -> None:
    """Run order 7's roll-back."""
    house.job(Work.ROLL_BACK)(PlainRun(house.clock), SEVEN, house.order().version)


@pytest.mark.parametrize("times", [1, 7])
def test_an_order_that_is_changed_in_the_same_moment_is_superseded_all_the_same(times: int) -> None:
    """Nobody would say it later, and the watch asks for no renewal of what is renewed."""
    house = taking_over(State.INSTALLED)
    lose(house, Faster("before superseded is saved", touched(house), times=times))

    assert State.INSTALLED is play(house).state
    assert (State.SUPERSEDED, SEVEN) == (house.order(THREE).state, house.order(THREE).superseded_by)


@pytest.mark.parametrize("times", [1, 7])
def test_an_order_that_is_changed_in_the_same_moment_is_reinstated_all_the_same(times: int) -> None:
    """Its certificate serves again and must be watched."""
    house = giving_back(State.SUPERSEDED)
    lose(house, Faster("before reinstated is saved", touched(house), times=times))
    roll_back(house)

    assert (State.INSTALLED, None) == (house.order(THREE).state, house.order(THREE).superseded_by)


def test_an_order_that_ended_in_the_same_moment_is_left_alone() -> None:
    """What is meant is asked anew after each conflict."""
    house = taking_over(State.INSTALLED)
    rival = Faster("before superseded is saved", touched(house, state=State.RETIRED), times=1)
    lose(house, rival)

    assert State.INSTALLED is play(house).state
    assert (State.RETIRED, None, 0) == (
        house.order(THREE).state,
        house.order(THREE).superseded_by,
        rival.times,
    )


@pytest.mark.parametrize(
    ("state", "parts", "work"),
    [
        (State.RETIRING, {}, Work.RETIRE),
        (State.ROLLING_BACK, {}, Work.ROLL_BACK),
        (State.FAILED, {"failed_in": State.RETIRING, "detail": "EX01 is away."}, None),
        (State.FAILED, {"failed_in": State.ROLLING_BACK, "detail": "EX01 is away."}, None),
    ],
)
def test_what_is_being_taken_back_is_superseded_where_it_stands(
    state: State, parts: dict[str, Any], work: Work | None
) -> None:
    """Given up later, it leads to the state in which the successor serves; its work goes on as the new version's."""
    house = taking_over(state, **parts)
    play(house)

    before = house.order(THREE)
    assert (state, SEVEN, parts.get("detail", "")) == (
        before.state,
        before.superseded_by,
        before.detail,
    )
    started = [kind for kind, at in house.memory.works if at == THREE]
    assert ([work] if work else []) == started


@pytest.mark.parametrize(
    ("state", "parts"),
    [
        (State.RETIRED, {}),
        (State.ROLLED_BACK, {}),
        (State.FAILED, {"failed_in": State.INSTALLING, "installed_at": None}),
        (State.SUPERSEDED, {"superseded_by": OrderId(5)}),
        (State.RETIRING, {"superseded_by": OrderId(5)}),
    ],
)
def test_what_serves_no_more_or_never_did_is_not_superseded(
    state: State, parts: dict[str, Any]
) -> None:
    """There is nothing to take over."""
    house = taking_over(state, **parts)
    before = house.order(THREE)
    play(house)

    assert before == house.order(THREE)


def test_a_removal_refused_after_its_successor_was_rolled_back_leads_to_a_watched_certificate() -> (
    None
):
    """It was asked for while the successor served; now this certificate serves, and nobody else would see it end."""
    house = giving_back(State.RETIRING)
    roll_back(house)
    house.hosts.fail("plan_retirement", FaultKind.UNSUPPORTED)
    house.job(Work.RETIRE)(PlainRun(house.clock), THREE, house.order(THREE).version)

    before = house.order(THREE)
    assert (State.INSTALLED, None, None) == (before.state, before.superseded_by, before.renewed_by)


def test_a_removal_refused_after_its_successor_was_installed_leads_to_a_superseded_one() -> None:
    """The other way round."""
    house = taking_over(State.RETIRING)
    play(house)
    house.hosts.fail("plan_retirement", FaultKind.UNSUPPORTED)
    house.job(Work.RETIRE)(PlainRun(house.clock), THREE, house.order(THREE).version)

    assert State.SUPERSEDED is house.order(THREE).state


def test_a_failed_removal_is_reinstated_with_its_fault() -> None:
    """What failed still has to be decided on, and its card says what."""
    house = giving_back(State.FAILED, failed_in=State.RETIRING, detail="EX01 is away.")
    roll_back(house)

    before = house.order(THREE)
    assert (State.FAILED, None, "EX01 is away.") == (
        before.state,
        before.superseded_by,
        before.detail,
    )


def test_what_another_order_superseded_is_not_reinstated() -> None:
    """That one still serves."""
    house = giving_back(State.SUPERSEDED, superseded_by=OrderId(5))
    before = house.order(THREE)
    roll_back(house)

    assert before == house.order(THREE)
