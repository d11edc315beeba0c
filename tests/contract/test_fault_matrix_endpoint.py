"""Each fault at each step of an order's machine work at Exchange's own endpoint: docs/exchange-faults.md, cell by cell."""

from collections.abc import Iterator

import pytest

from bot.exchange.access import Door
from tests.contract.fault_bench import Bench
from tests.contract.fault_cell import check_cell
from tests.contract.fault_page import read_page
from tests.contract.fault_rows import Fault, faults_at
from tests.contract.fault_steps import STEPS, Step

_DOOR: Door = "psrp"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One host on which an order has gone well once; every cell begins right before its step."""
    bench = Bench.open(_DOOR, tmp_path_factory.mktemp(_DOOR))
    yield bench
    bench.close()


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
@pytest.mark.parametrize("fault", faults_at(_DOOR), ids=lambda fault: fault.key)
def test_a_fault_ends_named_and_once(bench: Bench, fault: Fault, step: Step) -> None:
    """As the document says; each mutating operation at most once; nothing leaked; a retry finishes it."""
    if step not in bench.steps or not fault.fits(step):
        return
    check_cell(bench, fault, step)


def test_the_document_has_every_cell(bench: Bench) -> None:
    """No row, no column and no cell more or less than are played."""
    known = {key[1:]: value for key, value in read_page().items() if key[0] == _DOOR}
    played = {
        (fault.key, step.name): fault.fits(step)
        for fault in faults_at(_DOOR)
        for step in bench.steps
    }

    assert set(known) == set(played)
    assert {key for key, value in known.items() if value == "–"} == {
        key for key, is_played in played.items() if not is_played
    }
