"""The job of an uploaded bundle: judge it; the proof, or every reason why not."""

from bot.certs.compare import as_findings, changes
from bot.certs.findings import Finding
from bot.certs.judge import Expectation, Verdict, with_findings
from bot.domain import events as ev
from bot.domain.ids import OrderId, UploadId
from bot.domain.site import Site
from bot.ports import BundleJudge, Orders, Revocation
from bot.workflow.expected import earlier_orders, expectation_for
from bot.workflow.outcome import Done, Outcome, Run
from bot.workflow.reporter import Reporter


class BundleJob:
    """
    CHECKING -> PROVEN, or back to ISSUED with the findings.

    Args:
        revocation: asked only about what the judge accepted.
    """

    def __init__(
        self,
        orders: Orders,
        judge: BundleJudge,
        revocation: Revocation,
        site: Site,
        reporter: Reporter,
    ) -> None:
        self._orders = orders
        self._judge = judge
        self._revocation = revocation
        self._site = site
        self._reporter = reporter

    def run(self, run: Run, order_id: OrderId, version: int) -> None:
        """Judge and report in one step; the file's bytes go with the report, in its transaction."""
        which = run.step("which", lambda: self._which(order_id))
        if not isinstance(which, Done):
            return
        upload_id = UploadId(int(which.seen))
        run.step("judge", lambda: self._judge_it(order_id, version, upload_id))

    def _which(self, order_id: OrderId) -> Outcome:
        upload_id = self._orders.load(order_id).upload_id
        if upload_id is None:
            raise LookupError(f"order {order_id} is checking without an upload")
        return Done(str(upload_id))

    def _judge_it(self, order_id: OrderId, version: int, upload_id: UploadId) -> Outcome:
        order = self._orders.load(order_id)
        if order.version != version:
            # Killed behind the report, or overtaken: the bytes are gone, and an empty file has nothing to say.
            return Done("not taken: overtaken")
        upload = self._orders.upload(upload_id)
        expected = expectation_for(order, self._site, earlier_orders(self._orders, order))
        vendor = order.wish.vendor
        verdict = self._judge.judge(upload.data, upload.name, expected, vendor=vendor)
        if verdict.certificate is not None:
            asked = self._revocation.check(verdict.certificate, vendor=vendor)
            verdict = with_findings(verdict, (*asked, *_rows(verdict, expected)))
        return self._reporter.once(order_id, version, event_of(verdict))


def _rows(verdict: Verdict, expected: Expectation) -> tuple[Finding, ...]:
    """What was delivered beside what was approved and is in place, for the card the operators decide on."""
    if verdict.leaf is None:
        return ()
    return as_findings(changes(verdict.leaf, approved=expected.names, replaces=expected.replaces))


def event_of(verdict: Verdict) -> ev.Event:
    """Turn a verdict into what happens to the order."""
    if verdict.certificate is not None and verdict.outcome != "refuse":
        return ev.BundleProven(certificate=verdict.certificate, findings=verdict.findings)
    return ev.BundleRefused(findings=verdict.findings)


def broken(incident: str) -> ev.BundleRefused:
    """What happens when the judge itself fails: the bundle was not judged, and is not accepted."""
    finding = Finding(
        code="not_judged",
        severity="refuse",
        where="",
        message=(
            f"CertDesk itself failed while it looked at this file (incident {incident}). The file was "
            f"not accepted and nothing was imported. Upload it again; if it happens twice, tell your "
            f"administrator the incident number."
        ),
    )
    return ev.BundleRefused(findings=(finding,))
