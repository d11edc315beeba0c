"""Every order in some states, page by page: what looks after all of them must not stop at the newest."""

from collections.abc import Iterable, Iterator

from bot.domain.lifetime import CertificateEnd
from bot.domain.order import CertificateOrder
from bot.domain.states import State
from bot.ports import Orders

PAGE = 500
_ENDS = 5_000


def every(
    orders: Orders, states: Iterable[State], *, page: int = PAGE
) -> Iterator[CertificateOrder]:
    """
    All orders in these states, newest first, each as it stands when its page is read.

    Changing an order on the way does no harm: pages go by number, not by place.
    """
    wanted, before = tuple(states), None
    while found := orders.in_states(wanted, limit=page, before=before):
        yield from found
        before = found[-1].id


def every_end(orders: Orders, states: Iterable[State]) -> Iterator[CertificateEnd]:
    """When the certificate of each order in these states ends, newest order first; those without one are left out."""
    wanted, before = tuple(states), None
    while found := orders.ends_of(wanted, limit=_ENDS, before=before):
        yield from found
        before = found[-1].order_id
