"""A conversation that is opened anew when it was quiet for too long, before anything is sent there."""

from collections.abc import Callable, Sequence

from bot.exchange.allowance import Allowance
from bot.exchange.call import Call, Reply
from bot.exchange.faults import ACCIDENT_RULES, Accident, Moment, WireTrouble, host_fault
from bot.exchange.quiet import KEPT_S
from bot.exchange.session import Conversation, Foresighted


class Renewed:
    """
    A `Conversation` for one of two doors: while the other one works for minutes, the host may end this one.

    It is opened at once. A session that was quiet for longer than `KEPT_S` is ended and another one opened before the
    next call is sent, which goes there once, as ever. Readings that were asked for ahead are asked for again.

    Args:
        open_door: opens a session; raises `HostFault`.
        monotonic: seconds that never step.
    """

    def __init__(
        self, open_door: Callable[[], Conversation], *, monotonic: Callable[[], float]
    ) -> None:
        self._open_door = open_door
        self._monotonic = monotonic
        self._is_cancelled = False
        self._door = open_door()
        self._used_s = monotonic()
        self.host = self._door.host

    def run(self, call: Call, allowance: Allowance | None = None) -> Reply:
        """Run one call, once."""
        reply = self._fresh(call).run(call, allowance)
        self._used_s = self._monotonic()
        return reply

    def ahead(self, calls: Sequence[Call]) -> None:
        """Have readings fetched together, where the session can do that."""
        if calls and isinstance(self._door, Foresighted):
            door = self._fresh(calls[0])
            if isinstance(door, Foresighted):
                door.ahead(calls)
            self._used_s = self._monotonic()

    def close(self) -> None:
        """End the session there is."""
        self._door.close()

    def cancel(self) -> None:
        """End what runs; what is not sent yet is not sent any more."""
        self._is_cancelled = True
        self._door.cancel()

    def _fresh(self, call: Call) -> Conversation:
        if self._monotonic() - self._used_s <= KEPT_S:
            return self._door
        self._door.close()
        self._door = self._open_door()
        # Whoever cancelled meanwhile may have met the session of before: its call must not begin in this one.
        if self._is_cancelled:
            trouble = WireTrouble(
                ACCIDENT_RULES[Accident.ENDED], Moment.OPEN, code=Accident.ENDED.value
            )
            raise host_fault(self.host, trouble, call)
        return self._door
