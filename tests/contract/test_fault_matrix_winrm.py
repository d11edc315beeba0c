"""Each fault at each step of an order's machine work over WinRM: docs/exchange-faults.md, cell by cell."""

from typing import Final

import pytest

from bot.exchange.access import Door
from tests.contract.fault_bench import Bench, bench_at
from tests.contract.fault_cell import cells_at, check_cell, check_page
from tests.contract.fault_rows import Fault
from tests.contract.fault_steps import Step

_DOOR: Final[Door] = "winrm"
bench = bench_at(_DOOR)


@pytest.mark.parametrize(("fault", "step"), cells_at(_DOOR))
def test_a_fault_ends_named_and_once(bench: Bench, fault: Fault, step: Step) -> None:
    """As the document says; each mutating operation at most once; nothing leaked; a retry finishes it."""
    check_cell(bench, fault, step)


def test_the_document_has_every_cell() -> None:
    """No row, no column and no cell more or less than are played."""
    check_page(_DOOR)
