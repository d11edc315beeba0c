"""One worker among others: it lives, it notices the dead, and it ends when it was taken for dead itself."""

from collections import Counter

import pytest

from bot.workflow.lifeguard import BEAT_S, LIFE_S, Lifeguard
from tests.fakes.workers import FakeSlot, FakeWorkerLeases
from tests.unit.workflow.clock import FakeClock


class Work:
    """`bot.workflow.lifeguard.Adoption` over a counter: running jobs by the id they run under."""

    def __init__(self, **running: int) -> None:
        self.running = Counter(running)
        self.adopted: list[str] = []

    def workers_with_work(self) -> frozenset[str]:
        """Ids with running work."""
        return frozenset(executor for executor, count in self.running.items() if count)

    def adopt(self, executor: str) -> int:
        """Two at a time, so that once is not enough."""
        taken = min(self.running[executor], 2)
        self.running[executor] -= taken
        self.adopted.append(executor)
        return taken


class Team:
    """Workers over one database, by the id they live under."""

    def __init__(self, **running: int) -> None:
        self.clock = FakeClock()
        self.leases = FakeWorkerLeases(self.clock, life_s=LIFE_S)
        self.work = Work(**running)
        self.buried: list[str] = []
        self.slots: dict[str, FakeSlot] = {}

    def worker(self, executor: str, word: str = "") -> Lifeguard:
        """A process that wants to live under an id."""
        slot = self.slots[executor] = FakeSlot()
        return Lifeguard(
            self.leases,
            slot,
            executor=executor,
            worker=word or f"{executor}#1",
            bury=self.buried.append,
            steady=lambda: self.clock.now().timestamp(),
        )

    def live(self, *living: Lifeguard, seconds: float) -> list[bool]:
        """Let time pass in beats; what each said at the last one."""
        said: list[bool] = []
        for _ in range(int(seconds / BEAT_S) + 1):
            self.clock.forward(BEAT_S)
            said = [one.beat(self.work) for one in living]
        return said


def test_workers_that_beat_leave_each_other_alone() -> None:
    """For ever."""
    team = Team(w1=3, w2=3)
    one, two = team.worker("w1"), team.worker("w2")
    assert one.enter()
    assert two.enter()

    assert [True, True] == team.live(one, two, seconds=20 * LIFE_S)
    assert [] == team.work.adopted


def test_the_work_of_a_dead_worker_goes_on_elsewhere() -> None:
    """All of it, its hosts are freed before, and its id is free again."""
    team = Team(w1=1, w2=5)
    one, two = team.worker("w1"), team.worker("w2")
    one.enter()
    two.enter()
    team.live(one, seconds=3 * LIFE_S)

    assert 0 == team.work.running["w2"]
    assert 1 == team.work.running["w1"]
    assert ["w2#1"] == team.buried
    assert {"w1"} == set(team.leases.rows)


def test_the_work_of_an_id_nobody_knows_goes_on_too() -> None:
    """A worker of an earlier release, or one whose id was changed, never had a lease."""
    team = Team(w9=1)
    one = team.worker("w1")
    one.enter()
    team.live(one, seconds=3 * LIFE_S)

    assert 0 == team.work.running["w9"]
    assert [] == team.buried


def test_nobody_is_taken_for_dead_before_everybody_had_time_to_report() -> None:
    """After a start, and after a time without the database, a whole life goes by first."""
    team = Team(w2=1)
    one, two = team.worker("w1"), team.worker("w2")
    one.enter()
    two.enter()
    team.live(one, two, seconds=2 * LIFE_S)
    team.leases.away = True
    for lifeguard in (one, two):
        with pytest.raises(ConnectionError):
            lifeguard.beat(team.work)
    team.clock.forward(10 * LIFE_S)
    team.leases.away = False
    assert one.beat(team.work)
    team.clock.forward(LIFE_S - 2 * BEAT_S)
    assert one.beat(team.work)
    assert two.beat(team.work)
    team.live(one, two, seconds=2 * LIFE_S)

    assert [] == team.work.adopted


def test_a_worker_that_was_taken_for_dead_is_told_so() -> None:
    """Frozen, taken over, awake again: its next beat says that it must end."""
    team = Team(w1=0, w2=1)
    one, two = team.worker("w1"), team.worker("w2")
    one.enter()
    two.enter()
    team.live(one, seconds=3 * LIFE_S)

    assert not two.beat(team.work)
    assert one.beat(team.work)


def test_what_a_frozen_worker_took_up_before_it_knew_goes_on_too() -> None:
    """Between its waking and its next beat it may take a job out of the queue."""
    team = Team(w1=0, w2=1)
    one, two = team.worker("w1"), team.worker("w2")
    one.enter()
    two.enter()
    team.live(one, seconds=3 * LIFE_S)
    team.work.running["w2"] += 1
    team.live(one, seconds=BEAT_S)

    assert 0 == team.work.running["w2"]


def test_a_restart_under_the_same_id_does_not_meet_the_reaper() -> None:
    """While another worker takes over it waits; then it enters, and what it takes up is its own."""
    team = Team(w1=0, w2=1)
    one, two = team.worker("w1"), team.worker("w2")
    one.enter()
    two.enter()
    again = team.worker("w2", "w2#2")
    team.clock.forward(2 * LIFE_S)
    assert "w2#1" == team.leases.claim("w2", "w1#1")

    assert not again.enter()
    team.leases.close("w2", "w1#1")
    assert again.enter()
    assert one.enter()
    assert [True, True] == team.live(one, again, seconds=3 * LIFE_S)


def test_a_restart_frees_what_the_process_of_before_held() -> None:
    """It is dead for certain: two cannot have the lock of one id."""
    team = Team()
    team.worker("w1").enter()
    assert team.worker("w1", "w1#2").enter()

    assert ["w1#1"] == team.buried


def test_a_reaper_that_dies_is_followed_by_another() -> None:
    """Its claim ends like any lease; the work is not lost with it."""
    team = Team(w3=1)
    one, two = team.worker("w1"), team.worker("w2")
    one.enter()
    two.enter()
    team.leases.claim("w3", "w2#1")
    team.live(one, seconds=3 * LIFE_S)

    assert 0 == team.work.running["w3"]


def test_of_two_reapers_one_is_at_work() -> None:
    """The second finds the id claimed."""
    team = Team()
    assert "" == team.leases.claim("w3", "w1#1")

    assert team.leases.claim("w3", "w2#1") is None


def test_without_its_lock_a_worker_must_end() -> None:
    """The database was away, and another process lives under the id by now."""
    team = Team()
    one = team.worker("w1")
    one.enter()
    team.slots["w1"].held = False

    assert not one.beat(team.work)


def test_who_leaves_in_good_order_is_followed_at_once() -> None:
    """No life has to go by: the others take up its work at their next beat."""
    team = Team(w1=0, w2=1)
    one, two = team.worker("w1"), team.worker("w2")
    one.enter()
    two.enter()
    team.live(one, two, seconds=2 * LIFE_S)
    two.leave()
    one.beat(team.work)

    assert 0 == team.work.running["w2"]
