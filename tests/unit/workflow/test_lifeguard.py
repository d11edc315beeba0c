"""One worker among others: it lives, it notices the dead, and it ends when it was taken for dead itself."""

from collections import Counter
from collections.abc import Callable

import pytest

from bot.workflow.lifeguard import BEAT_S, LIFE_S, Lifeguard
from tests.fakes.workers import FakeSlot, FakeWorkerLeases
from tests.unit.workflow.clock import FakeClock


class Work:
    """`bot.workflow.lifeguard.Adoption` over a counter: running jobs by the id they run under."""

    def __init__(self, **running: int) -> None:
        self.running = Counter(running)
        self.adopted: list[str] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def workers_with_work(self) -> frozenset[str]:
        """Ids with running work."""
        return frozenset(executor for executor, count in self.running.items() if count)

    def adopt(self, executor: str) -> int:
        """Two at a time, so that once is not enough."""
        taken = min(self.running[executor], 2)
        self.running[executor] -= taken
        self.adopted.append(executor)
        self.meanwhile()
        return taken


class Team:
    """Workers over one database, by the id they live under."""

    def __init__(self, **running: int) -> None:
        self.wall, self.seconds = FakeClock(), 0.0
        self.leases = FakeWorkerLeases(self.wall, life_s=LIFE_S)
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
            steady=lambda: self.seconds,
        )

    def entered(self, *executors: str) -> list[Lifeguard]:
        """Processes that live, one under each id."""
        workers = [self.worker(executor) for executor in executors]
        assert all(one.enter() for one in workers)
        return workers

    def forward(self, seconds: float) -> None:
        """Let time pass, on the wall as well."""
        self.wall.forward(seconds)
        self.seconds += seconds

    def live(self, *living: Lifeguard, seconds: float) -> list[bool]:
        """Let time pass in beats; what each said at the last one."""
        said: list[bool] = []
        for _ in range(int(seconds / BEAT_S) + 1):
            self.forward(BEAT_S)
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
    team.forward(10 * LIFE_S)
    team.leases.away = False
    assert one.beat(team.work)
    team.forward(LIFE_S - 2 * BEAT_S)
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
    team.live(one, seconds=LIFE_S)

    assert 0 == team.work.running["w2"]


def test_a_restart_under_the_same_id_does_not_meet_the_reaper() -> None:
    """While another worker takes over it waits; then it enters, and what it takes up is its own."""
    team = Team(w1=0, w2=1)
    one, two = team.worker("w1"), team.worker("w2")
    one.enter()
    two.enter()
    again = team.worker("w2", "w2#2")
    team.forward(2 * LIFE_S)
    assert "w2#1" == team.leases.claim("w2", "w1#1", team.leases.signs()["w2"])

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
    team.leases.claim("w3", "w2#1", None)
    team.live(one, seconds=3 * LIFE_S)

    assert 0 == team.work.running["w3"]


def test_of_two_reapers_one_is_at_work() -> None:
    """The second finds the id claimed."""
    team = Team()
    assert "" == team.leases.claim("w3", "w1#1", None)

    assert team.leases.claim("w3", "w2#1", None) is None


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


@pytest.mark.parametrize("stall_s", [LIFE_S * 0.6, LIFE_S + 1, 40 * LIFE_S])
def test_a_database_that_stood_still_makes_nobody_dead(stall_s: float) -> None:
    """No error tells of it: the call returns late, for everybody, and whoever is first sees old signs of the others."""
    team = Team(w1=1, w2=1)
    one, two = team.entered("w1", "w2")
    team.live(one, two, seconds=3 * LIFE_S)
    team.leases.stall = lambda: team.forward(stall_s)
    assert one.beat(team.work)
    team.leases.stall = lambda: None
    team.forward(LIFE_S - BEAT_S)
    assert one.beat(team.work)
    assert two.beat(team.work)

    assert [True, True] == team.live(one, two, seconds=3 * LIFE_S)
    assert [] == team.work.adopted


