"""
The job that clears abandoned pending requests: look, prove, drop once, look again.

Beside the order's own life: its state stays, and a run is current as long as the order's clearing is the one it
was started for.
"""

from bot.certs.prints import Thumbprint
from bot.domain import events as ev
from bot.domain.faults import HostFault
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.pending import (
    ClearAsk,
    clearable_rounds,
    csr_of_round,
    judge_request,
    request_name,
)
from bot.domain.plan import Observation, Step
from bot.ports import ExchangeHosts, Orders
from bot.workflow.operations import Operator, RemoteOperation
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
from bot.workflow.reporter import Errand, Reporter

_AGAIN_S = 1.0


class ClearJob:
    """Every abandoned request of the clearing is gone, or the order's card says why one is not."""

    def __init__(
        self,
        orders: Orders,
        hosts: ExchangeHosts,
        operator: Operator,
        reporter: Reporter,
        *,
        tries: int,
    ) -> None:
        self._orders = orders
        self._hosts = hosts
        self._operator = operator
        self._reporter = reporter
        self._tries = tries

    def run(self, run: Run, order_id: OrderId, version: int) -> None:
        """Clear round by round."""
        started = run.step("rounds", lambda: self._rounds(order_id, version))
        rounds = (
            tuple(int(word) for word in started.seen.split()) if isinstance(started, Done) else ()
        )
        for number in rounds:
            end = self._clear(run, order_id, version, number)
            if isinstance(end, NeedsPerson):
                failed = ev.ClearFailed(code=end.code, reason=end.sentence)
                self._report(run, "report failure", order_id, version, failed)
                return
        if rounds:
            self._report(run, "report cleared", order_id, version, ev.RequestCleared(rounds=rounds))

    def _rounds(self, order_id: OrderId, version: int) -> Outcome:
        """What is to be cleared; kept, since the order forgets it when it is done."""
        order = self._orders.load(order_id)
        clearing = order.clearing
        if clearing is None or not _is_current(order, version):
            return Done("")
        return Done(" ".join(map(str, clearing.rounds)))

    def _clear(self, run: Run, order_id: OrderId, version: int, number: int) -> End:
        found = until_done(
            run, f"find {number}", lambda: self._find(order_id, version, number), tries=self._tries
        )
        if isinstance(found, NeedsPerson) or not found.seen:
            return found
        handle = Thumbprint(found.seen)
        return until_done(
            run,
            f"clear {number}",
            lambda: self._drop(order_id, version, number, handle),
            tries=self._tries,
        )

    def _find(self, order_id: OrderId, version: int, number: int) -> Outcome:
        """The handle of this round's request; empty when none of its name is there."""
        order = self._orders.load(order_id)
        if not _is_current(order, version):
            return OVERTAKEN
        host = order.wish.hosts[0]
        try:
            named = [
                judge_request(one, host, order)
                for one in self._hosts.pending(host)
                if one.friendly_name == request_name(order, number)
            ]
        except HostFault as fault:
            return outcome_of(fault)
        proven = [one.request.thumbprint for one in named if one.can_clear and one.round == number]
        if named and not proven:
            return NeedsPerson(
                "request-not-ours",
                f"A pending request named {request_name(order, number)!r} is on {host}, and its public key is not "
                f"that of the CSR of order {order.id}. It was left alone. Look at it in Exchange; remove it by hand if "
                f"nobody waits for it.",
            )
        return Done(proven[0] if proven else "")

    def _drop(self, order_id: OrderId, version: int, number: int, handle: Thumbprint) -> Outcome:
        stands = self._orders.progress(order_id)
        order = stands.order
        # Asked again here: the rule may have been another one when the clearing was decided.
        if not _is_current(order, version) or number not in clearable_rounds(order):
            return OVERTAKEN
        ask = ClearAsk(
            host=order.wish.hosts[0],
            friendly_name=request_name(order, number),
            thumbprint=handle,
            csr_pem=csr_of_round(order, number),
        )
        lease = self._operator.hold(Errand(order_id=order_id, version=version), ask.host)
        if isinstance(lease, TryLater):
            self._reporter.step(order_id, ask.host, Step.REQUEST, "waiting", lease.sentence)
            return lease
        self._reporter.after_waiting(stands, ask.host, Step.REQUEST, "running")
        outcome = self._operator.run(
            RemoteOperation(
                key=f"{order_id}/clear/{ask.host}/{handle}",
                observe=lambda: self._look(ask),
                act=lambda until: self._hosts.clear_request(ask, until=until),
                skip_if_seen=True,
                seen_is_all=True,
            ),
            lease,
        )
        if isinstance(outcome, Done):
            self._reporter.after_waiting(stands, ask.host, Step.REQUEST, "done")
        return outcome

    def _look(self, ask: ClearAsk) -> Observation:
        there = any(one.thumbprint == ask.thumbprint for one in self._hosts.pending(ask.host))
        name = ask.friendly_name
        return Observation(
            done=not there,
            seen=f"pending request {name!r} {'is' if there else 'is not'} on {ask.host}",
        )

    def _report(
        self, run: Run, name: str, order_id: OrderId, version: int, event: ev.Event
    ) -> None:
        until_done(run, name, lambda: self._say(order_id, version, event), tries=self._tries)

    def _say(self, order_id: OrderId, version: int, event: ev.Event) -> Outcome:
        """The order may move on beside the clearing, so a version that is another one by now is met by looking again."""
        order = self._orders.load(order_id)
        if not _is_current(order, version):
            return Done("not taken: overtaken")
        told = self._reporter.once(order_id, order.version, event)
        if told.seen != event.kind.value:
            return TryLater("overtaken", "The order moved on in the same moment.", _AGAIN_S)
        return told


def _is_current(order: CertificateOrder, version: int) -> bool:
    return order.is_being_cleared and order.clearing is not None and order.clearing.since == version
