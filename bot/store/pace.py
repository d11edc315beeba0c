"""How fast chat is written to, for all processes together: one row a bucket."""

from datetime import timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from bot.domain.pacing import Rate, paused, reserve
from bot.ports import Clock
from bot.store.database import writing
from bot.store.tables import PaceRecord


class SqlPace:
    """`bot.chat_ports.Pace` over the database."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def slot(self, key: str, rate: Rate) -> float:
        """Take the next slot; seconds until it comes, 0 for now."""
        self._know(key)
        with writing(self._engine) as session:
            row = _locked(session, key)
            now = self._clock.now()
            at, row.filled_until = reserve(row.filled_until, now, rate)
            return (at - now) / timedelta(seconds=1)

    def pause(self, key: str, rate: Rate, seconds: float) -> None:
        """Give out no slot for so many seconds."""
        self._know(key)
        with writing(self._engine) as session:
            row = _locked(session, key)
            row.filled_until = paused(row.filled_until, self._clock.now(), rate, seconds=seconds)

    def _know(self, key: str) -> None:
        with writing(self._engine) as session:
            if session.get(PaceRecord, key) is not None:
                return
        try:
            with writing(self._engine) as session:
                session.add(PaceRecord(key=key))
        except IntegrityError:
            # Another process was first to speak of this bucket.
            return


def _locked(session: Session, key: str) -> PaceRecord:
    return session.exec(select(PaceRecord).where(PaceRecord.key == key).with_for_update()).one()
