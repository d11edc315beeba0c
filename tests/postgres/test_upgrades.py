"""Upgrades from every release's form, with something in every table: nothing is lost, and everything can be read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, inspect, select, text
from sqlalchemy.exc import DBAPIError

from bot.domain import events as ev
from bot.domain.ids import OrderId
from bot.domain.states import State
from bot.store import migration
from bot.store.database import open_database
from bot.store.migration import migrate
from bot.store.tables import METADATA
from bot.workflow.engine import Engine as Rules
from tests.contract.samples import NOON, change, place
from tests.contract.stores import Store, sql_store
from tests.postgres.everything import fill
from tests.postgres.test_migration import differences
from tests.unit.domain.samples import RITA, certificate, site

REVISIONS = [
    script.revision
    for script in reversed(list(ScriptDirectory.from_config(migration._config()).walk_revisions()))
]
Rows = dict[str, list[dict[str, Any]]]


def columns(connection: Connection) -> dict[str, set[str]]:
    """The columns of each of our tables that is there."""
    seen = inspect(connection)
    return {
        name: {column["name"] for column in seen.get_columns(name)}
        for name in seen.get_table_names()
        if name in METADATA.tables
    }


def raw(connection: Connection, of: dict[str, set[str]]) -> Rows:
    """Every row as the database has it, without our types; only these columns."""
    found = MetaData()
    found.reflect(connection, only=list(of))
    rows: Rows = {}
    for name, kept in of.items():
        table = found.tables[name]
        chosen = select(*(column for column in table.c if column.name in kept))
        rows[name] = sorted((dict(r) for r in connection.execute(chosen).mappings()), key=repr)
    return rows


def put(connection: Connection, rows: Rows, of: dict[str, set[str]]) -> None:
    """Write rows into the tables of an older form, what it has of them."""
    found = MetaData()
    found.reflect(connection, only=list(of))
    connection.execute(text("DELETE FROM audit_head"))
    for table in METADATA.sorted_tables:
        for row in rows[table.name] if table.name in of else []:
            kept = {name: value for name, value in row.items() if name in of[table.name]}
            connection.execute(found.tables[table.name].insert(), kept)


def upgrade(engine: Engine, revision: str) -> None:
    """Bring a database to the form of one release."""
    with engine.begin() as connection:
        command.upgrade(migration._config(connection), revision)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def two_urls(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A migrated database to take rows from, and an empty one of the same kind."""
    if request.param == "sqlite":
        folder = request.getfixturevalue("tmp_path")
        return request.getfixturevalue("sqlite_url"), f"sqlite:///{folder / 'old.db'}"
    return (
        request.getfixturevalue("postgres_url"),
        request.getfixturevalue("empty_postgres_url"),
    )


@pytest.mark.parametrize("revision", REVISIONS)
def test_upgrade_from_every_form_loses_nothing(two_urls: tuple[str, str], revision: str) -> None:
    """What stood in the tables of that form stands in them afterwards, and the store reads all of it."""
    filled, url = two_urls
    with sql_store(filled) as store:
        fill(store)
        assert store.engine is not None
        with store.engine.begin() as connection:
            rows = raw(connection, columns(connection))
    engine = open_database(url)
    try:
        upgrade(engine, revision)
        with engine.begin() as connection:
            had = columns(connection)
            put(connection, rows, had)
            before = raw(connection, had)
        migrate(url)
        with engine.begin() as connection:
            after = raw(connection, had)

        assert before == after
        assert [d for d in differences(engine) if "alembic_version" not in str(d)] == []
    finally:
        engine.dispose()
    check_reading(url)


def test_certificates_of_before_get_their_ends(two_urls: tuple[str, str]) -> None:
    """What is looked up by index says of an old row what it says of a row that is written today."""
    filled, url = two_urls
    with sql_store(filled) as store:
        for days in (46.5, 47, 200):
            proven = certificate(not_after=NOON.replace(microsecond=0) + timedelta(days=days))
            order = place(store.orders, f"valid {days}")
            assert store.orders.save(change(order, state=State.INSTALLED, certificate=proven))
        place(store.orders, "without a certificate")
        assert store.engine is not None
        with store.engine.begin() as connection:
            written = raw(connection, columns(connection))
    engine = open_database(url)
    try:
        upgrade(engine, "0008")
        with engine.begin() as connection:
            put(connection, written, columns(connection))
        migrate(url)
        with engine.begin() as connection:
            assert written["orders"] == raw(connection, columns(connection))["orders"]
    finally:
        engine.dispose()


def check_reading(url: str) -> None:
    """Orders, steps and the audit can be read and go on, and the audit is still guarded."""
    with sql_store(url) as store:
        orders = store.orders.in_states(State)
        assert [2, 1] == [order.id for order in orders]
        assert store.orders.steps(orders[-1].id)
        assert store.audit.broken_at() is None
        entries = len(store.audit.entries())
        guarded: Callable[[], object] = lambda: _tamper(store.engine)  # noqa: E731 - named for the reader
        with pytest.raises(DBAPIError, match="only grows"):
            guarded()
        _mend_numbers(store.engine)
        place(store.orders, "after the upgrade")
        _go_on(store, orders[0].id)
        assert store.audit.broken_at() is None
        assert entries + 2 == len(store.audit.entries())


def _go_on(store: Store, waiting: OrderId) -> None:
    """An order that waited under the older release goes on under this one, by the real engine."""
    rules = Rules(store.orders, site(), store.clock)
    after = rules.take(waiting, ev.SubmittedToVendor(reference="GD-2"), by=RITA)
    assert State.SUBMITTED is after.state
    assert after == store.orders.load(waiting)
    assert "submitted" == store.audit.entries(waiting)[-1].what


def _tamper(engine: Engine | None) -> None:
    assert engine is not None
    with engine.begin() as connection:
        connection.execute(text("UPDATE audit SET order_id = 9"))


def _mend_numbers(engine: Engine | None) -> None:
    """Rows that a test wrote with their numbers moved no sequence of PostgreSQL."""
    assert engine is not None
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            for table in ("orders", "outbox", "host_steps", "uploads"):
                column = "number" if table in ("outbox", "host_steps") else "id"
                connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), 100)")
                )


def test_no_form_is_left_out() -> None:
    """The chain of forms has one beginning and one end."""
    assert REVISIONS[-1] == migration.newest_revision()
    assert len(set(REVISIONS)) == len(REVISIONS) >= 6
