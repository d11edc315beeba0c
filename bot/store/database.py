"""
The way to the database: one engine a process, one transaction a change, one snapshot a look.

Which URL it is decides `bot/settings.py`; here is only how each of the two databases has to be opened.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from bot.domain.faults import DatabaseAway

log = logging.getLogger(__name__)

WAIT_MS: Final = 30_000
"""How long a writer waits for another one before it gives up (engine.md, SQLite)."""

_STILL_MS: Final = 15_000
"""
How long a process may stand still inside a transaction before PostgreSQL ends it and frees its locks.

Shorter than others wait for a lock: the audit's head is locked by every change, and a worker that is frozen
in the middle of one must not stop them all.
"""

_WAL: Final = "PRAGMA journal_mode = WAL"
_MOST_SWITCHES: Final = 100
_SQLITE_PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {WAIT_MS}",  # first: the next one may have to wait already
    _WAL,
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # wiped uploads held private keys: overwrite, do not just unlink
)

_SQLITE_PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
    }
)
_POSTGRESQL_PASSING: Final = frozenset({"08", "40", "53", "57"})
"""Classes of SQLSTATE: connection, roll-back by the server, resources, the administrator."""
_POSTGRESQL_PASSING_TOO: Final = frozenset(
    {
        "25P03",  # the server ended a transaction in which we stood still (`_STILL_MS`)
        "25P04",  # or one that lasted longer than its administrator lets any
        "55P03",  # a lock was waited for in vain
        "58030",  # its disk did not read or write
    }
)
"""SQLSTATEs of other classes, whose rest is a fault of ours (PostgreSQL, Appendix A)."""

_APPLICATION: Final = "certdesk"
"""What our connections are called at a server."""

_LOOK: Final = "certdesk_look"
"""The execution option by which the begin hook knows a transaction that only reads."""
_LOOKING: Final[dict[str, dict[str, Any]]] = {
    "sqlite": {_LOOK: True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
_MACHINE: Final = "certdesk_machine"
"""The execution option that says which machine writes."""


class DatabaseUnusable(ValueError):
    """The database's address is not one CertDesk can use; nothing was opened. Never repeats the password."""


def open_database(url: str, *, machine: str = "") -> Engine:
    """
    An engine on ``sqlite:///path`` or ``postgresql://…`` (psycopg 3); nothing is created but an empty file.

    Args:
        machine: who this process is when nobody told it to: its name in audit entries of the machine's own doing.

    A SQLite file is made readable for its owner only, with the folder it lives in. Errors of either database
    do not repeat the values that were sent: files and sealed keys are among them.

    Raises:
        DatabaseUnusable: the address names neither.
    """
    address = _parse(url)
    known = {_MACHINE: machine}
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address, known)
    return create_engine(
        address,
        execution_options=known,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 10,
            "application_name": _APPLICATION,
            "options": f"-c lock_timeout={WAIT_MS} -c idle_in_transaction_session_timeout={_STILL_MS}",
        },
    )


