"""Moving everything from one database to another: nothing lost, nothing half, and the work goes on there."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text

from bot.domain.states import State, Work
from bot.opening import lock_single_process
from bot.store.database import open_database, reading, writing
from bot.store.migration import migrate
from bot.store.moving import CannotMove, move_rows
from bot.store.orders import SqlOrders
from bot.store.tables import METADATA
from bot.workflow.durable import WorkQueue, migrate_engine
from tests.contract.engine_room import open_room, wait_for
from tests.contract.samples import LINE, change, hand_in, place, step
from tests.contract.stores import sql_store
from tests.postgres.everything import fill
from tests.unit.cli.front_door import FrontDoor


def rows(engine: Engine) -> dict[str, list[str]]:
    """Every row of every table, as text that does not depend on the database."""
    with reading(engine) as session:
        return {
            table.name: sorted(
                str(tuple(row)) for row in session.connection().execute(select(table))
            )
            for table in METADATA.sorted_tables
        }


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """An engine, given back."""
    engine = open_database(url)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def filled(sqlite_url: str) -> str:
    """A SQLite database with something in every table."""
    with sql_store(sqlite_url) as store:
        fill(store)
    return sqlite_url


def test_everything_arrives_and_is_the_same(
    certdesk: FrontDoor, filled: str, empty_postgres_url: str
) -> None:
    """Each row of each table, counted and hashed; the audit verifies; exit 0."""
    told = certdesk("move", "--from", filled, "--to", empty_postgres_url, "--json")

    assert 0 == told.code, told.err
    page = json.loads(told.out)
    with opened(filled) as here, opened(empty_postgres_url) as there:
        before, after = rows(here), rows(there)
    assert before == after
    assert all(before[name] for name in set(before) - {"worker_leases"}), (
        "the sample misses a table"
    )
    assert {n: len(r) for n, r in before.items() if n != "worker_leases"} == {
        name: table["rows"] for name, table in page["tables"].items()
    }
    assert page["audit"]["entries"] == len(before["audit"])


def test_numbers_go_on_where_they_ended(filled: str, postgres_url: str) -> None:
    """The next order, file, step and message get fresh numbers, and the audit's chain grows on."""
    with opened(filled) as here, opened(postgres_url) as there:
        move_rows(here, there)
    with sql_store(postgres_url) as store:
        order = place(store.orders, "c")
        hand_in(store.orders, order)
        store.orders.note_step(step(), order.id, change(order).entry, (LINE,))

        assert order.id == 3
        assert store.audit.broken_at() is None


def test_way_back_is_open_too(filled: str, postgres_url: str, tmp_path: Path) -> None:
    """From PostgreSQL to a new SQLite file it is the same verb."""
    url = f"sqlite:///{tmp_path / 'back.db'}"
    migrate(url)
    with opened(filled) as here, opened(postgres_url) as there, opened(url) as back:
        out, home = move_rows(here, there), move_rows(there, back)

        assert out == home
        assert rows(here) == rows(back)


def refused(certdesk: FrontDoor, source: str, target: str) -> str:
    """The reasons of a move that was refused, which left nothing on the target."""
    told = certdesk("move", "--from", source, "--to", target, "--json")
    assert 1 == told.code, told.err
    return " ".join(json.loads(told.out)["reasons"])


def count(url: str, table: str) -> int:
    """How many rows a table has; 0 where it is not there."""
    with opened(url) as engine, engine.connect() as connection:
        if not engine.dialect.has_table(connection, table):
            return 0
        found = connection.execute(select(func.count()).select_from(METADATA.tables[table]))
        return int(found.scalar_one())


@pytest.mark.parametrize("state", [State.APPROVED, State.INSTALLING, State.ROLLING_BACK])
def test_live_work_is_not_moved(
    certdesk: FrontDoor, filled: str, empty_postgres_url: str, state: State
) -> None:
    """An order the machine is at work on would be lost on the way: it is named, nothing is copied."""
    with sql_store(filled) as store:
        assert store.orders.save(change(place(store.orders, "busy"), state=state))
    why = refused(certdesk, filled, empty_postgres_url)

    assert "Order 3: mail.example.com is" in why
    assert "let this end" in why
    assert 0 == count(empty_postgres_url, "orders")


