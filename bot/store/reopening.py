"""
A database that came back from a backup, made safe to go on with: it lies in the past, and the world does not.

Messages that waited then may have been posted since, and numbers that were free then were given out since: cards that carry
them stand in chat, and requests under them wait on hosts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Function, func, select, update
from sqlmodel import Session, col

from bot.domain.audit import AuditEntry
from bot.domain.ids import SYSTEM, OrderId
from bot.store import chain
from bot.store.columns import may_be_id
from bot.store.database import others_connected, writing
from bot.store.migration import form_of, newest_revision
from bot.store.orders import highest_number
from bot.store.tables import METADATA, OutboxRecord


class CannotReopen(Exception):
    """Nothing was changed; the sentence says what to do first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """
    What was done.

    Args:
        messages: undelivered ones, each of which is looked for in chat before it is posted.
        last: the last number passed over; the next order gets the one above it.
    """

    messages: int
    last: OrderId


def reopen(engine: Engine, *, skip: int, at: datetime) -> Reopened:
    """
    Count an attempt on every undelivered message, pass over so many numbers of orders, and tell the audit.

    All of it in one transaction; done twice, it passes over as many again and harms nothing.

    Raises:
        CannotReopen: another release's form, somebody is connected, or there are not so many numbers.
    """
    with writing(engine) as session:
        connection = session.connection()
        _check_fit(connection)
        messages = session.exec(
            update(OutboxRecord)
            .where(~col(OutboxRecord.delivered))
            .values(attempt=OutboxRecord.attempt + 1)
        ).rowcount
        first = _highest(session, connection) + 1
        last = first + skip - 1
        if not may_be_id(last + 1):
            raise CannotReopen(
                f"There are no {skip} numbers for orders left above {first - 1}, so nothing was changed."
            )
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.setval(_sequence(), last)))
        # Under the last of these numbers: none that the audit names is ever given out again.
        entry = AuditEntry(
            order_id=OrderId(last), at=at, by=SYSTEM, what="restored", before="", after="",
            why="The database was restored from a backup.",
            facts={"numbers_passed_over": f"{first} to {last}", "messages_to_look_for": str(messages)},
        )  # fmt: skip
        chain.append(session, entry)
    return Reopened(messages=messages, last=OrderId(last))


def _check_fit(connection: Connection) -> None:
    found = form_of(connection)
    if found != newest_revision():
        raise CannotReopen(
            f"The database has the form {found or 'of no release'}, and this release's is {newest_revision()}, so nothing "
            "was changed. Run `certdesk migrate` first."
        )
    there = others_connected(connection)
    if there:
        raise CannotReopen(
            f"{there} connection(s) of CertDesk are open, so nothing was changed: what they write now may clash with what "
            "happened since the backup. Stop every process."
        )


def _highest(session: Session, connection: Connection) -> int:
    known = highest_number(session)
    if connection.dialect.name != "postgresql":
        return known
    return max(known, int(connection.execute(select(func.nextval(_sequence()))).scalar_one()))


def _sequence() -> Function[Any]:
    return func.pg_get_serial_sequence(METADATA.tables["orders"].name, "id")
