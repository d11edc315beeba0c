"""
Kills at every point of every job: before and after each step, each commit and each command.

A killed run is played again with the steps it kept, as the durable engine does. Whatever was hit: the order ends
where it would have ended, each act reached the host once, and the audit tells each change once.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.domain.ids import OrderId, UploadId
from bot.domain.plan import Answer
from bot.domain.states import State, Work
from tests.unit.domain.samples import EX01, NOON, certificate, order, plan, wish
from tests.unit.workflow.fuse import Killed
from tests.unit.workflow.house import House, without_time
from tests.unit.workflow.plain_run import Kept, PlainRun
from tests.unit.workflow.requests import csr_for
from tests.unit.workflow.test_install_job import yes
from tests.unit.workflow.test_local_key import house as local_house
from tests.unit.workflow.test_local_key import installing

SEVEN = OrderId(7)


def _start(state: State, **parts: Any) -> House:
    house = House()
    house.put(order(state, **parts))
    return house


def _checking() -> House:
    house = _start(State.CHECKING, csr_pem=csr_for(wish()), upload_id=UploadId(1))
    house.put_file(SEVEN)
    return house


def _installing(**parts: Any) -> House:
    house = _start(
        State.INSTALLING, plan=plan(), certificate=certificate(), csr_pem=csr_for(wish()),
        approvals=(yes(plan().digest()),), answers={EX01: Answer.YES}, **parts,
    )  # fmt: skip
    house.put(order(State.INSTALLED, id=OrderId(3)))
    return house


def _local_installing() -> House:
    house = installing()
    house.put(replace(house.order(), version=3))
    return house


STORIES: dict[str, tuple[Callable[[], House], Work, State, int]] = {
    "csr": (lambda: _start(State.APPROVED), Work.MAKE_CSR, State.CSR_READY, 14),
    "csr made here": (local_house, Work.MAKE_CSR, State.CSR_READY, 4),
    "install with a key made here": (_local_installing, Work.INSTALL, State.INSTALLED, 90),
    "bundle": (_checking, Work.CHECK_BUNDLE, State.PROVEN, 4),
    "plan": (lambda: _start(State.PROVEN, certificate=certificate()), Work.MAKE_PLAN, State.PROVEN, 4),
    "install": (lambda: _installing(wish=wish(renews=OrderId(3))), Work.INSTALL, State.INSTALLED, 100),
    "roll back": (
        lambda: _start(
            State.ROLLING_BACK, plan=plan(), certificate=certificate(), installed_at=NOON
        ),
        Work.ROLL_BACK, State.ROLLED_BACK, 30,
    ),
    "retire": (
        lambda: _start(State.RETIRING, plan=plan(), certificate=certificate()),
        Work.RETIRE, State.RETIRED, 25,
    ),
}  # fmt: skip
"""How each story begins, its work, where it ends, and how many points it has at the least."""


@dataclass(frozen=True)
class Ending:
    """What the world looks like after a story."""

    state: State
    orders: tuple[object, ...]
    acts: dict[str, int]
    audit: tuple[tuple[str, str, str], ...]
    messages: frozenset[object]
    keys: tuple[object, ...] = ()


def ending(house: House) -> Ending:
    """Look at it."""
    return Ending(
        state=house.order().state,
        orders=tuple(without_time(o) for o in house.memory.orders.values()),
        acts=dict(house.hosts.acts),
        # A key that was opened again after a kill is told again.
        audit=tuple(
            (e.what, e.before, e.after) for e in house.audit.entries() if e.what != "key_used"
        ),
        messages=frozenset(
            (row.order_id, repr(row.message)) for row in house.memory.outbox.values()
        ),
        keys=tuple(
            (kept.secret.bond, kept.wiped_at is None) for kept in house.memory.sealed.values()
        ),
    )


def play(begin: Callable[[], House], work: Work, *, kill_at: int, again_at: int = 0) -> House:
    """Play a story, killed once or twice, to its end."""
    house = begin()
    kept: Kept = []
    for at in (kill_at, again_at, 0):
        house.fuse.at = house.fuse.passed + at if at else 0
        house.fuse.blown = ""
        run = PlainRun(house.clock, kept, house.fuse)
        try:
            house.job(work)(run, SEVEN, 3)
        except Killed:
            continue
        return house
    return house


@pytest.mark.parametrize("story", sorted(STORIES))
def test_killed_at_any_point_it_ends_as_if_nothing_had_happened(story: str) -> None:
    """Every single point, one after the other, until a run passes them all."""
    begin, work, state, least = STORIES[story]
    whole = play(begin, work, kill_at=0)
    expected = ending(whole)
    assert state is expected.state
    assert {1} >= set(expected.acts.values())

    points = whole.fuse.passed
    assert points >= least
    for at in range(1, points + 1):
        assert expected == ending(play(begin, work, kill_at=at)), f"killed at point {at}"


@pytest.mark.parametrize(
    "story", ["csr", "csr made here", "install", "install with a key made here", "retire"]
)
def test_killed_twice_it_ends_the_same(story: str) -> None:
    """The second kill hits the recovery of the first, a few points on."""
    begin, work, _, _ = STORIES[story]
    whole = play(begin, work, kill_at=0)

    assert whole.fuse.passed
    for at in range(1, whole.fuse.passed + 1, 3):
        for again in (1, 2, 3, 5, 8):
            house = play(begin, work, kill_at=at, again_at=again)
            assert ending(whole) == ending(house), f"killed at point {at}, then {again} on"


def test_a_run_that_was_killed_before_the_command_left_waits_out_the_deadline() -> None:
    """With the usual six tries: the wait for a command that may still run is no failure."""
    whole = _installing()
    at = 0
    while "enable_services reaches" not in whole.fuse.blown:
        at += 1
        whole = _installing()
        whole.fuse.at = whole.fuse.passed + at
        kept: Kept = []
        with contextlib.suppress(Killed):
            whole.job(Work.INSTALL)(PlainRun(whole.clock, kept, whole.fuse), SEVEN, 3)

    again = PlainRun(whole.clock, kept, whole.fuse)
    whole.job(Work.INSTALL)(again, SEVEN, 3)

    assert State.INSTALLED is whole.order().state
    assert sum(again.slept) > 120
    assert {1} == set(whole.hosts.acts.values())
