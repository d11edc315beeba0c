"""What happens to a database before anything is plugged together: made ready, kept for one process, looked at."""

import fcntl
from contextlib import closing
from typing import IO

from bot.settings import BadSettings
from bot.store.condition import Condition, look_at
from bot.store.database import file_of
from bot.store.migration import migrate
from bot.workflow.durable import WorkQueue, migrate_engine


def prepare_database(url: str) -> None:
    """Bring our tables and the durable engine's up to date."""
    migrate(url)
    migrate_engine(url)


def lock_single_process(url: str) -> IO[str] | None:
    """
    Hold SQLite's file for this process alone; None on PostgreSQL, where many may work.

    Raises:
        BadSettings: another process holds it.
        DatabaseUnusable: the address names neither.
    """
    file = file_of(url)
    if file is None:
        return None
    path = file.with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("w", encoding="utf-8")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise BadSettings(
            (
                (
                    f"Another CertDesk works on {url}; this one was not started. SQLite serves one "
                    f"process. Stop the other one, or move to PostgreSQL."
                ),
            )
        ) from None
    return handle


def condition_of(url: str) -> Condition:
    """What state the database is in; nothing is changed, and nothing made that is not there."""
    return look_at(url, _read_engine)


def _read_engine(url: str) -> object:
    with closing(WorkQueue(url, patient=False)) as queue:
        return queue.knows_any()
