"""The job of the outbox: every waiting message of one order, in order, each delivered once."""

import logging

from bot.chat_ports import DeliveryFault, Notifier, Outbox
from bot.domain.ids import OrderId
from bot.ports import Orders
from bot.workflow.outcome import Done, NeedsPerson, Outcome, Run, TryLater, until_done

log = logging.getLogger(__name__)

TRIES = 50
"""After so many the run ends and what waits stays waiting: the minute's look starts another run."""

UNDELIVERABLE = "undeliverable"
"""Chat will never take the message; the one reason to give it up."""


class DeliveryJob:
    """Takes the rows that wait and hands them to chat, oldest first."""

    def __init__(self, orders: Orders, outbox: Outbox, notifier: Notifier) -> None:
        self._orders = orders
        self._outbox = outbox
        self._notifier = notifier

    def run(self, run: Run, order_id: OrderId) -> None:
        """Deliver until nothing waits; what others add meanwhile has a run of its own."""
        waiting = run.step("list", lambda: Done("\n".join(self._outbox.waiting(order_id))))
        for row_id in waiting.seen.splitlines() if isinstance(waiting, Done) else ():
            end = self._send(run, order_id, row_id)
            if not isinstance(end, NeedsPerson):
                continue
            if end.code != UNDELIVERABLE:
                # Chat is away for longer: nothing is dropped, and nothing overtakes what waits.
                return
            self._drop(run, row_id, end.sentence)

    def _drop(self, run: Run, row_id: str, why: str) -> None:
        run.step(f"give up {row_id}", lambda: self._give_up(row_id, why))

    def _send(self, run: Run, order_id: OrderId, row_id: str) -> Done | NeedsPerson:
        return until_done(run, row_id, lambda: self._deliver(order_id, row_id), tries=TRIES)

    def _deliver(self, order_id: OrderId, row_id: str) -> Outcome:
        row = self._outbox.begin(row_id)
        if row is None:
            return Done("delivered before")
        try:
            posted = self._notifier.deliver(
                row, self._orders.load(order_id), self._orders.steps(order_id)
            )
        except DeliveryFault as fault:
            if fault.final:
                return NeedsPerson(UNDELIVERABLE, fault.sentence)
            return TryLater("chat-away", fault.sentence, fault.retry_after_s)
        self._outbox.delivered(row_id, posted)
        return Done("delivered")

    def _give_up(self, row_id: str, why: str) -> Outcome:
        log.error("message %s was given up: %s", row_id, why)
        self._outbox.delivered(row_id, None)
        return Done("given up")
