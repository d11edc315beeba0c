"""The switch for trouble: which call or delivery goes wrong next, how, and how often."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal["error", "status", "delay", "drop_after_commit", "duplicate"]
ALWAYS = -1


class TroubleError(Exception):
    """The wish for trouble makes no sense; the sentence says why."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """
    One thing that will go wrong.

    on: a Web API method (chat.postMessage), or a delivery (slash_commands, interactive,
        events_api, or a payload's own type such as view_submission); "*" is any.
    left: how many times more; ALWAYS until cleared.
    """

    side: Literal["method", "delivery"]
    on: str
    do: Kind
    error: str
    status: int
    seconds: float
    left: int


def parse_fault(wish: dict[str, Any]) -> Fault:
    """
    A wish from the control API as a fault.

    Raises:
        TroubleError: it names no place, or a kind that is not on the list.
    """
    side: Literal["method", "delivery"] = "method" if "method" in wish else "delivery"
    on = wish.get(side)
    do: Kind | None = next((each for each in get_args(Kind) if each == wish.get("do")), None)
    if not isinstance(on, str) or do is None:
        raise TroubleError(
            "No trouble was set: name a method or a delivery, and do one of "
            f"{', '.join(get_args(Kind))} or disconnect."
        )
    times = int(wish.get("times", 1))
    return Fault(
        side=side,
        on=on,
        do=do,
        error=str(wish.get("error", "internal_error")),
        status=int(wish.get("status", 500)),
        seconds=float(wish.get("seconds", 1)),
        left=times if times > 0 else ALWAYS,
    )


class Trouble:
    """The faults that are set, oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Set a fault."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        self._faults.clear()

    def take(self, side: Literal["method", "delivery"], *names: str) -> Fault | None:
        """The next fault for any of these names, counted down; None when all goes well."""
        for fault in self._faults:
            if fault.side == side and fault.on in (*names, "*"):
                if fault.left != ALWAYS:
                    fault.left -= 1
                if fault.left == 0:
                    self._faults.remove(fault)
                return fault
        return None
