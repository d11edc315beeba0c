"""The next moment of an order in memory, set with a change of it."""

from datetime import datetime
from typing import Any

from bot.chase_ports import Due
from bot.domain.order import CertificateOrder
from bot.domain.waiting import wait_of


def arm(memory: Any, order: CertificateOrder, due_at: datetime | None) -> None:
    """Set the moment unless the same wait goes on; another one ends what was owed."""
    wait, known = wait_of(order), memory.due.get(order.id)
    if known and wait and (known.wait, known.since) == (wait, order.waits_since) and due_at:
        return
    memory.debts = {key: debt for key, debt in memory.debts.items() if key[1] != order.id}
    memory.due.pop(order.id, None)
    if wait is not None and due_at is not None and order.waits_since is not None:
        memory.due[order.id] = Due(
            order_id=order.id, wait=wait, since=order.waits_since, given=0, due_at=due_at
        )
