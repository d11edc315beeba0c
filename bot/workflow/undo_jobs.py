"""The jobs that take something back: roll-back to the certificates of before, and retirement."""

from bot.domain import events as ev
from bot.domain.faults import HostFault
from bot.domain.ids import HostName, OrderId
from bot.domain.plan import InstallPlan
from bot.ports import ExchangeHosts, Orders
from bot.workflow.host_work import HostWork
from bot.workflow.outcome import Done, End, NeedsPerson, Outcome, Run, outcome_of, until_done
from bot.workflow.reporter import Reporter, report_failure


class RollBackJob:
    """ROLLING_BACK -> ROLLED_BACK: each host gets its services back, the last one first."""

    def __init__(
        self, orders: Orders, hosts: ExchangeHosts, work: HostWork, reporter: Reporter
    ) -> None:
        self._orders = orders
        self._hosts = hosts
        self._work = work
        self._reporter = reporter

    def run(self, run: Run, order_id: OrderId, version: int) -> None:  # noqa: ARG002 - every job takes both
        """Undo host by host."""
        plan = self._orders.load(order_id).plan
        if plan is None:
            raise LookupError(f"order {order_id} rolls back without a plan")
        for host_plan in reversed(plan.hosts):
            end = self._undo(run, order_id, plan, host_plan.host)
            if isinstance(end, NeedsPerson):
                report_failure(run, self._reporter, order_id, host_plan.host, end)
                return
        run.step("finish", lambda: self._reporter.once(order_id, None, ev.RollBackFinished()))

    def _undo(self, run: Run, order_id: OrderId, plan: InstallPlan, host: HostName) -> End:
        try:
            operations = self._hosts.plan_roll_back(plan, host)
        except HostFault as fault:
            return NeedsPerson(fault.kind.value, fault.sentence)
        return self._work.run_all(run, order_id, operations, prefix="back/")


class RetireJob:
    """RETIRING -> RETIRED: the certificate is removed where nothing uses it any more."""

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

    def run(self, run: Run, order_id: OrderId, version: int) -> None:  # noqa: ARG002 - every job takes both
        """Remove host by host."""
        for host in self._orders.load(order_id).wish.hosts:
            end = self._retire(run, order_id, host)
            if isinstance(end, NeedsPerson):
                report_failure(run, self._reporter, order_id, host, end)
                return
        run.step("finish", lambda: self._reporter.once(order_id, None, ev.RetireFinished()))

    def _retire(self, run: Run, order_id: OrderId, host: HostName) -> End:
        return until_done(
            run, f"{host} retire", lambda: self._remove(order_id, host), tries=self._tries
        )

    def _remove(self, order_id: OrderId, host: HostName) -> Outcome:
        # Read anew in each try: whether anything still uses the certificate is the host's word of now.
        order = self._orders.load(order_id)
        try:
            snapshot = self._hosts.snapshot(host)
            operations = self._hosts.plan_retirement(
                order, self._work.certificate(order), (snapshot,)
            )
        except HostFault as fault:
            return outcome_of(fault)
        for operation in operations:
            outcome = self._work.act(order_id, operation, prefix="retire/")
            if not isinstance(outcome, Done):
                return outcome
        return Done("removed")
