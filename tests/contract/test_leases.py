"""What every store of leases promises: one run of work changes a host at a time, whoever else believes it may."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.domain.ids import HostName, OrderId
from bot.domain.leases import Holder, Lease, Occupied
from tests.contract.stores import HOLD_S, Store
from tests.postgres.test_races import together

EX01, EX02 = HostName("EX01"), HostName("EX02")
MINE = Holder(worker="w1", order_id=OrderId(1), version=3)
OTHER = Holder(worker="w2", order_id=OrderId(2), version=9)


def hold(store: Store, host: HostName = EX01, holder: Holder = MINE) -> Lease:
    """Take a host that is free."""
    lease = store.leases.take(host, holder)
    assert isinstance(lease, Lease)
    return lease


def begin(store: Store, lease: Lease, *, for_s: float = 100) -> bool:
    """Send a command that may run for so long; whether the store lets it."""
    until = store.now() + timedelta(seconds=for_s)
    noted = store.journal.intend(
        f"{lease.holder.order_id}/x", attempt=1, deadline=until, was_done=False, lease=lease
    )
    return noted is not None


def test_a_free_host_is_taken_and_renewed(store: Store) -> None:
    """Taking again what one has changes nothing but its end."""
    lease = hold(store)

    assert lease == Lease(host=EX01, holder=MINE, fence=1)
    assert store.leases.take(EX01, MINE) == lease


def test_another_order_is_told_whom_it_waits_for(store: Store) -> None:
    """Until the holder lets go, or is dead for so long that nothing of it can still run."""
    hold(store)
    answer = store.leases.take(EX01, OTHER)

    assert isinstance(answer, Occupied)
    assert answer.order_id == MINE.order_id
    assert 0 < answer.left_s <= HOLD_S


@pytest.mark.parametrize("name", ["ex01", "EX01", "Ex01"])
def test_a_name_in_another_case_is_the_same_host(store: Store, name: str) -> None:
    """Windows names know no case."""
    hold(store)

    assert isinstance(store.leases.take(HostName(name), OTHER), Occupied)


def test_another_host_is_free(store: Store) -> None:
    """One lease says nothing about other hosts."""
    hold(store)

    assert isinstance(store.leases.take(EX02, OTHER), Lease)


def test_a_lease_that_has_ended_goes_to_the_next_with_another_fence(store: Store) -> None:
    """And the one of before is refused from then on."""
    old = hold(store)
    store.pass_time(HOLD_S + 1)
    new = hold(store, holder=OTHER)

    assert new.fence == old.fence + 1
    assert not begin(store, old)
    assert begin(store, new)


def test_the_same_run_goes_on_in_another_process_at_once(store: Store) -> None:
    """The journal says what the process of before may still be doing; its own lease counts no more."""
    old = hold(store)
    new = hold(store, holder=replace(MINE, worker="w2"))

    assert new.fence == old.fence + 1
    assert not begin(store, old)


def test_a_later_run_of_the_same_order_waits_for_the_one_before(store: Store) -> None:
    """A retry is another run: what the old one has sent may still be running."""
    hold(store)

    assert isinstance(store.leases.take(EX01, replace(MINE, version=5)), Occupied)


def test_a_holder_that_takes_another_host_lets_go_of_the_first(store: Store) -> None:
    """Two orders over the same hosts in different order do not wait for each other for ever."""
    hold(store, EX01)
    hold(store, EX02, OTHER)
    assert isinstance(store.leases.take(EX02, MINE), Occupied)

    hold(store, EX01, OTHER)
    hold(store, EX02, MINE)


def test_a_released_host_is_free(store: Store) -> None:
    """Also when nothing was held, releasing harms nobody."""
    lease = hold(store)
    begin(store, lease)
    store.leases.rest(lease)
    store.leases.release(MINE)
    store.leases.release(MINE)

    assert hold(store, holder=OTHER).fence == 2


def test_a_host_whose_command_was_answered_rests(store: Store) -> None:
    """The answer and the rest are one word: released behind it, the host is free at once."""
    lease = hold(store)
    begin(store, lease)
    store.journal.hear(f"{MINE.order_id}/x", (), attempt=1, lease=lease)
    store.leases.release(MINE)

    assert hold(store, holder=OTHER).fence == 2


def test_a_host_whose_last_command_may_run_is_kept_until_its_deadline(store: Store) -> None:
    """Released: the next order waits out what may still be happening there, and no longer."""
    begin(store, hold(store), for_s=100)
    store.leases.release(MINE)

    answer = store.leases.take(EX01, OTHER)
    assert isinstance(answer, Occupied)
    assert 0 < answer.left_s <= 100
    store.pass_time(101)
    hold(store, holder=OTHER)


def test_a_dead_process_leaves_its_hosts_to_its_runs(store: Store) -> None:
    """Another order waits until the run has ended elsewhere; the dead one can begin nothing."""
    old = hold(store)
    store.leases.bury(MINE.worker)

    assert not begin(store, old)
    assert isinstance(store.leases.take(EX01, OTHER), Occupied)
    successor = replace(MINE, worker="w3")
    assert begin(store, hold(store, holder=successor), for_s=0)
    store.leases.release(successor)
    hold(store, holder=OTHER)


def test_a_run_that_ended_as_its_process_died_is_let_go_by_the_next(store: Store) -> None:
    """All that was left to do was letting go."""
    hold(store)
    store.leases.bury(MINE.worker)
    store.leases.release(replace(MINE, worker="w3"))

    hold(store, holder=OTHER)


def test_a_clock_that_is_set_back_keeps_no_host_for_hours(store: Store) -> None:
    """A lease and a command from before it last as long as any, whatever their moments say."""
    begin(store, hold(store), for_s=100)
    store.pass_time(-5 * 3600)
    answer = store.leases.take(EX01, OTHER)
    assert isinstance(answer, Occupied)
    assert 0 < answer.left_s <= HOLD_S
    store.leases.release(MINE)
    answer = store.leases.take(EX01, OTHER)
    assert isinstance(answer, Occupied)
    assert 0 < answer.left_s <= HOLD_S
    store.pass_time(HOLD_S + 1)

    hold(store, holder=OTHER)


def test_a_command_from_before_the_clock_was_set_back_is_waited_out_and_no_longer(
    store: Store,
) -> None:
    """Also when the first thing seen of it is that its run has ended."""
    begin(store, hold(store), for_s=100)
    store.pass_time(-5 * 3600)
    store.leases.release(MINE)
    store.pass_time(HOLD_S + 1)

    hold(store, holder=OTHER)


def test_a_clock_that_is_set_ahead_between_death_and_restart_frees_no_host(store: Store) -> None:
    """The run of the dead one goes on first; what it let go before stays free."""
    other_host = replace(MINE, order_id=OrderId(8))
    hold(store, EX02, other_host)
    store.leases.release(other_host)
    hold(store)
    store.pass_time(5 * 3600)
    store.leases.bury(MINE.worker)

    assert isinstance(store.leases.take(EX01, OTHER), Occupied)
    hold(store, EX02, OTHER)
    hold(store, EX01, replace(MINE, worker="w3"))


def test_only_the_dead_process_is_buried(store: Store) -> None:
    """Others keep their hosts."""
    hold(store, EX01, MINE)
    lease = hold(store, EX02, OTHER)
    store.leases.bury(MINE.worker)

    assert begin(store, lease)


def test_a_lost_lease_cannot_be_rested_or_released(store: Store) -> None:
    """A process that was taken for dead changes nothing of its successor's hold."""
    old = hold(store)
    begin(store, hold(store, holder=replace(MINE, worker="w2")), for_s=100)
    store.leases.rest(old)
    store.leases.release(MINE)
    store.leases.release(replace(MINE, worker="w2"))

    assert isinstance(store.leases.take(EX01, OTHER), Occupied)


def test_of_two_in_the_same_moment_one_has_the_host(sql: Store) -> None:
    """Round after round, one lease and one wait."""
    for number in range(8):
        host = HostName(f"EX{number:02}")
        answers = together(
            partial(sql.leases.take, host, MINE), partial(sql.leases.take, host, OTHER)
        )

        assert {Lease, Occupied} == {type(answer) for answer in answers}
