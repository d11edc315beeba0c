"""What holds in every cell of the fault matrix, and of the matrix as a whole."""

import re
from pathlib import Path
from typing import Any, Final

import pytest

from bot.exchange.access import Door
from tests.contract.fault_bench import Bench
from tests.contract.fault_end import Played
from tests.contract.fault_page import read_page
from tests.contract.fault_rows import Fault, faults_at
from tests.contract.fault_steps import Step, steps_at

_RUNBOOK: Final = Path(__file__).parents[2] / "docs" / "runbook.md"
_UNDONE: Final = re.compile(
    r"[Nn]othing (?:was|further|else|more)|not known|may have|must be looked at|has done part|nothing else"
)
"""What was not done, or that nobody knows: a sentence must say one of it."""


def cells_at(door: Door) -> list[Any]:
    """A fault and a step for every cell of a door that can happen there, named as in the document."""
    return [
        pytest.param(fault, step, id=f"{fault.key}-{step.name}")
        for fault in faults_at(door)
        for step in steps_at(door)
        if fault.fits(step)
    ]


def check_page(door: Door) -> None:
    """The document has the cells of a door that are played, a dash where nothing can happen, and no other."""
    known = {key[1:]: value for key, value in read_page().items() if key[0] == door}
    played = {
        (fault.key, step.name): fault.fits(step)
        for fault in faults_at(door)
        for step in steps_at(door)
    }

    assert set(known) == set(played)
    assert {key for key, value in known.items() if value == "–"} == {
        key for key, is_played in played.items() if not is_played
    }


def check_cell(bench: Bench, fault: Fault, step: Step) -> None:
    """Play the cell, compare it with the document, and hold it to every promise."""
    played = bench.play(step, fault)

    assert read_page()[bench.door, fault.key, step.name] == played.outcome, played.detail
    _check_end(bench, step, played)
    _check_host(fault, played)


def _check_end(bench: Bench, step: Step, played: Played) -> None:
    """A named state with a sentence; after a person's retry the end the work is for."""
    if played.outcome not in {"done", "kept"}:
        assert f"| `{played.outcome}` |" in _RUNBOOK.read_text(encoding="utf-8")
    if played.outcome != "done":
        assert "EX01" in played.detail
        assert played.detail.rstrip().endswith(".") or "by hand it is" in played.detail
        assert _UNDONE.search(played.detail), played.detail
    assert bench.is_good(played, step), (played.end.state, played.end.detail)


def _check_host(fault: Fault, played: Played) -> None:
    """At most once, nothing leaked, no lock-out."""
    assert [what for what, times in played.ran.items() if times > 1] == []
    assert played.left_open == 0 or fault.loses_shell
    assert played.left_for_ever == 0
    if fault.rule.do == "401" and fault.is_lasting:
        assert played.strikes == 1
