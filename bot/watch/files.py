"""The daily look at the files that were handed in: bytes nothing needs any more are wiped, whoever left them."""

import logging

from bot.domain.audit import AuditEntry
from bot.domain.ids import SYSTEM
from bot.file_ports import LeftFile, LeftFiles
from bot.ports import Clock, Orders

log = logging.getLogger(__name__)

_BATCH = 100


class FileWatch:
    """Wipes the bytes of files that no order is being judged by, each with its audit entry, once."""

    def __init__(self, files: LeftFiles, orders: Orders, clock: Clock) -> None:
        self._files = files
        self._orders = orders
        self._clock = clock

    def wipe_left(self) -> int:
        """Wipe; how many were wiped now."""
        wiped = 0
        while left := self._files.left(limit=_BATCH):
            done = sum(self._wipe(file) for file in left)
            if not done:
                # Somebody else is at it.
                break
            wiped += done
        return wiped

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
