"""What state a database is in before anybody works on it: looked at, never changed, never made."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.store.database import DatabaseUnusable, file_of, open_database
from bot.store.migration import form_of, newest_revision, revisions

LEAST_FREE: Final = 64 * 1024 * 1024
"""Bytes; below it the next days' orders may not find room (an order takes about 11 KiB, an upload up to some MiB)."""
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What was seen; a sentence for each thing somebody has to do, and one for each that is good to know."""

    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: "Condition") -> "Condition":
        """Both."""
        return Condition(faults=self.faults + other.faults, notes=self.notes + other.notes)


def look_at(
    url: str, reads_engine: Callable[[str], object], *, least_free: int = LEAST_FREE
) -> Condition:
    """
    Look at a database: reachable, which form, can be written to, room on its disk, the durable engine's tables.

    Args:
        reads_engine: lets the durable engine read its own tables at this address; raises what it likes when it cannot.
        least_free: bytes that must be free where a SQLite file lies.
    """
    try:
        file = file_of(url)
        if file is not None:
            room = _room(file, least_free)
            if not file.exists():
                return _to_be_made(file) + room
            return _look_inside(url, reads_engine) + room
        return _look_inside(url, reads_engine)
    except DatabaseUnusable as unusable:
        return Condition(faults=(str(unusable),))


def _look_inside(url: str, reads_engine: Callable[[str], object]) -> Condition:
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            form = _form(connection)
            if form:
                return form
            _write_and_take_back(connection)
    except (DBAPIError, PoolTimeout) as fault:
        return Condition(faults=(_cannot_be_used(fault),))
    finally:
        engine.dispose()
    try:
        reads_engine(url)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is the answer that was asked for
        return Condition(
            faults=(
                (
                    f"The durable engine cannot read its tables ({type(fault).__name__}): they are missing or of "
                    "another release. Stop CertDesk, take a backup and run `certdesk migrate`."
                ),
            )
        )
    return Condition(notes=(f"The database can be written to and has form {newest_revision()}.",))


def _form(connection: Connection) -> Condition | None:
    """What is to be said of the form; None when it is that of this release."""
    found = form_of(connection)
    if found == newest_revision():
        return None
    if found is None:
        return Condition(
            notes=("CertDesk has no tables in the database yet; the first start makes them.",)
        )
    if found in revisions():
        return Condition(
            notes=(
                (
                    f"The database has form {found}, and this release works with {newest_revision()}: the next start, or "
                    "`certdesk migrate`, brings it up to date. There is no way back, so take a backup first."
                ),
            )
        )
    return Condition(
        faults=(
            (
                f"The database has form {found}, which this release does not know (its newest is {newest_revision()}): a "
                "newer CertDesk was here. Install that release again, or restore the backup from before it."
            ),
        )
    )


def _write_and_take_back(connection: Connection) -> None:
    # The row every change has to write; nothing is different afterwards, and nothing was even for a moment.
    connection.execute(text("UPDATE audit_head SET number = number"))
    connection.rollback()


def _cannot_be_used(fault: Exception) -> str:
    # The library's own text can hold the address with its password.
    return (
        f"The database cannot be used ({type(fault).__name__}): it is away, full, locked or read-only, or refuses the "
        "sign-in. Look at CERTDESK_DATABASE_URL, at the server, and at who owns the file."
    )


def _to_be_made(file: Path) -> Condition:
    return Condition(notes=(f"{file} does not exist yet; the first start makes it.",))


def _room(file: Path, least_free: int) -> Condition:
    folder = next(one for one in (file, *file.resolve().parents) if one.is_dir())
    free = shutil.disk_usage(folder).free
    if free < least_free:
        return Condition(
            faults=(
                (
                    f"Only {free // _MIB} MiB are free where {file} lies. When nothing is left, orders stand still until there is "
                    f"room again; make some now (at least {least_free // _MIB} MiB)."
                ),
            )
        )
    return Condition(notes=(f"{free // _MIB} MiB are free where {file} lies.",))
