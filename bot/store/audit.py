"""The audit for readers; entries are written by `SqlOrders` alone, together with what they tell of."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Final

from sqlalchemy import Engine, LargeBinary, cast, func
from sqlmodel import Session, col, select

from bot.domain.audit import GENESIS, AuditEntry
from bot.domain.ids import OrderId
from bot.store.chain import Link, entry_of, first_break
from bot.store.columns import may_be_id
from bot.store.database import reading
from bot.store.tables import AuditHead, AuditRecord

_PAGE: Final = 1000
"""Entries read at once: an audit outgrows the memory of a process some day."""


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

    def links(self, *, first: int = 1, last: int | None = None) -> Iterator[Link]:
        """
        The entries as they lie in the database, by number; nothing about them is believed.

        Only those that are there at the first one: one stretch of the chain, however long the caller takes over it. No
        transaction waits for the caller in between: the server would end it, and SQLite's log would grow until then.
        """
        # Writers queue for the head, so entries come in the order of their numbers: those up to here stay the same.
        with reading(self._engine) as session:
            end = session.exec(select(func.max(AuditRecord.number))).one() or 0
        end = end if last is None else min(end, last)
        while first <= end:
            with reading(self._engine) as session:
                links = _links(session, first, end)
                page = tuple(islice(links, _PAGE))
                links.close()
            if not page:
                return
            yield from page
            first = page[-1].number + 1

    def numbers(self, order_id: OrderId) -> tuple[int, ...]:
        """The numbers of one order's entries, rising."""
        chosen = select(AuditRecord.number).where(AuditRecord.order_id == order_id)
        with reading(self._engine) as session:
            return tuple(session.exec(chosen.order_by(col(AuditRecord.number))))

    def head(self) -> tuple[int, str]:
        """Number and hash of the last entry, as the head has them; the hash is 64 hex digits."""
        with reading(self._engine) as session:
            head = session.exec(select(AuditHead)).one()
            return head.number, head.hash.hex()

    def hashes(self, numbers: Iterable[int]) -> dict[int, str]:
        """The hash of each of these entries, where there is such an entry; 0 is what the first one follows."""
        wanted = frozenset(numbers)
        found = {0: GENESIS} if 0 in wanted else {}
        with reading(self._engine) as session:
            for part in batched(sorted(wanted)):
                chosen = select(AuditRecord.number, cast(AuditRecord.hash, LargeBinary))
                rows = session.exec(chosen.where(col(AuditRecord.number).in_(part)))
                found |= {number: bytes(kept).hex() for number, kept in rows}
        return found

    def broken_at(self) -> int | None:
        """The number of the first entry that does not fit its chain; None when all fit."""
        with reading(self._engine) as session:
            return broken_in(session)


def broken_in(session: Session) -> int | None:
    """The number of the first entry that does not fit, as this very transaction sees the chain; None when all fit."""
    head = session.exec(select(AuditHead)).first()
    end = None if head is None else (head.number, head.hash)
    with closing(_links(session)) as links:
        return first_break(links, end)


def batched(numbers: Sequence[int], size: int = 500) -> Iterator[Sequence[int]]:
    """Numbers in parts small enough for one statement."""
    return (numbers[at : at + size] for at in range(0, len(numbers), size))


def _links(session: Session, first: int | None = None, last: int | None = None) -> Generator[Link]:
    # The casts are for SQLite, where somebody may have put text where bytes belong.
    chosen = (
        select(
            AuditRecord.number,
            AuditRecord.order_id,
            cast(AuditRecord.body, LargeBinary),
            cast(AuditRecord.hash, LargeBinary),
        )
        .order_by(col(AuditRecord.number))
        .execution_options(yield_per=_PAGE)
    )
    if first is not None:
        chosen = chosen.where(col(AuditRecord.number) >= first)
    if last is not None:
        chosen = chosen.where(col(AuditRecord.number) <= last)
    with session.exec(chosen) as rows:
        for number, order_id, body, link_hash in rows:
            yield Link(number=number, order_id=order_id, body=body, hash=link_hash)
