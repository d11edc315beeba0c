"""
The daily look at the calendar: which certificates need a successor, which gates waited too long.

It proposes and lapses; it never orders by itself.
"""

import logging
from datetime import datetime, timedelta

from bot.domain import events as ev
from bot.domain.faults import Refused
from bot.domain.ids import SYSTEM, OrderId
from bot.domain.lifetime import CertificateEnd
from bot.domain.order import CertificateOrder
from bot.domain.site import Site
from bot.domain.states import State
from bot.ports import Clock, Orders
from bot.workflow.engine import Engine
from bot.workflow.paging import every_end, every_placed_by
from bot.workflow.turns import each

log = logging.getLogger(__name__)

FRUITLESS = frozenset({State.REJECTED, State.CANCELLED, State.LAPSED, State.ROLLED_BACK})
"""Ends of a successor after which the certificate of before is still the one that serves."""


class Calendar:
    """Puts what the calendar says before people, once for each occasion."""

    def __init__(self, engine: Engine, orders: Orders, site: Site, clock: Clock) -> None:
        self._engine = engine
        self._orders = orders
        self._site = site
        self._clock = clock

    def propose_renewals(self) -> int:
        """
        Post a renewal card for each certificate whose share of life is over; how many were posted.

        Raises:
            LookFailed: when all had their turn, and nothing is known of one.
        """
        now = self._clock.now()
        share = self._site.policy.renew_at
        near = every_end(self._orders, State.INSTALLED, now=now, share=share)
        due = (end for end in near if end.is_due(now, share=share))
        return each(
            due, lambda end: self._propose(end, now), named=lambda end: f"renewal-{end.order_id}"
        )

    def lapse_gates(self) -> int:
        """End orders that nobody decided on in time; how many were ended. Raises `LookFailed`, as above."""
        days = self._site.policy.gate_expiry_days
        limit = self._clock.now() - timedelta(days=days)
        old = every_placed_by(self._orders, State.PLACED, limit)
        lapsed = ev.Lapsed(reason=f"Nobody decided within {days} days.")
        return each(
            old, lambda order: self._take(order, lapsed), named=lambda order: f"lapse-{order.id}"
        )

    def _propose(self, end: CertificateEnd, now: datetime) -> bool:
        if self._is_renewing(end.renewed_by):
            return False
        order = self._orders.load(end.order_id)
        if order.state is not State.INSTALLED or order.renewal_asked_at is not None:
            return False
        if order.renewal_not_before is not None and now < order.renewal_not_before:
            return False
        return self._take(order, ev.RenewalProposed())

    def _is_renewing(self, successor: OrderId | None) -> bool:
        """A successor that ended without a certificate renews nothing: the question is put again."""
        return successor is not None and self._orders.load(successor).state not in FRUITLESS

    def _take(self, order: CertificateOrder, event: ev.Event) -> bool:
        try:
            self._engine.take(order.id, event, by=SYSTEM, version=order.version)
        except Refused as refused:
            # Somebody was faster in the same moment; the next look sees the order as it is then.
            log.info("calendar: order %s not taken: %s", order.id, refused.code)
            return False
        return True
