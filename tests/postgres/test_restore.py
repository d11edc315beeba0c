"""Backups as `docs/operations.md` describes them: taken while CertDesk writes, restored, verified, gone on with."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import make_url

from bot.domain.ids import OrderId
from bot.domain.states import State, Work
from bot.store.orders import SqlOrders
from tests.contract.engine_room import open_room, wait_for
from tests.contract.samples import LINE, change, place
from tests.contract.stores import Store, sql_store
from tests.postgres import cluster
from tests.postgres.everything import fill


@contextmanager
def being_written(store: Store) -> Iterator[None]:
    """Somebody places orders all the while; more than one before the block ends."""
    stop, placed = Event(), 0

    def write() -> None:
        nonlocal placed
        while not stop.is_set():
            place(store.orders, f"while {placed}")
            placed += 1

    writer = Thread(target=write)
    writer.start()
    try:
        wait_for(lambda: placed > 2)
        yield
        seen = placed
        wait_for(lambda: placed > seen + 2)
    finally:
        stop.set()
        writer.join()


def vacuum_into(source: Path, target: Path) -> None:
    """What ``sqlite3 FILE "VACUUM INTO '…'"`` does."""
    with closing(sqlite3.connect(source, timeout=30)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


def online_backup(source: Path, target: Path) -> None:
    """What ``sqlite3 FILE ".backup …"`` does."""
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)


@pytest.mark.parametrize("take", [vacuum_into, online_backup])
def test_sqlite_backup_taken_while_writing_is_whole(
    tmp_path: Path, take: Callable[[Path, Path], None]
) -> None:
    """It holds a moment of the chain, verifies, and an order that waited goes on from it."""
    with open_room(tmp_path) as room:
        url = room.url
    with sql_store(url) as store:
        fill(store)
        waiting = place(store.orders, "waits")
        with being_written(store):
            take(tmp_path / "certdesk.db", tmp_path / "backup.db")

    check_restored(f"sqlite:///{tmp_path / 'backup.db'}", tmp_path, waiting.id)


def test_postgresql_dump_taken_while_writing_is_whole(
    postgres: cluster.Cluster, empty_postgres_url: str, tmp_path: Path
) -> None:
    """pg_dump sees one moment; pg_restore brings it into an empty database, guards and sequences too."""
    with open_room(tmp_path, empty_postgres_url):
        pass
    with sql_store(empty_postgres_url) as store:
        fill(store)
        waiting = place(store.orders, "waits")
        with being_written(store):
            pg_program(
                "pg_dump", empty_postgres_url, "--format=custom", "--file", str(tmp_path / "dump")
            )
    restored = postgres.create("certdesk_restored")
    try:
        pg_program("pg_restore", restored, "--exit-on-error", "--no-owner", "--single-transaction", str(tmp_path / "dump"))  # fmt: skip
        check_restored(restored, tmp_path, waiting.id)
    finally:
        postgres.drop(restored)


def pg_program(program: str, url: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on a database."""
    address = make_url(url)
    where = ["--host", str(address.host), "--port", str(address.port), "--username", str(address.username)]  # fmt: skip
    subprocess.run(
        [
            (cluster._programs() / "pg_ctl").resolve().parent / program,
            *where,
            "--dbname",
            str(address.database),
            *arguments,
        ],
        env={**os.environ, "PGPASSWORD": str(address.password)},
        check=True,
        capture_output=True,
    )


def check_restored(url: str, folder: Path, waiting: OrderId) -> None:
    """The audit verifies, and the order that waited is approved and worked on."""
    with sql_store(url) as store:
        assert store.audit.broken_at() is None
        assert len(store.audit.entries()) > 7
        assert {OrderId(1), OrderId(2), waiting} <= {o.id for o in store.orders.in_states(State)}
    with open_room(folder, url) as room, room.worker():
        orders = SqlOrders(room.database, room.queue.enqueue, room.queue.enqueue_delivery)
        told = change(orders.load(waiting), LINE, work=Work.MAKE_CSR, state=State.APPROVED)
        assert orders.save(told)
        wait_for(lambda: f"two {waiting}/2" in room.log)
    with sql_store(url) as store:
        assert store.audit.broken_at() is None
