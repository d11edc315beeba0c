"""Running planned operations on one host, with what people see of it on the status card."""

from dataclasses import dataclass
from itertools import groupby

from bot.certs.judge import IssuedCertificate
from bot.domain.ids import HostName, OrderId
from bot.domain.intent import Deadline
from bot.domain.leases import Lease
from bot.domain.order import CertificateOrder
from bot.domain.plan import Caution, InstallPlan, Operation, OperationKind, Receipt, Step
from bot.ports import ExchangeHosts, Orders
from bot.workflow.key_work import KeyWork
from bot.workflow.operations import Operator, RemoteOperation
from bot.workflow.outcome import (
    OVERTAKEN,
    Done,
    End,
    NeedsPerson,
    Outcome,
    Run,
    TryLater,
    until_done,
)
from bot.workflow.reporter import Errand, Reporter

SEEING_IS_ENOUGH = frozenset(
    {
        OperationKind.ADD_INTERMEDIATE,
        OperationKind.IMPORT_CERTIFICATE,
        OperationKind.NAME_IN_CONNECTOR,
        OperationKind.REMOVE_CERTIFICATE,
    }
)
"""Operations whose end state cannot be an accident; Exchange computes the Services it shows (4.3)."""

SEEING_IS_ALL = frozenset(
    {
        OperationKind.ENABLE_SMTP_KEEPING_DEFAULT,
        OperationKind.RESTORE_CONNECTOR,
        OperationKind.REMOVE_INTERMEDIATE,
    }
)
"""Operations that bring about nothing but what is looked at: with No, enabling SMTP grants what is shown (3.2)."""


