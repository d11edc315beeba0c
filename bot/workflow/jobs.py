"""Every kind of machine work by its name, and the last word when one breaks."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain import events as ev
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import State, Work
from bot.ports import Orders
from bot.workflow.bundle_job import broken
from bot.workflow.reporter import Reporter

Job = Callable[..., None]
"""``job(run, order_id, version)``; the version is the one its work was started with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """What the durable engine runs."""

    by_work: dict[Work, Job]
    deliver: Callable[..., None]
    sweeps: tuple[Callable[[], None], ...]
    reconcile: Callable[[], None]
    apologize: Callable[[OrderId, str], None]


class Apology:
    """
    Brings an order whose job broke into a named state, so that it never hangs without a word.

    The fault is ours and its details are in the log, under the incident number people are shown.
    """

    def __init__(self, orders: Orders, reporter: Reporter) -> None:
        self._orders = orders
        self._reporter = reporter

    def __call__(self, order_id: OrderId, incident: str) -> None:
        """Report the breakdown as the event that fits the order's state."""
        order = self._orders.load(order_id)
        event = _event_for(order, incident)
        if event is not None:
            self._reporter.once(order_id, None, event)


def _event_for(order: CertificateOrder, incident: str) -> ev.Event | None:
    reason = (
        f"CertDesk itself failed (incident {incident}). What was begun is recorded and nothing will "
        f"run twice. Retry; if it fails again, give your administrator the incident number."
    )
    match order.state:
        case State.APPROVED:
            return ev.HostRefused(code="internal", reason=reason)
        case State.CHECKING:
            return broken(incident)
        case State.PROVEN if order.plan is None:
            return ev.PlanFailed(code="internal", reason=reason)
        case State.INSTALLING | State.ROLLING_BACK | State.RETIRING:
            return ev.HostFailed(host=order.wish.hosts[0], code="internal", reason=reason)
        case _:
            return None
