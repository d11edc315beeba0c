"""
The job of an approved plan: hosts in order, each installed and proven before the next is touched.

What the person approved is what runs: the plan's digest is compared with the approval's before
anything leaves, and the certificate is judged once more, since time has passed.
"""

from bot.certs.findings import Finding
from bot.certs.judge import IssuedCertificate
from bot.domain import events as ev
from bot.domain.approvals import Gate
from bot.domain.faults import HostFault
from bot.domain.ids import HostName, OrderId
from bot.domain.order import CertificateOrder
from bot.domain.plan import HostPlan, InstallPlan, OperationKind, Step
from bot.domain.site import Site
from bot.ports import BundleJudge, ExchangeHosts, Orders, Prober, Revocation
from bot.workflow.expected import earlier_orders, expectation_for
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
from bot.workflow.succession import superseded, tell_before


class InstallJob:
    """INSTALLING -> INSTALLED, or FAILED at the first host that stops, the rest untouched."""

    def __init__(
        self,
        orders: Orders,
        hosts: ExchangeHosts,
        prober: Prober,
        judge: BundleJudge,
        revocation: Revocation,
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
        self._revocation = revocation
        self._site = site
        self._work = work
        self._reporter = reporter
        self._tries = tries

    def run(self, run: Run, order_id: OrderId, version: int) -> None:
        """Install on every host of the plan, then finish."""
        begun = run.step("begin", lambda: self._begin(order_id))
        hosts_before = int(begun.seen) if isinstance(begun, Done) else 0
        errand = Errand(order_id=order_id, version=version, hosts_before=hosts_before)
        ready = until_done(run, "check plan", lambda: self._check(errand), tries=1)
        plan = self._plan(order_id)
        if isinstance(ready, NeedsPerson):
            report_failure(run, self._reporter, errand, plan.hosts[0].host, ready)
            return
        for host_plan in plan.hosts:
            if self._was_done(run, order_id, host_plan.host):
                continue
            end = self._install(run, errand, host_plan)
            if isinstance(end, NeedsPerson):
                self._fail(run, errand, host_plan, end)
                return
        run.step("finish", lambda: self._finish(errand))
        tell_before(run, self._orders, self._reporter, order_id, superseded)

    def _begin(self, order_id: OrderId) -> Outcome:
        return Done(str(len(self._orders.load(order_id).done_hosts)))

    def _plan(self, order_id: OrderId) -> InstallPlan:
        plan = self._orders.load(order_id).plan
        if plan is None:
            raise LookupError(f"order {order_id} is installing without a plan")
        return plan

    def _check(self, errand: Errand) -> Outcome:
        order = self._orders.load(errand.order_id)
        if not errand.is_current(order):
            return OVERTAKEN
        plan = self._plan(order.id)
        approved = {a.subject for a in order.approvals if a.gate is Gate.INSTALL and a.yes}
        if plan.digest() not in approved:
            return NeedsPerson(
                "plan-changed",
                "The stored plan is not the one that was approved, so this run did nothing on any host. "
                "Cancel the order and ask anew; the plan is part of what was approved.",
            )
        missing = self._work.missing_key(order, plan)
        if missing is not None:
            return missing
        bad = self._reasons_against(order)
        if bad:
            return NeedsPerson(
                "bundle-no-longer-good",
                f"{' '.join(bad)} {'Nothing was installed.' if not order.done_hosts else _ON_SOME}",
            )
        return Done()

    def _reasons_against(self, order: CertificateOrder) -> list[str]:
        """What speaks against the certificate by now; the issuers are asked only about what still holds."""
        certificate, vendor = self._work.certificate(order), order.wish.vendor
        expected = expectation_for(order, self._site, earlier_orders(self._orders, order))
        findings = self._judge.rejudge(certificate, expected, vendor=vendor)
        if not _sentences_against(findings):
            findings = self._revocation.check(certificate, vendor=vendor)
        return _sentences_against(findings)

    def _was_done(self, run: Run, order_id: OrderId, host: HostName) -> bool:
        """Whether an earlier run has proven this host: then it is not called again, up or down as it may be now."""

        def look() -> Outcome:
            is_done = host in self._orders.load(order_id).done_hosts
            return Done(_PROVEN_BEFORE if is_done else "")

        return run.step(f"{host} before", look) == Done(_PROVEN_BEFORE)

    def _install(self, run: Run, errand: Errand, host_plan: HostPlan) -> End:
        order_id, host = errand.order_id, host_plan.host
        answer = self._orders.load(order_id).answers.get(host)
        end: End = Done()
        if host_plan.question is not None:
            end = until_done(
                run,
                f"{host} default",
                lambda: self._same_default(errand, host_plan),
                tries=self._tries,
            )
        if isinstance(end, Done):
            end = self._work.run_all(run, errand, host_plan.operations_for(answer))
        if isinstance(end, Done):
            end = until_done(
                run,
                f"{host} read back",
                lambda: self._read_back(errand, host),
                tries=self._tries,
            )
        if isinstance(end, Done):
            seen = end.seen
            end = until_done(
                run, f"{host} prove", lambda: self._prove(errand, host, seen), tries=self._tries
            )
        return end

    def _same_default(self, errand: Errand, host_plan: HostPlan) -> Outcome:
        """
        Look whether the SMTP question is still the one that was answered.

        With Yes another certificate would be replaced than the one people read, with No another one would
        be "given back": both would change what nobody decided on.
        """
        question = host_plan.question
        if question is None or question.current is None:
            return Done()
        # Shown with the step that comes next; one that is never taken would be shown to wait for ever.
        lease = self._work.hold(errand, host_plan.host, host_plan.operations[0].step)
        if isinstance(lease, TryLater):
            return lease
        try:
            now = self._hosts.snapshot(host_plan.host).default_smtp
        except HostFault as fault:
            return outcome_of(fault)
        if now in {question.current.thumbprint, question.new.thumbprint}:
            return Done("the default is the one of the plan")
        return NeedsPerson(
            "smtp-default-changed",
            f"{host_plan.host}: the default SMTP certificate is {now or 'none'} now, and the question was "
            f"answered for {question.current.thumbprint}. This run changed nothing on this host. Make that "
            f"one the default again and retry, or cancel the order and ask anew.",
        )

    def _fail(self, run: Run, errand: Errand, host_plan: HostPlan, end: NeedsPerson) -> None:
        left = run.step("what is left", lambda: self._left_behind(errand.order_id, host_plan))
        note = left.seen if isinstance(left, Done) else ""
        told = NeedsPerson(end.code, f"{end.sentence} {note}".strip())
        report_failure(run, self._reporter, errand, host_plan.host, told)

    def _left_behind(self, order_id: OrderId, host_plan: HostPlan) -> Outcome:
        """Say what a failure leaves changed on its host, the default SMTP certificate above all."""
        answer = self._orders.load(order_id).answers.get(host_plan.host)
        operations = host_plan.operations_for(answer)
        done = [
            op.kind.value.replace("_", " ") for op in operations if self._work.is_done(order_id, op)
        ]
        notes = (
            [f"Done on {host_plan.host} before: {', '.join(dict.fromkeys(done))}."] if done else []
        )
        back = next(
            (op for op in operations if op.kind is OperationKind.RESTORE_SMTP_DEFAULT), None
        )
        taken = any(
            op.kind is OperationKind.ENABLE_SMTP and self._work.has_begun(order_id, op)
            for op in operations
        )
        if back is not None and taken and not self._work.is_done(order_id, back):
            notes.append(
                f"No was decided for the default SMTP certificate of {host_plan.host}, and the new one may be "
                f"the default until it is given back: Retry does so; by hand it is {back.text}"
            )
        return Done(" ".join(notes))

    def _read_back(self, errand: Errand, host: HostName) -> Outcome:
        order_id = errand.order_id
        order = self._orders.load(order_id)
        lease = self._work.hold(errand, host, Step.VERIFY)
        if isinstance(lease, TryLater):
            return lease
        self._reporter.step(order_id, host, Step.VERIFY, "running", "")
        plan = self._plan(order_id)
        try:
            seen = self._hosts.read_back(
                host, self._work.certificate(order), plan.services, plan, order.answers.get(host)
            )
        except HostFault as fault:
            return outcome_of(fault)
        return Done(seen.seen) if seen.done else TryLater("host-not-taken", seen.seen)

    def _prove(self, errand: Errand, host: HostName, read_back: str) -> Outcome:
        order_id = errand.order_id
        order = self._orders.load(order_id)
        if host in order.done_hosts:
            return Done(_PROVEN_BEFORE)
        # What is proven must not be changed by another order meanwhile, however long it takes to be seen.
        lease = self._work.hold(errand, host, Step.VERIFY)
        if isinstance(lease, TryLater):
            return lease
        certificate: IssuedCertificate = self._work.certificate(order)
        plan = self._plan(order_id)
        services = plan.host(host).provable(plan.services, order.answers.get(host))
        if not services:
            return NeedsPerson(
                "nothing-to-prove",
                f"The certificate is in place on {host}, and after the No to the default SMTP certificate no "
                f"service there is sure to show it, so nothing was proven. Roll back, or order with Yes or "
                f"with another service.",
            )
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
        proofs = [shake.detail for shake in handshakes]
        self._reporter.step(
            order_id, host, Step.VERIFY, "done", "; ".join([f"read back: {read_back}", *proofs])
        )
        return self._reporter.once(
            order_id,
            order.version,
            ev.HostDone(host=host, handshakes=handshakes, read_back=read_back),
        )

    def _finish(self, errand: Errand) -> Outcome:
        order = self._orders.load(errand.order_id)
        proven = {plan.host for plan in self._plan(order.id).hosts} <= set(order.done_hosts)
        if not proven and errand.is_current(order):
            raise LookupError(f"order {order.id} came to its end without proof of every host")
        return self._reporter.for_errand(errand, ev.InstallFinished())


def _sentences_against(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.message for finding in findings if finding.severity == "refuse"]


_PROVEN_BEFORE = "proven before"
_ON_SOME = "What was installed before stays; nothing more was."
