"""What every journal promises: it is known what was begun, how often, and what came of it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.intent import Intent
from bot.domain.plan import Caution
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


def test_answer_is_kept_with_its_warnings_and_opened_by_a_new_attempt(store: Store) -> None:
    """What the host said belongs to its attempt; nobody knows yet what the next one will answer."""
    said = (
        Caution(said="It's a \u2018wildcard\u2019 <x>.", meaning="Harmless."),
        Caution(meaning="Odd."),
    )
    store.journal.intend(KEY, attempt=1, deadline=NOON, was_done=False)
    store.journal.hear(KEY, said)
    store.journal.confirm(KEY, "IIS is bound")

    found = store.journal.find(KEY)
    assert found is not None
    assert (found.answered, found.warnings, found.confirmed) == (True, said, "IIS is bound")

    again = store.journal.intend(KEY, attempt=2, deadline=NOON, was_done=True)
    assert again is not None
    assert (again.answered, again.warnings) == (False, ())


def test_answer_without_warnings_is_an_answer_all_the_same(store: Store) -> None:
    """Nothing was warned of is another thing than nobody knows."""
    store.journal.intend(KEY, attempt=1, deadline=NOON, was_done=False)
    store.journal.hear(KEY, ())

    found = store.journal.find(KEY)
    assert found is not None
    assert (found.answered, found.warnings) == (True, ())


def test_answer_to_what_was_never_begun_writes_nothing(store: Store) -> None:
    """An answer needs a question."""
    store.journal.hear(KEY, ())

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
