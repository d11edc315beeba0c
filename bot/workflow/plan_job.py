"""The job of a proven bundle: read the hosts and write down what would be done there."""

from bot.domain import events as ev
from bot.domain.faults import HostFault
from bot.domain.ids import OrderId
from bot.ports import ExchangeHosts, Orders
from bot.workflow.key_work import KeyWork
from bot.workflow.outcome import NeedsPerson, Outcome, Run, outcome_of, until_done
from bot.workflow.reporter import Reporter


class PlanJob:
    """PROVEN stays PROVEN; afterwards there is a plan to decide on, or a sentence on why not."""

    def __init__(
        self,
        orders: Orders,
        hosts: ExchangeHosts,
        reporter: Reporter,
        keys: KeyWork,
        *,
        tries: int,
    ) -> None:
        self._orders = orders
        self._keys = keys
        self._hosts = hosts
        self._reporter = reporter
        self._tries = tries

    def run(self, run: Run, order_id: OrderId, version: int) -> None:
        """Read every host, make the plan, report it."""
        end = until_done(run, "make plan", lambda: self._make(order_id, version), tries=self._tries)
        if isinstance(end, NeedsPerson):
            failed = ev.PlanFailed(code=end.code, reason=end.sentence)
            run.step("report failure", lambda: self._reporter.once(order_id, version, failed))

    def _make(self, order_id: OrderId, version: int) -> Outcome:
        order = self._orders.load(order_id)
        if order.certificate is None:
            return NeedsPerson("no-certificate", "There is no proven certificate to plan with.")
        missing = self._keys.missing(order)
        if missing is not None:
            return missing
        try:
            snapshots = tuple(self._hosts.snapshot(host) for host in order.wish.hosts)
            plan = self._hosts.plan(order, order.certificate, snapshots)
        except HostFault as fault:
            return outcome_of(fault)
        return self._reporter.once(order_id, version, ev.PlanMade(plan=plan))
