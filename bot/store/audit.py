"""The audit for readers; entries are written by `SqlOrders` alone, together with what they tell of."""

from collections.abc import Generator
from contextlib import closing

from sqlalchemy import Engine, LargeBinary, cast
from sqlmodel import Session, col, select

from bot.domain.audit import AuditEntry
from bot.domain.ids import OrderId
from bot.store.chain import Link, entry_of, first_break
from bot.store.columns import may_be_id
from bot.store.database import reading
from bot.store.tables import AuditHead, AuditRecord


class SqlAudit:
    """`bot.ports.Audit` over the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def entries(self, order_id: OrderId | None = None) -> tuple[AuditEntry, ...]:
        """All entries, or those of one order, oldest first."""
        chosen = select(AuditRecord.body).order_by(col(AuditRecord.number))
        if order_id is not None and not may_be_id(order_id):
            return ()
        if order_id is not None:
            chosen = chosen.where(AuditRecord.order_id == order_id)
        with reading(self._engine) as session:
            return tuple(entry_of(body) for body in session.exec(chosen))

    def broken_at(self) -> int | None:
        """The number of the first entry that does not fit its chain; None when all fit."""
        with reading(self._engine) as session:
            head = session.exec(select(AuditHead)).first()
            end = None if head is None else (head.number, head.hash)
            with closing(_links(session)) as links:
                return first_break(links, end)


def _links(session: Session) -> Generator[Link]:
    # The casts are for SQLite, where somebody may have put text where bytes belong.
    # Read in pages: an audit outgrows the memory of a process some day.
    chosen = (
        select(
            AuditRecord.number,
            AuditRecord.order_id,
            cast(AuditRecord.body, LargeBinary),
            cast(AuditRecord.hash, LargeBinary),
        )
        .order_by(col(AuditRecord.number))
        .execution_options(yield_per=1000)
    )
    with session.exec(chosen) as rows:
        for number, order_id, body, link_hash in rows:
            yield Link(number=number, order_id=order_id, body=body, hash=link_hash)
