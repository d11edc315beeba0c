"""
What the end of an order's work means for the order it renews: superseded by it, or serving again.

Both orders move on their own: the word is said again when somebody changed the other one in the same moment, and
fits also while that one is being taken back or retired, so that giving this up leads to the right state.
"""

from collections.abc import Callable
from typing import Final

from bot.domain import events as ev
from bot.domain.ids import OrderId
from bot.domain.life import may_keep
from bot.domain.order import CertificateOrder, Wish
from bot.domain.states import State
from bot.ports import Orders
from bot.workflow.outcome import Done, Outcome, Run, TryLater, until_done
from bot.workflow.reporter import Reporter

_AGAIN_S: Final = 1.0

Meaning = Callable[[CertificateOrder, CertificateOrder], ev.Event | None]
"""What an order means for the one it renews, as both stand: ``meaning(order, before)``."""


def superseded(order: CertificateOrder, before: CertificateOrder) -> ev.Event | None:
    """An installed certificate takes over what the one of before served, if it serves all of that."""
    serves = before.state in {State.INSTALLED, State.RETIRING, State.ROLLING_BACK} or may_keep(
        before
    )
    if not serves or before.superseded_by is not None:
        return None
    if order.state is not State.INSTALLED or not _takes_over(order.wish, before.wish):
        return None
    return ev.SupersededBy(successor=order.id)


def reinstated(order: CertificateOrder, before: CertificateOrder) -> ev.Event | None:
    """A certificate that had taken over was taken back: the one of before serves again."""
    is_kept = before.state in {State.SUPERSEDED, State.RETIRING} or may_keep(before)
    if order.state is not State.ROLLED_BACK or not is_kept or before.superseded_by != order.id:
        return None
    return ev.Reinstated(instead_of=order.id)


def tell_before(
    run: Run, orders: Orders, reporter: Reporter, order_id: OrderId, meaning: Meaning
) -> None:
    """Tell the order that this one renews what has become of this one; nothing where it renews none."""
    renews = orders.load(order_id).wish.renews
    if renews is None:
        return

    def tell() -> Outcome:
        before = orders.load(renews)
        event = meaning(orders.load(order_id), before)
        if event is None:
            return Done("nothing to tell")
        told = reporter.once(before.id, before.version, event)
        if told.seen == "not taken: stale":
            # Whoever was first has changed the order, so this ends: what is meant then is asked anew.
            return TryLater(
                "overtaken", "The order moved on in the same moment.", _AGAIN_S, counts=False
            )
        return told

    until_done(run, "tell the order of before", tell, tries=1)


def _takes_over(wish: Wish, before: Wish) -> bool:
    """Whether one certificate serves all that another did; else that one is watched until it is retired."""
    return (
        set(before.hosts) <= set(wish.hosts)
        and set(before.names) <= set(wish.names)
        and set(before.services) <= set(wish.services)
    )
