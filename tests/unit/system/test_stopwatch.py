"""Seconds that no setting of a clock moves."""

import time
from datetime import timedelta

from bot.system.stopwatch import BootStopwatch, SteadyClock, since_start
from tests.unit.domain.samples import NOON
from tests.unit.workflow.clock import FakeClock


def test_a_mark_is_read_by_a_later_process_of_the_same_start() -> None:
    """Whatever wall clocks did meanwhile."""
    seconds = [100.0]
    mark = BootStopwatch("one", lambda: seconds[0]).mark()
    seconds[0] += 7.5

    assert 7.5 == BootStopwatch("one", lambda: seconds[0]).since(mark)


def test_a_mark_of_another_start_says_nothing() -> None:
    """Of another machine, or of this one before it was started anew."""
    assert BootStopwatch("two").since(BootStopwatch("one").mark()) is None


def test_this_machine_knows_its_start_and_its_seconds() -> None:
    """Two processes of it read each other's marks, and time passes forward."""
    first, second = BootStopwatch(), BootStopwatch()
    passed = second.since(first.mark())

    assert passed is not None
    assert 0 <= passed + 0.001 < 60


def test_a_steady_clock_does_not_follow_what_is_set() -> None:
    """It was right once, and goes on by seconds of its own."""
    seconds, wall = [100.0], FakeClock()
    clock = SteadyClock(wall, BootStopwatch("one", lambda: seconds[0]))
    wall.forward(-3600)
    seconds[0] += 30

    assert NOON + timedelta(seconds=30) == clock.now()


def test_seconds_are_counted_while_the_machine_sleeps() -> None:
    """By the system's clock for that."""
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    now = since_start()

    assert before <= now <= time.clock_gettime(time.CLOCK_BOOTTIME)
