"""What every store of worker leases promises: one process an id, the living or the one that takes over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from bot.store.database import open_database
from bot.store.workers import PostgresSlot, SqlWorkerLeases, slot_of
from bot.workflow.lifeguard import WorkerLeases
from tests.fakes.workers import FakeWorkerLeases
from tests.postgres.test_races import together
from tests.unit.workflow.clock import FakeClock

LIFE_S = 15.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """The leases of one database, and its time."""

    leases: WorkerLeases
    forward: Callable[[float], None]


@contextmanager
def _sql(url: str) -> Iterator[Place]:
    engine, clock = open_database(url), FakeClock()

    def forward(seconds: float) -> None:
        clock.forward(seconds)
        if engine.dialect.name == "postgresql":
            with engine.begin() as connection:
                connection.execute(
                    text("UPDATE worker_leases SET expires_at = expires_at - :by"),
                    {"by": timedelta(seconds=seconds)},
                )

    try:
        yield Place(leases=SqlWorkerLeases(engine, clock, life_s=LIFE_S), forward=forward)
    finally:
        engine.dispose()


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Every store of worker leases there is."""
    if request.param == "memory":
        clock = FakeClock()
        yield Place(leases=FakeWorkerLeases(clock, life_s=LIFE_S), forward=clock.forward)
        return
    with _sql(request.getfixturevalue(f"{request.param}_url")) as opened:
        yield opened


def test_a_new_worker_lives(place: Place) -> None:
    """Nobody was there before."""
    entry = place.leases.enter("w1", "w1#1")

    assert (entry.before, entry.reaped) == ("", False)
    assert place.leases.living() == {"w1"}
    assert place.leases.renew("w1", "w1#1")


def test_without_renewal_a_life_ends(place: Place) -> None:
    """With it, it goes on."""
    place.leases.enter("w1", "w1#1")
    place.leases.enter("w2", "w2#1")
    place.forward(LIFE_S - 1)
    place.leases.renew("w1", "w1#1")
    place.forward(2)

    assert place.leases.living() == {"w1"}
    assert place.leases.ended() == {"w2"}


def test_a_late_renewal_is_taken_while_nobody_else_has_the_id(place: Place) -> None:
    """A slow worker is no dead one."""
    place.leases.enter("w1", "w1#1")
    place.forward(LIFE_S + 1)

    assert place.leases.renew("w1", "w1#1")
    assert place.leases.living() == {"w1"}


def test_a_successor_learns_whom_it_follows(place: Place) -> None:
    """And the one of before is refused from then on."""
    place.leases.enter("w1", "w1#1")

    assert place.leases.enter("w1", "w1#2").before == "w1#1"
    assert not place.leases.renew("w1", "w1#1")


def test_only_an_ended_life_can_be_claimed(place: Place) -> None:
    """And by one alone; then the dead one cannot come back, and a successor waits."""
    place.leases.enter("w1", "w1#1")
    assert place.leases.claim("w1", "w2#1") is None
    place.forward(LIFE_S + 1)

    assert place.leases.claim("w1", "w2#1") == "w1#1"
    assert place.leases.claim("w1", "w3#1") is None
    assert not place.leases.renew("w1", "w1#1")
    assert place.leases.enter("w1", "w1#2").reaped

    place.leases.close("w1", "w2#1")
    entry = place.leases.enter("w1", "w1#2")
    assert (entry.before, entry.reaped) == ("", False)


def test_an_id_nobody_ever_had_can_be_claimed(place: Place) -> None:
    """Work under it was left by somebody who knew no leases."""
    assert place.leases.claim("w9", "w1#1") == ""
    place.leases.close("w9", "w1#1")

    assert place.leases.ended() == place.leases.living() == frozenset()


def test_a_claim_ends_too(place: Place) -> None:
    """A reaper that dies at work is followed by another, or by a successor of the dead one."""
    place.leases.claim("w9", "w1#1")
    place.forward(LIFE_S + 1)
    assert place.leases.claim("w9", "w2#1") == ""
    place.leases.close("w9", "w1#1")
    assert place.leases.enter("w9", "w9#1").reaped
    place.forward(LIFE_S + 1)

    assert not place.leases.enter("w9", "w9#1").reaped


def test_who_left_is_ended_at_once(place: Place) -> None:
    """Only by its own word."""
    place.leases.enter("w1", "w1#1")
    place.leases.leave("w1", "w1#0")
    assert place.leases.living() == {"w1"}
    place.leases.leave("w1", "w1#1")

    assert place.leases.ended() == {"w1"}


def test_of_two_reapers_in_the_same_moment_one_claims(database_url: str) -> None:
    """Round after round, of a dead one and of an id nobody knows."""
    with _sql(database_url) as place:
        for number in range(6):
            claims = [partial(place.leases.claim, f"w{number}", f"r{n}#1") for n in range(3)]

            assert sorted(map(str, together(*claims))) == ["", "None", "None"]


@pytest.mark.postgres
def test_one_process_has_the_lock_of_an_id(postgres_url: str) -> None:
    """A second one gets it when the first one's connection has ended, as it does with its process."""
    one, two = open_database(postgres_url), open_database(postgres_url)
    try:
        first, second = PostgresSlot(one, "w1"), PostgresSlot(two, "w1")
        assert first.take()
        assert not second.take()
        other = slot_of(two, "w2")
        assert other.take()
        other.close()
        assert first.keep()

        first.close()
        assert second.take()
        assert not first.keep()
    finally:
        for slot in (first, second):
            slot.close()
        one.dispose()
        two.dispose()


@pytest.mark.postgres
def test_a_lock_that_the_server_dropped_is_taken_again(postgres_url: str) -> None:
    """Unless another process was faster."""
    one, two = open_database(postgres_url), open_database(postgres_url)
    first, second = PostgresSlot(one, "w1"), PostgresSlot(two, "w1")

    def drop() -> None:
        with two.begin() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks "
                    "WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
                )
            )

    try:
        assert first.take()
        drop()
        assert first.keep()
        drop()
        assert second.take()
        assert not first.keep()
    finally:
        first.close()
        second.close()
        one.dispose()
        two.dispose()
