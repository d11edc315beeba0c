"""
The one thread that speaks to a host, and the deadline that lives outside every library.

A read time-out bounds one read of a socket, not an answer that comes byte by byte; so whoever asks waits here,
and leaves when the time is over. The work under way is cancelled over another connection and its thread is left
to end by itself; a new one takes its place.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from bot.exchange.allowance import Allowance, TooLate, too_late_fault
from bot.exchange.call import Call, Reply
from bot.exchange.faults import ACCIDENT_RULES, Accident, Moment, WireTrouble, host_fault
from bot.exchange.session import Conversation, Deadlines, Foresighted

Result = TypeVar("Result")

READ_S: Final = 30.0
"""One read of the socket: by so much an answer may come late (winrm.md 7.5)."""


class Overrun(Exception):
    """The work did not end in its time; its thread is abandoned."""


@dataclass(slots=True)
class _Job(Generic[Result]):
    work: Callable[[], Result]
    ended: threading.Event = field(default_factory=threading.Event)
    result: Result | None = None
    fault: BaseException | None = None


class HostActor:
    """
    Runs pieces of work one after the other in a thread of its own.

    After an `Overrun` it is of no use any more: what was asked may still run.
    """

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"host-{name}", daemon=True)
        self._thread.start()

    def ask(self, work: Callable[[], Result], *, limit_s: float) -> Result:
        """
        Have it done, and wait.

        Raises:
            Overrun: it took longer than the limit.
        """
        job = _Job(work)
        self._jobs.put(job)
        if not job.ended.wait(limit_s):
            raise Overrun
        if job.fault is not None:
            raise job.fault
        return job.result  # type: ignore[return-value] # there is one when there is no fault

    def dismiss(self, last: Callable[[], None]) -> None:
        """Let the thread do one last thing when it is free, and end; nobody waits for it."""
        self._jobs.put(_Job(last))
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job.result = job.work()
            except BaseException as fault:  # noqa: BLE001 - it belongs to whoever asked
                job.fault = fault
            job.ended.set()


class AttendedConversation:
    """
    A `Conversation` in a thread of its own; may be used from any thread, by one at a time.

    Args:
        inner: what is spoken to; touched by the actor alone, but for `cancel`.
        read_s: by how much an answer may overrun its deadline.
    """

    def __init__(
        self,
        inner: Conversation,
        *,
        actor: HostActor,
        deadlines: Deadlines,
        read_s: float = READ_S,
    ) -> None:
        self.host = inner.host
        self._inner = inner
        self._actor = actor
        self._deadlines = deadlines
        self._read_s = read_s
        self._is_left = False
        self.calls = 0

    def run(self, call: Call, allowance: Allowance | None = None) -> Reply:
        """
        Run one call, once; when it overruns its deadline it is cancelled and its thread left alone.

        A change that brings an allowance is given up when that says so, without any grace: what is left is for ending it.
        """
        self.calls += 1
        limit = self._deadlines.limit_s(call, allowance)
        if not call.changes or allowance is None:
            return self._attend(lambda: self._inner.run(call), call, limit + self._read_s)
        try:
            allowance.check()
        except TooLate:
            raise too_late_fault(self.host) from None
        return self._attend(lambda: self._inner.run(call, allowance), call, limit)

    def ahead(self, calls: Sequence[Call]) -> None:
        """Have readings fetched together, where the conversation can do that."""
        inner = self._inner
        if isinstance(inner, Foresighted):
            self._attend(lambda: inner.ahead(calls), None, self._deadlines.read_s + self._read_s)

    def cancel(self) -> None:
        """End what runs now, from another thread; never raises."""
        self._inner.cancel()

    def close(self) -> None:
        """End it; never raises. A host that does not even take that is left alone."""
        if self._is_left:
            return
        try:
            self._actor.ask(self._inner.close, limit_s=self._deadlines.read_s)
        except Overrun:
            self._leave()
        else:
            self._actor.dismiss(lambda: None)

    def _attend(self, work: Callable[[], Result], call: Call | None, limit_s: float) -> Result:
        try:
            return self._actor.ask(work, limit_s=limit_s)
        except Overrun:
            self._leave()
            rule = ACCIDENT_RULES[Accident.DEADLINE]
            trouble = WireTrouble(rule, Moment.RECEIVE, code=Accident.DEADLINE.value)
            raise host_fault(self.host, trouble, call) from None

    def _leave(self) -> None:
        self._is_left = True
        # Not waited for: the host that drips its answers may drip this one as well.
        threading.Thread(target=self._inner.cancel, name=f"cancel-{self.host}", daemon=True).start()
        self._actor.dismiss(self._inner.close)
