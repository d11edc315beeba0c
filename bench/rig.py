"""What benches of the durable engine share: workers in processes of their own, and approved orders in their queue."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import IO, Final

from dbos import EnqueueOptions
from sqlalchemy import text

from bench.worker import BARE, READY, TRIVIAL, client_of
from bot.domain.ids import HostName, OrderId
from bot.domain.order import CertificateOrder
from bot.domain.states import State, Work
from bot.store.database import open_database, reading, writing
from bot.store.migration import migrate
from bot.store.orders import SqlOrders
from bot.workflow.durable import LIVE, VERSION, WorkQueue, migrate_engine
from bot.workflow.queues import HOST_QUEUE
from tests.contract import crowd
from tests.unit.domain.samples import order, wish

_LOOK_S: Final = 0.02
_PATIENCE_S: Final = 120.0
_END_S: Final = 60.0


@contextmanager
def working(url: str, executor: str, *words: str) -> Iterator["Process"]:
    """A worker at work, killed at the end if it is still there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.worker", url, executor, *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    started = Process(process, process.stdin, process.stdout)
    try:
        yield started
    finally:
        process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Process:
    """A worker's process and what it says."""

    def __init__(self, process: subprocess.Popen[str], ear: IO[str], mouth: IO[str]) -> None:
        self._process, self._ear, self._mouth = process, ear, mouth

    def wait_for(self, word: str = READY) -> None:
        """Until it says this word, and nothing else before."""
        said = self._mouth.readline().strip()
        if said != word:
            raise RuntimeError(f"a worker of the bench said {said!r} instead of {word!r}")

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._process.wait()


class Rig:
    """One database with its queue, and two kinds of work to put into it."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        migrate(url)
        migrate_engine(url)
        self._database = open_database(url)
        stack.callback(self._database.dispose)
        self._queue = WorkQueue(url)
        stack.callback(self._queue.close)
        self._client = client_of(url)
        stack.callback(self._client.destroy)
        self._orders = SqlOrders(self._database, lambda *_: None, lambda *_: None)
        self._next = 1

    def put_trivial(self, count: int) -> None:
        """So many workflows of the engine alone, each for a host of its own, all in one moment."""
        self._put(TRIVIAL, count)

    def put_bare(self, count: int) -> None:
        """The same with as many workflows and steps as orders have, and nothing in them."""
        self._put(BARE, count)

    def _put(self, kind: str, count: int) -> None:
        first, self._next = self._next, self._next + count
        with writing(self._database) as session:
            for number in range(first, first + count):
                options = EnqueueOptions(
                    workflow_name=kind,
                    queue_name=HOST_QUEUE,
                    workflow_id=f"{kind}:{number}",
                    queue_partition_key=f"ex{number - first}",
                    app_version=VERSION,
                )
                self._client.enqueue_in_transaction(session, options, number, 1)

    def put_orders(self, count: int) -> Sequence[OrderId]:
        """So many approved orders, each for a host of its own, whose CSRs are to be made, all in one moment."""
        placed = [_approved(number) for number in range(count)]
        numbers = [OrderId(n) for n in crowd.put(self._database, placed, count, late_every=count)]
        with writing(self._database) as session:
            for number, one in zip(numbers, placed, strict=True):
                self._queue.enqueue(session, Work.MAKE_CSR, replace(one, id=number))
        return numbers

    def wait_until_done(self, kind: str | None = None) -> None:
        """Until no workflow of this kind, or none at all, waits or runs in the queues."""
        self._wait(lambda: not self._client.list_workflows(
            name=kind, status=LIVE, limit=1, load_input=False, load_output=False
        ))  # fmt: skip

    def wait_for(self, number: OrderId, state: State) -> None:
        """Until an order is in this state."""
        self._wait(lambda: self._orders.load(number).state is state)

    def kept_steps(self) -> int:
        """How many durable steps were kept so far; waits of the engine are none."""
        schema = "dbos." if self._database.dialect.name == "postgresql" else ""
        kept = text(
            f"SELECT count(*) FROM {schema}operation_outputs WHERE function_name NOT LIKE 'DBOS.%'"
        )
        with reading(self._database) as session:
            return int(session.connection().execute(kept).scalar_one())

    def _wait(self, until: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not until():
            if time.monotonic() > end:
                raise RuntimeError(
                    f"the work of the bench was not done in {_PATIENCE_S:.0f} seconds"
                )
            threading.Event().wait(_LOOK_S)


def _approved(number: int) -> CertificateOrder:
    return order(State.APPROVED, wish=wish(hosts=(HostName(f"EX{number}"),)))
