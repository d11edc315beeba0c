"""The durable engine over a SQLite file of its own, with jobs that only write down what they did."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from alembic import command
from sqlalchemy import Engine

from bot.domain.ids import HostName, OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import Work
from bot.store.beside import Beside
from bot.store.database import open_database, writing
from bot.store.migration import _config, migrate
from bot.system.stopwatch import BootStopwatch
from bot.workflow.durable import CONNECTIONS, Worker, WorkQueue, migrate_engine
from bot.workflow.jobs import Job, Jobs
from bot.workflow.outcome import Done, Run
from tests.unit.domain.samples import order, wish

PATIENCE_S = 120.0
"""Nothing that comes is waited for so long, also when it comes from a process that is started on a busy machine."""
LEAP_DAY = "0 0 29 2 *"
NO_LOOKS: Mapping[str, str] = MappingProxyType({"sweep_cron": LEAP_DAY, "look_cron": LEAP_DAY})
"""At a full minute the look is work like another: it would be counted with what a test has put there."""
WORKS = [work for work in Work if work is not Work.NOTHING]


def order_on(host: str, number: int = 7, version: int = 3) -> CertificateOrder:
    """An order whose work belongs to one host."""
    hosts = (HostName(host),)
    return replace(order(wish=wish(hosts=hosts)), id=OrderId(number), version=version)


def wait_for(what: Callable[[], object]) -> None:
    """Wait until it is so; a test that waits in vain fails."""
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        threading.Event().wait(0.02)


@dataclass(kw_only=True)
class Room:
    """One database, one queue, and at most one worker at a time."""

    url: str
    queue: WorkQueue
    database: Engine
    log: list[str] = field(default_factory=list)
    gone: list[tuple[OrderId, int]] = field(default_factory=list)
    job: Job | None = None
    deliver: Callable[..., float] | None = None
    is_away: Callable[[BaseException], bool] = lambda _: False
    looks: Mapping[str, str] = field(default_factory=lambda: NO_LOOKS)

    def enqueue(self, work: Work, given: CertificateOrder) -> None:
        """Start work in a transaction of its own."""
        with writing(self.database) as session:
            self.queue.enqueue(session, work, given)

    @contextmanager
    def worker(self, executor_id: str = "room-1") -> Iterator[Worker]:
        """A worker, until the end of the block."""
        jobs = Jobs(
            by_work=dict.fromkeys(WORKS, self.job or self.note),
            deliver=self.deliver or self.note_delivery,
            sweeps=(),
            reconcile=lambda: None,
            apologize=lambda order_id, incident, _work: self.log.append(
                f"sorry {order_id} {incident}"
            ),
            let_go=lambda order_id, version: self.gone.append((order_id, version)),
        )
        library = Beside(self.url, connections=CONNECTIONS)
        worker = Worker(
            database_url=self.url,
            executor_id=executor_id,
            jobs=jobs,
            is_away=self.is_away,
            own_engine=library.engine,
            stopwatch=BootStopwatch(),
            **self.looks,
        )
        worker.start()
        try:
            yield worker
        finally:
            worker.stop()
            library.close()

    def note(self, run: Run, order_id: OrderId, version: int) -> None:
        """A job of two steps."""
        for name in ("one", "two"):
            run.step(name, lambda name=name: self.say(f"{name} {order_id}/{version}"))  # type: ignore[misc]  # mypy cannot type a default in a lambda

    def note_delivery(self, run: Run, order_id: OrderId) -> float:
        """A delivery that leaves nothing to a later run."""
        self.log.append(f"deliver {order_id}")
        return 0.0

    def say(self, words: str) -> Done:
        """Write a line into the log, as a step does."""
        self.log.append(words)
        return Done(words)


def in_form(url: str, revision: str) -> None:
    """Make a database as an earlier release had it."""
    engine = open_database(url)
    with engine.begin() as connection:
        command.upgrade(_config(connection), revision)
    engine.dispose()


@contextmanager
def open_room(folder: Path, url: str = "", *, form: str = "") -> Iterator[Room]:
    """A database of this release or of an earlier form, and its queue, in a file or at an address; nothing runs yet."""
    url = url or f"sqlite:///{folder / 'certdesk.db'}"
    if form:
        in_form(url, form)
    else:
        migrate(url)
    migrate_engine(url)
    queue, database = WorkQueue(url), open_database(url)
    try:
        yield Room(url=url, queue=queue, database=database)
    finally:
        queue.close()
        database.dispose()