def file_of(url: str) -> Path | None:
    """
    The file of a SQLite database, whether it is there or not; None for a server's.

    Raises:
        DatabaseUnusable: the address names neither.
    """
    address = _parse(url)
    return Path(address.database or "") if address.get_backend_name() == "sqlite" else None


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """
    One transaction that changes something: committed at the end, gone with any exception.

    Raises:
        DatabaseAway: the database cannot be used for the moment; trying the same again is right.
    """
    with _told(), Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One look at one moment: several reads inside belong together, and no writer waits for them. Raises `DatabaseAway`."""
    with _told(), Session(engine) as session, session.begin():
        session.connection(execution_options=_LOOKING[engine.dialect.name])
        yield session


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeout) as fault:
        if is_away(fault):
            raise DatabaseAway(type(fault).__name__) from fault
        raise


def machine_of(session: Session) -> str | None:
    """Which machine writes in this transaction, as `open_database` was told."""
    return session.connection().get_execution_options().get(_MACHINE) or None


def scrub(engine: Engine) -> None:
    """
    Take what was wiped out of SQLite's log as well; nothing to do on PostgreSQL, whose vacuum does it.

    Waits for nobody, and raises nothing for what passes: the wiping itself is committed by then. While somebody reads
    an older state or writes at this very moment, or the disk is full, the log keeps the old pages. That is logged, and
    the next call takes them out; the minute's look makes one (`SqlSealedSecrets.scrub`), and so does the end of the
    last process on the file.
    """
    if engine.dialect.name != "sqlite":
        return
    try:
        with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            is_empty = _empty_log(cursor)
    except (sqlite3.Error, DBAPIError, PoolTimeout) as fault:
        if not _passes_in_sqlite(fault) and not is_away(fault):
            raise
        log.warning("SQLite's log was not emptied (%s); what was wiped may be in it", fault)
        return
    if not is_empty:
        log.info("SQLite's log is in use and was not emptied; what was wiped may be in it")


def _empty_log(cursor: Any) -> bool:
    """
    Bring everything from the log into the file and cut the log off; False when somebody is in the way.

    With its usual patience SQLite would wait for readers here, and let no writer in meanwhile.
    """
    patience = int(cursor.execute("PRAGMA busy_timeout").fetchone()[0])
    cursor.execute("PRAGMA busy_timeout = 0")
    try:
        is_busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {patience}")
    return not is_busy


def is_away(fault: BaseException) -> bool:
    """
    Whether the database could not be used for a reason that passes: gone, full, locked, shutting down, tired of waiting for us.

    Then nothing was written and the same may be tried again; any other fault of a statement is a fault of ours.
    """
    if isinstance(fault, PoolTimeout | DatabaseAway):
        return True
    if not isinstance(fault, DBAPIError):
        return False
    if getattr(fault.orig, "sqlite_errorcode", None) is not None:
        return _passes_in_sqlite(fault.orig)
    state = getattr(fault.orig, "sqlstate", None)
    if state is None:
        return fault.connection_invalidated or isinstance(fault, OperationalError)
    return state[:2] in _POSTGRESQL_PASSING or state in _POSTGRESQL_PASSING_TOO


def _passes_in_sqlite(fault: BaseException | None) -> bool:
    return (getattr(fault, "sqlite_errorcode", 0) & 0xFF) in _SQLITE_PASSING


def others_connected(connection: Connection) -> int:
    """How many other connections of CertDesk are open on a server; 0 on SQLite, where a lock beside the file tells."""
    if connection.dialect.name != "postgresql":
        return 0
    # Within a transaction the server tells the same sessions again and again, unless it is asked to look anew.
    connection.execute(text("SELECT pg_stat_clear_snapshot()"))
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = :name AND pid <> pg_backend_pid()"
    )
    return int(connection.execute(others, {"name": _APPLICATION}).scalar_one())


def _parse(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        raise DatabaseUnusable(
            "The database address cannot be read, so no database was opened. "
            "Write sqlite:///path/to/file.db or postgresql://user:password@host/name."
        ) from None
    backend = address.get_backend_name()
    if backend == "sqlite" and address.database not in (None, "", ":memory:"):
        return address.set(drivername="sqlite+pysqlite")
    if backend in ("postgresql", "postgres"):
        return address.set(drivername="postgresql+psycopg")
    raise DatabaseUnusable(
        f"The database address {address.render_as_string(hide_password=True)!r} is neither a SQLite file nor "
        "PostgreSQL, so no database was opened. Write sqlite:///path/to/file.db or postgresql://…"
    )


def _open_sqlite(address: URL, known: dict[str, str]) -> Engine:
    path = Path(address.database or "")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)
    engine = create_engine(
        address,
        execution_options=known,
        hide_parameters=True,
        connect_args={"timeout": WAIT_MS / 1000},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver would open its transaction only at the first write, too late for a read before it to be
    # protected (engine.md: 64-92 lost updates). It is told to keep out; `_begin_sqlite` opens them.
    connection.isolation_level = None
    with closing(connection.cursor()) as cursor:
        for pragma in _SQLITE_PRAGMAS:
            _switch_on(cursor, pragma)


def _switch_on(cursor: sqlite3.Cursor, pragma: str) -> None:
    """
    Set one of SQLite's switches, waiting for others that open the file.

    The first switch of a new file to its log waits for nobody: SQLite answers "locked" at once, busy time-out or
    not, while another connection is at it. A transaction does wait, and afterwards the file is switched.
    """
    for _ in range(_MOST_SWITCHES):
        try:
            cursor.execute(pragma)
        except sqlite3.OperationalError as fault:
            if pragma != _WAL or fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            cursor.execute("BEGIN EXCLUSIVE")
            cursor.execute("COMMIT")
        else:
            return
    cursor.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    looks = connection.get_execution_options().get(_LOOK, False)
    connection.exec_driver_sql("BEGIN DEFERRED" if looks else "BEGIN IMMEDIATE")
