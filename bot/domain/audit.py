"""The audit entry: who changed what, when, why; and the hash that chains it to the one before."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.ids import OrderId, PersonId
from bot.domain.plan import canonical

GENESIS = "0" * 64
"""What the first entry of a chain calls the one before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """
    One change, as it is kept.

    Args:
        by: who, as chat names them (``team:user``), or the machine.
        what: the event or the operation.
        facts: what is worth knowing later: digests, references, codes; never secrets.
        by_name: what the configuration called that person then, None for one it does not list; for the machine which
            process it was, ``executor id on machine``.
        link: the message or channel in chat it was said at; None where it was said at none, as by the machine.
    """

    order_id: OrderId
    at: datetime
    by: PersonId
    what: str
    before: str
    after: str
    why: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    by_name: str | None = None
    link: str | None = None


def chained(entry: AuditEntry, previous: str) -> str:
    """SHA-256 over the previous hash and the entry's canonical form, 64 lower-case hex digits."""
    return hashlib.sha256(previous.encode("ascii") + b"\n" + canonical(entry)).hexdigest()
