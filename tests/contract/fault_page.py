"""docs/exchange-faults.md as a table: read for the tests, written by `python -m tests.contract.fault_page`."""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.contract.fault_bench import DOORS, Bench
from tests.contract.fault_rows import faults_at
from tests.contract.fault_steps import STEPS

PAGE: Final = Path(__file__).parents[2] / "docs" / "exchange-faults.md"
Cell = tuple[str, str, str]
"""Door, fault, step."""

_TITLES: Final = {
    "winrm": "Over WinRM (PowerShell fed over WinRS)",
    "psrp": "At Exchange's own endpoint (PowerShell remoting)",
}
_HEAD: Final = """# What becomes of an order when its host fails

Printed by `make faults` from the tests, never edited; `tests/contract/test_fault_matrix_*.py` play every cell and compare.

A row is one thing that goes wrong: while a session is **opening**, on the message that carries the **request**, on the one that fetches the
**answer**, or in the **cmdlet** itself. A column is the step of an order in which it goes wrong. Real clients meet it on real wires.

- `done`: the work went on by itself, after as many tries as it took.
- a code of the [runbook](runbook.md): the order waited for an operator with this code and a sentence; *Retry* brought it to its end.
- `kept`: nothing was removed, the order is what it was before; asked again, it is removed.
- `–`: cannot happen there.

The connectors are changed and given back for an order that asked for it; their columns are the send connector, which follows last, and the
receive connector, which is given back last. A cleared request is one that a called-off order left behind: the order stays called off meanwhile.

In every cell each mutating operation succeeded at most once on the host, retry included, and no session was left open.
A session whose opening was lost on its way ends by its idle time of two minutes where the client cannot know its id.
"""


def read_page() -> Mapping[Cell, str]:
    """Every cell of the document."""
    cells: dict[Cell, str] = {}
    door, steps = "", []
    titles = {title: name for name, title in _TITLES.items()}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            door = titles[line[3:]]
        elif line.startswith("| fault |"):
            steps = [part.strip() for part in line.strip("|").split("|")][1:]
        elif line.startswith("| ") and not line.startswith("| ---"):
            fault, *values = (part.strip().strip("`") for part in line.strip("|").split("|"))
            cells |= {(door, fault, step): value for step, value in zip(steps, values, strict=True)}
    return cells


def render_page(cells: Mapping[Cell, str]) -> str:
    """The document."""
    parts = [_HEAD]
    for door in DOORS:
        steps = [step.name for step in STEPS if any(key[::2] == (door, step.name) for key in cells)]
        parts.append(f"\n## {_TITLES[door]}\n\n| fault | {' | '.join(steps)} |\n")
        parts.append("| --- |" + " --- |" * len(steps) + "\n")
        for fault in faults_at(door):
            shown = (cells[door, fault.key, step] for step in steps)
            told = (value if value == "–" else f"`{value}`" for value in shown)
            parts.append(f"| {fault.key} | {' | '.join(told)} |\n")
    return "".join(parts)


def _play_all() -> dict[Cell, str]:
    cells: dict[Cell, str] = {}
    for door in DOORS:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench.open(door, Path(folder))
            for fault in faults_at(door):
                for step in bench.steps:
                    outcome = bench.play(step, fault).outcome if fault.fits(step) else "–"
                    cells[door, fault.key, step.name] = outcome
            bench.close()
    return cells


if __name__ == "__main__":
    PAGE.write_text(render_page(_play_all()), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
