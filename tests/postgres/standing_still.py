"""A process that stands still inside a transaction, without waiting for the fifteen seconds it may do so."""

from sqlalchemy import Connection, Engine, event, text

from tests.contract.engine_room import wait_for

STILL_MS = 100


def hurry(engine: Engine) -> None:
    """From its next connection on the server ends this engine's transactions after a moment without a statement."""

    def shorten(connection: object, _record: object) -> None:
        connection.execute(f"SET idle_in_transaction_session_timeout = {STILL_MS}")  # type: ignore[attr-defined]  # psycopg's
        connection.commit()  # type: ignore[attr-defined]  # a roll-back would take the setting back

    engine.dispose()
    event.listen(engine, "connect", shorten)


def stand_still(connection: Connection, watcher: Engine) -> None:
    """Say nothing more on this connection until the server has ended it; somebody else watches."""
    number = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    wait_for(lambda: not _lives(watcher, number))


def linger(watcher: Engine) -> None:
    """Let several times as long go by as the server bears with a transaction that stands still, by the server's own clock."""
    with watcher.connect() as connection:
        connection.execute(text(f"SELECT pg_sleep({5 * STILL_MS / 1000})"))


def _lives(watcher: Engine, number: int) -> bool:
    with watcher.connect() as connection:
        lives = text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = :number)")
        return bool(connection.execute(lives, {"number": number}).scalar_one())
