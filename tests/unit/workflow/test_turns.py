"""Looks that take turns: one that fails keeps no other from looking."""

import logging
from collections.abc import Callable

import pytest

from bot.workflow.turns import in_turn


def _looks(seen: list[str], failing: set[str]) -> list[Callable[[], None]]:
    def look(name: str) -> None:
        seen.append(name)
        if name in failing:
            raise RuntimeError(f"{name} failed")

    return [lambda name=name: look(name) for name in ("keys", "work", "people")]  # type: ignore[misc]  # mypy cannot type a default in a lambda


def _faults_logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(one.exc_info[1]) for one in caplog.records if one.exc_info]


def test_each_looks_once_and_in_order() -> None:
    """The weightiest first."""
    seen: list[str] = []
    in_turn(*_looks(seen, set()))()

    assert seen == ["keys", "work", "people"]


@pytest.mark.parametrize("failing", ["keys", "work", "people"])
def test_one_that_fails_keeps_no_other_from_looking(
    failing: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Everybody has had a turn before the engine hears of it, which keeps it and logs it."""
    seen: list[str] = []
    with caplog.at_level(logging.ERROR), pytest.raises(RuntimeError, match=f"{failing} failed"):
        in_turn(*_looks(seen, {failing}))()

    assert seen == ["keys", "work", "people"]
    assert _faults_logged(caplog) == []


def test_of_several_faults_none_is_swallowed(caplog: pytest.LogCaptureFixture) -> None:
    """The engine hears of the first; the others are in the log, each with its traceback."""
    seen: list[str] = []
    with caplog.at_level(logging.ERROR), pytest.raises(RuntimeError, match="keys failed"):
        in_turn(*_looks(seen, {"keys", "work", "people"}))()

    assert seen == ["keys", "work", "people"]
    assert _faults_logged(caplog) == ["work failed", "people failed"]


def test_the_end_of_the_process_waits_for_nobody() -> None:
    """What is no fault, as an interrupt, ends the look at once."""
    seen: list[str] = []

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_turn(interrupted, *_looks(seen, set()))()

    assert seen == []
