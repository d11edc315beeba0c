"""
What a change of an order does to the key CertDesk made for it: kept with the CSR, gone when nothing can need it any more.

Pure; the store does it in the transaction of the change.
"""

from datetime import datetime
from typing import Any

from bot.domain import events as ev
from bot.domain.audit import AuditEntry
from bot.domain.ids import PersonId
from bot.domain.order import CertificateOrder
from bot.domain.states import State

NEEDS_NO_KEY = frozenset(State) - {
    State.PLACED, State.APPROVED, State.CSR_READY, State.SUBMITTED, State.ISSUED, State.CHECKING, State.PROVEN,
    State.INSTALLING, State.FAILED,
}  # fmt: skip
"""States in which the hosts have the key or never will; a failed order may be taken up again."""


def key_fate(
    before: CertificateOrder,
    event: ev.Event,
    after: CertificateOrder,
    *,
    by: PersonId,
    at: datetime,
) -> dict[str, Any]:
    """
    Say what a `Change` keeps and forgets, as its fields.

    A new round's key takes the place of the old one; a rekey makes the old one worthless before there is a new one.
    """
    if not after.wish.local_key_days:
        return {}
    made = event.key if isinstance(event, ev.CsrMade) else None
    ends = after.state in NEEDS_NO_KEY or isinstance(event, ev.Rekeyed)
    fate: dict[str, Any] = {}
    if made is not None or ends:
        why = "A new key takes its place." if made else "Nothing needs it any more."
        fate["forgets"] = _entry(before, after, "key_deleted", by=by, at=at, why=why)
    if made is not None:
        facts = {
            "round": str(made.bond.round),
            "vault_key": made.key_id,
            "last_day": made.dies_at.date().isoformat(),
        }
        kept = _entry(before, after, "key_made", by=by, at=at, why="", facts=facts)
        fate |= {"keeps": made, "also": (kept,)}
    return fate


def _entry(
    before: CertificateOrder,
    after: CertificateOrder,
    what: str,
    *,
    by: PersonId,
    at: datetime,
    why: str,
    facts: dict[str, str] | None = None,
) -> AuditEntry:
    return AuditEntry(
        order_id=after.id, at=at, by=by, what=what, before=before.state.value,
        after=after.state.value, why=why, facts=facts or {},
    )  # fmt: skip
