"""Work on hostile bytes in a process of its own."""

import os
import signal
import threading

import pytest

from bot.system.clock import SystemClock
from bot.system.guard import MEMORY_BYTES, TookTooLong, run_guarded


def answer(number: int) -> tuple[int, int]:
    """An honest piece of work."""
    return number + 1, os.getpid()


def hang() -> None:
    """A piece of work that never ends."""
    threading.Event().wait()


def crash() -> None:
    """A piece of work that takes its process with it."""
    os.kill(os.getpid(), signal.SIGKILL)


def swallow() -> int:
    """A piece of work that wants more memory than there is for it."""
    return len(bytearray(MEMORY_BYTES + 1))


def test_the_answer_comes_from_another_process() -> None:
    """The value comes back, and our own process did not do the work."""
    value, pid = run_guarded(answer, 41, wall_s=30)

    assert 42 == value
    assert os.getpid() != pid


def test_what_takes_too_long_is_ended() -> None:
    """And its process with it."""
    with pytest.raises(TookTooLong):
        run_guarded(hang, wall_s=0.5)


@pytest.mark.parametrize("function", [crash, swallow])
def test_a_process_that_dies_is_an_answer_too(
    function: object, capfd: pytest.CaptureFixture[str]
) -> None:
    """A crash and too much memory end the child; we are told and live on."""
    with pytest.raises(TookTooLong):
        run_guarded(function, wall_s=30)  # type: ignore[arg-type]  # the table is of two kinds


def test_the_clock_is_aware_and_can_be_moved() -> None:
    """UTC, and the offset of the sandbox's calendar is added."""
    from datetime import UTC, timedelta

    now, later = SystemClock().now(), SystemClock(timedelta(days=100)).now()

    assert UTC is now.tzinfo
    assert timedelta(days=99) < later - now < timedelta(days=101)
