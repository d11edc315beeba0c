"""
The audit's chain: how an entry is added to its end, and where it was broken.

An entry is kept as the canonical bytes its hash was made of, so a later release with more fields in
`AuditEntry` still proves the entries of today.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlmodel import Session, select

from bot.domain.audit import GENESIS, AuditEntry, chained
from bot.domain.ids import SYSTEM
from bot.domain.plan import canonical
from bot.store.database import machine_of
from bot.store.tables import AuditHead, AuditRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry as it lies in the database; nothing about it is believed."""

    number: int
    order_id: int
    body: bytes
    hash: bytes


def lock(session: Session) -> AuditHead:
    """
    The chain's head, locked until the caller's transaction ends.

    Asked for by itself where something that comes behind the head is locked before the entry is written (see the
    order of locks in `bot.store`).
    """
    return session.exec(select(AuditHead).with_for_update()).one()


def append(session: Session, entry: AuditEntry) -> None:
    """
    Add an entry to the end of the chain, in the caller's transaction.

    Writers queue for the head's row (``FOR UPDATE``; on SQLite for the whole file), so no two entries ever
    follow the same one, whichever process they come from. What the machine does by itself is signed with the name
    of the process that did it.
    """
    head = lock(session)
    if entry.by == SYSTEM and entry.by_name is None:
        entry = replace(entry, by_name=machine_of(session))
    entry = replace(entry, at=entry.at.astimezone(UTC))
    head.number += 1
    head.hash = bytes.fromhex(chained(entry, head.hash.hex()))
    session.add(
        AuditRecord(
            number=head.number, order_id=entry.order_id, body=canonical(entry), hash=head.hash
        )
    )
    session.flush()


def entry_of(body: bytes) -> AuditEntry:
    """The entry that these canonical bytes were made of."""
    fields = json.loads(body)
    return AuditEntry(**{**fields, "at": datetime.fromisoformat(fields["at"])})


def first_break(links: Iterable[Link], head: tuple[int, bytes] | None) -> int | None:
    """
    The number at which the chain stops being what was written; None when it is whole.

    Seen are: a changed, missing, added or moved entry, and an end that was cut off (the head tells).

    Args:
        links: the entries by rising number.
        head: number and hash of the last entry as the head has them; None when the head is gone.
    """
    number, previous = 0, GENESIS
    for number, link in enumerate(links, start=1):
        # The same sum as `bot.domain.audit.chained`, over the bytes as they lie here.
        expected = hashlib.sha256(previous.encode("ascii") + b"\n" + link.body)
        if link.number != number or link.hash != expected.digest() or not _names_order(link):
            return number
        previous = expected.hexdigest()
    return None if head == (number, bytes.fromhex(previous)) else number + 1


def _names_order(link: Link) -> bool:
    # Whoever writes the chain anew can give anything a fitting hash, also what is no entry at all.
    try:
        return bool(json.loads(link.body)["order_id"] == link.order_id)
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
