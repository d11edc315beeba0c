"""The files nothing needs any more, in memory, over the same `Memory` as the orders they belong to."""

from dataclasses import replace

from bot.domain.audit import AuditEntry
from bot.domain.ids import UploadId
from bot.domain.states import State
from bot.file_ports import LeftFile
from tests.fakes.store import Memory, append


class FakeLeftFiles:
    """`bot.file_ports.LeftFiles` in memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def left(self, *, limit: int) -> tuple[LeftFile, ...]:
        """What still has its bytes and should not, oldest first."""
        judged = {o.upload_id for o in self._memory.orders.values() if o.state is State.CHECKING}
        found = (
            LeftFile(id=number, order_id=file.order_id, name=file.name, sha256=file.sha256)
            for number, file in sorted(self._memory.uploads.items())
            if file.data and number not in judged
        )
        return tuple(found)[:limit]

    def wipe(self, upload_id: UploadId, entry: AuditEntry) -> bool:
        """Empty a file's bytes."""
        with self._memory.change():
            left = {(one.id, one.order_id) for one in self.left(limit=len(self._memory.uploads))}
            if (upload_id, entry.order_id) not in left:
                return False
            file = self._memory.uploads[upload_id]
            self._memory.uploads[upload_id] = replace(file, data=b"")
            append(self._memory, entry)
            return True
