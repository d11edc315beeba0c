"""
From one database to another: every row of ours, in the order the references need, counted and hashed on both sides.

The durable engine's own tables are not copied: what waits for people is a row of ours, and work that runs is not moved.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, delete, func, insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from bot.domain.faults import DatabaseAway
from bot.store.audit import broken_in
from bot.store.database import others_connected, reading, writing
from bot.store.migration import form_of, newest_revision
from bot.store.tables import METADATA

_LEFT_BEHIND: Final = frozenset({"worker_leases"})
"""Says which processes live at the source; none of them does any more."""

log = logging.getLogger(__name__)

_NOT_AVAILABLE: Final = "55P03"
"""SQLSTATE of a lock that was waited for in vain."""

_HEAD: Final = METADATA.tables["audit_head"].c

_MODULUS: Final = 1 << 256
_BATCH: Final = 500


class CannotMove(Exception):
    """
    The move was refused, or taken back whole; the target holds nothing of it.

    Args:
        reasons: sentences for the person who moves.
    """

    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons
        super().__init__(" ".join(reasons))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """
    One table that is the same on both sides.

    Args:
        sha256: the sum of the SHA-256 of each row (mod 2^256), which does not depend on their order; 64 hex digits.
    """

    table: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """
    Everything, as it is on the target.

    Args:
        entries: how many the audit has; its chain fits.
        head: the hash of the last one, 64 hex digits.
    """

    tables: tuple[Moved, ...]
    entries: int
    head: str


def check_source(engine: Engine) -> None:
    """
    Look whether everything can be taken from here.

    Raises:
        CannotMove: another release's form, a broken audit, or somebody is still connected.
    """
    with reading(engine) as session:
        connection = session.connection()
        _take_time(connection)
        _check_form(connection)
        others = others_connected(connection)
        if others:
            raise CannotMove(
                f"{others} connection(s) of CertDesk are open on the source, so nothing was moved. "
                "Stop every process that serves it."
            )
        broken = broken_in(session)
    if broken is not None:
        raise CannotMove(
            f"Entry {broken} of the source's audit does not fit its chain, so nothing was moved. See the "
            'runbook, "The audit does not verify"; a moved database would hide where it happened.'
        )


def move_rows(source: Engine, target: Engine) -> Arrived:
    """
    Copy everything, in one transaction of the target, and compare before it is kept.

    Nobody writes at the source until the target has everything: on PostgreSQL its tables are locked, on SQLite the
    caller holds the file.

    Args:
        target: migrated and empty.

    Raises:
        CannotMove: it is not empty, a table or the audit came out differently, or somebody came to the source
            meanwhile; then the target is as before.
        DatabaseAway: one of them cannot be used; then too.
    """
    with _held(source) as here, writing(target) as end:
        there = end.connection()
        _take_time(there)
        _check_empty(there)
        moved = tuple(_move_table(here, there, table) for table in _tables())
        for table in _tables():
            _go_on_counting(there, table)
        broken = broken_in(end)
        if broken is not None:
            raise CannotMove(
                f"Entry {broken} of the audit did not fit its chain on the target, so everything was taken "
                "back. The source is as it was."
            )
        entries, head = there.execute(select(_HEAD.number, _HEAD.hash)).one()
        arrived = Arrived(tables=moved, entries=entries, head=bytes(head).hex())
        _check_still_alone(here)
    return arrived


@contextmanager
def _held(source: Engine) -> Iterator[Connection]:
    """
    The source as it is now, and nobody writes there until the end of the block.

    When the block is done the target has everything: how the source's own session ends changes nothing about it.
    """
    done = False
    try:
        with reading(source) as origin:
            here = origin.connection()
            _take_time(here)
            _lock(here)
            yield here
            done = True
    except (DatabaseAway, DBAPIError) as fault:
        if not done:
            raise
        log.info("the source went away after everything was moved (%s)", type(fault).__name__)


def _take_time(connection: Connection) -> None:
    """A session of a move waits for the other one longer than a worker may stand still."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _lock(here: Connection) -> None:
    # Before the first look, so that what is seen is what is locked. Readers go on; on SQLite the file is locked.
    if here.dialect.name != "postgresql":
        return
    names = ", ".join(table.name for table in _tables())
    try:
        here.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))
    except OperationalError as fault:
        if getattr(fault.orig, "sqlstate", None) != _NOT_AVAILABLE:
            raise
        raise CannotMove(
            "Somebody is in the middle of a change at the source and did not end it, so nothing was moved. "
            "Stop every process that serves it."
        ) from None


