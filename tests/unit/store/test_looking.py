"""Who only reads needs no right to write, and changes nothing; a database of another release is told, not upgraded."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot.store.audit import SqlAudit
from bot.store.database import DatabaseUnusable
from bot.store.looking import NothingKept, open_to_read
from bot.store.migration import newest_revision
from tests.contract.samples import change, place
from tests.contract.stores import sql_store

NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others can reach, as an auditor's would be."""
    made = Path(tempfile.mkdtemp(prefix="certdesk-look-"))
    made.chmod(0o755)
    yield made
    made.chmod(0o755)
    shutil.rmtree(made)


@pytest.fixture
def kept(folder: Path, migrated_sqlite: Path) -> Path:
    """A database with two entries of the audit, left as a stopped CertDesk leaves it, open to be read."""
    file = Path(shutil.copy(migrated_sqlite, folder / "certdesk 1%.db"))
    with sql_store(url_of(file)) as store:
        assert store.orders.save(change(place(store.orders)))
    file.chmod(0o444)
    return file


def url_of(file: Path) -> str:
    """The address of a file."""
    return f"sqlite:///{file}"


@contextmanager
def as_auditor() -> Iterator[None]:
    """As an account that owns nothing here."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def verified(file: Path, notes: list[str], *, entries: int = 2) -> int | None:
    """The verdict on the chain, and a write that is refused."""
    engine = open_to_read(url_of(file), notes.append)
    try:
        assert entries == SqlAudit(engine).head()[0]
        with engine.connect() as connection, pytest.raises(OperationalError):
            connection.execute(text("UPDATE audit_head SET number = 9"))
        return SqlAudit(engine).broken_at()
    finally:
        engine.dispose()


def set_form(file: Path, form: str) -> None:
    """As another release left it."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (form,))


def state_of(file: Path) -> list[str]:
    """Everything in a file."""
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


def test_a_read_only_file_is_verified(kept: Path) -> None:
    """Also while CertDesk has it open, with entries that are in the log alone; nothing is said, nothing can be written."""
    notes: list[str] = []
    with sql_store(url_of(kept)) as store:
        place(store.orders, "in the log")
        assert (kept.parent / f"{kept.name}-wal").stat().st_size
        assert verified(kept, notes, entries=3) is None

    assert [] == notes


def test_a_file_in_a_read_only_folder_is_verified_and_said_so(kept: Path) -> None:
    """SQLite cannot make the log's index there: the file is read as one that nobody changes, which the reader is told."""
    notes: list[str] = []
    before = state_of(kept)
    kept.parent.chmod(0o555)
    with as_auditor():
        assert verified(kept, notes) is None

    [note] = notes
    assert "the answer is right only while no CertDesk works on it" in note
    assert [kept.name] == [one.name for one in kept.parent.iterdir()]
    kept.parent.chmod(0o755)
    assert before == state_of(kept)


def test_a_log_that_cannot_be_read_along_is_not_passed_over(kept: Path) -> None:
    """What a killed CertDesk left in the log would be missing: no answer is better than that one."""
    log = kept.parent / f"{kept.name}-wal"
    with sql_store(url_of(kept)) as store:
        place(store.orders, "in the log")
        left = log.read_bytes()
    log.write_bytes(left)
    log.chmod(0o444)
    kept.parent.chmod(0o555)

    with as_auditor(), pytest.raises(DatabaseUnusable, match="entries in its log"):
        open_to_read(url_of(kept), print)


def test_a_file_that_is_none_of_ours_is_a_sentence(folder: Path) -> None:
    """Not there, empty, no database, closed to this account: each is told, and none is made or changed."""
    (folder / "empty.db").touch()
    (folder / "text.db").write_text("no database at all, " * 99)
    (folder / "closed.db").write_bytes(b"")
    (folder / "closed.db").chmod(0)
    for name, fault, says in (
        ("none.db", NothingKept, "does not exist"),
        ("empty.db", NothingKept, "has nothing in this database yet"),
        ("text.db", DatabaseUnusable, "it is no database of SQLite"),
        ("closed.db", DatabaseUnusable, "not open to this account"),
    ):
        with as_auditor(), pytest.raises(fault, match=says):
            open_to_read(url_of(folder / name), print)

    assert {"empty.db", "text.db", "closed.db"} == {one.name for one in folder.iterdir()}
    assert b"" == (folder / "empty.db").read_bytes()


@pytest.mark.parametrize(("form", "says"), [("0001", "older release"), ("9999", "newer release")])
def test_a_database_of_another_release_is_told_and_left_alone(
    kept: Path, form: str, says: str
) -> None:
    """A migration behind a reader's back would leave the running release without its database."""
    kept.chmod(0o644)
    set_form(kept, form)
    before = state_of(kept)

    with pytest.raises(
        DatabaseUnusable, match=f"form {form}, of an? {says}; .*{newest_revision()}"
    ):
        open_to_read(url_of(kept), print)

    assert before == state_of(kept)
