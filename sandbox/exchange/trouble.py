"""
Trouble on demand: rules that spoil the nth matching message or cmdlet.

A rule names an `action` of the wire (Create, Command, Send, Receive, Signal, Delete, Get, or `*`), or a
`cmdlet` (a cmdlet's or operation's name as the runner knows it, or `*`), or both: then it spoils the messages
of the wire that carry this cmdlet or wait for its answer. `shell` and `host` narrow it further.
"""

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from sandbox.exchange.engine.catalogue import CMDLET_ROWS, SESSION_ROWS

ACTIONS: Final = frozenset(
    {"*", "Create", "Command", "Send", "Receive", "Signal", "Delete", "Get", "Connect"}
)
SHELLS: Final = frozenset({"", "cmd", "psrp"})
ON_THE_WIRE: Final[Mapping[str, str]] = {
    "fault": "answer with the WSMan fault `code`, nothing is done; `form` wmi gives it as MSFT_WmiError",
    "status": "answer with the HTTP `status`, nothing is done",
    "delay": "wait `seconds`, then go on",
    "drip": "done; the answer comes in small pieces, `seconds` between them",
    "truncate": "done; half of the answer, then the connection ends",
    "rst": "nothing is done, the connection is reset",
    "fin": "nothing is done, the connection is closed without an answer",
    "half_close": "nothing is done, the host's direction is closed and the other one kept open",
    "401": "nothing is done, the log-on is refused without a mechanism to try again with",
    "wrong_relates_to": "done; the answer relates to another message",
    "executed_then_lost": "done, the connection is reset before the answer",
    "not_executed_and_lost": "nothing is done, the connection is reset",
    "reboot": "nothing is done, every shell is lost, the doors are shut for `seconds`",
    "kill_shell_host": "nothing is done, the process behind the shell dies (fault 1726)",
    "stale_time": "done; from here on the host's clock is `seconds` behind",
    "catalogue": "a session cannot be opened: row `number` of the error catalogue",
}
"""What a rule with an action can do, and what becomes of the message."""

IN_A_CMDLET: Final[Mapping[str, str]] = {
    "delay": "wait `seconds`, then run",
    "rpc_down": "it fails as with MSExchangeServiceHost stopped, when `after` of its things are done",
    "access_denied": "it fails as without rights on the target, when `after` of its things are done",
    "cmdlet_error": "it fails with `message`, `category` and `error_id`, when `after` of its things are done",
    "catalogue": "it fails, or warns, with row `number` of the error catalogue",
    "prompt_without_ui": "whatever it would ask or force is asked, and nobody can answer",
    "executed_then_lost": "it runs, then the host is gone for `seconds`",
    "not_executed_and_lost": "the host is gone for `seconds` before it runs",
    "reboot": "the same, said otherwise",
    "kill_shell_host": "the process behind the shell dies before it runs (fault 1726)",
    "session_drop": "it runs and is answered, then every session is lost",
    "replication_lag": "it runs; what it wrote into Active Directory is read back `seconds` late",
}
"""What a rule for a cmdlet can do."""

_FAILING: Final = frozenset({"rpc_down", "access_denied", "cmdlet_error"})
"""What a cmdlet can also meet in the middle of its work."""

_LONGEST_S: Final = 86_400.0
_LARGEST_CODE: Final = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """
    One rule. `nth` counts matches from when it was given (1 is the next one); `times` 0 means for ever.

    `shell` is cmd or psrp, `host` the host's name; empty means any. `code` is the WSMan fault of `fault`,
    `status` the HTTP status of `status`, `number` the row of `catalogue`; message, category and error_id make
    the error of `cmdlet_error`. `after` puts a cmdlet's error behind so many of the things it does: Enable binds IIS,
    opens the key to Network Service, changes the default SMTP certificate, names POP, names IMAP, gives UM its
    certificate, each if asked for and in this order, those with a question last; any other cmdlet does one thing.
    """

    do: str
    action: str = ""
    cmdlet: str = ""
    shell: str = ""
    host: str = ""
    nth: int = 1
    times: int = 1
    code: int = 0
    form: str = "wsman"
    status: int = 503
    seconds: float = 0.0
    number: int = 0
    message: str = "Trouble on demand."
    category: str = "NotSpecified"
    error_id: str = ""
    after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Levers:
    """What a rule may do to the whole host: reboot it, end its sessions, set its clock back."""

    reboot: Callable[[float], None]
    drop_sessions: Callable[[], None]
    set_back: Callable[[float], None]


@dataclass(slots=True)
class _Armed:
    rule: Trouble
    seen: int = field(default=0)

    def is_due(self) -> bool:
        """Count one match; true when this one is to be spoiled."""
        self.seen += 1
        first, last = self.rule.nth, self.rule.nth + self.rule.times - 1
        return self.seen >= first and (self.rule.times == 0 or self.seen <= last)


