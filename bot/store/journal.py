"""Intents and confirmations of remote operations, each committed before the caller goes on."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bot.domain.ids import OrderId
from bot.domain.intent import Intent
from bot.domain.leases import Lease
from bot.domain.plan import Caution
from bot.store.database import reading, writing
from bot.store.leases import SqlLeases
from bot.store.tables import IntentRecord
from bot.store.values import CAUTIONS

_NEVER_SENT: Final = datetime.fromtimestamp(0, UTC)
"""The deadline of an operation that was seen to be done and never sent: nothing can still be running."""


class SqlJournal:
    """`bot.ports.Journal` over the database."""

    def __init__(self, engine: Engine, leases: SqlLeases) -> None:
        self._engine = engine
        self._leases = leases

    def find(self, key: str) -> Intent | None:
        """What is known of an operation; None when it was never begun."""
        with reading(self._engine) as session:
            row = session.get(IntentRecord, key)
            return None if row is None else _intent(row)

    def intend(
        self,
        key: str,
        *,
        attempt: int,
        deadline: datetime,
        was_done: bool,
        lease: Lease,
        begun: str = "",
    ) -> Intent | None:
        """
        Note that the operation is about to be sent; what was seen of it before is open again.

        None, with nothing written, when another run was first (PostgreSQL tells so of a new operation by
        refusing the second row), or when the lease is lost.
        """
        try:
            with writing(self._engine) as session:
                row = _locked(session, key) or _fresh(key)
                if row.attempt + 1 != attempt:
                    return None
                if not self._leases.renew(session, lease, busy_until=deadline):
                    return None
                row.attempt = attempt
                row.deadline, row.was_done, row.confirmed = deadline, was_done, ""
                row.warnings, row.begun = None, begun or None
                session.add(row)
                return _intent(row)
        except IntegrityError:
            return None

    def hear(self, key: str, warnings: tuple[Caution, ...], *, attempt: int, lease: Lease) -> None:
        """
        Note the answer to this attempt, and that nothing runs on its host any more.

        When another one was begun since, it is that one which is under way: then nothing is noted.
        """
        with writing(self._engine) as session:
            row = _locked(session, key)
            if row is None or row.attempt != attempt:
                return
            row.warnings = CAUTIONS.text(warnings)
            session.add(row)
            self._leases.let_rest(session, lease)

    def confirm(self, key: str, seen: str) -> None:
        """
        Note what was seen afterwards; without an intent the operation was done before it was begun.

        Raises:
            ValueError: ``seen`` is empty, which would mean that nothing is known.
        """
        if not seen:
            raise ValueError(
                f"The operation {key!r} was not confirmed: say in a few words what was seen."
            )
        with writing(self._engine) as session:
            row = _locked(session, key) or _fresh(key)
            row.confirmed = seen
            session.add(row)

    def withdraw(self, key: str, *, attempt: int) -> None:
        """
        The host never executed this attempt: forget it. What was confirmed, or begun anew, stays.

        An attempt before it may have run, so that one stays known: a roll-back takes back what may have been done.
        """
        with writing(self._engine) as session:
            row = _locked(session, key)
            if row is None or row.attempt != attempt or row.confirmed:
                return
            if attempt == 1:
                session.delete(row)
                return
            # The next attempt was begun only after the deadline of the one before had passed.
            row.attempt, row.deadline, row.begun = attempt - 1, None, None
            session.add(row)


def intents_of(engine: Engine, order_id: OrderId) -> tuple[Intent, ...]:
    """Everything that was begun, or seen to be done, for an order, by key."""
    own = col(IntentRecord.key).startswith(f"{order_id}/", autoescape=True)
    with reading(engine) as session:
        found = [_intent(row) for row in session.exec(select(IntentRecord).where(own))]
    # Sorted here: the two databases sort text differently.
    return tuple(sorted(found, key=lambda intent: intent.key))


def _locked(session: Session, key: str) -> IntentRecord | None:
    return session.exec(
        select(IntentRecord).where(IntentRecord.key == key).with_for_update()
    ).first()


def _fresh(key: str) -> IntentRecord:
    return IntentRecord(key=key, attempt=0, was_done=True, confirmed="")


def _intent(row: IntentRecord) -> Intent:
    return Intent(
        key=row.key,
        attempt=row.attempt,
        deadline=row.deadline or _NEVER_SENT,
        was_done=row.was_done,
        confirmed=row.confirmed,
        answered=row.warnings is not None,
        warnings=CAUTIONS.value(row.warnings) if row.warnings else (),
        begun=row.begun or "",
    )
