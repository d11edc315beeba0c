"""
The job of an approved order: have the CSR made on the host, or make it here, and prove that it is what was ordered.

A key made here is kept by the very change that posts its CSR: a kill before it leaves neither, a kill after it both.
"""

from bot.certs.csr import check_csr, parse_csr
from bot.certs.findings import BadMaterial
from bot.domain import events as ev
from bot.domain.faults import HostFault
from bot.domain.ids import OrderId
from bot.domain.intent import Deadline
from bot.domain.order import CertificateOrder
from bot.domain.pending import request_name
from bot.domain.plan import Observation, Receipt, Step
from bot.ports import CsrAsk, ExchangeHosts, Orders
from bot.workflow.key_work import KeyWork
from bot.workflow.operations import Operator, RemoteOperation
from bot.workflow.outcome import (
    Done,
    NeedsPerson,
    Outcome,
    Run,
    TryLater,
    outcome_of,
    until_done,
)
from bot.workflow.reporter import Errand, Reporter


def friendly_name(order: CertificateOrder) -> str:
    """
    The name the pending request carries on the host, unique to order and round.

    After a kill it is how our own request is found again; fewer than 64 characters (exchange.md 2.1).
    """
    return request_name(order, order.csr_round + 1)


class CsrJob:
    """APPROVED -> CSR_READY, or FAILED with a sentence for the operator."""

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
        """Make the CSR, then report it."""
        end = until_done(run, "make csr", lambda: self._make(order_id, version), tries=self._tries)
        if isinstance(end, Done):
            end = until_done(
                run, "report csr", lambda: self._report(order_id, version), tries=self._tries
            )
        if isinstance(end, NeedsPerson):
            refused = ev.HostRefused(code=end.code, reason=end.sentence)
            run.step("report refusal", lambda: self._reporter.once(order_id, version, refused))

    def _make(self, order_id: OrderId, version: int) -> Outcome:
        stands = self._orders.progress(order_id)
        order = stands.order
        if order.version != version:
            # Reported before a kill: a look under the next round's name would make a second request.
            return Done("overtaken")
        if order.wish.local_key_days:
            return self._make_here(order)
        ask = self._ask(order)
        lease = self._operator.hold(Errand(order_id=order_id, version=version), ask.host)
        if isinstance(lease, TryLater):
            self._reporter.step(order_id, ask.host, Step.REQUEST, "waiting", lease.sentence)
            return lease
        self._reporter.after_waiting(stands, ask.host, Step.REQUEST, "running")
        return self._operator.run(
            RemoteOperation(
                key=f"{order_id}/csr/{ask.friendly_name}",
                observe=lambda: self._look(ask),
                act=lambda until: self._ask_for(ask, until),
                skip_if_seen=True,
            ),
            lease,
        )

    def _make_here(self, order: CertificateOrder) -> Outcome:
        try:
            made = self._keys.make(order)
        except BadMaterial as bad:
            return NeedsPerson("csr-not-as-ordered", f"{bad} The CSR was not posted.")
        if isinstance(made, NeedsPerson):
            return made
        return self._reporter.once(order.id, order.version, made)

    def _report(self, order_id: OrderId, version: int) -> Outcome:
        stands = self._orders.progress(order_id)
        if stands.order.version != version:
            return Done("overtaken")
        ask = self._ask(stands.order)
        try:
            pem = self._hosts.find_csr(ask)
            if pem is None:
                return NeedsPerson(
                    "csr-gone",
                    f"The pending request {ask.friendly_name!r} is not on {ask.host} any more. No CSR was "
                    f"posted. Retry makes a new one.",
                )
            csr = parse_csr(pem)
            wish = ask.wish
            check_csr(
                csr, names=wish.names, key_bits=wish.key_bits, common_name=wish.subject.common_name
            )
        except HostFault as fault:
            return outcome_of(fault)
        except BadMaterial as bad:
            return NeedsPerson("csr-not-as-ordered", f"{bad} The CSR was not posted.")
        self._reporter.after_waiting(stands, ask.host, Step.REQUEST, "done")
        return self._reporter.once(order_id, version, ev.CsrMade(csr_pem=csr.pem))

    def _ask(self, order: CertificateOrder) -> CsrAsk:
        return CsrAsk(host=order.wish.hosts[0], wish=order.wish, friendly_name=friendly_name(order))

    def _ask_for(self, ask: CsrAsk, until: Deadline) -> Receipt:
        pem = self._hosts.make_csr(ask, until=until)
        return Receipt(seen=f"{len(pem)} characters of PEM")

    def _look(self, ask: CsrAsk) -> Observation:
        found = self._hosts.find_csr(ask) is not None
        name = ask.friendly_name
        return Observation(
            done=found, seen=f"pending request {name!r} {'is' if found else 'is not'} on {ask.host}"
        )
