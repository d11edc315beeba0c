"""What every journal promises: it is known what was begun, how often, and what came of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.ids import HostName, OrderId
from bot.domain.intent import Intent
from bot.domain.leases import Holder, Lease, Occupied
from bot.domain.plan import Caution
from tests.contract.samples import NOON
from tests.contract.stores import HOLD_S, Store

KEY = "1/EX01/2/import_certificate"
HOLDER = Holder(worker="w1", order_id=OrderId(1), version=2)


def begin(
    store: Store, *, key: str = KEY, lease: Lease | None = None, **what: Any
) -> Intent | None:
    """Note an intent under a lease that is held, or under one of the test's own."""
    noted: dict[str, Any] = {"attempt": 1, "deadline": NOON, "was_done": False} | what
    return store.journal.intend(key, lease=lease or hold(store), **noted)


def hold(store: Store) -> Lease:
    """The test's own lease."""
    held = store.leases.take(HostName("EX01"), HOLDER)
    assert isinstance(held, Lease)
    return held


def test_operation_that_was_never_begun_is_unknown(store: Store) -> None:
    """No record is no record, not an empty one."""
    assert store.journal.find(KEY) is None


def test_intent_is_found_as_it_was_noted(store: Store) -> None:
    """After a kill the next process reads what the first one meant to do."""
    noted = begin(store)

    assert noted == Intent(key=KEY, attempt=1, deadline=NOON, was_done=False)
    assert store.journal.find(KEY) == noted


def test_second_attempt_is_counted_and_open_again(store: Store) -> None:
    """A new attempt has a new deadline, and what was seen before says nothing about it."""
    begin(store)
    store.journal.confirm(KEY, "thumbprint is there")
    later = NOON + timedelta(minutes=5)

    second = begin(store, attempt=2, deadline=later, was_done=True)
    assert second == Intent(key=KEY, attempt=2, deadline=later, was_done=True, confirmed="")


@pytest.mark.parametrize("attempt", [1, 3])
def test_of_two_that_begin_the_same_attempt_one_is_told_so(store: Store, attempt: int) -> None:
    """The second run's look is old: it writes nothing over the first one's record and does not act."""
    first = begin(store)

    second = begin(store, attempt=attempt, deadline=NOON + timedelta(minutes=5), was_done=True)
    assert second is None
    assert store.journal.find(KEY) == first


def test_confirmation_is_kept_with_its_intent(store: Store) -> None:
    """What was seen afterwards joins what was meant."""
    begin(store)
    store.journal.confirm(KEY, "IIS is bound")

    found = store.journal.find(KEY)
    assert found == Intent(
        key=KEY, attempt=1, deadline=NOON, was_done=False, confirmed="IIS is bound"
    )


def test_answer_is_kept_with_its_warnings_and_opened_by_a_new_attempt(store: Store) -> None:
    """What the host said belongs to its attempt; nobody knows yet what the next one will answer."""
    said = (
        Caution(said="It's a \u2018wildcard\u2019 <x>.", meaning="Harmless."),
        Caution(meaning="Odd."),
    )
    begin(store)
    store.journal.hear(KEY, said, attempt=1, lease=hold(store))
    store.journal.confirm(KEY, "IIS is bound")

    found = store.journal.find(KEY)
    assert found is not None
    assert (found.answered, found.warnings, found.confirmed) == (True, said, "IIS is bound")

    again = begin(store, attempt=2, was_done=True)
    assert again is not None
    assert (again.answered, again.warnings) == (False, ())


def test_answer_without_warnings_is_an_answer_all_the_same(store: Store) -> None:
    """Nothing was warned of is another thing than nobody knows."""
    begin(store)
    store.journal.hear(KEY, (), attempt=1, lease=hold(store))

    found = store.journal.find(KEY)
    assert found is not None
    assert (found.answered, found.warnings) == (True, ())


def test_late_answer_to_an_overtaken_attempt_says_nothing_of_the_one_under_way(
    store: Store,
) -> None:
    """The attempt that runs is still waited for, what was warned of is not its, and its host does not rest."""
    begin(store)
    lease = hold(store)
    begin(store, attempt=2, deadline=store.now() + timedelta(seconds=100))
    store.journal.hear(KEY, (Caution(said="Careful."),), attempt=1, lease=lease)
    store.leases.release(HOLDER)

    found = store.journal.find(KEY)
    assert found is not None
    assert (found.attempt, found.answered, found.warnings) == (2, False, ())
    other = Holder(worker="w2", order_id=OrderId(2), version=1)
    assert isinstance(store.leases.take(HostName("EX01"), other), Occupied)


