"""What becomes of the work of a dead or frozen worker, tried on the real library over both databases."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dbos import DBOS
from sqlalchemy import text

from bot.domain.ids import OrderId
from bot.domain.states import Work
from bot.workflow.outcome import Run
from tests.contract.engine_room import PATIENCE_S, Room, open_room, order_on, wait_for

SEVEN = OrderId(7)
VICTIM = "victim-1"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    """A database of each kind, with a queue of the test's own."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    with open_room(tmp_path, url) as opened:
        yield opened


class Victim:
    """A worker in a process of its own, whose job dies or freezes in its second step."""

    def __init__(self, room: Room, log: Path, how: str) -> None:
        self._log = log
        command = [sys.executable, "-m", "tests.contract.durable_victim", room.url, str(log), how]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def said(self) -> list[str]:
        """What its job has written."""
        return self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []

    def end(self) -> None:
        """Kill it, whatever its state."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the victim writes."""
    return tmp_path / "log"


@pytest.fixture
def dead(room: Room, log: Path) -> Iterator[Victim]:
    """A worker that was killed in the middle of order 7's job."""
    room.enqueue(Work.INSTALL, order_on("EX01"))
    victim = Victim(room, log, "inside")
    assert -signal.SIGKILL == victim.process.wait(timeout=2 * PATIENCE_S)
    yield victim
    victim.end()


def test_nobody_takes_over_by_itself(room: Room, dead: Victim) -> None:
    """The library leaves it to its owner; that is why there is a lifeguard."""
    room.enqueue(Work.CHECK_BUNDLE, order_on("EX01", 8))
    with room.worker() as worker:
        wait_for(lambda: "two 8/3" in room.log)

        wait_for(lambda: not room.queue.is_alive(Work.CHECK_BUNDLE, OrderId(8)))
        assert worker.workers_with_work() == {VICTIM}
        assert room.queue.is_alive(Work.INSTALL, SEVEN)
        assert not [line for line in room.log if " 7/3" in line]


def test_the_work_of_a_dead_worker_goes_on(room: Room, dead: Victim) -> None:
    """Its kept step is not run again; what was under way is."""
    with room.worker() as worker:
        assert worker.adopt(VICTIM) == 1
        wait_for(lambda: "two 7/3" in room.log)
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))

        assert room.log == ["two 7/3"]
        assert worker.workers_with_work() == frozenset()


def test_taking_over_again_takes_nothing(room: Room, dead: Victim) -> None:
    """Work that somebody has taken up is not the dead one's any more, however often it is asked for."""
    with room.worker() as worker:
        taken = [worker.adopt(VICTIM) for _ in range(5)]
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))
        taken.append(worker.adopt(VICTIM))

    assert sum(taken) == 1
    assert room.log == ["two 7/3"]


def test_work_that_was_taken_over_keeps_its_queue_and_its_host(room: Room, dead: Victim) -> None:
    """It is not put anywhere else."""
    with room.worker() as worker:
        worker.adopt(VICTIM)
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))
        [done] = DBOS.list_workflows(workflow_ids=["install:7:3"])

    assert (done.queue_name, done.queue_partition_key) == ("hosts", "ex01")


def test_attempts_are_counted_over_every_take_over(room: Room, dead: Victim) -> None:
    """So that a job which kills whoever takes it up does not go round for ever."""
    with room.worker() as worker:
        worker.adopt(VICTIM)
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))
        [done] = DBOS.list_workflows(workflow_ids=["install:7:3"])

    assert done.recovery_attempts == 2


@pytest.fixture
def shared(empty_postgres_url: str, tmp_path: Path) -> Iterator[Room]:
    """A database that several workers may use; a process that stands still can hold SQLite's only lock."""
    with open_room(tmp_path, empty_postgres_url) as opened:
        yield opened


