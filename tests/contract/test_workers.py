"""What every store of worker leases promises: one process an id, the living or the one that takes over."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import text

from bot.store.database import open_database
from bot.store.workers import PostgresSlot, SqlWorkerLeases, slot_of
from bot.workflow.lifeguard import BEAT_S, LIFE_S, Lifeguard, Sign, WorkerLeases
from tests.fakes.workers import FakeSlot, FakeWorkerLeases
from tests.postgres.test_races import together
from tests.unit.workflow.clock import FakeClock
from tests.unit.workflow.test_lifeguard import Work


@dataclass(frozen=True, kw_only=True)
class Place:
    """The leases of one database, and a clock that passes."""

    leases: WorkerLeases
    clock: FakeClock

    def sign(self, executor: str) -> Sign | None:
        """What an id shows."""
        return self.leases.signs().get(executor)

    def living(self) -> dict[str, str]:
        """Who lives under which id, or takes over there."""
        return {executor: sign.worker for executor, sign in self.leases.signs().items()}


@contextmanager
def _sql(url: str) -> Iterator[Place]:
    engine, clock = open_database(url), FakeClock()
    try:
        yield Place(leases=SqlWorkerLeases(engine, clock, life_s=LIFE_S), clock=clock)
    finally:
        engine.dispose()


@contextmanager
def _standing_still(url: str) -> Iterator[None]:
    """Nobody else gets a lease written until the end of the block."""
    engine = open_database(url)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE worker_leases"))
            yield
    finally:
        engine.dispose()


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Every store of worker leases there is."""
    if request.param == "memory":
        clock = FakeClock()
        yield Place(leases=FakeWorkerLeases(clock, life_s=LIFE_S), clock=clock)
        return
    with _sql(request.getfixturevalue(f"{request.param}_url")) as opened:
        yield opened


def test_a_new_worker_lives(place: Place) -> None:
    """Nobody was there before."""
    entry = place.leases.enter("w1", "w1#1")

    assert (entry.before, entry.reaped) == ("", None)
    assert {"w1": "w1#1"} == place.living()
    assert place.leases.renew("w1", "w1#1")


def test_every_renewal_shows_another_sign(place: Place) -> None:
    """Without one it stays the same, however long."""
    place.leases.enter("w1", "w1#1")
    place.leases.enter("w2", "w2#1")
    before = place.leases.signs()
    place.clock.forward(1)
    place.leases.renew("w1", "w1#1")
    after = place.leases.signs()

    assert before["w1"] != after["w1"]
    assert before["w2"] == after["w2"]
    assert (after["w1"].reaps, after["w1"].left) == (False, False)


def test_a_successor_learns_whom_it_follows(place: Place) -> None:
    """And the one of before is refused from then on."""
    place.leases.enter("w1", "w1#1")

    assert place.leases.enter("w1", "w1#2").before == "w1#1"
    assert not place.leases.renew("w1", "w1#1")


def test_only_the_sign_that_was_seen_can_be_claimed(place: Place) -> None:
    """And by one alone; then the dead one cannot come back, and a successor waits."""
    place.leases.enter("w1", "w1#1")
    old = place.sign("w1")
    place.clock.forward(1)
    assert place.leases.renew("w1", "w1#1")
    last = place.sign("w1")
    assert place.leases.claim("w1", "w2#1", old) is None
    assert place.leases.claim("w1", "w2#1", None) is None

    assert place.leases.claim("w1", "w2#1", last) == "w1#1"
    assert place.leases.claim("w1", "w3#1", last) is None
    assert not place.leases.renew("w1", "w1#1")
    assert place.sign("w1") == place.leases.enter("w1", "w1#2").reaped
    assert not place.leases.hold("w1", "w3#1")

    place.leases.close("w1", "w2#1")
    entry = place.leases.enter("w1", "w1#2")
    assert (entry.before, entry.reaped) == ("", None)


def test_an_id_nobody_ever_had_can_be_claimed(place: Place) -> None:
    """Work under it was left by somebody who knew no leases."""
    assert place.leases.claim("w9", "w1#1", None) == ""
    place.leases.close("w9", "w1#1")

    assert {} == place.living()


def test_who_takes_over_shows_signs_of_life_too(place: Place) -> None:
    """One that dies at it is followed by another, or by a successor of the dead one that has waited for it."""
    assert place.leases.claim("w9", "w1#1", None) == ""
    first = place.sign("w9")
    place.clock.forward(1)
    assert place.leases.hold("w9", "w1#1")
    assert place.leases.claim("w9", "w2#1", first) is None
    assert place.leases.enter("w9", "w9#1", past=first).reaped == place.sign("w9") != first

    assert place.leases.claim("w9", "w2#1", place.sign("w9")) == ""
    place.leases.close("w9", "w1#1")
    assert {"w9": "w2#1"} == place.living()
    assert not place.leases.hold("w9", "w1#1")
    assert place.leases.enter("w9", "w9#1", past=place.sign("w9")).reaped is None
    assert not place.leases.hold("w9", "w2#1")
    assert {"w9": "w9#1"} == place.living()


def test_who_left_says_so(place: Place) -> None:
    """Only by its own word; nobody has to wait for it."""
    place.leases.enter("w1", "w1#1")
    place.leases.leave("w1", "w1#0")
    before = place.sign("w1")
    place.leases.leave("w1", "w1#1")
    after = place.sign("w1")

    assert before is not None
    assert after is not None
    assert (before.left, after.left) == (False, True)


def test_of_two_reapers_in_the_same_moment_one_claims(database_url: str) -> None:
    """Round after round, of a dead one and of an id nobody knows."""
    with _sql(database_url) as place:
        for number in range(6):
            name = f"w{number}"
            if number % 2:
                place.leases.enter(name, f"{name}#1")
            seen = place.sign(name)
            claims = [partial(place.leases.claim, name, f"r{n}#1", seen) for n in range(3)]

            won = f"{name}#1" if number % 2 else ""
            assert sorted(map(str, together(*claims))) == sorted([won, "None", "None"])


def test_a_database_that_stands_still_makes_nobody_dead(database_url: str) -> None:
    """One worker's renewal is held up for minutes, and returns without an error before the other one could beat."""
    seconds = [0.0]
    with _sql(database_url) as place:
        work = Work(w1=1, w2=1)
        buried: list[str] = []
        one, two = (
            Lifeguard(
                place.leases, FakeSlot(), executor=name, worker=f"{name}#1", bury=buried.append,
                steady=lambda: seconds[0], life_s=LIFE_S,
            )
            for name in ("w1", "w2")
        )  # fmt: skip
        assert one.enter()
        assert two.enter()
        for _ in range(10):
            seconds[0] += BEAT_S
            place.clock.forward(BEAT_S)
            assert one.beat(work)
            assert two.beat(work)
        with ThreadPoolExecutor(1) as pool:
            with _standing_still(database_url):
                held_up = pool.submit(one.beat, work)
                seconds[0] += 20 * LIFE_S
                place.clock.forward(20 * LIFE_S)
            assert held_up.result()
        assert two.beat(work)

    assert ([], []) == (buried, work.adopted)


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
