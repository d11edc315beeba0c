"""The minute's look at the sealed secrets: what has come to its last moment is wiped, whatever its order is doing."""

import logging

from bot.domain.audit import AuditEntry
from bot.domain.ids import SYSTEM
from bot.domain.sealed import KeptSecret
from bot.key_ports import SealedSecrets
from bot.ports import Clock, Orders
from bot.workflow.turns import each

log = logging.getLogger(__name__)


class KeyWatch:
    """Wipes what had to be dead by now, each with its audit entry, once."""

    def __init__(self, secrets: SealedSecrets, orders: Orders, clock: Clock) -> None:
        self._secrets = secrets
        self._orders = orders
        self._clock = clock

    def wipe_dead(self) -> int:
        """
        Wipe, and take out of the database's log what earlier wipings had to leave there; how many were wiped now.

        Raises:
            LookFailed: when all had their turn, and one could not be wiped.
        """
        dead = self._secrets.kept(dead_at=self._clock.now())
        try:
            return each(dead, self._wipe, named=lambda kept: f"key-{kept.id}")
        finally:
            self._secrets.scrub()

    def _wipe(self, kept: KeptSecret) -> bool:
        secret = kept.secret
        state = self._orders.load(secret.bond.order_id).state.value
        entry = AuditEntry(
            order_id=secret.bond.order_id, at=self._clock.now(), by=SYSTEM, what="key_deleted",
            before=state, after=state, why="Its last day had come.",
            facts={"purpose": secret.bond.purpose.value, "round": str(secret.bond.round),
                   "last_day": secret.dies_at.date().isoformat()},
        )  # fmt: skip
        wiped = self._secrets.wipe(kept.id, entry)
        if wiped:
            log.info("the %s of order %s is deleted", secret.bond.purpose, secret.bond.order_id)
        return wiped
