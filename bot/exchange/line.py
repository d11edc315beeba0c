"""
The line to one host: one conversation at a time, kept for a moment, opened anew when in doubt.

A conversation never changes threads, and never outlives a fault.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from bot.domain.faults import HostFault
from bot.exchange.access import HostAccess
from bot.exchange.dialect import dialect_of_word
from bot.exchange.doors import TwoDoors
from bot.exchange.session import Conversation, Deadlines, RunnerSession
from bot.exchange.snapshot import HostFacts, meet_host
from bot.exchange.wire import Wire

_LONGEST_S: Final = 900.0
"""A shell is recycled after so long, well before its operations run out (winrm.md 6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """An open conversation and whom it is with."""

    runner: Conversation
    facts: HostFacts


@dataclass(slots=True, kw_only=True)
class _Kept:
    meeting: Meeting
    thread: int
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
    ) -> None:
        self._access = access
        self._open_wire = open_wire
        self._open_endpoint = open_endpoint
        self._deadlines = deadlines
        self._monotonic = monotonic
        self._keep_s = keep_s
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    @contextlib.contextmanager
    def meeting(self) -> Iterator[Meeting]:
        """
        Hold the line and speak to the host; others wait.

        Raises:
            HostFault: the host could not be reached, signed in to or loaded.
        """
        with self._lock:
            kept = self._usable() or self._open()
            try:
                yield kept.meeting
            except BaseException:
                # Whatever it was, an answer may still be on its way: the next one starts afresh.
                self._drop()
                raise
            kept.used_s = self._monotonic()
            if self._keep_s <= 0:
                self._drop()

    def close(self) -> None:
        """End the kept conversation, if any."""
        with self._lock:
            self._drop()

    def _usable(self) -> _Kept | None:
        kept, now = self._kept, self._monotonic()
        if kept is None:
            return None
        is_fresh = now - kept.used_s <= self._keep_s and now - kept.opened_s <= _LONGEST_S
        if is_fresh and kept.thread == threading.get_ident():
            return kept
        self._drop()
        return None

    def _open(self) -> _Kept:
        runner = self._open_shell()
        try:
            if self._access.by_endpoint:
                runner = TwoDoors(shell=runner, endpoint=self._open_endpoint(self._access))
            facts = meet_host(runner, self._access)
        except HostFault:
            runner.close()
            raise
        now = self._monotonic()
        self._kept = _Kept(
            meeting=Meeting(runner=runner, facts=facts),
            thread=threading.get_ident(),
            opened_s=now,
            used_s=now,
        )
        return self._kept

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
            kept.meeting.runner.close()
