"""What every journal promises: it is known what was begun, how often, and what came of it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.ports import Intent
from tests.contract.samples import NOON
from tests.contract.stores import Store

KEY = "1/EX01/2/import_certificate"


def test_operation_that_was_never_begun_is_unknown(store: Store) -> None:
    """No record is no record, not an empty one."""
    assert store.journal.find(KEY) is None


def test_intent_is_found_as_it_was_noted(store: Store) -> None:
    """After a kill the next process reads what the first one meant to do."""
    noted = store.journal.intend(KEY, attempt=1, deadline=NOON, was_done=False)

    assert noted == Intent(key=KEY, attempt=1, deadline=NOON, was_done=False)
    assert store.journal.find(KEY) == noted


def test_second_attempt_is_counted_and_open_again(store: Store) -> None:
    """A new attempt has a new deadline, and what was seen before says nothing about it."""
    store.journal.intend(KEY, attempt=1, deadline=NOON, was_done=False)
    store.journal.confirm(KEY, "thumbprint is there")
    later = NOON + timedelta(minutes=5)

    second = store.journal.intend(KEY, attempt=2, deadline=later, was_done=True)
    assert second == Intent(key=KEY, attempt=2, deadline=later, was_done=True, confirmed="")


@pytest.mark.parametrize("attempt", [1, 3])
def test_of_two_that_begin_the_same_attempt_one_is_told_so(store: Store, attempt: int) -> None:
    """The second run's look is old: it writes nothing over the first one's record and does not act."""
    first = store.journal.intend(KEY, attempt=1, deadline=NOON, was_done=False)

    second = store.journal.intend(
        KEY, attempt=attempt, deadline=NOON + timedelta(minutes=5), was_done=True
    )
    assert second is None
    assert store.journal.find(KEY) == first


def test_confirmation_is_kept_with_its_intent(store: Store) -> None:
    """What was seen afterwards joins what was meant."""
    store.journal.intend(KEY, attempt=1, deadline=NOON, was_done=False)
    store.journal.confirm(KEY, "IIS is bound")

    found = store.journal.find(KEY)
    assert found == Intent(
        key=KEY, attempt=1, deadline=NOON, was_done=False, confirmed="IIS is bound"
    )


def test_confirmation_without_intent_makes_a_record(store: Store) -> None:
    """What was done before it was begun is on record, with no attempt and nothing running."""
    store.journal.confirm(KEY, "already there")

    found = store.journal.find(KEY)
    assert found is not None
    assert (found.attempt, found.was_done, found.confirmed) == (0, True, "already there")
    assert found.deadline < datetime(2000, 1, 1, tzinfo=UTC)


def test_empty_confirmation_is_refused(store: Store) -> None:
    """Empty means unknown, so nobody can confirm with it."""
    store.journal.intend(KEY, attempt=1, deadline=NOON, was_done=False)

    with pytest.raises(ValueError, match="what was seen"):
        store.journal.confirm(KEY, "")


def test_withdrawn_intent_is_forgotten(store: Store) -> None:
    """What the host never executed was never begun; withdrawing again changes nothing."""
    store.journal.intend(KEY, attempt=1, deadline=NOON, was_done=False)
    store.journal.withdraw(KEY)
    store.journal.withdraw(KEY)

    assert store.journal.find(KEY) is None


def test_confirmed_operation_cannot_be_withdrawn(store: Store) -> None:
    """What was seen to be done was executed, whatever somebody thinks later."""
    store.journal.intend(KEY, attempt=1, deadline=NOON, was_done=False)
    store.journal.confirm(KEY, "there")
    store.journal.withdraw(KEY)

    assert store.journal.find(KEY) is not None


def test_operations_do_not_touch_each_other(store: Store) -> None:
    """Each key has a record of its own."""
    store.journal.intend(KEY, attempt=1, deadline=NOON, was_done=False)
    store.journal.intend(KEY + "x", attempt=1, deadline=NOON, was_done=True)
    store.journal.withdraw(KEY + "x")

    assert store.journal.find(KEY) is not None