class HostWork:
    """Takes operations to their end, one after the other, stopping at the first that needs a person."""

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

    def run_all(
        self, run: Run, errand: Errand, operations: tuple[Operation, ...], *, prefix: str = ""
    ) -> End:
        """
        Run operations in order.

        Args:
            prefix: sets the journal's keys of one purpose apart from another's (roll-back, retirement).
        """
        for _, group in groupby(operations, key=lambda op: (op.host, op.step)):
            together = _Together(errand=errand, members=tuple(group), prefix=prefix)
            end = self._run_together(run, together)
            if isinstance(end, NeedsPerson):
                return end
        return Done()

    @property
    def tries(self) -> int:
        """How often a piece of work is tried before a person is asked."""
        return self._tries

    def act(
        self, errand: Errand, operation: Operation, *, prefix: str, lease: Lease | None = None
    ) -> Outcome:
        """
        Run one operation now, through the journal, if the order still means this run.

        Args:
            lease: the hold under which it was planned, where that was now: if it was lost since, nothing is sent.
        """
        order = self._orders.load(errand.order_id)
        if not errand.is_current(order):
            return OVERTAKEN
        held = lease or self.hold(errand, operation.host, operation.step)
        if isinstance(held, TryLater):
            return held
        certificate = self.certificate(order)
        self._reporter.step(order.id, operation.host, operation.step, "running", "")
        return self._operator.run(
            RemoteOperation(
                key=_key(order.id, operation, prefix),
                observe=lambda: self._hosts.observe(operation, certificate),
                act=lambda until: self._act(order, operation, certificate, until),
                skip_if_seen=operation.kind in SEEING_IS_ENOUGH,
                seen_is_all=operation.kind in SEEING_IS_ALL,
            ),
            held,
        )

    def _act(
        self,
        order: CertificateOrder,
        operation: Operation,
        certificate: IssuedCertificate,
        until: Deadline,
    ) -> Receipt:
        """Run one operation; the key it may bring is opened here, behind the intent, for this one call."""
        parcel = self._keys.parcel(order, operation)
        if parcel is None:
            return self._hosts.act(operation, certificate, until=until)
        return self._hosts.act(operation, certificate, parcel=parcel, until=until)

    def has_begun(self, order_id: OrderId, operation: Operation, *, prefix: str = "") -> bool:
        """Whether an operation, of an installation unless said otherwise, may have reached its host."""
        return self._operator.has_begun(_key(order_id, operation, prefix))

    def hold(self, errand: Errand, host: HostName, step: Step) -> Lease | TryLater:
        """Take a host for an order's work; when another order works there, the card says so."""
        lease = self._operator.hold(errand, host)
        if isinstance(lease, TryLater):
            self._reporter.step(errand.order_id, host, step, "waiting", lease.sentence)
        return lease

    def wait_out(self, order_id: OrderId, operations: tuple[Operation, ...]) -> TryLater | None:
        """Why the host must not be looked at yet: a command of an installation may still change it."""
        waits = (self._operator.wait_out(_key(order_id, one)) for one in operations)
        return next((one for one in waits if one is not None), None)

    def settle(self, order_id: OrderId, operation: Operation, seen: str, *, prefix: str) -> None:
        """The end state of an operation was seen before it was sent; a run of before may have sent it."""
        self._operator.settle(_key(order_id, operation, prefix), seen)

    def told(
        self, order_id: OrderId, operations: tuple[Operation, ...], *, prefix: str
    ) -> tuple[str, tuple[Caution, ...]]:
        """What was seen of operations afterwards, and what was warned of meanwhile."""
        errand = Errand(order_id=order_id, version=0)
        together = _Together(errand=errand, members=operations, prefix=prefix)
        return self._seen(together), self._warned(together)

    def is_done(self, order_id: OrderId, operation: Operation) -> bool:
        """Whether the end state of an operation of an installation was seen."""
        return self._operator.is_confirmed(_key(order_id, operation))

    def missing_key(self, order: CertificateOrder, plan: InstallPlan) -> NeedsPerson | None:
        """Why the plan cannot be brought to its end for want of a key that CertDesk made; None when it can."""
        brought = (op for host in plan.hosts for op in host.operations if op.pfx is not None)
        if all(self.is_done(order.id, op) for op in brought):
            return None
        return self._keys.missing(order)

    def certificate(self, order: CertificateOrder) -> IssuedCertificate:
        """The proven certificate of an order that has come so far."""
        if order.certificate is None:
            raise LookupError(f"order {order.id} has no proven certificate")
        return order.certificate

    def _run_together(self, run: Run, together: "_Together") -> End:
        for operation in together.members:
            end = self._run_one(run, together, operation)
            if isinstance(end, NeedsPerson):
                return end
        last = together.members[-1]
        run.step(
            f"done {last.key}", lambda: self._show(together, last, "done", self._seen(together))
        )
        return Done()

    def _run_one(self, run: Run, together: "_Together", operation: Operation) -> End:
        name = f"{together.prefix}{operation.key}"
        end = until_done(
            run,
            name,
            lambda: self.act(together.errand, operation, prefix=together.prefix),
            tries=self._tries,
        )
        if isinstance(end, NeedsPerson) and end != OVERTAKEN:
            run.step(
                f"show {name}", lambda: self._show(together, operation, "failed", end.sentence)
            )
        return end

    def _show(self, together: "_Together", operation: Operation, status: str, note: str) -> Done:
        """Show how a step ended, with everything Exchange warned of on the way."""
        order_id = together.errand.order_id
        warned = self._warned(together)
        self._reporter.step(order_id, operation.host, operation.step, status, note, warned)
        return Done(status)

    def _seen(self, together: "_Together") -> str:
        """What was seen of each operation afterwards: the evidence is made from it."""
        seen = (self._operator.seen(key) for key in together.journal_keys())
        return "; ".join(one for one in seen if one)

    def _warned(self, together: "_Together") -> tuple[Caution, ...]:
        """What was warned of in a step; the same words once."""
        said = (w for key in together.journal_keys() for w in self._operator.warnings(key))
        return tuple(dict.fromkeys(said))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Together:
    """Operations in a row that are one step of one host, and the run they belong to."""

    errand: Errand
    members: tuple[Operation, ...]
    prefix: str

    def journal_keys(self) -> tuple[str, ...]:
        """The journal's keys of its operations."""
        return tuple(_key(self.errand.order_id, op, self.prefix) for op in self.members)


def _key(order_id: OrderId, operation: Operation, prefix: str = "") -> str:
    return f"{order_id}/{prefix}{operation.key}"