def _check_still_alone(here: Connection) -> None:
    """The last question to the source: it is held still, and nobody waits there to go on after the move."""
    others = others_connected(here)
    if others:
        raise CannotMove(
            f"{others} connection(s) of CertDesk were opened on the source during the move, so everything was taken "
            "back. Nothing is lost; stop what was started there, and move again."
        )


def _tables() -> Iterator[Table]:
    return (table for table in METADATA.sorted_tables if table.name not in _LEFT_BEHIND)


def _check_form(connection: Connection) -> None:
    found = form_of(connection)
    if found != newest_revision():
        raise CannotMove(
            f"The source has the form {found or 'of no release'}, and this release's is {newest_revision()}, so nothing "
            "was moved. Run `certdesk migrate` on the source first, and start it once to see that it works."
        )


def _check_empty(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Nobody begins to work here between the look and the copy.
        connection.execute(text("LOCK TABLE orders, audit, audit_head IN ACCESS EXCLUSIVE MODE"))
    for table in METADATA.sorted_tables:
        chosen = select(func.count()).select_from(table)
        if table.name == "audit_head":
            chosen = chosen.where(table.c.number != 0)
        rows = connection.execute(chosen).scalar_one()
        if rows:
            raise CannotMove(
                f"The target is in use: its table {table.name} holds {rows} row(s), so nothing was moved. "
                "Name an empty database."
            )


def _move_table(here: Connection, there: Connection, table: Table) -> Moved:
    if table.name == "audit_head":
        there.execute(delete(table))
    sums, rows = _Sum(), 0
    for batch in _batches(here, table):
        there.execute(insert(table), batch)
        sums.add(batch)
        rows += len(batch)
    arrived = _Sum()
    for batch in _batches(there, table):
        arrived.add(batch)
    if (sums.rows, sums.hex()) != (arrived.rows, arrived.hex()):
        raise CannotMove(
            f"The table {table.name} came out differently: {sums.rows} row(s) with sum {sums.hex()} at the source, "
            f"{arrived.rows} with {arrived.hex()} on the target. Everything was taken back; the source is as it was."
        )
    return Moved(table=table.name, rows=rows, sha256=sums.hex())


def _batches(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    chosen = select(table).execution_options(yield_per=_BATCH)
    with connection.execute(chosen) as rows:
        for part in rows.mappings().partitions():
            yield [dict(row) for row in part]


class _Sum:
    """A sum over rows, the same whatever the order in which a database gives them."""

    def __init__(self) -> None:
        self.rows = 0
        self._total = 0

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Add rows."""
        for row in rows:
            plain = json.dumps(row, sort_keys=True, separators=(",", ":"), default=_plain)
            digest = hashlib.sha256(plain.encode("ascii")).digest()
            self._total = (self._total + int.from_bytes(digest, "big")) % _MODULUS
            self.rows += 1

    def hex(self) -> str:
        """The sum so far, 64 hex digits."""
        return f"{self._total:064x}"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    raise TypeError(f"{type(value).__name__} is no value of a row")


def _go_on_counting(connection: Connection, table: Table) -> None:
    """PostgreSQL counts by a sequence, which knows nothing of rows that came with their numbers; SQLite looks."""
    column = table.autoincrement_column
    if connection.dialect.name != "postgresql" or column is None:
        return
    highest = connection.execute(select(func.max(column))).scalar()
    if table.name == "orders":
        # A number that was passed over after a restore stands in the audit alone.
        named = connection.execute(select(func.max(METADATA.tables["audit"].c.order_id))).scalar()
        highest = max(highest or 0, named or 0) or None
    if highest is None:
        return
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    connection.execute(select(func.setval(sequence, highest)))