class TroublePlan:
    """The rules in force at one host. Safe to use from every thread of it."""

    def __init__(self, host: str = "") -> None:
        self._host = host
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

    def take_action(self, action: str, *, shell: str = "", carries: bytes = b"") -> Trouble | None:
        """
        The rule that spoils this message of the wire, if any.

        Args:
            carries: what its shell was last asked, decoded, in lower case.
        """

        def fits(rule: Trouble) -> bool:
            named = rule.cmdlet.lower()
            is_carried = named in {"", "*"} or named.encode() in carries
            return bool(rule.action) and _is(rule.action, action) and is_carried

        return self._take(shell, fits)

    def take_cmdlet(self, cmdlet: str, *, shell: str = "") -> Trouble | None:
        """The rule that spoils this run of a cmdlet or operation, if any."""
        return self._take(shell, lambda rule: not rule.action and _is(rule.cmdlet, cmdlet))

    def _take(self, shell: str, fits: Callable[[Trouble], bool]) -> Trouble | None:
        with self._lock:
            matching = [
                armed
                for armed in self._armed
                if self._is_here(armed.rule, shell) and fits(armed.rule)
            ]
            due = [armed.rule for armed in matching if armed.is_due()]
        return due[0] if due else None

    def _is_here(self, rule: Trouble, shell: str) -> bool:
        return rule.shell in {"", shell} and rule.host.lower() in {"", self._host.lower()}


def _is(pattern: str, word: str) -> bool:
    return pattern == "*" or pattern.lower() == word.lower()


def parse_trouble(given: object) -> Trouble:
    """
    A rule from JSON.

    Raises:
        ValueError: with a sentence on what is wrong.
    """
    if not isinstance(given, Mapping):
        raise ValueError("A trouble rule is a JSON object.")  # noqa: TRY004 - data from outside
    _check_types(given)
    try:
        rule = Trouble(**given)
    except TypeError as bad:
        raise ValueError(f"A trouble rule has a field that is unknown or missing: {bad}") from bad
    _check_place(rule)
    _check_figures(rule)
    return rule


def _check_types(given: Mapping[str, Any]) -> None:
    for one in fields(Trouble):
        value = given.get(one.name, one.default)
        wanted = (int, float) if one.name == "seconds" else (type(one.default),)
        if one.name == "do":
            wanted = (str,)
        if one.name in given and (isinstance(value, bool) or not isinstance(value, wanted)):
            words = "a number" if wanted != (str,) else "text"
            raise ValueError(f"In a trouble rule `{one.name}` is {words}.")


def _check_place(rule: Trouble) -> None:
    if not rule.action and not rule.cmdlet:
        raise ValueError("A trouble rule names an action, a cmdlet, or both.")
    if rule.action and rule.action.capitalize() not in ACTIONS:
        raise ValueError(
            f"In a trouble rule `action` is {rule.action!r}; it can be {', '.join(sorted(ACTIONS))}."
        )
    allowed = ON_THE_WIRE if rule.action else IN_A_CMDLET
    if rule.do not in allowed:
        raise ValueError(f"`do` is {rule.do!r}; here it can be {', '.join(sorted(allowed))}.")
    if rule.shell not in SHELLS:
        raise ValueError("In a trouble rule `shell` is cmd, psrp, or empty for both.")


def _check_figures(rule: Trouble) -> None:
    if rule.nth < 1 or rule.times < 0:
        raise ValueError("In a trouble rule `nth` begins with 1, and `times` with 0 for ever.")
    if not (math.isfinite(rule.seconds) and 0 <= rule.seconds <= _LONGEST_S):
        raise ValueError("In a trouble rule `seconds` is between 0 and one day.")
    is_cmdlet = "-" in rule.cmdlet or rule.cmdlet == "*"
    if rule.after < 0 or (rule.after and (rule.action or not is_cmdlet or rule.do not in _FAILING)):
        raise ValueError("In a trouble rule `after` is 0 or more, and belongs to a cmdlet's error.")
    if rule.form not in {"wsman", "wmi"}:
        raise ValueError("In a trouble rule `form` is wsman or wmi.")
    if rule.do == "fault" and not 0 < rule.code < _LARGEST_CODE:
        raise ValueError("The rule's fault needs its `code`, decimal as on the wire.")
    if rule.do == "status" and not 100 <= rule.status <= 599:
        raise ValueError("The rule's `status` is a status of HTTP.")
    rows = SESSION_ROWS if rule.action else CMDLET_ROWS
    if rule.do == "catalogue" and rule.number not in rows:
        raise ValueError(
            f"The rule's `number` is a row of the error catalogue; here it can be {sorted(rows)}."
        )
