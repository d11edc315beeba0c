"""
One remote operation: observe, note the intent, act once, observe again, confirm.

A kill at any line leaves a record from which the next run knows what to do: nothing is sent twice on a
guess (reference: WinRM retries after a lost answer; durable steps are at least once).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName, OrderId
from bot.domain.intent import Deadline, Intent
from bot.domain.leases import Holder, Lease, Occupied
from bot.domain.plan import Caution, Observation, Receipt
from bot.ports import Clock, Journal
from bot.workflow.leases import HostLeases, wait_for
from bot.workflow.outcome import Done, Outcome, TryLater, outcome_of
from bot.workflow.reporter import Errand
from bot.workflow.stopwatch import Stopwatch, WallStopwatch

LOOK_AGAIN_S = 5.0
"""Seconds between looks at a host on which a killed run's operation may still be under way."""

SETTLE_S = 900.0
"""For how long a host that accepted an operation may go on showing the state of before: between sites Active Directory
replicates every quarter of an hour, and running an operation again is worse than looking again."""

ANSWER_LOST = Caution(
    meaning="The answer to a command was lost on its way, or was an error; a look at the host showed all that the command "
    "was for. Whether Exchange warned of something is not known."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteOperation:
    """
    What it takes to run one operation safely.

    Args:
        key: ``<order>/<operation key>``, the journal's key.
        observe: looks at the host, changes nothing.
        act: runs the operation, once, and gives back what the host answered; it lets nothing be sent that could still
            run at the deadline it is given.
        skip_if_seen: seeing the end state before acting is proof enough not to act. Not for operations whose
            end state can be an accident, as Exchange's computed Services are (exchange.md 4.3).
        seen_is_all: the end state that is looked at is everything the operation brings about, so that once it was
            begun, seeing it ends it; sending it again could bring nothing more.
    """

    key: str
    observe: Callable[[], Observation]
    act: Callable[[Deadline], Receipt]
    skip_if_seen: bool
    seen_is_all: bool = False


class Operator:
    """
    Runs remote operations so that each happens once, whatever happens to us.

    Args:
        worker: the word of this process, see `Holder`.
        deadline_s: how long after its intent a command may still run: then it is over, or was ended, or was never sent.
        stopwatch: says how long ago a command was begun; the wall clock unless given.
    """

    def __init__(
        self,
        journal: Journal,
        leases: HostLeases,
        clock: Clock,
        *,
        worker: str,
        deadline_s: float,
        stopwatch: Stopwatch | None = None,
    ) -> None:
        self._journal = journal
        self._leases = leases
        self._clock = clock
        self._worker = worker
        self._deadline = timedelta(seconds=deadline_s)
        self._stopwatch = stopwatch or WallStopwatch(clock)
        self._met: dict[tuple[str, int], str] = {}

    def hold(self, errand: Errand, host: HostName) -> Lease | TryLater:
        """Take the host for a run of work, or say whom it waits for."""
        taken = self._leases.take(host, self._holder(errand.order_id, errand.version))
        return wait_for(host, taken) if isinstance(taken, Occupied) else taken

    def let_go(self, order_id: OrderId, version: int) -> None:
        """A run of work has ended: its hosts are free for others."""
        self._leases.release(self._holder(order_id, version))

    def has_begun(self, key: str) -> bool:
        """Whether the operation may have reached the host, now or in an earlier run."""
        intent = self._journal.find(key)
        return intent is not None and intent.attempt > 0

    def wait_out(self, key: str) -> TryLater | None:
        """How long a command of a run before may still be running; None when it has ended, or was never sent."""
        intent = self._journal.find(key)
        if intent is None or intent.attempt == 0 or intent.confirmed or intent.answered:
            return None
        left = self._deadline.total_seconds() - self._ago_s(intent)
        return _look_again(left) if left > 0 else None

    def settle(self, key: str, seen: str) -> None:
        """The end state of an operation was seen by other means: one that was begun, by a run that died, needs no sending."""
        intent = self._journal.find(key)
        if intent is not None and intent.attempt > 0 and not intent.confirmed:
            self._journal.confirm(key, seen)

    def is_confirmed(self, key: str) -> bool:
        """Whether the operation's end state was seen."""
        intent = self._journal.find(key)
        return intent is not None and bool(intent.confirmed)

    def seen(self, key: str) -> str:
        """What was seen in the end; empty while it was not."""
        intent = self._journal.find(key)
        return intent.confirmed if intent is not None else ""

    def warnings(self, key: str) -> tuple[Caution, ...]:
        """What the host warned of; when its answer was lost on the way, that nobody can know."""
        intent = self._journal.find(key)
        if intent is None:
            return ()
        is_lost = intent.attempt > 0 and bool(intent.confirmed) and not intent.answered
        return (ANSWER_LOST,) if is_lost else intent.warnings

    def run(self, operation: RemoteOperation, lease: Lease) -> Outcome:
        """
        Bring one operation to its end, or say why not yet.

        Args:
            lease: on the operation's host, as `hold` gave it just before.
        """
        intent = self._journal.find(operation.key)
        if intent is not None and intent.confirmed:
            return Done(intent.confirmed)
        try:
            return self._go_on(operation, intent, lease)
        except HostFault as fault:
            return outcome_of(fault)

    def _holder(self, order_id: OrderId, version: int) -> Holder:
        return Holder(worker=self._worker, order_id=order_id, version=version)

    def _go_on(self, operation: RemoteOperation, intent: Intent | None, lease: Lease) -> Outcome:
        seen = operation.observe()
        if intent is None:
            if seen.done and operation.skip_if_seen:
                return self._confirm(operation, f"already there: {seen.seen}")
            return self._act(operation, seen, lease, attempt=1)
        if seen.done and (operation.seen_is_all or intent.answered or not intent.was_done):
            return self._confirm(operation, f"found done: {seen.seen}")
        if intent.answered and not self._is_settled(intent):
            return _not_taken(seen)
        left = self._deadline.total_seconds() - self._ago_s(intent)
        if left > 0:
            return _look_again(left)
        return self._act(operation, seen, lease, attempt=intent.attempt + 1)

    def _act(
        self, operation: RemoteOperation, before: Observation, lease: Lease, *, attempt: int
    ) -> Outcome:
        # Taken before it is noted: what the note itself takes is used up as well.
        until = Deadline(whole_s=self._deadline.total_seconds(), begun=self._stopwatch.mark())
        noted = self._journal.intend(
            operation.key,
            attempt=attempt,
            deadline=self._clock.now() + self._deadline,
            was_done=before.done,
            lease=lease,
            begun=until.begun,
        )
        if noted is None:
            # Two runs of one job looked at the same moment and the other one was first, or this process was
            # taken for dead and another one has the host: that one acts.
            return _look_again(LOOK_AGAIN_S)
        try:
            receipt = operation.act(until)
        except HostFault as fault:
            # What ran, or may have, keeps its intent: the next look at the host decides what happened.
            if fault.executed == "no":
                self._journal.withdraw(operation.key, attempt=attempt)
            if fault.executed != "maybe":
                self._leases.rest(lease)
            raise
        # At once, and before the host is asked again: the cmdlet's own words exist nowhere else.
        self._journal.hear(operation.key, receipt.warnings, attempt=attempt, lease=lease)
        seen = operation.observe()
        if seen.done:
            return self._confirm(operation, seen.seen)
        return _not_taken(seen)

    def _is_settled(self, intent: Intent) -> bool:
        """Whether what the host accepted must be to be seen by now, if it was done at all."""
        return self._ago_s(intent) >= SETTLE_S

    def _ago_s(self, intent: Intent) -> float:
        """
        How long ago the attempt was begun, at least.

        One that was begun on another machine, or before this one was started anew, counts from when it was first
        met here: wall clocks may have been set meanwhile, and nothing else knows.
        """
        if not intent.begun:
            return (self._clock.now() - (intent.deadline - self._deadline)).total_seconds()
        known = self._stopwatch.since(intent.begun)
        if known is not None:
            return known
        met = self._met.setdefault((intent.key, intent.attempt), self._stopwatch.mark())
        return self._stopwatch.since(met) or 0.0

    def _confirm(self, operation: RemoteOperation, seen: str) -> Done:
        self._journal.confirm(operation.key, seen)
        return Done(seen)


def _not_taken(seen: Observation) -> TryLater:
    return TryLater(
        FaultKind.NOT_TAKEN.value,
        f"The host accepted the operation, and a look at it shows something else: {seen.seen}. Active Directory may "
        f"still be carrying it; nothing is sent a second time within {SETTLE_S / 60:.0f} minutes.",
    )


def _look_again(left_s: float) -> TryLater:
    return TryLater(
        FaultKind.TIMEOUT.value,
        "The last try may still be running on the host; CertDesk looks again before it acts.",
        after_s=min(left_s, LOOK_AGAIN_S) + 0.1,
        counts=False,
    )
