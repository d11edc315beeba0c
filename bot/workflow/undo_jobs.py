"""The jobs that take something back: roll-back to the certificates of before, and retirement."""

import json
from dataclasses import asdict, dataclass, replace

from bot.domain import events as ev
from bot.domain.faults import HostFault
from bot.domain.ids import HostName, OrderId
from bot.domain.life import way_back
from bot.domain.order import CertificateOrder, HostStep
from bot.domain.plan import Caution, HostPlan, InstallPlan, Operation, OperationKind, Step
from bot.domain.undoing import GivingBack, done_part
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
from bot.workflow.succession import reinstated, tell_before

_SEEN_BACK = "the certificate of before serves"
_NOTHING_GIVEN = "nothing was given back"
_WHAT_NEXT = (
    "Whatever could be given back was, and nothing else was changed. Enable a valid certificate by hand for what is named "
    "here, or bring the one of before back with its key; then retry."
)
UNTOUCHED_BY_REMOVAL = "nothing was removed"
_RETIRE = "retire/"
_NOT_SENT = frozenset({"failed", "waiting"})
"""A removal shown so did certainly not run: it was refused, or its host was another order's."""


class RollBackJob:
    """
    ROLLING_BACK -> ROLLED_BACK: each host gets its services back, the last one first.

    What another certificate serves by now is left alone and told. Where the certificate of before is of no use any more
    the order's one serves on: everything else is given back on every host, and the order is FAILED, so that somebody
    decides; a retry looks at the hosts anew.
    """

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
        came: dict[HostName, _Came] = {}
        for host_plan in reversed(plan.hosts):
            end = self._undo(run, errand, plan, host_plan)
            if isinstance(end, NeedsPerson):
                report_failure(run, self._reporter, errand, host_plan.host, end)
                return
            came[host_plan.host] = _Came.read(end.seen)
        stays = [why for one in came.values() for why in one.stays]
        if stays:
            where = next(host for host, one in came.items() if one.stays)
            stopped = NeedsPerson("before-not-usable", f"{' '.join(stays)} {_WHAT_NEXT}")
            report_failure(run, self._reporter, errand, where, stopped)
            return
        left = tuple(why for one in came.values() for why in one.left)
        finished = ev.RollBackFinished(left=left)
        run.step("finish", lambda: self._reporter.for_errand(errand, finished))
        if any(one.is_back for one in came.values()):
            tell_before(run, self._orders, self._reporter, order_id, reinstated)

    def _undo(self, run: Run, errand: Errand, plan: InstallPlan, host_plan: HostPlan) -> End:
        host = host_plan.host
        end = until_done(
            run,
            f"{host} back",
            lambda: self._give_back(errand, plan, host_plan),
            tries=self._work.tries,
        )
        if isinstance(end, NeedsPerson) and end != OVERTAKEN:
            run.step(f"show {host} back", lambda: self._show_failed(errand, host, end.sentence))
        return end

    def _give_back(self, errand: Errand, plan: InstallPlan, host_plan: HostPlan) -> Outcome:
        # Looked at and changed within one step: a plan from before a pause could take out of service what another
        # order has installed meanwhile.
        order, host = self._orders.load(errand.order_id), host_plan.host
        if not errand.is_current(order):
            return OVERTAKEN
        if not self._was_reached(order, plan, host_plan):
            return Done(_Came().text())
        lease = self._work.hold(errand, host, Step.RESTORE)
        if isinstance(lease, TryLater):
            return lease
        running = self._work.wait_out(order.id, host_plan.operations)
        if running is not None:
            return running
        ran = done_part(host_plan, lambda op: self._ran(order, op))
        try:
            back = self._hosts.plan_roll_back(
                replace(plan, hosts=(ran,)), self._hosts.snapshot(host)
            )
        except HostFault as fault:
            return outcome_of(fault)
        prefix = _back(order)
        past, doubtful = self._seen_back(order, host_plan, back)
        for operation in past:
            self._work.settle(order.id, operation, _SEEN_BACK, prefix=prefix)
        for operation in (*doubtful, *back.operations):
            outcome = self._work.act(errand, operation, prefix=prefix, lease=lease)
            if not isinstance(outcome, Done):
                return outcome
        self._show(order, host, back)
        return Done(_Came(left=back.left, stays=back.stays, is_back=back.is_back).text())

    def _seen_back(
        self, order: CertificateOrder, host_plan: HostPlan, back: GivingBack
    ) -> tuple[list[Operation], list[Operation]]:
        """
        What is back already, and what only seems to be.

        Exchange accepted an operation of the installation that was never seen to take: Active Directory may still carry it,
        so the certificate of before is put in its place once more.
        """
        unseen = {
            service
            for op in host_plan.operations
            if self._work.has_begun(order.id, op) and not self._work.is_done(order.id, op)
            for service in op.services
        }
        doubtful = [op for op in back.past if unseen & set(op.services)]
        return [op for op in back.past if op not in doubtful], doubtful

    def _show(self, order: CertificateOrder, host: HostName, back: GivingBack) -> None:
        seen, warned = self._work.told(
            order.id, (*back.past, *back.operations), prefix=_back(order)
        )
        left = tuple(Caution(meaning=why) for why in back.left)
        note = seen or (_SEEN_BACK if back.past else _NOTHING_GIVEN)
        status, told = (
            ("failed", f"{' '.join(back.stays)} {note}") if back.stays else ("done", note)
        )
        self._reporter.step(order.id, host, Step.RESTORE, status, told, (*left, *warned))

    def _show_failed(self, errand: Errand, host: HostName, why: str) -> Done:
        self._reporter.step(errand.order_id, host, Step.RESTORE, "failed", why)
        return Done("failed")

    def _ran(self, order: CertificateOrder, operation: Operation) -> bool:
        """
        Whether an operation of the installation may have changed its host.

        Of a host that was finished everything did, whatever the journal still knows; an intermediate is only taken
        out when the journal says that it was added, and was not there before.
        """
        if self._work.has_begun(order.id, operation):
            return True
        is_finished = order.installed_at is not None or operation.host in order.done_hosts
        is_meant = operation.only_if in (None, order.answers.get(operation.host))
        return is_finished and is_meant and operation.kind is not OperationKind.ADD_INTERMEDIATE

    def _was_reached(self, order: CertificateOrder, plan: InstallPlan, host_plan: HostPlan) -> bool:
        """Whether the installation came to this host and took something; else it is left alone now too."""
        touched = order.installed_at is not None or any(
            self._work.has_begun(order.id, operation) for operation in host_plan.operations
        )
        return touched and plan.gives_back(host_plan.host)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Came:
    """
    What came of one host, as its step keeps it: a run that is resumed does not look again for it.

    Args:
        left, stays, is_back: as in `GivingBack`.
    """

    left: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    is_back: bool = False

    def text(self) -> str:
        """As text for a step."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> "_Came":
        """Read back what `text` wrote."""
        plain = json.loads(text)
        return cls(left=tuple(plain["left"]), stays=tuple(plain["stays"]), is_back=plain["is_back"])


def _back(order: CertificateOrder) -> str:
    """Sets the journal's keys of one roll-back apart from those of another that was given up before it."""
    return f"back-{order.kept}/" if order.kept else "back/"


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
            outcome = self._work.act(errand, operation, prefix=_RETIRE, lease=lease)
            if not isinstance(outcome, Done):
                self._note_refusal(order.id, operation, outcome)
                return outcome
        self._reporter.after_waiting(self._orders.progress(order.id), host, Step.REMOVE, "done")
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
