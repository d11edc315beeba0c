"""
Files that were handed in: kept with the change that names them, their bytes only while they are judged.

A private key may be among the bytes, whatever the judge finds (a locked archive shows nothing); what is needed of a file
afterwards is its name and hash.
"""

from sqlalchemy import Engine, func, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.domain.audit import AuditEntry
from bot.domain.ids import OrderId, PersonId, UploadId
from bot.domain.order import Upload
from bot.domain.states import State
from bot.file_ports import LeftFile
from bot.store import chain
from bot.store.columns import may_be_id
from bot.store.database import reading, scrub, writing
from bot.store.tables import OrderRecord, UploadRecord


class SqlLeftFiles:
    """`bot.file_ports.LeftFiles` over the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def left(self, *, limit: int) -> tuple[LeftFile, ...]:
        """What still has its bytes and should not, oldest first; the bytes themselves unread."""
        row = UploadRecord
        chosen = (
            select(row.id, row.order_id, row.name, row.sha256)
            .where(func.length(row.data) > 0, col(row.id).not_in(_judged()))
            .order_by(col(row.id))
            .limit(limit)
        )
        with reading(self._engine) as session:
            return tuple(
                LeftFile(
                    id=UploadId(number or 0), order_id=OrderId(order_id), name=name, sha256=sha256
                )
                for number, order_id, name, sha256 in session.exec(chosen)
            )

    def wipe(self, upload_id: UploadId, entry: AuditEntry) -> bool:
        """Empty a file's bytes; False when they are gone already or needed."""
        if not may_be_id(upload_id):
            return False
        with writing(self._engine) as session:
            wiped = session.exec(
                update(UploadRecord)
                .where(col(UploadRecord.id) == upload_id)
                .where(col(UploadRecord.order_id) == entry.order_id)
                .where(func.length(UploadRecord.data) > 0)
                .where(col(UploadRecord.id).not_in(_judged()))
                .values(data=b"")
            )
            if wiped.rowcount == 0:
                return False
            chain.append(session, entry)
        scrub(self._engine)
        return True


def _judged() -> SelectOfScalar[int] | SelectOfScalar[None]:
    """The files that are being judged; one whose judging has ended is never judged again."""
    return (
        select(OrderRecord.upload_id)
        .where(OrderRecord.state == State.CHECKING.value)
        .where(col(OrderRecord.upload_id).is_not(None))
    )


def add(session: Session, upload: Upload) -> UploadId:
    """Keep a file, in the transaction of the change that names it."""
    row = UploadRecord(
        order_id=upload.order_id,
        name=upload.name,
        data=upload.data,
        sha256=upload.sha256,
        person=upload.by,
        at=upload.at,
    )
    session.add(row)
    session.flush()
    return UploadId(row.id or 0)


def find(session: Session, upload_id: UploadId) -> Upload:
    """One file; its bytes are empty once they were wiped. Raises KeyError."""
    row = _row(session, upload_id)
    return Upload(
        order_id=OrderId(row.order_id),
        name=row.name,
        data=row.data,
        sha256=row.sha256,
        by=PersonId(row.person),
        at=row.at,
    )


def wipe(session: Session, upload_id: UploadId, order_id: OrderId) -> None:
    """Empty a file's bytes in the change that ends its use; nothing happens to one that is gone, or another order's."""
    session.exec(
        update(UploadRecord)
        .where(col(UploadRecord.id) == upload_id)
        .where(col(UploadRecord.order_id) == order_id)
        .values(data=b"")
    )


def _row(session: Session, upload_id: UploadId) -> UploadRecord:
    row = session.get(UploadRecord, upload_id) if may_be_id(upload_id) else None
    if row is None:
        raise KeyError(upload_id)
    return row
