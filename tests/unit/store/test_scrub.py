"""Taking what was wiped out of SQLite's log: nobody waits for it, nothing committed looks failed, and it comes to its end."""

import logging
import resource
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.store.database import reading, scrub
from bot.watch.keys import KeyWatch
from tests.contract.samples import change, hand_in, place, upload
from tests.contract.stores import Store, sql_store

SECRET = b"-----BEGIN RSA PRIVATE KEY-----" + bytes(range(256)) * 40
PATIENCE_S = 60.0
"""How long the tests wait for what must not wait; SQLite is told to wait ten times as long."""


@pytest.fixture
def kept(sqlite_url: str) -> Iterator[Store]:
    """A store on a file, whose connections wait for others for as long as you like."""
    with sql_store(sqlite_url) as store:
        event.listen(engine_of(store), "connect", _be_patient)
        yield store


def _be_patient(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute(f"PRAGMA busy_timeout = {int(10_000 * PATIENCE_S)}")


def engine_of(store: Store) -> Engine:
    """The way to the store's file."""
    assert store.engine is not None
    return store.engine


def is_on_disk(folder: Path) -> bool:
    """Whether the secret lies in the file or in the log beside it."""
    return any(SECRET[31:60] in path.read_bytes() for path in folder.glob("certdesk.db*"))


@contextmanager
def reader(store: Store) -> Iterator[None]:
    """Somebody who has begun to read, and goes on."""
    with reading(engine_of(store)) as session:
        session.connection().execute(text("SELECT count(*) FROM orders")).all()
        yield


def handed_in(store: Store) -> CertificateOrder:
    """An order whose file holds the secret and is being judged."""
    order = place(store.orders)
    return hand_in(store.orders, order, upload(order.id, data=SECRET))


def look(store: Store) -> None:
    """The minute's look at what is to be wiped."""
    KeyWatch(store.secrets, store.orders, store.clock).wipe_dead()


def test_nobody_waits_for_a_reader_and_the_secret_goes_afterwards(
    kept: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The wiping and the next order go through while somebody reads; the minute's look after that takes out the rest."""
    order = handed_in(kept)

    def wipe() -> OrderId:
        assert kept.orders.save(replace(change(order), wipes=order.upload_id))
        return place(kept.orders, "next").id

    with ThreadPoolExecutor(1) as pool, caplog.at_level(logging.INFO), reader(kept):
        assert 2 == pool.submit(wipe).result(PATIENCE_S)
        assert is_on_disk(tmp_path)
    look(kept)

    assert not is_on_disk(tmp_path)
    assert "SQLite's log is in use and was not emptied" in caplog.text


def test_a_writer_is_not_waited_for_either(kept: Store, tmp_path: Path) -> None:
    """Somebody else holds the file at this very moment: the next look does it."""
    order = handed_in(kept)
    assert kept.orders.save(replace(change(order), wipes=order.upload_id))
    with (
        ThreadPoolExecutor(1) as pool,
        engine_of(kept).begin() as other,
    ):
        other.execute(text("UPDATE orders SET detail = detail"))
        pool.submit(scrub, engine_of(kept)).result(PATIENCE_S)
    look(kept)

    assert not (tmp_path / "certdesk.db-wal").stat().st_size


def test_connections_are_as_patient_afterwards_as_before(kept: Store) -> None:
    """The one that emptied the log waits for other writers again."""
    scrub(engine_of(kept))
    with engine_of(kept).connect() as connection:
        patience = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()

    assert int(10_000 * PATIENCE_S) == patience


@contextmanager
def no_file_grows_beyond(size: int) -> Iterator[None]:
    """The kernel's own limit on the files of this process, as a disk that is full."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, most))


def test_a_full_disk_does_not_undo_what_is_committed(
    kept: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no room to bring the log into the file: a line in the log, and the next look does it."""
    order = place(kept.orders)
    scrub(engine_of(kept))
    size = (tmp_path / "certdesk.db").stat().st_size
    hand_in(kept.orders, order, upload(order.id, data=SECRET * 40))
    with no_file_grows_beyond(size + 4096):
        scrub(engine_of(kept))
    assert (tmp_path / "certdesk.db-wal").stat().st_size
    look(kept)

    assert not (tmp_path / "certdesk.db-wal").stat().st_size
    assert "SQLite's log was not emptied (" in caplog.text


def test_a_file_that_is_none_is_told(kept: Store, tmp_path: Path) -> None:
    """What does not pass by itself is not kept quiet."""
    place(kept.orders)
    engine_of(kept).dispose()
    (tmp_path / "certdesk.db").write_bytes(b"no database" * 1000)

    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        scrub(engine_of(kept))
