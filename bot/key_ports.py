"""
The ports of secrets that outlive a call: sealing them, and keeping what was sealed.

As in `bot/ports.py`, each docstring is the contract. Nothing that passes here is a secret in the clear but what
`KeyVault` seals and opens.
"""

from datetime import datetime
from typing import Protocol

from bot.domain.audit import AuditEntry
from bot.domain.sealed import Bond, KeptSecret, SealedId, SealedSecret


class KeyVault(Protocol):
    """
    Sealing secrets.

    1. `seal` never gives the same bytes twice. 2. `open_` refuses foreign bytes, and bytes sealed for another
    bond. 3. No error repeats a key or a secret.
    """

    def newest(self) -> str:
        """The id of the key that seals; empty when none is listed."""
        ...

    def key_of(self, sealed: bytes) -> str:
        """The id of the key that sealed these bytes, without opening them; empty for foreign bytes."""
        ...

    def has(self, key_id: str) -> bool:
        """Whether this key is listed."""
        ...

    def seal(self, secret: bytes, bond: Bond) -> bytes:
        """Encrypt with the newest key, for this bond alone. Raises ValueError when no key is listed."""
        ...

    def open_(self, sealed: bytes, bond: Bond) -> bytes:
        """Decrypt with any key that is still listed. Raises ValueError."""
        ...


class SealedSecrets(Protocol):
    """
    The sealed secrets that are kept; new ones come, and an order's go, with a `Change` of `Orders`.

    1. A wiped secret has no bytes any more, and can be neither found nor resealed. 2. `wipe` and `reseal` write their
    audit entry in the same transaction, once; False, with nothing written, when somebody else was first.
    """

    def find(self, bond: Bond) -> SealedSecret | None:
        """The secret with this bond; None when it was never kept or was wiped."""
        ...

    def kept(self, *, dead_at: datetime | None = None) -> tuple[KeptSecret, ...]:
        """What still has its bytes, oldest first; with ``dead_at`` only what had to be dead by then."""
        ...

    def wipe(self, secret_id: SealedId, entry: AuditEntry) -> bool:
        """Empty a secret's bytes at the moment of the entry."""
        ...

    def reseal(self, kept: KeptSecret, sealed: bytes, key_id: str, entry: AuditEntry) -> bool:
        """Put other bytes in place of those that were seen in ``kept``."""
        ...
