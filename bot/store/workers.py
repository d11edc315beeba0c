"""
Leases on executor ids, and the lock that lets one process live under each.

Every decision is made on one locked row, so READ COMMITTED is enough. Moments are written and never compared with a
clock: a renewal is seen by its being another one (workers of earlier releases compare them).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, and_, delete, update
from sqlmodel import Session, select

from bot.ports import Clock
from bot.store.database import reading, writing
from bot.store.leases import insert_of, moment
from bot.store.tables import METADATA, WorkerLeaseRecord
from bot.workflow.lifeguard import Entry, Sign

_LOCKS: Final = 0x43455254
"""The class of our advisory locks on PostgreSQL ("CERT")."""

_LEFT: Final = datetime.fromtimestamp(0, UTC)
"""The moment of one that ended in good order."""

row: Final = METADATA.tables["worker_leases"].c


class SqlWorkerLeases:
    """`bot.workflow.lifeguard.WorkerLeases` over the database."""

    def __init__(self, engine: Engine, clock: Clock, *, life_s: float) -> None:
        self._engine = engine
        self._clock = clock
        self._life = timedelta(seconds=life_s)

    def enter(self, executor: str, worker: str, *, past: Sign | None = None) -> Entry:
        """Live under this id from now on."""
        with writing(self._engine) as session:
            known = _locked(session, executor)
            if known is not None and known.reaps and _sign(known) != past:
                return Entry(reaped=_sign(known))
            if not self._put(session, known, executor, worker, reaps=False):
                return Entry(reaped=_sign(session.get_one(WorkerLeaseRecord, executor)))
            return Entry(before=_word_of(known))

    def renew(self, executor: str, worker: str) -> bool:
        """Go on living; False when somebody else has the id."""
        return self._renewed(_is(executor, worker), ~row.reaps)

    def leave(self, executor: str, worker: str) -> None:
        """End in good order."""
        with writing(self._engine) as session:
            session.connection().execute(
                update(WorkerLeaseRecord).where(_is(executor, worker)).values(expires_at=_LEFT)
            )

    def signs(self) -> Mapping[str, Sign]:
        """What every id shows now."""
        with reading(self._engine) as session:
            return {one.executor: _sign(one) for one in session.exec(select(WorkerLeaseRecord))}

    def claim(self, executor: str, reaper: str, seen: Sign | None) -> str | None:
        """Take the id that still shows this sign; the word of its worker, None when somebody was faster."""
        with writing(self._engine) as session:
            known = _locked(session, executor)
            if (None if known is None else _sign(known)) != seen:
                return None
            dead = _word_of(known)
            return dead if self._put(session, known, executor, reaper, reaps=True) else None

    def hold(self, executor: str, reaper: str) -> bool:
        """Go on taking over; False when somebody else has the id."""
        return self._renewed(_is(executor, reaper), row.reaps)

    def close(self, executor: str, reaper: str) -> None:
        """Nothing is left of the dead one."""
        with writing(self._engine) as session:
            session.connection().execute(
                delete(WorkerLeaseRecord).where(_is(executor, reaper), row.reaps)
            )

    def _renewed(self, *whose: ColumnElement[bool]) -> bool:
        with writing(self._engine) as session:
            until = moment(session, self._clock) + self._life
            renewed = session.connection().execute(
                update(WorkerLeaseRecord).where(*whose).values(expires_at=until)
            )
            return renewed.rowcount == 1

    def _put(
        self,
        session: Session,
        known: WorkerLeaseRecord | None,
        executor: str,
        worker: str,
        *,
        reaps: bool,
    ) -> bool:
        """Write the locked row, or the first one under an id; False when somebody else was first there."""
        until = moment(session, self._clock) + self._life
        taken = {"worker": worker, "reaps": reaps, "expires_at": until}
        if known is not None:
            session.connection().execute(
                update(WorkerLeaseRecord).where(row.executor == executor).values(**taken)
            )
            return True
        make = insert_of(session)
        fresh = make(WorkerLeaseRecord).values(executor=executor, **taken)
        first = fresh.on_conflict_do_nothing().returning(row.executor)
        return session.connection().execute(first).scalar() is not None


def slot_of(engine: Engine, executor: str) -> "PostgresSlot | LockedFile":
    """The lock on an executor id, as the database has it."""
    return PostgresSlot(engine, executor) if engine.dialect.name == "postgresql" else LockedFile()


class PostgresSlot:
    """
    A `bot.workflow.lifeguard.Slot`: an advisory lock on a connection of its own.

    The lock ends with the connection, and that with the process; a frozen process keeps it. When the server
    was away the lock is taken again, unless somebody else lives under the id by now.
    """

    def __init__(self, engine: Engine, executor: str) -> None:
        self._engine = engine
        self._executor = executor
        self._connection: Any = None

    def take(self) -> bool:
        """Take the lock; False when another process has it."""
        self.close()
        pooled = self._engine.raw_connection()
        connection: Any = pooled.driver_connection
        # Out of the pool for good: a connection given back would take the lock along to somebody else.
        pooled.detach()
        connection.autocommit = True
        self._connection = connection
        if self._asks("SELECT pg_try_advisory_lock(%s, hashtext(%s))", (_LOCKS, self._executor)):
            return True
        self.close()
        return False

    def keep(self) -> bool:
        """Whether it is still held, taken up again if the server was away."""
        try:
            return self._connection is not None and self._asks("SELECT true", ())
        except self._engine.dialect.loaded_dbapi.Error:
            return self.take()

    def close(self) -> None:
        """Let go."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _asks(self, question: str, values: tuple[object, ...]) -> bool:
        """Ask the server on the lock's own connection; the driver is spoken to without the pool in between."""
        with self._connection.cursor() as cursor:
            return bool(cursor.execute(question, values).fetchone()[0])


class LockedFile:
    """A `bot.workflow.lifeguard.Slot` on SQLite, whose file the front door has locked for this process."""

    def take(self) -> bool:
        """Nobody else can be there."""
        return True

    def keep(self) -> bool:
        """The lock ends with the process only."""
        return True

    def close(self) -> None:
        """The front door lets go."""


def _word_of(known: WorkerLeaseRecord | None) -> str:
    """The word of the process that lived under an id; a reaper that died there has left nothing of its own."""
    return known.worker if known is not None and not known.reaps else ""


def _locked(session: Session, executor: str) -> WorkerLeaseRecord | None:
    return session.get(WorkerLeaseRecord, executor, with_for_update=True)


def _sign(known: WorkerLeaseRecord) -> Sign:
    until = known.expires_at
    return Sign(worker=known.worker, until=until, reaps=known.reaps, left=until == _LEFT)


def _is(executor: str, worker: str) -> ColumnElement[bool]:
    return and_(row.executor == executor, row.worker == worker)
