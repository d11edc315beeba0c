"""Every order in some states, page by page: what looks after all of them must not stop at the newest."""

from collections.abc import Iterable, Iterator
from datetime import datetime

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


def every_end(
    orders: Orders, state: State, *, now: datetime, share: float, page: int = _ENDS
) -> Iterator[CertificateEnd]:
    """When the certificates of orders in this state end that are due now, and some that soon will be."""
    after = None
    while found := orders.ends_of(state, now=now, share=share, limit=page, after=after):
        yield from found
        after = found[-1]


def every_placed_by(
    orders: Orders, state: State, moment: datetime, *, page: int = PAGE
) -> Iterator[CertificateOrder]:
    """All orders in this state that were placed by then, oldest first, each as it stands when its page is read."""
    after = None
    while found := orders.placed_by(state, moment, limit=page, after=after):
        yield from found
        after = found[-1]
