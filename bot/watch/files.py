"""The daily look at the files that were handed in: bytes nothing needs any more are wiped, whoever left them."""

import logging
from collections.abc import Iterator

from bot.domain.audit import AuditEntry
from bot.domain.ids import SYSTEM, UploadId
from bot.file_ports import LeftFile, LeftFiles
from bot.ports import Clock, Orders
from bot.workflow.turns import each

log = logging.getLogger(__name__)

_BATCH = 100


class FileWatch:
    """Wipes the bytes of files that no order is being judged by, each with its audit entry, once."""

    def __init__(self, files: LeftFiles, orders: Orders, clock: Clock) -> None:
        self._files = files
        self._orders = orders
        self._clock = clock

    def wipe_left(self) -> int:
        """
        Wipe; how many were wiped now.

        Raises:
            LookFailed: when all had their turn, and one could not be wiped.
        """
        return each(self._left(), self._wipe, named=lambda file: f"file-{file.id}")

    def _left(self) -> Iterator[LeftFile]:
        """Each once: one that stays is wiped by somebody else at this moment, or cannot be."""
        seen: set[UploadId] = set()
        while fresh := [
            file for file in self._files.left(limit=_BATCH + len(seen)) if file.id not in seen
        ]:
            yield from fresh
            seen.update(file.id for file in fresh)

    def _wipe(self, file: LeftFile) -> bool:
        state = self._orders.load(file.order_id).state.value
        entry = AuditEntry(
            order_id=file.order_id, at=self._clock.now(), by=SYSTEM, what="file_wiped",
            before=state, after=state, why="Nothing needs its bytes any more.",
            facts={"upload": str(file.id), "file": file.name, "sha256": file.sha256},
        )  # fmt: skip
        wiped = self._files.wipe(file.id, entry)
        if wiped:
            log.info("the bytes of file %s of order %s are wiped", file.id, file.order_id)
        return wiped
