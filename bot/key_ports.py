"""
The ports of secrets that outlive a call: sealing them, keeping what was sealed, and the keys CertDesk makes itself.

As in `bot/ports.py`, each docstring is the contract. Nothing that passes here is a secret in the clear but what
`KeyVault` seals and opens, and a `Parcel` on its way to a host.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.certs.judge import IssuedCertificate
from bot.certs.pfx import PfxCipher
from bot.domain.audit import AuditEntry
from bot.domain.order import Wish
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
    audit entry in the same transaction, once; False, with nothing written, when somebody else was first. 3. What was
    wiped, files of orders too, may lie on in the database's own log while somebody is in the way; `scrub` waits for nobody.
    """

    def find(self, bond: Bond) -> SealedSecret | None:
        """The secret with this bond; None when it was never kept or was wiped."""
        ...

    def take(self, bond: Bond, entry: AuditEntry) -> SealedSecret | None:
        """The same for whoever is about to open it: the entry tells of the use, in the same transaction."""
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

    def scrub(self) -> None:
        """Take out of the database's log what was wiped and is in it still; may be called at any time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A certificate with its key as a PFX under a one-time password; lives for one call, and prints without either."""

    pfx: bytes = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    """A new request in PEM, and its key, sealed already."""

    csr_pem: str
    secret: SealedSecret


class KeyTrouble(Exception):
    """A key could not be made or opened; the sentence is for an operator and says nothing of the key."""


class LocalKeys(Protocol):
    """
    Keys that CertDesk makes.

    1. `make` gives another key each time; nothing is kept. 2. No key leaves these two in the clear: it is sealed for its bond,
    or packed for one host. 3. Everything that goes wrong is a `KeyTrouble`.
    """

    def make(self, bond: Bond, wish: Wish, *, dies_at: datetime) -> MadeKey:
        """Make an RSA key and the request for what is wished."""
        ...

    def pack(
        self, secret: SealedSecret, certificate: IssuedCertificate, cipher: PfxCipher
    ) -> Parcel:
        """Open the key and lock it with its certificate under a password nobody has seen before."""
        ...
