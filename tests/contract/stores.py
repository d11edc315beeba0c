"""One store of each kind, with the same outside, for the suites that every store must pass."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import Work
from bot.key_ports import SealedSecrets
from bot.ports import Audit, Journal, Orders, Outbox
from bot.store.audit import SqlAudit
from bot.store.database import open_database
from bot.store.journal import SqlJournal
from bot.store.orders import SqlOrders
from bot.store.outbox import SqlOutbox
from bot.store.sealed import SqlSealedSecrets
from tests.fakes.sealed import FakeSealedSecrets
from tests.fakes.store import FakeAudit, FakeJournal, FakeOrders, FakeOutbox, Memory


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
    """The five ports over one database, or over one memory; `engine` is None for the latter."""

    orders: Orders
    audit: Audit
    outbox: Outbox
    journal: Journal
    secrets: SealedSecrets
    starts: Starts
    engine: Engine | None = None


@contextmanager
def sql_store(url: str) -> Iterator[Store]:
    """The real store over a migrated database."""
    engine, starts = open_database(url), Starts()
    try:
        yield Store(
            orders=SqlOrders(engine, starts.work, starts.delivery),
            audit=SqlAudit(engine),
            outbox=SqlOutbox(engine),
            journal=SqlJournal(engine),
            secrets=SqlSealedSecrets(engine),
            starts=starts,
            engine=engine,
        )
    finally:
        engine.dispose()


def fake_store() -> Store:
    """The store in memory."""
    memory, starts = Memory(), Starts()
    return Store(
        orders=FakeOrders(memory, starts.work, starts.delivery),
        audit=FakeAudit(memory),
        outbox=FakeOutbox(memory),
        journal=FakeJournal(memory),
        secrets=FakeSealedSecrets(memory),
        starts=starts,
    )
