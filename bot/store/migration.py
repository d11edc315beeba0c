"""Brings a database to the form this release needs; the steps are in `migrations/versions`."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.store.database import open_database

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x43455254
"""Advisory lock on PostgreSQL ("CERT"): two processes that start together migrate one after the other."""


def migrate(url: str) -> None:
    """
    Create or upgrade everything of CertDesk in this database, whole or not at all; may be repeated.

    Raises:
        DatabaseUnusable: the address is not one CertDesk can use.
    """
    engine = open_database(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            command.upgrade(_config(connection), "head")
    finally:
        engine.dispose()


def form_of(connection: Connection) -> str | None:
    """The form a database has; None where CertDesk has nothing yet."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """The form of a database that this release works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def revisions() -> frozenset[str]:
    """Every form that a release has worked with, this one's among them."""
    return frozenset(
        one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()
    )


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
