"""A store in which somebody else is always faster."""

from collections.abc import Callable

from bot.ports import Change
from tests.fakes.store import FakeOrders, Memory


class Overtaken(FakeOrders):
    """Orders where somebody else is faster: `meanwhile` runs between a person's look and their save."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.meanwhile: Callable[[], object] | None = None

    def save(self, change: Change) -> bool:
        """Let the other one through first."""
        if self.meanwhile is not None:
            faster, self.meanwhile = self.meanwhile, None
            faster()
        return super().save(change)
