"""The jobs that take something back: roll-back to the certificates of before, and retirement."""

from dataclasses import replace

from bot.domain import events as ev
from bot.domain.faults import HostFault
from bot.domain.ids import HostName, OrderId
from bot.domain.life import way_back
from bot.domain.order import HostStep
from bot.domain.plan import HostPlan, InstallPlan, Operation, OperationKind, Step
from bot.domain.states import State
from bot.domain.undoing import done_part
from bot.ports import ExchangeHosts, Orders
from bot.workflow.host_work import HostWork
from bot.workflow.outcome import (
    OVERTAKEN,
    Done,
    End,
    NeedsPerson,
    Outcome,
    Run,
    TryLater,
    outcome_of,
    until_done,
)
from bot.workflow.reporter import Errand, Reporter, report_failure

UNTOUCHED = "nothing of this host can be given back"
UNTOUCHED_BY_REMOVAL = "nothing was removed"
_RETIRE = "retire/"
_NOT_SENT = frozenset({"failed", "waiting"})
"""A removal shown so did certainly not run: it was refused, or its host was another order's."""


class RollBackJob:
    """ROLLING_BACK -> ROLLED_BACK: each host gets its services back, the last one first."""

    def __init__(
        self, orders: Orders, hosts: ExchangeHosts, work: HostWork, reporter: Reporter
    ) -> None:
        self._orders = orders
        self._hosts = hosts
        self._work = work
        self._reporter = reporter

    def run(self, run: Run, order_id: OrderId, version: int) -> None:
        """Undo host by host."""
        errand = Errand(order_id=order_id, version=version)
        plan = self._orders.load(order_id).plan
        if plan is None:
            raise LookupError(f"order {order_id} rolls back without a plan")
        for host_plan in reversed(plan.hosts):
            end = self._undo(run, errand, plan, host_plan)
            if isinstance(end, NeedsPerson):
                report_failure(run, self._reporter, errand, host_plan.host, end)
                return
        run.step("finish", lambda: self._finish(errand))

    def _finish(self, errand: Errand) -> Outcome:
        done = self._reporter.for_errand(errand, ev.RollBackFinished())
        order = self._orders.load(errand.order_id)
        if order.state is State.ROLLED_BACK and order.wish.renews is not None:
            before = self._orders.load(order.wish.renews)
            if before.superseded_by == order.id:
                self._reporter.once(before.id, None, ev.Reinstated(instead_of=order.id))
        return done

    def _undo(self, run: Run, errand: Errand, plan: InstallPlan, host_plan: HostPlan) -> End:
        host = host_plan.host
        reached = run.step(
            f"{host} reached", lambda: self._reached(errand.order_id, plan, host_plan)
        )
        if reached == Done(UNTOUCHED):
            return Done()
        try:
            ran = done_part(host_plan, lambda op: self._ran(errand.order_id, op))
            operations = self._hosts.plan_roll_back(replace(plan, hosts=(ran,)), host)
        except HostFault as fault:
            return NeedsPerson(fault.kind.value, fault.sentence)
        return self._work.run_all(run, errand, operations, prefix="back/")

    def _ran(self, order_id: OrderId, operation: Operation) -> bool:
        """
        Whether an operation of the installation may have changed its host.

        Of a host that was finished everything did, whatever the journal still knows; an intermediate is only taken
        out when the journal says that it was added, and was not there before.
        """
        if self._work.has_begun(order_id, operation):
            return True
        order = self._orders.load(order_id)
        is_finished = order.installed_at is not None or operation.host in order.done_hosts
        is_meant = operation.only_if in (None, order.answers.get(operation.host))
        return is_finished and is_meant and operation.kind is not OperationKind.ADD_INTERMEDIATE

    def _reached(self, order_id: OrderId, plan: InstallPlan, host_plan: HostPlan) -> Outcome:
        """Whether the installation came to this host and took something; else it is left alone now too."""
        order = self._orders.load(order_id)
        touched = order.installed_at is not None or any(
            self._work.has_begun(order_id, operation) for operation in host_plan.operations
        )
        return Done("" if touched and plan.gives_back(host_plan.host) else UNTOUCHED)