def test_work_that_stopped_behind_the_state_of_its_order_is_not_moved(
    certdesk: FrontDoor, filled: str, empty_postgres_url: str
) -> None:
    """Installed, and the order of before was not told yet: the engine alone knows of it, and its tables stay behind."""
    migrate_engine(filled)
    with sql_store(filled) as store:
        ended = change(place(store.orders, "ended"), state=State.INSTALLED)
        assert store.orders.save(ended)
    with opened(filled) as engine, closing(WorkQueue(filled)) as queue, writing(engine) as session:
        queue.enqueue(session, Work.INSTALL, ended.order)
    why = refused(certdesk, filled, empty_postgres_url)

    assert "let this end" in why
    assert 0 == count(empty_postgres_url, "orders")


def test_target_in_use_is_refused(certdesk: FrontDoor, filled: str, postgres_url: str) -> None:
    """What is there stays as it is."""
    with sql_store(postgres_url) as store:
        place(store.orders)
    why = refused(certdesk, filled, postgres_url)

    assert "The target is in use: its table" in why
    assert 1 == count(postgres_url, "orders")


def test_broken_audit_is_not_moved(
    certdesk: FrontDoor, filled: str, empty_postgres_url: str
) -> None:
    """A chain that breaks at the source would look as if the move had broken it."""
    with opened(filled) as engine, engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text("DELETE FROM audit WHERE number = 2"))

    assert "Entry 2 of the source's audit" in refused(certdesk, filled, empty_postgres_url)
    assert 0 == count(empty_postgres_url, "orders")


def test_older_form_is_not_moved(certdesk: FrontDoor, filled: str, empty_postgres_url: str) -> None:
    """A database of another release is brought up to date first, where it is."""
    with opened(filled) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))

    assert "certdesk migrate" in refused(certdesk, filled, empty_postgres_url)


def test_source_that_is_served_is_not_moved(
    certdesk: FrontDoor, filled: str, empty_postgres_url: str
) -> None:
    """Whoever still serves SQLite holds its lock: exit 2."""
    with lock_single_process(filled) as lock:  # type: ignore[union-attr]  # it is SQLite
        assert lock is not None
        told = certdesk("move", "--from", filled, "--to", empty_postgres_url)

    assert 2 == told.code
    assert "Another CertDesk works on" in told.err


def test_connected_processes_hold_a_move_from_postgresql(
    certdesk: FrontDoor, postgres_url: str, tmp_path: Path
) -> None:
    """On PostgreSQL open connections tell that somebody still serves it."""
    target = f"sqlite:///{tmp_path / 'target.db'}"
    with opened(postgres_url) as other, other.connect():
        assert "connection(s) of CertDesk are open" in refused(certdesk, postgres_url, target)


def test_row_that_arrives_otherwise_takes_everything_back(filled: str, postgres_url: str) -> None:
    """The hashes are compared before anything is kept."""
    spoil = (
        """
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN NEW.detail := NEW.detail || '!'; RETURN NEW; END $$
        """,
        "CREATE TRIGGER spoil BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION spoil()",
    )
    mend = ("DROP TRIGGER spoil ON orders", "DROP FUNCTION spoil")
    with opened(filled) as here, opened(postgres_url) as there:
        try:
            _execute(there, *spoil)
            with pytest.raises(CannotMove, match="The table orders came out differently"):
                move_rows(here, there)
        finally:
            _execute(there, *mend)

    assert 0 == count(postgres_url, "orders")
    assert 0 == count(postgres_url, "audit")


def _execute(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_orders_that_waited_go_on_at_the_target(
    certdesk: FrontDoor, tmp_path: Path, empty_postgres_url: str
) -> None:
    """Two orders wait for an approver on SQLite; after the move their approval starts real work on PostgreSQL."""
    with open_room(tmp_path) as room:
        orders = SqlOrders(room.database, room.queue.enqueue, room.queue.enqueue_delivery)
        ids = [place(orders, key).id for key in ("a", "b")]
        source = room.url
    assert 0 == certdesk("move", "--from", source, "--to", empty_postgres_url).code

    with open_room(tmp_path, empty_postgres_url) as room, room.worker():
        orders = SqlOrders(room.database, room.queue.enqueue, room.queue.enqueue_delivery)
        for order_id in ids:
            told = change(orders.load(order_id), LINE, work=Work.MAKE_CSR, state=State.APPROVED)
            assert orders.save(told)
        wait_for(lambda: {f"two {n}/2" for n in ids} <= set(room.log))
        wait_for(lambda: {f"deliver {n}" for n in ids} <= set(room.log))
