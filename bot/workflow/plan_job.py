"""The job of a proven bundle: read the hosts and write down what would be done there."""

from bot.domain import events as ev
from bot.domain.faults import HostFault
from bot.domain.ids import OrderId
from bot.domain.plan import Snapshot
from bot.ports import ExchangeHosts, Orders
from bot.workflow.key_work import KeyWork
from bot.workflow.operations import Operator
from bot.workflow.outcome import NeedsPerson, Outcome, Run, TryLater, outcome_of, until_done
from bot.workflow.reporter import Errand, Reporter


class PlanJob:
    """PROVEN stays PROVEN; afterwards there is a plan to decide on, or a sentence on why not."""

    def __init__(
        self,
        orders: Orders,
        hosts: ExchangeHosts,
        operator: Operator,
        reporter: Reporter,
        keys: KeyWork,
        *,
        tries: int,
    ) -> None:
        self._orders = orders
        self._keys = keys
        self._hosts = hosts
        self._operator = operator
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
        snapshots: list[Snapshot] = []
        try:
            for host in order.wish.hosts:
                # Read in the middle of another order's work a host shows what is there for seconds only, as the
                # default SMTP certificate between the new one's enabling and the old one's giving back.
                lease = self._operator.hold(Errand(order_id=order_id, version=version), host)
                if isinstance(lease, TryLater):
                    return lease
                snapshots.append(self._hosts.snapshot(host))
            plan = self._hosts.plan(order, order.certificate, tuple(snapshots))
        except HostFault as fault:
            return outcome_of(fault)
        return self._reporter.once(order_id, version, ev.PlanMade(plan=plan))
