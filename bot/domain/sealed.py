"""
Secrets that outlive a call: what each is for, whose it is, and the day it dies.

Values only, and never a secret in the clear: sealing and opening is `ports.KeyVault`'s, keeping is the store's.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.domain.ids import OrderId

SealedId = NewType("SealedId", int)


class Purpose(StrEnum):
    """What a secret is kept for. The password of a PFX is not among them: it lives for one call."""

    PRIVATE_KEY = "private_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """
    What a secret belongs to; part of the seal, so that the bytes open for nothing else.

    Args:
        round: which of the order's CSRs, counted from 1; each has a key of its own.
    """

    order_id: OrderId
    purpose: Purpose
    round: int

    def __bytes__(self) -> bytes:
        """Write it in the one form that is sealed in."""
        return f"certdesk/{self.order_id}/{self.purpose.value}/{self.round}".encode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSecret:
    """
    A secret as it is kept.

    Args:
        key_id: which of the vault's keys sealed it.
        sealed: the vault's bytes; empty once they were wiped.
        dies_at: from then on it is of no use, and the next look of the minute wipes it, whatever the order is doing.
    """

    bond: Bond
    key_id: str
    sealed: bytes = field(repr=False)
    made_at: datetime
    dies_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSecret:
    """A row of the vault; what was wiped keeps its row, without its bytes."""

    id: SealedId
    secret: SealedSecret
    wiped_at: datetime | None = None
