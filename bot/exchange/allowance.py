"""
The time that was kept for one change, and how it is divided; pure but for the clocks handed in.

The journal notes a deadline before a change is begun, and whoever finds it passed may act again. So nothing may be
sent that could still arrive or run behind it: what was waited and read before has used up its part, and what is
left must be enough for the way there, for the command and for ending it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self

from bot.domain.faults import HostFault
from bot.domain.ids import HostName
from bot.domain.intent import Deadline
from bot.exchange.faults import ACCIDENT_RULES, Accident, Moment, WireTrouble, host_fault
from bot.workflow.stopwatch import Stopwatch

CONNECT_S: Final = 5.0
"""A connection stands within so long, or it is given up."""

UNHEARD_S: Final = 10.0
"""What the other side has not acknowledged for so long is dropped by the kernel, and is not sent again later."""

FLIGHT_S: Final = CONNECT_S + UNHEARD_S
"""So long after the last look at the clock a message may still reach the host."""

CANCEL_S: Final = 10.0
"""What ending a command over a second connection takes; where the host takes not even that, see docs/runbook.md."""


class TooLate(Exception):
    """Too little time was left for a change, so it was not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """
    What of a command's deadline is kept for what, in seconds; the rest is for waiting and reading before it is sent.

    Args:
        flight_s: from the last look at the clock until the host has the message.
        run_s: what the command is given at the least; what was not used up before is added to it.
        end_s: to end it when it does not end by itself.
    """

    flight_s: float
    run_s: float
    end_s: float

    @classmethod
    def of(cls, deadline_s: float) -> Self:
        """Divide a deadline; below a minute, as in the sandbox, the way and the end get a part of it instead."""
        return cls(
            flight_s=min(FLIGHT_S, deadline_s / 4),
            run_s=deadline_s / 3,
            end_s=min(CANCEL_S, deadline_s / 12),
        )

    @property
    def kept_s(self) -> float:
        """What must be left when a change is sent."""
        return self.flight_s + self.run_s + self.end_s


class Allowance:
    """
    How much of one change's time is left.

    Args:
        until: as it was noted with the intent.
        stopwatch: the one its mark is from.
    """

    def __init__(self, until: Deadline, stopwatch: Stopwatch) -> None:
        self._until = until
        self._shares = Shares.of(until.whole_s)
        self._stopwatch = stopwatch

    @property
    def left_s(self) -> float:
        """Seconds to the deadline; none where the mark cannot be read, for then nobody knows."""
        used_s = self._stopwatch.since(self._until.begun)
        return 0.0 if used_s is None else self._until.whole_s - used_s

    @property
    def spare_s(self) -> float:
        """Seconds in which the change may still be sent; below 0 it is too late."""
        return self.left_s - self._shares.kept_s

    @property
    def run_s(self) -> float:
        """Seconds until the command is given up and ended."""
        return max(self.left_s - self._shares.end_s, 0.0)

    def check(self) -> None:
        """
        See that the change may still be sent.

        Raises:
            TooLate: it could arrive or run behind its deadline.
        """
        if self.spare_s < 0:
            raise TooLate


class Gate:
    """
    What every message of a change passes last, right before it leaves; one for a connection, used by its thread.

    Between the session and the socket a library signs in, waits and connects: only here it is known what is left.
    """

    def __init__(self) -> None:
        self._allowance: Allowance | None = None

    @contextmanager
    def narrowed(self, allowance: Allowance | None) -> Iterator[None]:
        """Let messages pass only while the allowance lasts; None lets all of them pass."""
        self._allowance = allowance
        try:
            yield
        finally:
            self._allowance = None

    def check(self) -> None:
        """
        See that a message may leave.

        Raises:
            TooLate: it may not.
        """
        if self._allowance is not None:
            self._allowance.check()


def too_late_fault(host: HostName) -> HostFault:
    """The fault for a change that was not sent."""
    rule = ACCIDENT_RULES[Accident.TOO_LATE]
    return host_fault(host, WireTrouble(rule, Moment.SEND, code=Accident.TOO_LATE.value), None)
