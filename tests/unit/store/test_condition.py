"""What is said of a database before anybody works on it, and that looking changes nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.opening import condition_of, prepare_database
from bot.store.condition import look_at
from bot.store.database import open_database
from bot.store.migration import migrate, newest_revision


@pytest.fixture
def ready(tmp_path: Path) -> str:
    """A database as the first start leaves it."""
    url = f"sqlite:///{tmp_path / 'certdesk.db'}"
    prepare_database(url)
    return url


def execute(url: str, statement: str) -> None:
    """Change something behind CertDesk's back."""
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_a_database_that_is_ready_has_no_faults(ready: str) -> None:
    """It says which form it has and how much room is left."""
    seen = condition_of(ready)

    assert () == seen.faults
    assert f"The database can be written to and has form {newest_revision()}." == seen.notes[0]
    assert "MiB are free where" in seen.notes[1]


def test_looking_makes_and_changes_nothing(ready: str, tmp_path: Path) -> None:
    """Neither a file that is not there, nor a row of one that is."""
    missing = tmp_path / "deep" / "none.db"
    seen = condition_of(f"sqlite:///{missing}")
    with closing(sqlite3.connect(tmp_path / "certdesk.db")) as connection:
        before = list(connection.iterdump())
        condition_of(ready)
        after = list(connection.iterdump())

    assert () == seen.faults
    assert f"{missing} does not exist yet; the first start makes it." == seen.notes[0]
    assert not missing.parent.exists()
    assert before == after


def test_an_empty_database_is_no_fault(tmp_path: Path) -> None:
    """The first start makes the tables."""
    (tmp_path / "empty.db").touch()

    seen = condition_of(f"sqlite:///{tmp_path / 'empty.db'}")

    assert () == seen.faults
    assert "no tables in the database yet" in seen.notes[0]


def test_an_older_form_is_brought_up_to_date_by_the_next_start(ready: str) -> None:
    """Said before it happens, since there is no way back."""
    execute(ready, "UPDATE alembic_version SET version_num = '0003'")
    seen = condition_of(ready)

    assert () == seen.faults
    assert seen.notes[0].startswith(
        f"The database has form 0003, and this release works with {newest_revision()}"
    )
    assert "take a backup first" in seen.notes[0]


def test_a_form_of_a_newer_release_is_a_fault(ready: str) -> None:
    """Nothing of this release may work on it."""
    execute(ready, "UPDATE alembic_version SET version_num = '9999'")
    [fault] = condition_of(ready).faults

    assert fault.startswith("The database has form 9999, which this release does not know")


def test_engine_tables_that_are_missing_are_a_fault(tmp_path: Path) -> None:
    """Orders would be kept and no work would start."""
    url = f"sqlite:///{tmp_path / 'ours.db'}"
    migrate(url)
    [fault] = condition_of(url).faults

    assert fault.startswith("The durable engine cannot read its tables")
    assert "certdesk migrate" in fault


def test_a_database_that_cannot_be_written_to_is_a_fault(ready: str, tmp_path: Path) -> None:
    """Found by a write that is taken back, since permissions do not bind everybody."""
    execute(
        ready,
        "CREATE TRIGGER broken BEFORE UPDATE ON audit_head BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    [fault] = condition_of(ready).faults

    assert fault.startswith(
        "The database cannot be used (IntegrityError): it is away, full, locked or read-only"
    )


def test_a_disk_that_is_almost_full_is_a_fault(ready: str) -> None:
    """Told before orders stand still, with what to do."""
    [fault] = look_at(ready, lambda _: True, least_free=2**60).faults

    assert " MiB are free where " in fault
    assert "orders stand still until there is room again" in fault


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://root:geheim@localhost/certdesk", "neither a SQLite file nor PostgreSQL"),
        (
            "postgresql://certdesk:geheim@127.0.0.1:1/certdesk",
            "The database cannot be used (OperationalError)",
        ),
    ],
)
def test_what_cannot_be_reached_is_a_fault_without_its_password(url: str, says: str) -> None:
    """Wrong use and a server that is away alike."""
    [fault] = condition_of(url).faults

    assert says in fault
    assert "geheim" not in fault
