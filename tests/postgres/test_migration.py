"""Migrations: from nothing to the tables the code speaks of, on both databases, more than once at a time."""

from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from bot.store.database import open_database, reading
from bot.store.migration import migrate
from bot.store.tables import METADATA


def differences(engine: Engine) -> list[object]:
    """What alembic would still change to make the database fit the tables."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, METADATA))


def test_migrated_database_is_what_the_tables_say(database_url: str) -> None:
    """Nothing is missing, nothing is left over, and every column has its type."""
    engine = open_database(database_url)
    try:
        found = [d for d in differences(engine) if "alembic_version" not in str(d)]
    finally:
        engine.dispose()

    assert found == []


def test_migrating_again_changes_nothing(database_url: str) -> None:
    """What stands in the tables survives the next start."""
    engine = open_database(database_url)
    try:
        with engine.begin() as connection:
            connection.execute(text("UPDATE audit_head SET number = 41"))
        migrate(database_url)
        with reading(engine) as session:
            number = session.connection().execute(text("SELECT number FROM audit_head"))

            assert number.scalar_one() == 41
    finally:
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database without a single table."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('tmp_path') / 'deep' / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


def test_two_processes_may_start_on_an_empty_database(empty_url: str) -> None:
    """Whoever is second waits and then finds everything done."""
    faults: list[BaseException] = []

    def start() -> None:
        try:
            migrate(empty_url)
        except BaseException as fault:  # noqa: BLE001  # told to the test's own thread
            faults.append(fault)

    starts = [Thread(target=start) for _ in range(3)]
    for thread in starts:
        thread.start()
    for thread in starts:
        thread.join()

    assert faults == []
    engine = open_database(empty_url)
    try:
        assert set(METADATA.tables) <= set(inspect(engine).get_table_names())
    finally:
        engine.dispose()
