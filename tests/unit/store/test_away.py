"""Which faults of a database pass by themselves: the same statement may be tried again after those alone."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.domain.faults import DatabaseAway
from bot.store.database import is_away, open_database, writing


class Answer(Exception):
    """What psycopg raises, with the server's SQLSTATE; None when there was no server to answer."""

    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate
        super().__init__("the server's words")


@pytest.mark.parametrize(
    "state",
    [None, "08006", "57P01", "57P03", "53100", "53300", "40001", "40P01", "55P03", "58030"],
)
def test_a_server_that_is_gone_full_or_busy_is_away(state: str | None) -> None:
    """Connection, shutdown, disk, connections, serialization, deadlock, lock time-out, a failed read or write."""
    assert is_away(OperationalError("SELECT 1", {}, Answer(state)))


@pytest.mark.parametrize("state", ["25P03", "25P04"])
def test_a_transaction_that_the_server_ended_for_its_time_is_away(state: str) -> None:
    """A process that stood still in it, or a limit on its whole length; the rest of their class is a fault of ours."""
    assert is_away(InternalError("SELECT 1", {}, Answer(state)))


@pytest.mark.parametrize(
    "state", ["23505", "42P01", "22P02", "25006", "25P01", "25P02", "42501", "58P01", "XX001"]
)
def test_a_statement_that_is_wrong_is_not_away(state: str) -> None:
    """Trying it again for ever would hide a fault of ours."""
    assert not is_away(DBAPIError("SELECT 1", {}, Answer(state)))


def test_a_pool_without_a_free_connection_is_away() -> None:
    """Others are at work."""
    assert is_away(PoolTimeout())


@pytest.mark.parametrize(
    "fault", [ValueError("no"), IntegrityError("x", {}, Answer("23505")), KeyError(1)]
)
def test_any_other_fault_is_not_away(fault: Exception) -> None:
    """It is told at once."""
    assert not is_away(fault)


def fill_up(engine: Engine) -> None:
    """Write more than there may be."""
    with writing(engine) as session:
        session.connection().execute(text("CREATE TABLE u (x)"))
        session.connection().exec_driver_sql("PRAGMA max_page_count = 3")
        session.connection().execute(text("INSERT INTO u VALUES (zeroblob(100000))"))


def test_a_full_sqlite_file_is_away_and_a_missing_table_is_not(tmp_path: Path) -> None:
    """Both are an OperationalError there."""
    engine = open_database(f"sqlite:///{tmp_path / 'small.db'}")
    try:
        with pytest.raises(OperationalError) as missing, writing(engine) as session:
            session.connection().execute(text("SELECT * FROM nowhere"))
        with pytest.raises(DatabaseAway, match="OperationalError") as told:
            fill_up(engine)
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE t (x)")
            connection.exec_driver_sql("PRAGMA max_page_count = 3")
            with pytest.raises(DBAPIError) as full:
                connection.exec_driver_sql("INSERT INTO t VALUES (zeroblob(100000))")
    finally:
        engine.dispose()

    assert not is_away(missing.value)
    assert is_away(full.value)
    assert is_away(told.value)
    assert isinstance(full.value.orig, sqlite3.Error)
