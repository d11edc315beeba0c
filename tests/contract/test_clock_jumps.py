"""A wall clock that is set by hours under a worker: work in the queues and asleep goes on, and nothing is run twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.states import Work
from tests.contract.engine_room import PATIENCE_S, Room, open_room, order_on

JUMPS = [5 * 3600, -5 * 3600]
KEPT = "TryLater(code='code', sentence='sentence', after_s=1.5, counts=False)"
DONE = ["one", "two begins", "two ends", f"three 7/3 {KEPT}"]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A database with one job waiting."""
    with open_room(tmp_path) as opened:
        opened.enqueue(Work.INSTALL, order_on("EX01"))
        yield opened


def victim(room: Room, log: Path, how: str, set_by: float = 0) -> subprocess.CompletedProcess[str]:
    """A worker in a process of its own, whose clock somebody sets."""
    return subprocess.run(
        [sys.executable, "-m", "tests.contract.durable_victim", room.url, str(log), how],
        env={**os.environ, "SET_BY": str(set_by)}, capture_output=True, check=False, text=True, timeout=2 * PATIENCE_S,
    )  # fmt: skip


@pytest.mark.parametrize("set_by", JUMPS)
def test_a_clock_that_is_set_between_kill_and_restart_is_slept_through(
    room: Room, tmp_path: Path, set_by: float
) -> None:
    """Killed asleep: the next process sleeps the rest and no more, and does the rest once."""
    log = tmp_path / "log"
    killed = victim(room, log, "asleep")
    assert -signal.SIGKILL == killed.returncode, killed.stderr
    resumed = victim(room, log, "slept_set", set_by)

    assert 0 == resumed.returncode, resumed.stderr
    assert DONE == log.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("set_by", JUMPS)
def test_a_clock_that_is_set_while_work_runs_changes_nothing(
    room: Room, tmp_path: Path, set_by: float
) -> None:
    """In the middle of a step, before a sleep."""
    log = tmp_path / "log"
    done = victim(room, log, "asleep_set", set_by)

    assert 0 == done.returncode, done.stderr
    assert DONE == log.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("set_by", JUMPS)
def test_work_that_waited_in_a_queue_is_taken_whatever_the_clock_says(
    room: Room, tmp_path: Path, set_by: float
) -> None:
    """It was put there under another clock."""
    log = tmp_path / "log"
    done = victim(room, log, "slept_set", set_by)

    assert 0 == done.returncode, done.stderr
    assert DONE == log.read_text(encoding="utf-8").splitlines()
