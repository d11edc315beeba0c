"""What still has to come to its end before a database can be left: work that runs, or is due and does not."""

from collections.abc import Iterator

from bot.domain.ids import OrderId
from bot.domain.states import ENGINE_OWNED, State
from bot.ports import Orders
from bot.workflow.jobs import work_due
from bot.workflow.paging import every


def unfinished(orders: Orders) -> Iterator[str]:
    """
    One sentence for each order on which the machine is at work, or should be.

    Orders that wait for people are rows and can be left waiting; undelivered messages are rows too, and are delivered
    wherever the rows are.
    """
    seen: set[OrderId] = set()
    for order in (*every(orders, (*ENGINE_OWNED, State.PROVEN)), *orders.being_cleared()):
        work = work_due(order)
        if work is not None and order.id not in seen:
            seen.add(order.id)
            what = work.value.replace("_", " ")
            yield f"{order.title} is {order.state.value.replace('_', ' ')}: the machine's work ({what}) is not done."
