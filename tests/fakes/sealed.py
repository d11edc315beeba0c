"""The kept secrets in memory, over the same `Memory` as the orders they belong to."""

from dataclasses import replace
from datetime import datetime

from bot.domain.audit import AuditEntry
from bot.domain.sealed import Bond, KeptSecret, SealedId, SealedSecret
from tests.fakes.store import Memory, append, wiped


class FakeSealedSecrets:
    """`bot.ports.SealedSecrets` in memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def find(self, bond: Bond) -> SealedSecret | None:
        """The secret with this bond that still has its bytes."""
        return next((kept.secret for kept in self.kept() if kept.secret.bond == bond), None)

    def take(self, bond: Bond, entry: AuditEntry) -> SealedSecret | None:
        """The secret with this bond, its use told."""
        with self._memory.change():
            secret = self.find(bond)
            if secret is not None:
                if entry.order_id != bond.order_id:
                    raise ValueError("the audit entry is about another order")
                append(self._memory, entry)
            return secret

    def kept(self, *, dead_at: datetime | None = None) -> tuple[KeptSecret, ...]:
        """What still has its bytes, oldest first."""
        return tuple(
            kept
            for _, kept in sorted(self._memory.sealed.items())
            if kept.wiped_at is None and (dead_at is None or kept.secret.dies_at <= dead_at)
        )

    def wipe(self, secret_id: SealedId, entry: AuditEntry) -> bool:
        """Empty a secret's bytes."""
        with self._memory.change():
            kept = self._memory.sealed.get(secret_id)
            if kept is None or kept.wiped_at is not None:
                return False
            self._write(wiped(kept, entry.at), entry)
            return True

    def reseal(self, kept: KeptSecret, sealed: bytes, key_id: str, entry: AuditEntry) -> bool:
        """Put other bytes in place of those that were seen."""
        with self._memory.change():
            if self._memory.sealed.get(kept.id) != kept or kept.wiped_at is not None:
                return False
            secret = replace(kept.secret, sealed=sealed, key_id=key_id)
            self._write(replace(kept, secret=secret), entry)
            return True

    def scrub(self) -> None:
        """Memory has no log."""

    def _write(self, kept: KeptSecret, entry: AuditEntry) -> None:
        if entry.order_id != kept.secret.bond.order_id:
            raise ValueError("the audit entry is about another order")
        self._memory.sealed[kept.id] = kept
        append(self._memory, entry)
