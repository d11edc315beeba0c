"""An error of a cmdlet as the fault the operator reads: what Exchange said, what was done by then, what to do. No row stands here."""

from collections.abc import Callable
from typing import Final

from bot.domain.faults import Executed, FaultKind, HostFault
from bot.domain.ids import HostName
from bot.domain.plan import Caution, Observation
from bot.exchange.call import Call, RemoteError
from bot.exchange.catalogue import entry_for
from bot.exchange.entry import executed_by

_LONGEST: Final = 500
_LONGEST_WARNED: Final = 300
"""Characters of all warnings before an error: a card's paragraph has 3000, counted as escaped."""

_OUTCOMES: Final = {
    "no": "Nothing was changed by it.",
    "maybe": "It may have done part of its work; the host is looked at before anything is repeated.",
    "yes": "It has done part of its work.",
}
_UNKNOWN: Final = (
    "CertDesk does not know this error; whether something was changed must be looked at."
)


class CmdletFailed(HostFault):
    """
    The fault for an error that a host reported to one call.

    The host has answered, so it can be asked what is there now: see `looked_at`.

    Args:
        said: what happened, in Exchange's words.
        outcome: what that means for the host.
        advice: what to do next; empty where nobody knows.
    """

    def __init__(  # the parts of one sentence, and what every fault has
        self,
        kind: FaultKind,
        host: HostName,
        *,
        said: str,
        outcome: str,
        advice: str,
        executed: Executed,
        code: str,
    ) -> None:
        self._said = said
        self._outcome = outcome
        self._advice = advice
        sentence = f"{said} {outcome} {advice}".strip()
        super().__init__(kind, host, sentence, executed=executed, code=code)

    def looked_at(self, look: Callable[[], Observation]) -> "CmdletFailed":
        """
        Tell what a look at the host shows now, where part of the work may have been done.

        Args:
            look: reads the end state the failed operation was for; changes nothing.
        """
        if self.executed == "no":
            return self
        return CmdletFailed(
            self.kind,
            self.host,
            said=self._said,
            outcome=f"{self._outcome} {_shown_by(look)}",
            advice=self._advice,
            executed=self.executed,
            code=self.code,
        )


def cmdlet_fault(
    host: HostName, call: Call, error: RemoteError, warned: tuple[Caution, ...] = ()
) -> CmdletFailed:
    """
    Turn an error of the host into the fault the operator reads.

    Args:
        warned: what the cmdlet warned of before it failed.
    """
    entry = entry_for(call, error)
    said = f"{host}: {call.title} failed. Exchange said {_shown(error.message)}.{_before(warned)}"
    if entry is None:
        return CmdletFailed(
            FaultKind.CMDLET_ERROR,
            host,
            said=said,
            outcome=_UNKNOWN,
            advice="",
            executed="maybe" if call.changes else "no",
            code=error.error_id[:120],
        )
    executed = executed_by(entry, call, error)
    return CmdletFailed(
        entry.kind,
        host,
        said=said,
        outcome=_OUTCOMES[executed],
        advice=entry.advice,
        executed=executed,
        code=entry.code,
    )


def _shown_by(look: Callable[[], Observation]) -> str:
    try:
        seen = look()
    except HostFault as fault:
        return f"A look right after it failed as well ({fault.kind.value}), so what it left is not known."
    if seen.done:
        return f"A look right after it showed all that was asked for: {seen.seen}."
    return f"A look right after it showed: {seen.seen}."


def _before(warned: tuple[Caution, ...]) -> str:
    """What it warned of, as far as there is room: what must be done comes after it and must not be cut away."""
    told = [_shown(one.said, at_most=_LONGEST_WARNED) for one in warned if one.said]
    shown, room = told[:1], _LONGEST_WARNED - len("".join(told[:1]))
    for one in told[1:]:
        room -= len(one)
        if room < 0:
            break
        shown.append(one)
    rest = len(told) - len(shown)
    more = f" and of {rest} more" if rest else ""
    return f" Before that it warned {'; '.join(shown)}{more}." if told else ""


def _shown(message: str, *, at_most: int = _LONGEST) -> str:
    text = " ".join(message.split())
    return repr(text if len(text) <= at_most else text[: at_most - 1] + "…")
