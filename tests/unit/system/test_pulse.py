"""The beat of a worker: it goes on whatever happens to one, and ends when it must."""

import logging
import threading
from collections.abc import Iterator

import pytest

from bot.domain.faults import DatabaseAway
from bot.system.pulse import Pulse


def beaten(*beats: bool | Exception) -> bool:
    """Whether a pulse that beats so was told lost."""
    lost = threading.Event()
    left: Iterator[bool | Exception] = iter(beats)

    def beat() -> bool:
        one = next(left)
        if isinstance(one, Exception):
            raise one
        return one

    pulse = Pulse(beat, every_s=0.001, lost=lost.set)
    pulse.start()
    said = lost.wait(20)
    pulse.stop()
    return said


def test_a_pulse_beats_until_the_worker_is_lost() -> None:
    """Then it says so, once."""
    assert beaten(True, True, False)


def test_a_database_that_is_away_is_a_line_and_no_breakdown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It passes; the next beat comes all the same."""
    with caplog.at_level(logging.WARNING):
        assert beaten(DatabaseAway("OperationalError"), False)

    assert [
        "no beat of this worker (OperationalError); the next one comes in 0.001 s"
    ] == caplog.messages
    assert "Traceback" not in caplog.text


def test_any_other_fault_is_logged_whole_and_beaten_over(caplog: pytest.LogCaptureFixture) -> None:
    """A worker that stopped beating would be taken for dead."""
    assert beaten(LookupError("unforeseen"), False)

    assert "unforeseen" in caplog.text
    assert "Traceback" in caplog.text
