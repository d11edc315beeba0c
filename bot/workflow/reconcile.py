"""
The minute's look at everything that should be moving and is not.

Work is started in the transaction that calls for it, so there should be nothing to find; what is found
all the same (a job given up after too many crashes) must not hang without a word.
"""

import logging
from collections.abc import Callable
from itertools import chain
from typing import Protocol

from bot.chat_ports import Outbox
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import ENGINE_OWNED, State, Work
from bot.ports import Orders
from bot.workflow.jobs import work_due
from bot.workflow.paging import every
from bot.workflow.turns import each, in_turn

log = logging.getLogger(__name__)


class RunningWork(Protocol):
    """What the reconciler asks of the durable engine."""

    def is_alive(self, work: Work, order_id: OrderId) -> bool:
        """Whether such a job of this order is waiting or running."""
        ...

    def is_delivering(self, order_id: OrderId, *, put_off: bool = True) -> bool:
        """Whether a delivery of this order's messages is waiting or running; ``put_off``: or comes later."""
        ...

    def start_again(self, work: Work, order: CertificateOrder) -> bool:
        """
        Start a work anew whose last run was ended because the code had changed beneath it.

        Safe, since every step looks before it acts. False, and nothing started, when it ended otherwise or
        was started anew too often already.
        """
        ...

    def deliver_again(self, order_id: OrderId, row_id: str) -> None:
        """Start a delivery that is missing."""
        ...


class Reconciler:
    """Finds orders whose work died and messages whose delivery died."""

    def __init__(
        self,
        orders: Orders,
        outbox: Outbox,
        running: RunningWork,
        apologize: Callable[[OrderId, str, Work, int], None],
    ) -> None:
        self._orders = orders
        self._outbox = outbox
        self._running = running
        self._apologize = apologize

    def __call__(self) -> None:
        """Look once; harmless to repeat. What breaks is told at the end, see `bot.workflow.turns`."""
        in_turn(self._look_at_work, self._look_at_messages)()

    def _look_at_work(self) -> None:
        moving = every(self._orders, (*ENGINE_OWNED, State.PROVEN))
        orders = chain(moving, self._orders.being_cleared())
        each(orders, self._revive, named=lambda order: f"work-{order.id}")

    def _revive(self, order: CertificateOrder) -> None:
        work = work_due(order)
        if work is None or self._running.is_alive(work, order.id):
            return
        if self._orders.load(order.id).version != order.version:
            # Its work ended between the two looks; what it waits for now is seen in a minute.
            return
        if self._running.start_again(work, order):
            log.warning("the work of order %s goes on with the new release", order.id)
            return
        log.error("the work of order %s is gone in state %s", order.id, order.state)
        self._apologize(order.id, f"gone-{order.id}-{order.version}", work, order.version)

    def _look_at_messages(self) -> None:
        waiting = self._outbox.orders_waiting()
        each(waiting, self._deliver, named=lambda found: f"messages-{found[0]}")

    def _deliver(self, found: tuple[OrderId, str]) -> None:
        order_id, row_id = found
        # A delivery that comes later counts while its message has to wait; the clock may have been set back since.
        first = self._outbox.waiting(order_id)[:1]
        put_off = any(self._outbox.pause(row) is not None for row in first)
        if not self._running.is_delivering(order_id, put_off=put_off):
            self._running.deliver_again(order_id, row_id)
