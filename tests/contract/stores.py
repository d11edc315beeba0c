"""One store of each kind, with the same outside, for the suites that every store must pass."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from bot.chase_ports import Reminders
from bot.chat_ports import Outbox, Pace
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import Work
from bot.file_ports import LeftFiles
from bot.key_ports import SealedSecrets
from bot.ports import Audit, Journal, Orders
from bot.store.audit import SqlAudit
from bot.store.database import open_database
from bot.store.journal import SqlJournal
from bot.store.leases import SqlLeases
from bot.store.orders import SqlOrders
from bot.store.outbox import SqlOutbox
from bot.store.pace import SqlPace
from bot.store.reminders import SqlReminders
from bot.store.sealed import SqlSealedSecrets
from bot.store.uploads import SqlLeftFiles
from bot.system.clock import SystemClock
from bot.workflow.leases import HostLeases
from tests.fakes.files import FakeLeftFiles
from tests.fakes.leases import FakeLeases
from tests.fakes.pace import FakePace
from tests.fakes.reminders import FakeReminders
from tests.fakes.sealed import FakeSealedSecrets
from tests.fakes.store import FakeAudit, FakeJournal, FakeOrders, FakeOutbox, Memory
from tests.unit.workflow.clock import FakeClock

HOLD_S = 300.0
"""How long a lease lasts in these tests, in seconds."""


class EngineDown(Exception):
    """Starting the work failed."""


@dataclass(kw_only=True)
class Starts:
    """Notes what was started inside a transaction; `fail` makes starting raise, after it was noted."""

    works: list[tuple[Work, OrderId, int]] = field(default_factory=list)
    deliveries: list[tuple[OrderId, str]] = field(default_factory=list)
    fail: bool = False

    def work(self, session: Any, work: Work, order: CertificateOrder) -> None:
        """Note a work."""
        self.works.append((work, order.id, order.version))
        if self.fail:
            raise EngineDown

    def delivery(self, session: Any, order_id: OrderId, row_id: str) -> None:
        """Note a delivery."""
        self.deliveries.append((order_id, row_id))
        if self.fail:
            raise EngineDown


@dataclass(frozen=True, kw_only=True)
class Store:
    """The ports over one database, or over one memory; `engine` is None for the latter."""

    orders: Orders
    audit: Audit
    outbox: Outbox
    pace: Pace
    journal: Journal
    reminders: Reminders
    secrets: SealedSecrets
    files: LeftFiles
    leases: HostLeases
    clock: FakeClock
    starts: Starts
    engine: Engine | None = None

    @property
    def is_postgres(self) -> bool:
        """Whether the database has a clock of its own."""
        return self.engine is not None and self.engine.dialect.name == "postgresql"

    def now(self) -> datetime:
        """The moment by the clock that decides on leases."""
        return SystemClock().now() if self.is_postgres else self.clock.now()

    def pass_time(self, seconds: float) -> None:
        """Let time go by, also for what PostgreSQL's own clock decides."""
        self.clock.forward(seconds)
        if self.engine is not None and self.is_postgres:
            with self.engine.begin() as connection:
                for column in ("expires_at", "busy_until"):
                    connection.execute(
                        text(f"UPDATE host_leases SET {column} = {column} - :by"),
                        {"by": timedelta(seconds=seconds)},
                    )


@contextmanager
def sql_store(url: str) -> Iterator[Store]:
    """The real store over a migrated database."""
    engine, starts, clock = open_database(url), Starts(), FakeClock()
    leases = SqlLeases(engine, clock, hold_s=HOLD_S)
    try:
        yield Store(
            orders=SqlOrders(engine, starts.work, starts.delivery),
            audit=SqlAudit(engine),
            outbox=SqlOutbox(engine, clock, starts.delivery),
            pace=SqlPace(engine, clock),
            secrets=SqlSealedSecrets(engine),
            files=SqlLeftFiles(engine),
            journal=SqlJournal(engine, leases),
            reminders=SqlReminders(engine, starts.delivery),
            leases=leases,
            clock=clock,
            starts=starts,
            engine=engine,
        )
    finally:
        engine.dispose()


def fake_store() -> Store:
    """The store in memory."""
    memory, starts, clock = Memory(), Starts(), FakeClock()
    leases = FakeLeases(memory, clock, hold_s=HOLD_S)
    return Store(
        orders=FakeOrders(memory, starts.work, starts.delivery),
        audit=FakeAudit(memory),
        outbox=FakeOutbox(memory, clock, starts.delivery),
        pace=FakePace(clock),
        secrets=FakeSealedSecrets(memory),
        files=FakeLeftFiles(memory),
        journal=FakeJournal(memory, leases),
        reminders=FakeReminders(memory, starts.delivery),
        leases=leases,
        clock=clock,
        starts=starts,
    )