class RetireJob:
    """
    RETIRING -> RETIRED: the certificate is removed where nothing uses it any more.

    What stops it before anything was removed leads back to the state it was asked for in, so that a certificate
    which serves on is watched on. Once a removal was begun it is FAILED, and an operator decides.
    """

    def __init__(
        self,
        orders: Orders,
        hosts: ExchangeHosts,
        work: HostWork,
        reporter: Reporter,
        *,
        tries: int,
    ) -> None:
        self._orders = orders
        self._hosts = hosts
        self._work = work
        self._reporter = reporter
        self._tries = tries

    def run(self, run: Run, order_id: OrderId, version: int) -> None:
        """Remove host by host."""
        errand = Errand(order_id=order_id, version=version)
        for host in self._orders.load(order_id).wish.hosts:
            end = self._retire(run, errand, host)
            if isinstance(end, NeedsPerson):
                self._give_up(run, errand, host, end)
                return
            run.step(f"{host} removed", lambda name=host: self._show_removed(order_id, name))  # type: ignore[misc]  # mypy cannot type a default in a lambda
        run.step("finish", lambda: self._reporter.once(order_id, version, ev.RetireFinished()))

    def _show_removed(self, order_id: OrderId, host: HostName) -> Outcome:
        """A host that did not hold the certificate any more has no step to show."""
        if any(step.host == host for step in self._sent(order_id)):
            self._reporter.step(order_id, host, Step.REMOVE, "done", "")
        return Done("shown")

    def _retire(self, run: Run, errand: Errand, host: HostName) -> End:
        return until_done(
            run, f"{host} retire", lambda: self._remove(errand, host), tries=self._tries
        )

    def _remove(self, errand: Errand, host: HostName) -> Outcome:
        # Read anew in each try: whether anything still uses the certificate is the host's word of now.
        order = self._orders.load(errand.order_id)
        if not errand.is_current(order):
            return OVERTAKEN
        lease = self._work.hold(errand, host, Step.REMOVE)
        if isinstance(lease, TryLater):
            return lease
        try:
            snapshot = self._hosts.snapshot(host)
            operations = self._hosts.plan_retirement(
                order, self._work.certificate(order), (snapshot,)
            )
        except HostFault as fault:
            return outcome_of(fault)
        for operation in operations:
            outcome = self._work.act(errand, operation, prefix=_RETIRE)
            if not isinstance(outcome, Done):
                self._note_refusal(order.id, operation, outcome)
                return outcome
        self._reporter.after_waiting(order.id, host, Step.REMOVE, "done")
        return Done("removed")

    def _note_refusal(self, order_id: OrderId, operation: Operation, outcome: Outcome) -> None:
        """A step that failed says: it certainly did not run. Where that is in doubt it goes on running."""
        refused = isinstance(outcome, NeedsPerson) and outcome != OVERTAKEN
        if refused and not self._work.has_begun(order_id, operation, prefix=_RETIRE):
            self._reporter.step(order_id, operation.host, operation.step, "failed", "")

    def _sent(self, order_id: OrderId) -> list[HostStep]:
        return [step for step in self._orders.steps(order_id) if step.step is Step.REMOVE]

    def _give_up(self, run: Run, errand: Errand, host: HostName, end: NeedsPerson) -> None:
        touched = run.step("anything removed", lambda: self._touched(errand.order_id))
        if touched != Done(UNTOUCHED_BY_REMOVAL):
            report_failure(run, self._reporter, errand, host, end)
            return
        run.step("report refusal", lambda: self._keep(errand, host, end))

    def _touched(self, order_id: OrderId) -> Done:
        """Whether a removal was sent to any host, in this run or an earlier one."""
        untouched = all(step.status in _NOT_SENT for step in self._sent(order_id))
        return Done(UNTOUCHED_BY_REMOVAL if untouched else "")

    def _keep(self, errand: Errand, host: HostName, end: NeedsPerson) -> Done:
        kind = way_back(self._orders.load(errand.order_id))
        kept = ev.Kept(kind=kind, host=host, code=end.code, reason=end.sentence)
        return self._reporter.for_errand(errand, kept)
