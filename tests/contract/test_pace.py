"""What every pace of chat promises: slots one after the other, pauses kept, buckets that do not wait for each other."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pacing import LONGEST_S, POST_BURST, POSTS, UNPACED, Rate, paused, reserve
from tests.contract.stores import Store
from tests.unit.domain.samples import NOON

HERE, THERE = "post:C1", "post:C2"


def test_a_quiet_channel_takes_a_short_burst_and_then_one_a_second(store: Store) -> None:
    """Each asker is told a second of its own."""
    waits = [store.pace.slot(HERE, POSTS) for _ in range(POST_BURST + 3)]

    assert waits == pytest.approx([0.0] * POST_BURST + [1.0, 2.0, 3.0])


def test_a_busy_channel_holds_up_no_other(store: Store) -> None:
    """A hundred messages wait for one channel; the other takes its own at once."""
    for _ in range(100):
        store.pace.slot(HERE, POSTS)

    assert store.pace.slot(THERE, POSTS) == 0.0


def test_a_pause_is_kept_by_everybody(store: Store) -> None:
    """Nobody has a slot before it is over; then they go one after the other."""
    store.pace.pause(HERE, POSTS, 30)
    store.clock.forward(10)

    assert store.pace.slot(HERE, POSTS) == pytest.approx(20.0)
    assert store.pace.slot(HERE, POSTS) == pytest.approx(21.0)


def test_a_method_without_a_rate_knows_pauses_only(store: Store) -> None:
    """A hundred calls at once; none in the pause that was asked for, all after it."""
    assert {store.pace.slot("chat.update", UNPACED) for _ in range(100)} == {0.0}
    store.pace.pause("chat.update", UNPACED, 5)
    assert {store.pace.slot("chat.update", UNPACED) for _ in range(3)} == {5.0}
    store.clock.forward(5)
    assert store.pace.slot("chat.update", UNPACED) == 0.0


def test_a_shorter_pause_does_not_end_a_longer_one(store: Store) -> None:
    """Two workers hear two answers."""
    store.pace.pause(HERE, POSTS, 30)
    store.pace.pause(HERE, POSTS, 5)

    assert store.pace.slot(HERE, POSTS) == pytest.approx(30.0)


def test_a_clock_set_back_by_a_day_stops_nothing(store: Store) -> None:
    """A bucket filled until tomorrow is one that a clock has made up."""
    store.pace.slot(HERE, POSTS)
    store.clock.forward(-86_400)

    assert store.pace.slot(HERE, POSTS) == 0.0


def test_slots_asked_for_at_the_same_moment_are_all_different(sql: Store) -> None:
    """Twelve workers, one channel, nobody has been there before: no second is given out twice."""
    with ThreadPoolExecutor(12) as crowd:
        waits = sorted(crowd.map(lambda _: sql.pace.slot(HERE, POSTS), range(12)))

    assert waits == pytest.approx([0.0] * POST_BURST + [float(n) for n in range(1, 8)])


@given(
    gaps=st.lists(st.floats(0, 20), min_size=1, max_size=40),
    every_s=st.floats(0.1, 5),
    burst=st.integers(1, 6),
)
def test_no_window_holds_more_than_the_rate_allows(
    gaps: list[float], every_s: float, burst: int
) -> None:
    """However it is asked: in any stretch of time at most ``burst`` and one for each ``every_s``."""
    rate = Rate(every_s=every_s, burst=burst)
    now, filled, slots = NOON, None, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        at, filled = reserve(filled, now, rate)
        slots.append((at - NOON).total_seconds())

    assert slots == sorted(slots)
    for first in range(len(slots)):
        for last in range(first, len(slots)):
            room = burst + (slots[last] - slots[first]) / every_s
            assert last - first + 1 <= room + 1e-3


@given(seconds=st.floats(0, LONGEST_S / 2), burst=st.integers(1, 6))
def test_the_first_slot_after_a_pause_is_at_its_end(seconds: float, burst: int) -> None:
    """Whatever the burst: not one comes early."""
    rate = Rate(every_s=1.0, burst=burst)
    at, _ = reserve(paused(None, NOON, rate, seconds=seconds), NOON, rate)

    assert (at - NOON).total_seconds() == pytest.approx(seconds, abs=1e-5)
