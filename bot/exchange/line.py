"""
The line to one host and identity: one conversation at a time, kept for a while, opened anew when in doubt.

It is spoken by one thread of its own, whoever asks, and never outlives a fault. One access of the configuration
is one host with one account, so one line is the one actor of both (winrm.md 7.1).
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from bot.exchange.access import HostAccess
from bot.exchange.actor import READ_S, AttendedConversation, HostActor, Overrun
from bot.exchange.allowance import Allowance, too_late_fault
from bot.exchange.call import Call, Reply
from bot.exchange.dialect import dialect_of_word
from bot.exchange.doors import TwoDoors
from bot.exchange.faults import ACCIDENT_RULES, Accident, Moment, WireTrouble, host_fault
from bot.exchange.renewed import Renewed
from bot.exchange.session import Conversation, Deadlines, Runner, RunnerSession
from bot.exchange.snapshot import HostFacts, meet_host
from bot.exchange.wire import Wire

LONGEST_S: Final = 900.0
MOST_CALLS: Final = 100
"""A shell is recycled after so long, or so many calls, well before its operations run out (winrm.md 6)."""

_STOP_S: Final = 10.0
"""What runs when the process stops may end by itself for so long; then it is cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """An open conversation and whom it is with."""

    runner: Runner
    facts: HostFacts


class _Allowed:
    """
    The runner of a meeting that is held for one change: whatever is sent there is sent within its allowance.

    It fetches nothing ahead: what is read right before a change is read one by one.
    """

    def __init__(self, conversation: AttendedConversation, allowance: Allowance) -> None:
        self.host = conversation.host
        self._conversation = conversation
        self._allowance = allowance

    def run(self, call: Call) -> Reply:
        """Run one call."""
        return self._conversation.run(call, self._allowance)


@dataclass(slots=True, kw_only=True)
class _Kept:
    meeting: Meeting
    conversation: AttendedConversation
    opened_s: float
    used_s: float


class HostLine:
    """One host, one lock, at most one conversation."""

    def __init__(
        self,
        access: HostAccess,
        *,
        open_wire: Callable[[HostAccess], Wire],
        open_endpoint: Callable[[HostAccess], Conversation],
        deadlines: Deadlines,
        monotonic: Callable[[], float],
        keep_s: float,
        read_s: float = READ_S,
        stop_s: float = _STOP_S,
    ) -> None:
        self._access = access
        self._open_wire = open_wire
        self._open_endpoint = open_endpoint
        self._deadlines = deadlines
        self._monotonic = monotonic
        self._keep_s = keep_s
        self._read_s = read_s
        self._stop_s = stop_s
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    @contextlib.contextmanager
    def meeting(self, allowance: Allowance | None = None) -> Iterator[Meeting]:
        """
        Hold the line and speak to the host; others wait.

        Args:
            allowance: of the one change it is held for; waiting here, opening and reading use it up.

        Raises:
            HostFault: the host could not be reached, signed in to or loaded, or others held the line too long.
        """
        with self._held(allowance):
            kept = self._usable() or self._open()
            try:
                yield _for_change(kept, allowance)
            except BaseException:
                # Whatever it was, an answer may still be on its way: the next one starts afresh.
                self._drop()
                raise
            kept.used_s = self._monotonic()
            if self._keep_s <= 0:
                self._drop()

    def close(self) -> None:
        """End the kept conversation, if any; what still runs after a while of grace is cancelled on the host."""
        if not self._lock.acquire(timeout=self._stop_s):
            kept = self._kept
            if kept is not None:
                kept.conversation.cancel()
            self._lock.acquire()
        try:
            self._drop()
        finally:
            self._lock.release()

    @contextlib.contextmanager
    def _held(self, allowance: Allowance | None) -> Iterator[None]:
        wait_s = -1.0 if allowance is None else max(allowance.spare_s, 0.0)
        if not self._lock.acquire(timeout=wait_s):
            raise too_late_fault(self._access.name)
        try:
            yield
        finally:
            self._lock.release()

    def _usable(self) -> _Kept | None:
        kept, now = self._kept, self._monotonic()
        if kept is None:
            return None
        is_fresh = now - kept.used_s <= self._keep_s and now - kept.opened_s <= LONGEST_S
        if is_fresh and kept.conversation.calls < MOST_CALLS:
            return kept
        self._drop()
        return None

    def _open(self) -> _Kept:
        actor = HostActor(self._access.name)
        conversation = AttendedConversation(
            self._converse(actor), actor=actor, deadlines=self._deadlines, read_s=self._read_s
        )
        now = self._monotonic()
        try:
            facts = meet_host(conversation, self._access)
        except BaseException:
            conversation.close()
            raise
        self._kept = _Kept(
            meeting=Meeting(runner=conversation, facts=facts),
            conversation=conversation,
            opened_s=now,
            used_s=now,
        )
        return self._kept

    def _converse(self, actor: HostActor) -> Conversation:
        """Open both doors in the actor's thread; what comes too late is closed again."""
        opened: list[Conversation] = []

        def open_doors() -> Conversation:
            if not self._access.by_endpoint:
                opened.append(self._open_shell())
                return opened[0]
            # One of two is quiet while the other one works. A single one never is within a meeting, and could not be
            # opened anew there: the cmdlets are loaded in it.
            opened.append(Renewed(self._open_shell, monotonic=self._monotonic))
            opened.append(
                Renewed(lambda: self._open_endpoint(self._access), monotonic=self._monotonic)
            )
            return TwoDoors(shell=opened[0], endpoint=opened[1])

        def close_doors() -> None:
            for one in opened:
                one.close()

        try:
            return actor.ask(open_doors, limit_s=self._deadlines.start_s + self._read_s)
        except Overrun:
            actor.dismiss(close_doors)
            rule = ACCIDENT_RULES[Accident.DEADLINE]
            trouble = WireTrouble(rule, Moment.START, code=Accident.DEADLINE.value)
            raise host_fault(self._access.name, trouble, None) from None
        except BaseException:
            actor.dismiss(close_doors)
            raise

    def _open_shell(self) -> Conversation:
        session = RunnerSession(
            self._access.name,
            self._open_wire(self._access),
            deadlines=self._deadlines,
            monotonic=self._monotonic,
        )
        session.open(old_engine=dialect_of_word(self._access.version).old_engine)
        return session

    def _drop(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.conversation.close()


def _for_change(kept: _Kept, allowance: Allowance | None) -> Meeting:
    if allowance is None:
        return kept.meeting
    return replace(kept.meeting, runner=_Allowed(kept.conversation, allowance))
