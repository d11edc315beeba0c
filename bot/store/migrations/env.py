"""
How alembic runs the steps: inside the transaction it is given, on CertDesk's own tables alone.

Without a given connection (the ``alembic`` command of a developer) the address in ``alembic.ini`` is opened.
"""

from alembic import context
from sqlalchemy import Connection

from bot.store.database import open_database
from bot.store.tables import METADATA


def ours(_thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Whether a thing found in the database is CertDesk's: others may keep tables there too."""
    return kind != "table" or name in METADATA.tables


def run(connection: Connection) -> None:
    """Take every step that is asked for, as one transaction."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_object=ours,
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


def run_by_hand() -> None:
    """Open the database that ``alembic.ini`` names."""
    engine = open_database(context.config.get_main_option("sqlalchemy.url", ""))
    try:
        with engine.begin() as connection:
            run(connection)
    finally:
        engine.dispose()


if "connection" in context.config.attributes:
    run(context.config.attributes["connection"])
else:
    run_by_hand()
