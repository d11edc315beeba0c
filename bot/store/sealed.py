"""
Sealed secrets: kept and forgotten with the change of their order, wiped on their day, resealed by rotation.

Nothing here can open one. Wiping empties the row's bytes: SQLite overwrites them in its file (``secure_delete``) and cuts
off its log (`scrub`), at once or, while that is in use, within the minutes after; PostgreSQL gives the old row's space up at its next vacuum. Copies of either (backups, archived
logs, a disk's spare blocks) keep what they hold, so a vault key is taken off the list some time after the wiping.
"""

from datetime import UTC, datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.domain.audit import AuditEntry
from bot.domain.ids import OrderId
from bot.domain.sealed import Bond, KeptSecret, Purpose, SealedId, SealedSecret
from bot.store import chain
from bot.store.columns import may_be_id
from bot.store.database import reading, scrub, writing
from bot.store.tables import SealedRecord


class SqlSealedSecrets:
    """`bot.ports.SealedSecrets` over the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, bond: Bond) -> SealedSecret | None:
        """The secret with this bond; None when it was never kept or was wiped."""
        if not may_be_id(bond.order_id):
            return None
        with reading(self._engine) as session:
            row = session.exec(_of(bond)).first()
            return None if row is None else _value(row).secret

    def take(self, bond: Bond, entry: AuditEntry) -> SealedSecret | None:
        """The secret with this bond, its use told in the same transaction; None, and nothing told, when it is gone."""
        if not may_be_id(bond.order_id):
            return None
        with writing(self._engine) as session:
            chain.lock(session)
            row = session.exec(_of(bond).with_for_update()).first()
            if row is None:
                return None
            _check_order(row, entry)
            chain.append(session, entry)
            return _value(row).secret

    def kept(self, *, dead_at: datetime | None = None) -> tuple[KeptSecret, ...]:
        """What still has its bytes, oldest first."""
        chosen = (
            select(SealedRecord)
            .where(col(SealedRecord.wiped_at).is_(None))
            .order_by(col(SealedRecord.id))
        )
        if dead_at is not None:
            chosen = chosen.where(SealedRecord.dies_at <= dead_at)
        with reading(self._engine) as session:
            return tuple(_value(row) for row in session.exec(chosen))

    def wipe(self, secret_id: SealedId, entry: AuditEntry) -> bool:
        """Empty a secret's bytes; False when they were wiped before."""
        with writing(self._engine) as session:
            chain.lock(session)
            row = _locked(session, secret_id)
            if row is None:
                return False
            _check_order(row, entry)
            row.sealed, row.wiped_at = b"", entry.at
            session.add(row)
            chain.append(session, entry)
        scrub(self._engine)
        return True

    def reseal(self, kept: KeptSecret, sealed: bytes, key_id: str, entry: AuditEntry) -> bool:
        """Compare-and-set of the bytes; False when they are not those of ``kept`` any more."""
        with writing(self._engine) as session:
            chain.lock(session)
            row = _locked(session, kept.id)
            if row is None or row.sealed != kept.secret.sealed:
                return False
            _check_order(row, entry)
            row.sealed, row.key_id = sealed, key_id
            session.add(row)
            chain.append(session, entry)
        scrub(self._engine)
        return True

    def scrub(self) -> None:
        """Let go of what wiping left beside the rows because somebody was in the way."""
        scrub(self._engine)


def keep(session: Session, secret: SealedSecret) -> None:
    """Keep a secret, in the transaction of the change that made it."""
    session.add(
        SealedRecord(
            order_id=secret.bond.order_id,
            purpose=secret.bond.purpose.value,
            round=secret.bond.round,
            key_id=secret.key_id,
            sealed=secret.sealed,
            made_at=secret.made_at,
            dies_at=secret.dies_at,
        )
    )
    session.flush()


def forget(session: Session, entry: AuditEntry) -> None:
    """Wipe whatever is still kept for the entry's order, in the change that ends its use; told only if there was any."""
    wiped = session.exec(
        update(SealedRecord)
        .where(col(SealedRecord.order_id) == entry.order_id)
        .where(col(SealedRecord.wiped_at).is_(None))
        .values(sealed=b"", wiped_at=entry.at.astimezone(UTC))
    )
    if wiped.rowcount:
        chain.append(session, entry)


def _of(bond: Bond) -> SelectOfScalar[SealedRecord]:
    return (
        select(SealedRecord)
        .where(SealedRecord.order_id == bond.order_id)
        .where(SealedRecord.purpose == bond.purpose.value)
        .where(SealedRecord.round == bond.round)
        .where(col(SealedRecord.wiped_at).is_(None))
    )


def _locked(session: Session, secret_id: SealedId) -> SealedRecord | None:
    """The row under a lock, if it still has its bytes."""
    if not may_be_id(secret_id):
        return None
    return session.exec(
        select(SealedRecord)
        .where(SealedRecord.id == secret_id)
        .where(col(SealedRecord.wiped_at).is_(None))
        .with_for_update()
    ).first()


def _check_order(row: SealedRecord, entry: AuditEntry) -> None:
    if row.order_id != entry.order_id:
        raise ValueError(
            f"The audit entry is about order {entry.order_id} and the secret is order {row.order_id}'s; "
            "nothing was changed."
        )


def _value(row: SealedRecord) -> KeptSecret:
    bond = Bond(order_id=OrderId(row.order_id), purpose=Purpose(row.purpose), round=row.round)
    return KeptSecret(
        id=SealedId(row.id or 0),
        secret=SealedSecret(
            bond=bond,
            key_id=row.key_id,
            sealed=row.sealed,
            made_at=row.made_at,
            dies_at=row.dies_at,
        ),
        wiped_at=row.wiped_at,
    )
