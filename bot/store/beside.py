"""
The way to a SQLite file for a library that keeps tables of its own beside ours.

The durable engine waits by itself while PostgreSQL is away or full. Of SQLite's faults it knows one that passes, a
locked file; on a full disk it gives up, and the work whose step it could not keep fails or hangs for ever. So a fault
that passes is told to it as the one it waits for.
"""

import sqlite3
from contextlib import closing
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError

from bot.store.database import WAIT_MS, file_of, is_away


class Beside:
    """
    An engine on the file, for the library alone: a pool shared with ours would hang (engine.md, Configuration).

    Attributes:
        engine: None on PostgreSQL, where the library makes its own and waits by itself.

    Args:
        connections: at most so many at once.
    """

    def __init__(self, url: str, *, connections: int) -> None:
        self._is_open = True
        self.engine: Engine | None = None
        if file_of(url) is None:
            return
        self.engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,
        )
        event.listen(self.engine, "connect", _prepare)
        event.listen(self.engine, "handle_error", self._translate, retval=True)

    def close(self) -> None:
        """Give the connections back; a fault is one from now on, so that whoever waits comes to an end."""
        self._is_open = False
        if self.engine is not None:
            self.engine.dispose()

    def _translate(self, context: ExceptionContext) -> BaseException | None:
        fault = context.sqlalchemy_exception
        if not self._is_open or fault is None or not is_away(fault):
            return None
        told = f"as if the database is locked: {context.original_exception}"
        return OperationalError(
            context.statement, None, sqlite3.OperationalError(told), hide_parameters=True
        )


def _prepare(connection: Any, _record: object) -> None:
    # What the library sets itself when it makes the engine.
    connection.isolation_level = "IMMEDIATE"
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {WAIT_MS}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = FULL")
