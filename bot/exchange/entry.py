"""
One known error of Exchange's cmdlets: how it is told from others, and what it proves about the host. No row stands here.

An error of a cmdlet that changes things leaves a doubt: Enable sets one service after the other and undoes nothing
(exchange.md 2.3, 3). A row has to say why there is none; what it says nothing about was perhaps done.
"""

from dataclasses import dataclass
from typing import Final

from bot.domain.faults import Executed, FaultKind
from bot.exchange.call import Call, RemoteError


@dataclass(frozen=True, slots=True, kw_only=True)
class Untouched:
    """
    Why an error proves that nothing was changed.

    Args:
        why: the reason, with its source.
        by: beginnings of the cmdlets' or operations' names it is true of; empty: any.
        names_ours: only where the message names the certificate of the call.
    """

    why: str
    by: tuple[str, ...] = ()
    names_ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One known error.

    Args:
        number: its row in the reference.
        code: stable and searchable.
        verbs: beginnings of the cmdlets it belongs to; empty: any.
        ids: parts of ``FullyQualifiedErrorId``, any of which proves it.
        texts: parts of the message, any of which proves it when no id did; compared without case.
        category: what proves it where there are no texts.
        advice: what the operator does next.
        untouched: why it is certain that nothing was changed; None where the reference does not say so.
        partly: beginnings of the cmdlets that have certainly done part of their work then.
    """

    number: int
    code: str
    advice: str
    verbs: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    category: str = ""
    kind: FaultKind = FaultKind.CMDLET_ERROR
    untouched: Untouched | None = None
    partly: tuple[str, ...] = ()


NOT_BOUND: Final = Untouched(
    why="PowerShell binds the parameters before it runs a cmdlet (exchange.md 8, row 34 and 35)."
)
NO_COMMAND: Final = Untouched(
    why="PowerShell looks up every command of a pipeline before it runs the first (exchange.md 8, row 36)."
)
CHECKED_FIRST: Final = Untouched(
    why="Enable finds and checks the certificate in step 2, before it writes (exchange.md 2.3); Remove looks first (2.5).",
    by=("Enable-", "Remove-"),
    names_ours=True,
)
REFUSED_FIRST: Final = Untouched(
    why="Remove refuses in a fixed order, all of it before it removes (exchange.md 2.5).",
    by=("Remove-",),
)
NEVER_OPENED: Final = Untouched(
    why="It is said when a session is opened, in which no cmdlet can run then (exchange.md 1.2, 1.3)."
)


def is_told_by(entry: Entry, call: Call, error: RemoteError) -> bool:
    """Say whether an error is this one, by id, else by text, else by category."""
    if entry.verbs and not call.cmdlet.startswith(entry.verbs):
        return False
    if any(part in error.error_id for part in entry.ids):
        return True
    if entry.texts:
        message = error.message.lower()
        return any(part.lower() in message for part in entry.texts)
    return bool(entry.category) and entry.category == error.category


def executed_by(entry: Entry, call: Call, error: RemoteError) -> Executed:
    """Say whether the call has changed the host before this error came: no, only where that is proven."""
    if not call.changes or _is_untouched(entry.untouched, call, error):
        return "no"
    return "yes" if entry.partly and call.cmdlet.startswith(entry.partly) else "maybe"


def names_ours(call: Call, message: str) -> bool:
    """Say whether a message names the certificate the call is about."""
    named = dict(call.values).get("Thumbprint")
    return isinstance(named, str) and named.lower() in message.lower()


def _is_untouched(why: Untouched | None, call: Call, error: RemoteError) -> bool:
    if why is None or not call.title.startswith(why.by or ("",)):
        return False
    return not why.names_ours or names_ours(call, error.message)
