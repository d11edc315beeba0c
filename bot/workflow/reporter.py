"""How the machine reports what it did: once, even when a kill makes it say so twice."""

from bot.domain import events as ev
from bot.domain.audit import AuditEntry
from bot.domain.faults import Refused
from bot.domain.ids import SYSTEM, HostName, OrderId
from bot.domain.messages import Card, CardMessage
from bot.domain.order import HostStep
from bot.domain.plan import Step
from bot.ports import Clock, Orders
from bot.workflow.engine import Engine
from bot.workflow.outcome import Done, NeedsPerson, Run


class Reporter:
    """The machine's own voice at the engine and on the status card."""

    def __init__(self, engine: Engine, orders: Orders, clock: Clock) -> None:
        self._engine = engine
        self._orders = orders
        self._clock = clock

    def once(self, order_id: OrderId, version: int | None, event: ev.Event) -> Done:
        """
        Report an event.

        A refusal means that it was reported before the kill, or that a person was faster; either way the
        order has moved on and there is nothing left to say.
        """
        try:
            self._engine.take(order_id, event, by=SYSTEM, version=version)
        except Refused as refused:
            return Done(f"not taken: {refused.code}")
        return Done(event.kind.value)

    def step(self, order_id: OrderId, host: HostName, step: Step, status: str, note: str) -> None:
        """Show how far a host's step has come, unless it is shown so already."""
        known = {(s.host, s.step): s for s in self._orders.steps(order_id)}
        before = known.get((host, step))
        if before is not None and (before.status, before.note) == (status, note):
            return
        now = self._clock.now()
        shown = HostStep(host=host, step=step, status=status, note=note, at=now)
        entry = AuditEntry(
            order_id=order_id, at=now, by=SYSTEM, what=f"step:{step.value}",
            before=before.status if before else "", after=status, why=note, facts={"host": host},
        )  # fmt: skip
        self._orders.note_step(shown, order_id, entry, (CardMessage(card=Card.STATUS),))


def report_failure(
    run: Run, reporter: Reporter, order_id: OrderId, host: HostName, end: NeedsPerson
) -> None:
    """Say that a host stopped the work; the order waits for an operator."""
    failed = ev.HostFailed(host=host, code=end.code, reason=end.sentence)
    run.step("report failure", lambda: reporter.once(order_id, None, failed))