def test_answer_to_what_was_never_begun_writes_nothing(store: Store) -> None:
    """An answer needs a question."""
    store.journal.hear(KEY, (), attempt=1, lease=hold(store))

    assert store.journal.find(KEY) is None


def test_confirmation_without_intent_makes_a_record(store: Store) -> None:
    """What was done before it was begun is on record, with no attempt and nothing running."""
    store.journal.confirm(KEY, "already there")

    found = store.journal.find(KEY)
    assert found is not None
    assert (found.attempt, found.was_done, found.confirmed) == (0, True, "already there")
    assert found.deadline < datetime(2000, 1, 1, tzinfo=UTC)


def test_empty_confirmation_is_refused(store: Store) -> None:
    """Empty means unknown, so nobody can confirm with it."""
    begin(store)

    with pytest.raises(ValueError, match="what was seen"):
        store.journal.confirm(KEY, "")


def test_withdrawn_intent_is_forgotten(store: Store) -> None:
    """What the host never executed was never begun; withdrawing again changes nothing."""
    begin(store)
    store.journal.withdraw(KEY, attempt=1)
    store.journal.withdraw(KEY, attempt=1)

    assert store.journal.find(KEY) is None


def test_a_withdrawn_second_attempt_leaves_the_first_known(store: Store) -> None:
    """The first may have run, and a roll-back must know; nothing of it can still be running, and the next is the second."""
    begin(store)
    begin(store, attempt=2, deadline=NOON + timedelta(minutes=5), was_done=True)
    store.journal.withdraw(KEY, attempt=2)

    left = store.journal.find(KEY)
    assert left is not None
    assert (left.attempt, left.was_done, left.confirmed) == (1, True, "")
    assert left.deadline < NOON
    assert begin(store, attempt=2) is not None


def test_confirmed_operation_cannot_be_withdrawn(store: Store) -> None:
    """What was seen to be done was executed, whatever somebody thinks later."""
    begin(store)
    store.journal.confirm(KEY, "there")
    store.journal.withdraw(KEY, attempt=1)

    assert store.journal.find(KEY) is not None


def test_operations_do_not_touch_each_other(store: Store) -> None:
    """Each key has a record of its own."""
    begin(store)
    begin(store, key=KEY + "x", was_done=True)
    store.journal.withdraw(KEY + "x", attempt=1)

    assert store.journal.find(KEY) is not None


def test_a_frozen_run_forgets_only_its_own_attempt(store: Store) -> None:
    """It wakes up to hear that its command never ran; the one its successor has sent since stays on record."""
    begin(store)
    second = begin(store, attempt=2)
    store.journal.withdraw(KEY, attempt=1)

    assert store.journal.find(KEY) == second


def test_without_the_host_nothing_is_begun(store: Store) -> None:
    """Somebody else took the host over: no intent is written, so nothing may be sent."""
    old = store.leases.take(HostName("EX01"), HOLDER)
    assert isinstance(old, Lease)
    store.leases.take(HostName("EX01"), replace(HOLDER, worker="w2"))

    assert begin(store, lease=old) is None
    assert store.journal.find(KEY) is None


def test_with_a_lease_that_has_ended_nothing_is_begun(store: Store) -> None:
    """Nobody took it yet, but somebody may at any moment."""
    old = store.leases.take(HostName("EX01"), HOLDER)
    assert isinstance(old, Lease)
    store.pass_time(HOLD_S + 1)

    assert begin(store, lease=old) is None
    assert begin(store) is not None


def test_an_intent_renews_the_lease(store: Store) -> None:
    """From the moment a command is sent the host is held for its whole time."""
    lease = store.leases.take(HostName("EX01"), HOLDER)
    store.pass_time(HOLD_S - 1)
    assert isinstance(lease, Lease)
    begin(store, lease=lease)
    store.pass_time(HOLD_S - 1)

    other = store.leases.take(HostName("EX01"), replace(HOLDER, order_id=OrderId(2)))
    assert isinstance(other, Occupied)
