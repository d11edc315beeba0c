"""A disk that is full under a database of SQLite: work waits, nothing is said to have failed, and it goes on by itself."""

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from bot.domain.ids import OrderId
from bot.domain.states import Work
from bot.store.database import is_away
from bot.workflow.outcome import Done, Run
from tests.contract.engine_room import PATIENCE_S, Room, open_room, order_on, wait_for

SEVEN = OrderId(7)
BIG = "x" * 300_000
"""What a step has seen: more than what may be free in the pages there are."""


class Disk:
    """SQLite's own limit on the pages of a file, for every connection of this process."""

    def __init__(self) -> None:
        self.is_full = False

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Watch over every statement until the end of the block."""
        event.listen(Engine, "before_cursor_execute", self._limit)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._limit)

    def _limit(self, connection: Any, *_: object) -> None:
        if connection.dialect.name == "sqlite":
            # SQLite takes 1 for "no page more than there are".
            pages = 1 if self.is_full else 2**30
            connection.connection.driver_connection.execute(f"PRAGMA max_page_count = {pages}")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A database and a queue of the test's own."""
    with open_room(tmp_path) as opened:
        opened.is_away = is_away
        yield opened


def test_what_a_step_came_to_is_kept_when_there_is_room_again(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """The host has done it by then: it is not done again, nobody apologizes, and the log says what is waited for."""
    disk = Disk()

    def waits_for_room() -> bool:
        return any("database or disk is full" in line for line in caplog.messages)

    def first() -> Done:
        room.say("one")
        disk.is_full = True
        return Done(BIG)

    def job(run: Run, order_id: OrderId, version: int) -> None:
        run.step("one", first)
        run.step("two", lambda: room.say("two"))

    room.job = job
    room.enqueue(Work.INSTALL, order_on("EX01"))
    with caplog.at_level(logging.WARNING), disk.limited(), room.worker():
        wait_for(waits_for_room)
        assert ["one"] == room.log
        disk.is_full = False
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))

    assert ["one", "two"] == room.log
    assert BIG[:50] not in caplog.text


def test_a_step_that_finds_no_room_is_run_again(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own change of our rows did not fit; nothing of it was kept, and it is no failure of the order."""
    disk, tried = Disk(), threading.Event()

    def write() -> Done:
        with room.database.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS big (x)")
            disk.is_full = not tried.is_set()
            tried.set()
            connection.exec_driver_sql("INSERT INTO big VALUES (zeroblob(300000))")
        return room.say("written")

    def job(run: Run, order_id: OrderId, version: int) -> None:
        run.step("one", write)

    room.job = job
    room.enqueue(Work.INSTALL, order_on("EX01"))
    with disk.limited(), room.worker():
        wait_for(lambda: any("one waits" in line for line in caplog.messages))
        disk.is_full = False
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))

    assert ["written"] == room.log


def test_a_worker_on_a_full_disk_can_be_stopped(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever waits for room comes to an end with it, and the next start does the rest."""
    disk = Disk()

    def job(run: Run, order_id: OrderId, version: int) -> None:
        run.step("one", lambda: Done(BIG))
        run.step("two", lambda: room.say("two"))

    room.job = job
    room.enqueue(Work.INSTALL, order_on("EX01"))
    with disk.limited():
        disk.is_full = True
        with room.worker():
            wait_for(lambda: any("disk is full" in line for line in caplog.messages))
        disk.is_full = False
    assert [] == room.log
    with room.worker():
        wait_for(lambda: not room.queue.is_alive(Work.INSTALL, SEVEN))

    assert ["two"] == room.log


@pytest.mark.parametrize("dies", ["full", "full_and_killed"])
def test_a_process_whose_writes_the_system_refuses_loses_nothing(
    room: Room, tmp_path: Path, dies: str
) -> None:
    """The kernel lets no file grow for some seconds, in the middle of a job; a kill meanwhile changes nothing about it."""
    log = tmp_path / "log"
    room.enqueue(Work.INSTALL, order_on("EX01"))
    first = victim(room.url, log, dies)
    if dies == "full_and_killed":
        assert -signal.SIGKILL == first.returncode, first.stderr
        first = victim(room.url, log, "never")

    assert 0 == first.returncode, first.stderr
    said = log.read_text(encoding="utf-8").splitlines()
    kept = "TryLater(code='code', sentence='sentence', after_s=1.5, counts=False)"
    assert f"three 7/3 {kept}" == said[-1]
    assert "sorry 7" not in said
    assert (
        ["one", "two begins", "two ends"]
        if dies == "full"
        else ["one", "one", "two begins", "two ends"]
    ) == said[:-1]


def victim(url: str, log: Path, dies: str) -> subprocess.CompletedProcess[str]:
    """A worker in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tests.contract.durable_victim", url, str(log), dies],
        capture_output=True,
        check=False,
        text=True,
        timeout=2 * PATIENCE_S,
    )
