"""One known error of Exchange's cmdlets, and how it is told from others. No row stands here."""

from dataclasses import dataclass

from bot.domain.faults import Executed, FaultKind
from bot.exchange.call import Call, RemoteError


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
        executed: whether the cmdlet changed something before it failed.
    """

    number: int
    code: str
    advice: str
    verbs: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    category: str = ""
    kind: FaultKind = FaultKind.CMDLET_ERROR
    executed: Executed = "no"


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
