"""
The way to the database for those who only read: nothing is made, brought up to date or written, whatever they may do there.

A role that may only select, and a file that is read-only, are enough.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from bot.store.database import WAIT_MS, DatabaseUnusable, file_of, open_database, reading
from bot.store.migration import form_of, newest_revision, revisions


class NothingKept(DatabaseUnusable):
    """There is no database yet, or nothing of CertDesk in it."""


def open_to_read(url: str, note: Callable[[str], None]) -> Engine:
    """
    An engine that cannot write, on a database of this release's form.

    Args:
        note: told what whoever reads should know of how the database was opened.

    Raises:
        NothingKept: there is nothing to read.
        DatabaseUnusable: the address names no database, or one of another release, or it cannot be read.
    """
    check_there(url)
    file = file_of(url)
    engine = _open_server(url) if file is None else _open_file(file, note)
    try:
        check_form(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def check_there(url: str, *, told_by: str = "CERTDESK_DATABASE_URL") -> None:
    """
    Make sure, before anything is opened, that a SQLite file is there: opening it would make one, and a lock beside it.

    Args:
        told_by: where whoever mistyped the address has to look.

    Raises:
        NothingKept: it is not.
        DatabaseUnusable: the address names no database.
    """
    file = file_of(url)
    if file is not None and not file.exists():
        raise NothingKept(
            f"{file} does not exist, so nothing was done. Look at {told_by}, or make the database with `certdesk migrate`."
        )


def check_form(engine: Engine) -> None:
    """
    Make sure that a database has this release's form; nothing is changed.

    Raises:
        NothingKept: it has none.
        DatabaseUnusable: it has another.
    """
    with reading(engine) as session:
        found = form_of(session.connection())
    if found is None:
        raise NothingKept(
            "CertDesk has nothing in this database yet, so nothing was done. Look at CERTDESK_DATABASE_URL, or "
            "make the tables with `certdesk migrate`."
        )
    newest = newest_revision()
    if found == newest:
        return
    if found in revisions():
        raise DatabaseUnusable(
            f"The database has form {found}, of an older release; this one works with {newest}. Nothing was read or "
            "changed. Use the release that runs on it, or stop CertDesk, take a backup and run `certdesk migrate`: "
            "there is no way back."
        )
    raise DatabaseUnusable(
        f"The database has form {found}, of a newer release; this one works with {newest}. Nothing was read or changed. "
        "Use the release that runs on it."
    )


def _open_server(url: str) -> Engine:
    engine = open_database(url)
    event.listen(
        engine, "begin", lambda connection: connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    )
    return engine


def _open_file(file: Path, note: Callable[[str], None]) -> Engine:
    address = _way_in(file, note)

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=WAIT_MS / 1000, check_same_thread=False, isolation_level=None
        )
        with closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA query_only = ON")
        return connection

    engine = create_engine(
        "sqlite+pysqlite://", creator=connect, poolclass=QueuePool, hide_parameters=True
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN DEFERRED"))
    return engine


def _way_in(file: Path, note: Callable[[str], None]) -> str:
    """
    The address by which SQLite reads a file.

    In the log's mode a reader needs the index beside the file (`-shm`), which it must find or be able to make
    (https://www.sqlite.org/wal.html#readonly). Where neither is so, the file can only be read as one that nobody
    changes, and then what stands in a log would be passed over in silence.
    """
    address = f"file:{quote(str(file.absolute()))}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=WAIT_MS / 1000)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as fault:
        code = fault.sqlite_errorcode & 0xFF
        if code not in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}:
            raise DatabaseUnusable(_unreadable(file, fault)) from None
    except sqlite3.DatabaseError as fault:
        raise DatabaseUnusable(_unreadable(file, fault)) from None
    else:
        return address
    return _as_unchanging(file, note)


def _as_unchanging(file: Path, note: Callable[[str], None]) -> str:
    log = Path(f"{file}-wal")
    try:
        with file.open("rb"):
            pending = log.exists() and log.stat().st_size > 0
    except OSError as fault:
        raise DatabaseUnusable(_unreadable(file, fault)) from None
    if pending:
        raise DatabaseUnusable(
            f"{file} has entries in its log ({log.name}) which this account cannot read along, so nothing was done. "
            "Have a copy made with `sqlite3 FILE \"VACUUM INTO 'COPY'\"` and read that, or let this account write to the folder."
        )
    note(
        f"{file} lies in a folder this account cannot write to, so it is read as a file that nobody changes meanwhile: "
        "the answer is right only while no CertDesk works on it."
    )
    return f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1"


def _unreadable(file: Path, fault: Exception) -> str:
    return (
        f"{file} cannot be read ({type(fault).__name__}), so nothing was done: it is no database of SQLite, or not open to "
        "this account."
    )
