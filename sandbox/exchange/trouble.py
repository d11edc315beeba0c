"""
Trouble on demand: rules that spoil the nth matching message or cmdlet.

A rule matches an `action` of the wire (Create, Command, Send, Receive, Signal, Delete, Get, or `*`) or a
`cmdlet` (a cmdlet's or operation's name as the runner knows it, or `*`), never both.
"""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

ON_THE_WIRE: Final = frozenset(
    {
        "fault",
        "status",
        "delay",
        "rst",
        "fin",
        "401",
        "executed_then_lost",
        "not_executed_and_lost",
        "reboot",
    }
)
IN_A_CMDLET: Final = frozenset(
    {
        "delay",
        "rpc_down",
        "access_denied",
        "cmdlet_error",
        "executed_then_lost",
        "not_executed_and_lost",
        "reboot",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """
    One rule. `nth` counts matches from when it was given (1 is the next one); `times` 0 means for ever.

    `code` is the WSMan fault of `fault`, `status` the HTTP status of `status`, `seconds` the time of `delay`
    and `reboot`; message, category and error_id make the error of `cmdlet_error`.
    """

    do: str
    action: str = ""
    cmdlet: str = ""
    nth: int = 1
    times: int = 1
    code: int = 0
    status: int = 503
    seconds: float = 0.0
    message: str = "Trouble on demand."
    category: str = "NotSpecified"
    error_id: str = ""


@dataclass(slots=True)
class _Armed:
    rule: Trouble
    seen: int = field(default=0)

    def matches(self, word: str) -> bool:
        return word.lower() in {self.rule.action.lower(), self.rule.cmdlet.lower()} or "*" in {
            self.rule.action,
            self.rule.cmdlet,
        }

    def is_due(self) -> bool:
        """Count one match; true when this one is to be spoiled."""
        self.seen += 1
        first, last = self.rule.nth, self.rule.nth + self.rule.times - 1
        return self.seen >= first and (self.rule.times == 0 or self.seen <= last)


class TroublePlan:
    """The rules in force. Safe to use from every thread of the host."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def add(self, rule: Trouble) -> None:
        with self._lock:
            self._armed.append(_Armed(rule))

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def listed(self) -> list[dict[str, object]]:
        """The rules in force, each with how many matches it has seen."""
        with self._lock:
            return [{**asdict(armed.rule), "seen": armed.seen} for armed in self._armed]

    def take_action(self, action: str) -> Trouble | None:
        """The rule that spoils this message of the wire, if any."""
        return self._take(action, on_wire=True)

    def take_cmdlet(self, cmdlet: str) -> Trouble | None:
        """The rule that spoils this run of a cmdlet or operation, if any."""
        return self._take(cmdlet, on_wire=False)

    def _take(self, word: str, *, on_wire: bool) -> Trouble | None:
        with self._lock:
            matching = [
                armed
                for armed in self._armed
                if bool(armed.rule.action) is on_wire and armed.matches(word)
            ]
            due = [armed.rule for armed in matching if armed.is_due()]
        return due[0] if due else None


def parse_trouble(given: object) -> Trouble:
    """
    A rule from JSON.

    Raises:
        ValueError: with a sentence on what is wrong.
    """
    if not isinstance(given, Mapping):
        raise ValueError("A trouble rule is a JSON object.")  # noqa: TRY004 - data from outside
    try:
        rule = Trouble(**given)
    except TypeError as bad:
        raise ValueError(f"A trouble rule has a field that is unknown or missing: {bad}") from bad
    if bool(rule.action) == bool(rule.cmdlet):
        raise ValueError("A trouble rule names an action or a cmdlet, one of the two.")
    allowed = ON_THE_WIRE if rule.action else IN_A_CMDLET
    if rule.do not in allowed:
        raise ValueError(f"`do` is {rule.do!r}; here it can be {', '.join(sorted(allowed))}.")
    return rule
