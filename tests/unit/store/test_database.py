"""How a database is opened: only one that CertDesk knows, and never with its secrets in a sentence."""

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

from bot.store.columns import UtcTime, may_be_id, storable
from bot.store.database import DatabaseUnusable, open_database, reading
from tests.contract.samples import change, hand_in, place, upload
from tests.contract.stores import sql_store


@pytest.mark.parametrize(
    "url",
    [
        "",
        "certdesk.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://root:geheim@localhost/certdesk",
        "oracle+cx://root:geheim@localhost/certdesk",
        "postgresql//root:geheim@localhost",
        "://geheim",
    ],
)
def test_other_databases_are_refused_without_their_password(url: str) -> None:
    """The sentence says what to write, and never repeats a password."""
    with pytest.raises(DatabaseUnusable, match="no database was opened") as caught:
        open_database(url)

    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_postgresql_is_always_spoken_by_psycopg_3(scheme: str) -> None:
    """Whichever way the address is written, the driver is the one that is installed."""
    engine = open_database(f"{scheme}://certdesk:geheim@localhost/certdesk")

    assert engine.dialect.driver == "psycopg"
    assert "geheim" not in repr(engine)
    engine.dispose()


def pragma(engine: Engine, name: str) -> object:
    """What SQLite says about one of its settings."""
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def test_sqlite_is_set_up_to_lose_nothing(tmp_path: Path) -> None:
    """Every connection waits for others, syncs fully, checks references and overwrites what it frees."""
    engine = open_database(f"sqlite:///{tmp_path / 'c.db'}")
    settings = ["journal_mode", "synchronous", "busy_timeout", "foreign_keys", "secure_delete"]

    assert [pragma(engine, name) for name in settings] == ["wal", 2, 30_000, 1, 1]
    engine.dispose()


def test_a_new_file_that_somebody_writes_is_waited_for(tmp_path: Path) -> None:
    """SQLite itself answers "locked" at once when a file gets its log; two processes may start at the same moment."""
    path = tmp_path / "new.db"
    engine = open_database(f"sqlite:///{path}")
    with ThreadPoolExecutor(1) as pool:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("CREATE TABLE t (a)")
            other.execute("BEGIN IMMEDIATE")
            mode = pool.submit(pragma, engine, "journal_mode")
            wait([mode], timeout=0.3)
            other.execute("COMMIT")

        assert "wal" == mode.result()
    engine.dispose()


def test_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Nobody else on the machine reads orders, files or sealed keys, nor the log beside them."""
    engine = open_database(f"sqlite:///{tmp_path / 'var' / 'c.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (a)"))
        modes = [stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "var").iterdir()]

    assert len(modes) >= 2
    assert set(modes) == {0o600}
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    engine.dispose()


def test_transaction_that_writes_has_the_file_from_its_first_moment(tmp_path: Path) -> None:
    """A second writer waits before it reads, so it never decides on what is about to change."""
    path = tmp_path / "c.db"
    engine = open_database(f"sqlite:///{path}")
    with (
        engine.begin(),
        closing(sqlite3.connect(path, timeout=0)) as other,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")
    with reading(engine), closing(sqlite3.connect(path, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
    engine.dispose()


def test_error_does_not_repeat_what_was_sent(database_url: str) -> None:
    """Values may be files or sealed keys; an error names the statement alone."""
    engine = open_database(database_url)
    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(text("SELECT :secret FROM nowhere"), {"secret": "geheim"})

    assert "geheim" not in str(caught.value)
    engine.dispose()


def test_forgotten_upload_is_gone_from_the_disk(sqlite_url: str, tmp_path: Path) -> None:
    """The bytes of a wiped file are neither in the database file nor in the log beside it."""
    secret = b"-----BEGIN RSA PRIVATE KEY-----" + bytes(range(256)) * 40
    with sql_store(sqlite_url) as store:
        order = place(store.orders)
        order = hand_in(store.orders, order, upload(order.id, data=secret))
        assert any(secret[:200] in path.read_bytes() for path in tmp_path.iterdir())

        assert store.orders.save(replace(change(order), wipes=order.upload_id))

        assert not any(secret[31:60] in path.read_bytes() for path in tmp_path.iterdir())


def test_naive_moment_is_refused() -> None:
    """A time without its zone is nobody's time."""
    with pytest.raises(ValueError, match="no time zone"):
        UtcTime().process_bind_param(datetime(2026, 1, 1), sqlite.dialect())


@pytest.mark.parametrize(
    ("raw", "kept"),
    [("plain ä \U0001f512", "plain ä \U0001f512"), ("a\x00b", "a\ufffdb"), ("a\ud800b", "a?b")],
)
def test_only_what_no_database_holds_is_replaced(raw: str, kept: str) -> None:
    """All other text comes back as it is."""
    assert storable(raw) == kept


@pytest.mark.parametrize(
    ("number", "may"), [(-1, False), (0, False), (1, True), (2**31 - 1, True), (2**31, False)]
)
def test_numbers_beyond_the_column_are_no_ids(number: int, may: bool) -> None:
    """People type any number; only what fits is looked up."""
    assert may_be_id(number) is may
