"""Every kind of machine work by its name, and the last word when one breaks."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain import events as ev
from bot.domain.ids import HostName, OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import ENGINE_OWNED, State, Work
from bot.ports import Orders
from bot.workflow.bundle_job import broken
from bot.workflow.reporter import Reporter

Job = Callable[..., None]
"""``job(run, order_id, version)``; the version is the one its work was started with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """
    What the durable engine runs.

    Args:
        deliver: hands an order's waiting messages to chat, ``deliver(run, order_id)``; the seconds after which
            a later run must go on, 0 when none is needed.
        let_go: ends the hold on hosts of one run of work, ``let_go(order_id, version)``.
    """

    by_work: dict[Work, Job]
    deliver: Callable[..., float]
    sweeps: tuple[Callable[[], None], ...]
    reconcile: Callable[[], None]
    apologize: Callable[[OrderId, str, Work], None]
    let_go: Callable[[OrderId, int], None]


class Apology:
    """
    Brings an order whose job broke into a named state, so that it never hangs without a word.

    The fault is ours and its details are in the log, under the incident number people are shown.
    """

    def __init__(self, orders: Orders, reporter: Reporter) -> None:
        self._orders = orders
        self._reporter = reporter

    def __call__(
        self, order_id: OrderId, incident: str, work: Work, version: int | None = None
    ) -> None:
        """
        Report the breakdown of a work as the event that fits, if the order still waits for that work.

        Args:
            version: the version at which the order was seen to wait; another one now means that it moved on.
        """
        order = self._orders.load(order_id)
        if work_due(order) is work and version in (None, order.version):
            self._reporter.once(order_id, order.version, _event_for(order, work, incident))


def work_due(order: CertificateOrder) -> Work | None:
    """The work that must be alive for an order as it stands; None when it waits for the world."""
    if order.is_being_cleared:
        return Work.CLEAR_REQUEST
    if order.state is State.PROVEN and order.plan is None and not order.fault_code:
        return Work.MAKE_PLAN
    return ENGINE_OWNED.get(order.state)


def _event_for(order: CertificateOrder, work: Work, incident: str) -> ev.Event:
    reason = (
        f"CertDesk itself failed (incident {incident}). What was begun is recorded and nothing will "
        f"run twice. Retry; if it fails again, give your administrator the incident number."
    )
    match work:
        case Work.MAKE_CSR:
            return ev.HostRefused(code="internal", reason=reason)
        case Work.CHECK_BUNDLE:
            return broken(incident)
        case Work.MAKE_PLAN:
            return ev.PlanFailed(code="internal", reason=reason)
        case Work.CLEAR_REQUEST:
            return ev.ClearFailed(code="internal", reason=reason)
        case _:
            return ev.HostFailed(host=_host_at_work(order), code="internal", reason=reason)


def _host_at_work(order: CertificateOrder) -> HostName:
    """The first host that is not done; which one it was on is in the log only."""
    open_ = [host for host in order.wish.hosts if host not in order.done_hosts]
    return (open_ or list(order.wish.hosts))[0]