@pytest.mark.postgres
def test_a_frozen_worker_that_wakes_up_changes_nothing(shared: Room, log: Path) -> None:
    """Taken over while it stood still: the step it was in ends, is not kept, and is its last; it says nothing."""
    room = shared
    room.enqueue(Work.INSTALL, order_on("EX01"))
    victim = Victim(room, log, "frozen")
    try:
        wait_for(lambda: "two begins" in victim.said())
        os.waitid(os.P_PID, victim.process.pid, os.WSTOPPED)
        with room.worker() as worker:
            worker.adopt(VICTIM)
            wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))
            victim.process.send_signal(signal.SIGCONT)
            wait_for(lambda: "two ends" in victim.said())
            wait_for(lambda: victim.process.poll() is not None)
    finally:
        victim.end()

    assert room.log == ["two 7/3"]
    assert victim.said() == ["one", "two begins", "two ends"]


@pytest.mark.postgres
def test_a_frozen_worker_whose_job_breaks_does_not_apologize(shared: Room, log: Path) -> None:
    """The order is somebody else's by now: a late failure of the old run must not become its state."""
    room = shared
    room.enqueue(Work.INSTALL, order_on("EX01"))
    victim = Victim(room, log, "frozen_breaks")
    try:
        wait_for(lambda: "two begins" in victim.said())
        os.waitid(os.P_PID, victim.process.pid, os.WSTOPPED)
        with room.worker() as worker:
            worker.adopt(VICTIM)
            wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))
            victim.process.send_signal(signal.SIGCONT)
            wait_for(lambda: victim.process.poll() is not None)
    finally:
        victim.end()

    assert victim.said() == ["one", "two begins"]


def test_a_step_waits_while_the_database_is_away(room: Room) -> None:
    """It is run again from its start when the database is back; nobody apologizes for the server's pause."""

    class Away(Exception):
        """The database cannot be used."""

    tries: list[int] = []

    def job(run: Run, order_id: OrderId, version: int) -> None:
        def two() -> object:
            tries.append(1)
            if len(tries) < 3:
                raise Away
            return room.say(f"two {order_id}/{version}")

        run.step("one", lambda: room.say("one"))
        run.step("two", two)  # type: ignore[arg-type]  # it raises, or says Done

    room.job = job
    room.is_away = lambda fault: isinstance(fault, Away)
    room.enqueue(Work.INSTALL, order_on("EX01"))
    with room.worker():
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))

    assert room.log == ["one", "two 7/3"]
    assert len(tries) == 3


def test_work_goes_on_with_a_release_that_takes_other_steps(room: Room, dead: Victim) -> None:
    """Killed in the middle under the old code: under the new one its run ends, and it is started anew."""

    def job(run: Run, order_id: OrderId, version: int) -> None:
        for name in ("before one", "one", "two"):
            run.step(name, lambda name=name: room.say(f"new {name}"))  # type: ignore[misc]  # mypy cannot type a default in a lambda

    order = order_on("EX01")
    room.job = job
    with room.worker(VICTIM):
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))
        assert room.log == []

        assert room.queue.start_again(Work.INSTALL, order)
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))

    assert room.log == ["new before one", "new one", "new two"]


def test_work_that_waits_goes_on_with_a_release_that_takes_other_steps(room: Room) -> None:
    """Nothing of it had begun, so there is nothing to start anew."""
    room.enqueue(Work.INSTALL, order_on("EX01"))
    room.job = lambda run, order_id, version: run.step("other", lambda: room.say("other")) and None
    with room.worker():
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))

    assert room.log == ["other"]
    assert not room.queue.start_again(Work.INSTALL, order_on("EX01"))


def test_taking_over_is_still_conditional_in_the_library(room: Room, dead: Victim) -> None:
    """A private call: this test fails when an upgrade changes what it promises."""
    with room.database.begin() as connection:
        schema = "dbos." if room.database.dialect.name == "postgresql" else ""
        owner = connection.execute(
            text(f"SELECT executor_id FROM {schema}workflow_status WHERE workflow_uuid = :id"),
            {"id": "install:7:3"},
        ).scalar_one()
    assert owner == VICTIM
    with room.worker() as worker:
        assert worker.adopt("somebody-else") == 0

        assert worker.workers_with_work() == {VICTIM}
