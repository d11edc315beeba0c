"""
The job of an approved plan: hosts in order, each installed and proven before the next is touched.

What the person approved is what runs: the plan's digest is compared with the approval's before
anything leaves, and the certificate is judged once more, since time has passed.
"""

from bot.certs.judge import IssuedCertificate
from bot.domain import events as ev
from bot.domain.approvals import Gate
from bot.domain.faults import HostFault
from bot.domain.ids import HostName, OrderId
from bot.domain.order import CertificateOrder
from bot.domain.plan import HostPlan, InstallPlan, Step
from bot.domain.site import Site
from bot.domain.states import State
from bot.ports import BundleJudge, ExchangeHosts, Orders, Prober
from bot.workflow.bundle_job import expectation_for
from bot.workflow.host_work import HostWork
from bot.workflow.outcome import (
    Done,
    End,
    NeedsPerson,
    Outcome,
    Run,
    TryLater,
    outcome_of,
    until_done,
)
from bot.workflow.reporter import Reporter, report_failure


class InstallJob:
    """INSTALLING -> INSTALLED, or FAILED at the first host that stops, the rest untouched."""

    def __init__(
        self,
        orders: Orders,
        hosts: ExchangeHosts,
        prober: Prober,
        judge: BundleJudge,
        site: Site,
        work: HostWork,
        reporter: Reporter,
        *,
        tries: int,
    ) -> None:
        self._orders = orders
        self._hosts = hosts
        self._prober = prober
        self._judge = judge
        self._site = site
        self._work = work
        self._reporter = reporter
        self._tries = tries

    def run(self, run: Run, order_id: OrderId, version: int) -> None:  # noqa: ARG002 - every job takes both
        """Install on every host of the plan, then finish."""
        ready = until_done(run, "check plan", lambda: self._check(order_id), tries=1)
        plan = self._plan(order_id)
        if isinstance(ready, NeedsPerson):
            report_failure(run, self._reporter, order_id, plan.hosts[0].host, ready)
            return
        for host_plan in plan.hosts:
            end = self._install(run, order_id, host_plan)
            if isinstance(end, NeedsPerson):
                report_failure(run, self._reporter, order_id, host_plan.host, end)
                return
        run.step("finish", lambda: self._finish(order_id))

    def _plan(self, order_id: OrderId) -> InstallPlan:
        plan = self._orders.load(order_id).plan
        if plan is None:
            raise LookupError(f"order {order_id} is installing without a plan")
        return plan

    def _check(self, order_id: OrderId) -> Outcome:
        order = self._orders.load(order_id)
        plan = self._plan(order_id)
        approved = {a.subject for a in order.approvals if a.gate is Gate.INSTALL and a.yes}
        if plan.digest() not in approved:
            return NeedsPerson(
                "plan-changed",
                "The stored plan is not the one that was approved. Nothing was done on any host. "
                "Have the hosts read again and approve the new plan.",
            )
        findings = self._judge.rejudge(
            self._work.certificate(order),
            expectation_for(order, self._site),
            vendor=order.wish.vendor,
        )
        bad = [finding.message for finding in findings if finding.severity == "refuse"]
        if bad:
            return NeedsPerson("bundle-no-longer-good", f"{' '.join(bad)} Nothing was installed.")
        return Done()

    def _install(self, run: Run, order_id: OrderId, host_plan: HostPlan) -> End:
        host = host_plan.host
        answer = self._orders.load(order_id).answers.get(host)
        end = self._work.run_all(run, order_id, host_plan.operations_for(answer))
        if isinstance(end, Done):
            end = until_done(
                run,
                f"{host} read back",
                lambda: self._read_back(order_id, host),
                tries=self._tries,
            )
        if isinstance(end, Done):
            end = until_done(
                run, f"{host} prove", lambda: self._prove(order_id, host), tries=self._tries
            )
        return end

    def _read_back(self, order_id: OrderId, host: HostName) -> Outcome:
        order = self._orders.load(order_id)
        self._reporter.step(order_id, host, Step.VERIFY, "running", "")
        plan = self._plan(order_id)
        try:
            seen = self._hosts.read_back(
                host, self._work.certificate(order), plan.services, plan, order.answers.get(host)
            )
        except HostFault as fault:
            return outcome_of(fault)
        return Done(seen.seen) if seen.done else TryLater("host-not-taken", seen.seen)

    def _prove(self, order_id: OrderId, host: HostName) -> Outcome:
        order = self._orders.load(order_id)
        if host in order.done_hosts:
            return Done("proven before")
        certificate: IssuedCertificate = self._work.certificate(order)
        plan = self._plan(order_id)
        services = plan.host(host).provable(plan.services, order.answers.get(host))
        handshakes = self._prober.probe(host, certificate, services)
        if not handshakes:
            return NeedsPerson(
                "nothing-to-prove",
                f"The certificate is installed on {host}, and the configuration lists no open port on which "
                f"it could be proven. List the host's ports in the site file, then retry: nothing is "
                f"installed again.",
            )
        unproven = [shake.detail for shake in handshakes if not shake.proven]
        if unproven:
            return TryLater("not-proven", " ".join(unproven))
        self._reporter.step(
            order_id, host, Step.VERIFY, "done", "; ".join(s.detail for s in handshakes)
        )
        return self._reporter.once(
            order_id, order.version, ev.HostDone(host=host, handshakes=handshakes)
        )

    def _finish(self, order_id: OrderId) -> Outcome:
        done = self._reporter.once(order_id, None, ev.InstallFinished())
        self._supersede(self._orders.load(order_id))
        return done

    def _supersede(self, order: CertificateOrder) -> None:
        if order.wish.renews is None:
            return
        before = self._orders.load(order.wish.renews)
        if before.state is State.INSTALLED:
            self._reporter.once(before.id, None, ev.SupersededBy(successor=order.id))
