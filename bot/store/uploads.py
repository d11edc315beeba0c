"""Files that were handed in, kept until their order is done or they turned out to hold a private key."""

from sqlmodel import Session

from bot.domain.faults import OrderUnknown
from bot.domain.ids import OrderId, PersonId, UploadId
from bot.domain.order import Upload
from bot.store.columns import may_be_id
from bot.store.tables import OrderRecord, UploadRecord


def add(session: Session, upload: Upload) -> UploadId:
    """Keep a file. Raises `OrderUnknown`."""
    if session.get(OrderRecord, upload.order_id) is None:
        raise OrderUnknown(upload.order_id)
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


def wipe(session: Session, upload_id: UploadId) -> None:
    """Empty a file's bytes; may be repeated. Raises KeyError."""
    _row(session, upload_id).data = b""


def _row(session: Session, upload_id: UploadId) -> UploadRecord:
    row = session.get(UploadRecord, upload_id) if may_be_id(upload_id) else None
    if row is None:
        raise KeyError(upload_id)
    return row
