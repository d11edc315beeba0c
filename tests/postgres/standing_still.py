"""A process that stands still inside a transaction, without waiting for the fifteen seconds it may do so."""

from sqlalchemy import Connection, Engine, text

from tests.contract.engine_room import wait_for


def stand_still(connection: Connection, watcher: Engine) -> None:
    """
    Say nothing more on this connection until the server has ended it; somebody else watches.

    Only from here on the server is quick with it: a busy machine may stand still for a while at any other place.
    """
    number = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 50"))
    wait_for(lambda: number not in sessions(watcher))


def sessions(watcher: Engine) -> dict[int, str]:
    """What the other sessions in this database do, by their process."""
    ask = text(
        "SELECT pid, state FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'certdesk' AND pid <> pg_backend_pid()"
    )
    with watcher.connect() as connection:
        return {one.pid: one.state for one in connection.execute(ask)}
