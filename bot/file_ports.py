"""
The port of files that were handed in and that nothing needs any more.

As in `bot/ports.py`, the docstring is the contract. A file comes with the change that names it and its bytes go with
the change that ends its judging (`bot.ports.Orders`); here is what finds bytes that stayed all the same.
"""

from dataclasses import dataclass
from typing import Protocol

from bot.domain.audit import AuditEntry
from bot.domain.ids import OrderId, UploadId


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftFile:
    """A file that still has its bytes, without them: a private key may be among them."""

    id: UploadId
    order_id: OrderId
    name: str
    sha256: str


class LeftFiles(Protocol):
    """
    The files whose bytes nothing needs: all but the one each order that is being judged names.

    1. `wipe` writes its audit entry in the same transaction, once; False, with nothing written, when the bytes are gone
    already or are needed. 2. Name, hash and who handed it in stay.
    """

    def left(self, *, limit: int) -> tuple[LeftFile, ...]:
        """What still has its bytes and should not, oldest first; the bytes themselves unread."""
        ...

    def wipe(self, upload_id: UploadId, entry: AuditEntry) -> bool:
        """Empty a file's bytes."""
        ...
