"""A store in which somebody else is always faster."""

from collections.abc import Callable

from bot.domain.ids import UploadId
from bot.domain.order import CertificateOrder, Upload
from bot.ports import Change
from tests.fakes.store import FakeOrders, Memory


class Overtaken(FakeOrders):
    """Orders where somebody else is faster: `meanwhile` runs between a person's look and their save."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.meanwhile: Callable[[], object] | None = None

    def save(self, change: Change) -> bool:
        """Let the other one through first."""
        self._let_through()
        return super().save(change)

    def hand_in(
        self, upload: Upload, version: int, tell: Callable[[UploadId], Change]
    ) -> CertificateOrder | None:
        """Let the other one through first."""
        self._let_through()
        return super().hand_in(upload, version, tell)

    def _let_through(self) -> None:
        if self.meanwhile is not None:
            faster, self.meanwhile = self.meanwhile, None
            faster()
