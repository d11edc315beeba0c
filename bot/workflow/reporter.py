"""How the machine reports what it did: once, even when a kill makes it say so twice."""

from dataclasses import dataclass

from bot.domain import events as ev
from bot.domain.audit import AuditEntry
from bot.domain.faults import Refused
from bot.domain.ids import SYSTEM, HostName, OrderId
from bot.domain.messages import Card, CardMessage
from bot.domain.order import CertificateOrder, HostStep, Progress
from bot.domain.plan import Caution, Step
from bot.domain.states import State
from bot.ports import Clock, Orders
from bot.workflow.engine import Engine
from bot.workflow.facts import plan_facts
from bot.workflow.outcome import Done, NeedsPerson, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """
    One run of an order's work on its hosts, and whether the order still means this one.

    A run that was killed behind its last word is resumed after an operator's retry has started another; it
    must neither touch a host nor say that the new one failed.

    Args:
        version: the order's version the work was started with.
        hosts_before: how many hosts were done then; each one done since has raised the version by one.
    """

    order_id: OrderId
    version: int
    hosts_before: int = 0

    def is_current(self, order: CertificateOrder) -> bool:
        """Whether the order waits for this very run."""
        if order.state is not State.INSTALLING:
            return order.version == self.version
        return order.version - self.version == len(order.done_hosts) - self.hosts_before


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

    def for_errand(self, errand: Errand, event: ev.Event) -> Done:
        """Report an event of one run of work, unless the order no longer means that run."""
        order = self._orders.load(errand.order_id)
        if not errand.is_current(order):
            return Done("not taken: overtaken")
        return self.once(order.id, order.version, event)

    def after_waiting(self, stands: Progress, host: HostName, step: Step, status: str) -> None:
        """Show how a step goes on that was shown to wait; one that never waited is not shown."""
        if any((s.host, s.step) == (host, step) for s in stands.steps):
            self.step(stands.order.id, host, step, status, "")

    def step(
        self,
        order_id: OrderId,
        host: HostName,
        step: Step,
        status: str,
        note: str,
        warnings: tuple[Caution, ...] = (),
    ) -> None:
        """Show how far a host's step has come, and what was warned of, unless it is shown so already."""
        stands = self._orders.progress(order_id)
        known = {(s.host, s.step): s for s in stands.steps}
        before = known.get((host, step))
        if before is not None and _told(before) == (status, note, warnings):
            return
        now = self._clock.now()
        shown = HostStep(host=host, step=step, status=status, note=note, at=now, warnings=warnings)
        said = {"warnings": "\n".join(str(one) for one in warnings)} if warnings else {}
        entry = AuditEntry(
            order_id=order_id, at=now, by=SYSTEM, what=f"step:{step.value}",
            before=before.status if before else "", after=status, why=note,
            facts={"host": host, **plan_facts(stands.order), **said},
        )  # fmt: skip
        self._orders.note_step(shown, order_id, entry, (CardMessage(card=Card.STATUS),))


def _told(step: HostStep) -> tuple[str, str, tuple[Caution, ...]]:
    return step.status, step.note, step.warnings


def report_failure(
    run: Run, reporter: Reporter, errand: Errand, host: HostName, end: NeedsPerson
) -> None:
    """Say that a host stopped the work; the order waits for an operator."""
    failed = ev.HostFailed(host=host, code=end.code, reason=end.sentence)
    run.step("report failure", lambda: reporter.for_errand(errand, failed))
