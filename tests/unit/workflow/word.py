"""One person's word on the order of the samples, and the refusal it may end in."""

from collections.abc import Callable

import pytest

from bot.domain.approvals import Gate
from bot.domain.faults import Refused
from bot.domain.ids import OrderId, PersonId
from tests.unit.workflow.house import House

SEVEN = OrderId(7)


def refusal(act: Callable[[], object]) -> Refused:
    """The refusal an act ends in."""
    with pytest.raises(Refused) as raised:
        act()
    return raised.value


def approve(house: House, by: PersonId, version: int | None = None) -> object:
    """One yes at the first gate."""
    return house.engine.decide(SEVEN, Gate.ISSUE, yes=True, by=by, version=version)
