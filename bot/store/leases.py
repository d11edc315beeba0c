"""
Leases on hosts, each decided by one statement on one row.

On PostgreSQL the database's clock says what has ended, so that workers whose clocks differ agree; SQLite
serves one process, whose clock it is. A moment further ahead than any lease lasts was written before a clock was set
back: it counts as one of now.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, and_, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from bot.domain.ids import HostName, OrderId
from bot.domain.leases import Holder, Lease, Occupied, lease_key
from bot.ports import Clock
from bot.store.database import writing
from bot.store.tables import METADATA, HostLeaseRecord

_RESTS: Final = datetime.fromtimestamp(0, UTC)
"""``busy_until`` of a holder none of whose commands can be running."""

_BURIED: Final = ""
"""The word of a process that is dead, or has let go: no process has it."""

row: Final = METADATA.tables["host_leases"].c
_MOMENTS: Final = {"expires_at": row.expires_at, "busy_until": row.busy_until}


class SqlLeases:
    """
    `bot.workflow.leases.HostLeases` over the database.

    Args:
        hold_s: how long a lease lasts without renewal: longer than a command's deadline and the longest wait
            between two checks together.
    """

    def __init__(self, engine: Engine, clock: Clock, *, hold_s: float) -> None:
        self._engine = engine
        self._clock = clock
        self._hold = timedelta(seconds=hold_s)

    def take(self, host: HostName, holder: Holder) -> Lease | Occupied:
        """Take a host or renew the hold on it."""
        with writing(self._engine) as session:
            _lock(session, or_(row.host == lease_key(host), _of(holder)))
            now = moment(session, self._clock)
            self._set_right(session, host, now)
            self._let_go(session, now, _of(holder), row.host != lease_key(host))
            fence = _claim(session, host, holder, now=now, until=now + self._hold)
            if fence is not None:
                return Lease(host=host, holder=holder, fence=fence)
            other = session.get_one(HostLeaseRecord, lease_key(host))
            left = (other.expires_at - now).total_seconds()
            return Occupied(order_id=OrderId(other.order_id), left_s=max(left, 0.0))

    def renew(self, session: Session, lease: Lease, *, busy_until: datetime) -> bool:
        """Check and renew a lease in the transaction of an intent; False when it is not held any more."""
        now = moment(session, self._clock)
        renewed = session.connection().execute(
            update(HostLeaseRecord)
            .where(_is(lease), row.expires_at > now)
            .values(expires_at=now + self._hold, busy_until=busy_until)
        )
        return renewed.rowcount == 1

    def rest(self, lease: Lease) -> None:
        """The command begun last has ended."""
        with writing(self._engine) as session:
            self.let_rest(session, lease)

    def let_rest(self, session: Session, lease: Lease) -> None:
        """The same in the transaction of an answer."""
        session.connection().execute(
            update(HostLeaseRecord).where(_is(lease)).values(busy_until=_RESTS)
        )

    def release(self, holder: Holder) -> None:
        """Let go of everything this holder has."""
        with writing(self._engine) as session:
            ended = and_(_same_run(holder), row.worker.in_((holder.worker, _BURIED)))
            _lock(session, ended)
            self._let_go(session, moment(session, self._clock), ended)

    def bury(self, worker: str) -> None:
        """
        A process is dead: its hosts stay with its runs of work.

        For a whole lease from now on: what its own moments say may come from before a clock was set.
        """
        with writing(self._engine) as session:
            _lock(session, row.worker == worker)
            until = moment(session, self._clock) + self._hold
            session.connection().execute(
                update(HostLeaseRecord)
                .where(row.worker == worker)
                .values(worker=_BURIED, expires_at=until)
            )

    def _set_right(self, session: Session, host: HostName, now: datetime) -> None:
        most = now + self._hold
        session.connection().execute(
            update(HostLeaseRecord)
            .where(row.host == lease_key(host), or_(row.expires_at > most, row.busy_until > most))
            .values(
                {one: case((column > most, most), else_=column) for one, column in _MOMENTS.items()}
            )
        )

    def _let_go(self, session: Session, now: datetime, *whose: ColumnElement[bool]) -> None:
        """End leases, each when the command that may still be running on its host is over; nobody holds them then."""
        most = now + self._hold
        busy = case((row.busy_until > most, most), else_=row.busy_until)
        session.connection().execute(
            update(HostLeaseRecord)
            .where(row.expires_at > now, *whose)
            .values(worker=_BURIED, expires_at=case((row.busy_until > now, busy), else_=now))
        )


def _lock(session: Session, which: ColumnElement[bool]) -> None:
    """Lock hosts by their names: of two runs that change hosts crosswise one waits, and not each for the other."""
    session.connection().execute(
        select(row.host).where(which).order_by(row.host).with_for_update()
    ).all()


def moment(session: Session, clock: Clock) -> datetime:
    """This moment by the one clock that all workers of the database share."""
    if session.get_bind().dialect.name == "postgresql":
        now: datetime = session.connection().execute(select(func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)
    return clock.now()


def insert_of(session: Session) -> Any:
    """The INSERT that knows ON CONFLICT, in this database's own dialect; both spell it alike."""
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert


def _claim(
    session: Session, host: HostName, holder: Holder, *, now: datetime, until: datetime
) -> int | None:
    """
    One statement decides: a host that is free, or held for the same run of work, becomes the holder's.

    A run that was begun in another process goes on in this one; what its last command may still be doing is
    in the journal, and the process of before has a fence that counts no more.
    """
    taken: dict[str, Any] = {
        "worker": holder.worker,
        "order_id": holder.order_id,
        "version": holder.version,
        "expires_at": until,
    }
    same_run = _same_run(holder)
    same_holder = and_(same_run, row.worker == holder.worker)
    claim = (
        insert_of(session)(HostLeaseRecord)
        .values(host=lease_key(host), fence=1, busy_until=_RESTS, **taken)
        .on_conflict_do_update(
            index_elements=["host"],
            set_={
                **taken,
                "fence": row.fence + case((same_holder, 0), else_=1),
                "busy_until": case((same_run, row.busy_until), else_=_RESTS),
            },
            where=or_(same_run, row.expires_at <= now),
        )
        .returning(row.fence)
    )
    found: int | None = session.connection().execute(claim).scalar()
    return found


def _same_run(holder: Holder) -> ColumnElement[bool]:
    return and_(row.order_id == holder.order_id, row.version == holder.version)


def _of(holder: Holder) -> ColumnElement[bool]:
    return and_(row.worker == holder.worker, _same_run(holder))


def _is(lease: Lease) -> ColumnElement[bool]:
    return and_(row.host == lease_key(lease.host), row.fence == lease.fence, _of(lease.holder))