def test_who_died_while_the_database_stood_still_is_noticed_a_life_later() -> None:
    """The others are looked at anew, and then it is seen that one shows nothing."""
    team = Team(w1=1, w2=1)
    one, two = team.entered("w1", "w2")
    team.live(one, two, seconds=2 * LIFE_S)
    team.leases.stall = lambda: team.forward(2 * LIFE_S)
    assert one.beat(team.work)
    team.leases.stall = lambda: None
    team.live(one, seconds=LIFE_S)

    assert ["w2"] == sorted(set(team.work.adopted))


@pytest.mark.parametrize("jump_s", [3600.0 * 5, -3600.0 * 5])
def test_a_wall_clock_that_jumps_neither_kills_nor_revives(jump_s: float) -> None:
    """Set ahead it would end every lease at once; set back it would keep the dead alive for hours."""
    team = Team(w1=1, w2=1, w3=1)
    one, two, three = team.entered("w1", "w2", "w3")
    team.live(one, two, three, seconds=2 * LIFE_S)
    team.wall.forward(jump_s)
    team.live(one, two, seconds=LIFE_S - 2 * BEAT_S)
    assert [] == team.work.adopted
    team.live(one, two, seconds=2 * BEAT_S)

    assert ["w3"] == sorted(set(team.work.adopted))
    assert ["w3#1"] == team.buried


def test_a_sign_of_life_in_the_last_moment_counts() -> None:
    """Between the look and the claim: what is claimed is the sign that was seen, and no other."""
    team = Team(w1=0, w2=1)
    one, two = team.entered("w1", "w2")
    team.live(one, two, seconds=2 * LIFE_S)
    team.live(one, seconds=LIFE_S - 2 * BEAT_S)
    seen = team.leases.signs()
    team.forward(BEAT_S)
    assert two.beat(team.work)

    assert team.leases.claim("w2", "w1#1", seen["w2"]) is None


def test_a_long_take_over_makes_nobody_look_dead() -> None:
    """Neither this worker nor the one that is taken over, under whose id a successor may want in."""
    team = Team(w1=0, w2=20)
    one, _, three = team.entered("w1", "w2", "w3")
    again = team.worker("w2", "w2#2")
    let_in: list[bool] = []

    def slow() -> None:
        team.forward(BEAT_S)
        three.beat(team.work)
        let_in.append(again.enter())

    team.live(one, three, seconds=LIFE_S - BEAT_S)
    team.forward(BEAT_S)
    team.work.meanwhile = slow
    assert one.beat(team.work)

    assert 0 == team.work.running["w2"]
    assert 11 * [False] == let_in
    assert 11 * ["w2"] == team.work.adopted
    assert {"w1", "w3"} == set(team.leases.rows)


def test_a_take_over_that_another_one_has_by_now_is_left_to_it() -> None:
    """This one stood still in the middle of it."""
    team = Team(w1=0, w2=6)
    one, _ = team.entered("w1", "w2")

    def claimed_by_another() -> None:
        team.leases.claim("w2", "w3#1", team.leases.signs()["w2"])

    team.work.meanwhile = claimed_by_another
    team.live(one, seconds=LIFE_S)

    assert ["w2"] == team.work.adopted
    assert "w3#1" == team.leases.rows["w2"].worker


def test_a_reaper_that_is_taken_for_dead_in_the_middle_ends() -> None:
    """It must not go on putting work back; somebody else does by now."""
    team = Team(w1=0, w2=6)
    one, _ = team.entered("w1", "w2")
    team.live(one, seconds=LIFE_S - BEAT_S)
    team.forward(BEAT_S)
    team.work.meanwhile = team.leases.rows.clear

    assert not one.beat(team.work)
    assert ["w2"] == team.work.adopted


def test_a_successor_waits_a_life_for_a_reaper_that_is_dead() -> None:
    """Whatever the wall clock says; then it takes the id, and nothing of the dead one's is missed."""
    team = Team()
    team.leases.claim("w2", "w1#1", None)
    again = team.worker("w2", "w2#2")
    team.wall.forward(3600 * 5)
    assert not again.enter()
    team.seconds += LIFE_S - 1
    assert not again.enter()
    team.seconds += 1

    assert again.enter()
