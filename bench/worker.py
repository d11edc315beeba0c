"""
One worker of the benches: ``python -m bench.worker URL EXECUTOR [LIFE_S [stuck]]``; runs until its input ends.

Its jobs are the real ones over the real store; only the hosts and chat are toys that answer at once. Beside them it knows
workflows of the durable engine alone, with steps that do nothing: the trivial one, and the bare one, which has the steps of
an order. With a lease's life in seconds it has a lifeguard, as
a real worker has; a stuck one says so when it has made a CSR, and goes no further.
"""

import secrets
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions, StepOptions
from sqlalchemy import Engine as Database

from bot.domain.states import Work
from bot.ports import CsrAsk
from bot.store.database import open_database
from bot.store.journal import SqlJournal
from bot.store.leases import SqlLeases
from bot.store.orders import SqlOrders
from bot.store.outbox import SqlOutbox
from bot.store.sealed import SqlSealedSecrets
from bot.store.workers import SqlWorkerLeases, slot_of
from bot.system.clock import SystemClock
from bot.system.pulse import Pulse
from bot.system.stopwatch import BootStopwatch
from bot.workflow.csr_job import CsrJob
from bot.workflow.delivery_job import DeliveryJob
from bot.workflow.durable import APPLICATION, VERSION, Worker, WorkQueue
from bot.workflow.engine import Engine
from bot.workflow.jobs import Apology, Jobs
from bot.workflow.key_work import KeyWork
from bot.workflow.late_reminders import LateReminders
from bot.workflow.lifeguard import BEAT_S, LIFE_S, Lifeguard
from bot.workflow.operations import Operator
from bot.workflow.queues import CHAT_QUEUE
from bot.workflow.reporter import Reporter
from tests.fakes.people import FakePeople
from tests.unit.domain.samples import site
from tests.unit.workflow.fuse import Fuse
from tests.unit.workflow.hosts import ToyHosts
from tests.unit.workflow.house import ToyChat
from tests.unit.workflow.keys import ToyKeys
from tests.unit.workflow.requests import csr_for

TRIVIAL: Final = "trivial"
STEPS: Final = 3
BARE: Final = "bare"
BARE_DELIVERY: Final = "bare delivery"
DELIVERED: Final = 4
"""Messages that the making of a CSR brings; each is a step, and so is their list."""
READY: Final = "ready"
STUCK: Final = "stuck"
_DEADLINE_S: Final = 120.0
_TRIES: Final = 6


class StuckHosts(ToyHosts):
    """Hosts that never answer once a CSR was made."""

    def find_csr(self, ask: CsrAsk) -> str | None:
        """None before it was made, and nothing at all afterwards."""
        if self.acts:
            print(STUCK, flush=True)
            threading.Event().wait()
        return super().find_csr(ask)


class FinishedHosts(ToyHosts):
    """Hosts on which another process has made every CSR."""

    def find_csr(self, ask: CsrAsk) -> str | None:
        """A good one."""
        return csr_for(ask.wish)


HOSTS: Final = {"new": ToyHosts, "stuck": StuckHosts, "finished": FinishedHosts}


def main(url: str, executor: str, life_s: float, hosts: ToyHosts) -> None:
    """Work until standard input ends."""
    _register_toys(url)
    word, database = f"{executor}#{secrets.token_hex(8)}", open_database(url)
    jobs = _jobs(url, database, word, hosts)
    worker = Worker(database_url=url, executor_id=executor, jobs=jobs, stopwatch=BootStopwatch())
    with _guarded(worker, database, executor, word, life_s):
        worker.start()
        print(READY, flush=True)
        sys.stdin.read()
        worker.stop()


def _register_toys(url: str) -> None:
    client = client_of(url)

    @DBOS.workflow(name=TRIVIAL)
    def trivial(_order_id: int, _version: int) -> None:
        for number in range(STEPS):
            DBOS.run_step(StepOptions(name=f"step {number}"), _nothing)

    @DBOS.workflow(name=BARE)
    def bare(order_id: int, _version: int) -> None:
        DBOS.run_step(StepOptions(name="make"), _nothing)
        DBOS.run_step(StepOptions(name="report"), lambda: _deliver(client, order_id))
        DBOS.run_step(StepOptions(name="let go"), _nothing)

    @DBOS.workflow(name=BARE_DELIVERY)
    def bare_delivery(_order_id: int) -> None:
        for number in range(1 + DELIVERED):
            DBOS.run_step(StepOptions(name=f"step {number}"), _nothing)


def client_of(url: str) -> DBOSClient:
    """The durable engine's own way into its queues."""
    return DBOSClient(
        system_database_url=url,
        serializer=DBOSPortableJSONSerializer(),
        application_name=APPLICATION,
        lazy=True,
    )


def _deliver(client: DBOSClient, order_id: int) -> dict[str, str]:
    options = EnqueueOptions(
        workflow_name=BARE_DELIVERY,
        queue_name=CHAT_QUEUE,
        workflow_id=f"{BARE_DELIVERY}:{order_id}",
        queue_partition_key=str(order_id),
        app_version=VERSION,
    )
    client.enqueue(options, order_id)
    return _nothing()


def _nothing() -> dict[str, str]:
    return {"end": "done", "seen": "nothing"}


def _jobs(url: str, database: Database, word: str, hosts: ToyHosts) -> Jobs:
    clock, queue = SystemClock(), WorkQueue(url)
    orders = SqlOrders(database, queue.enqueue, queue.enqueue_delivery)
    leases = SqlLeases(database, clock, hold_s=2 * _DEADLINE_S)
    operator = Operator(
        SqlJournal(database, leases),
        leases,
        clock,
        worker=word,
        deadline_s=_DEADLINE_S,
        stopwatch=BootStopwatch(),
    )
    reporter = Reporter(Engine(orders, site(), clock), orders, clock)
    keys = KeyWork(ToyKeys(Fuse()), SqlSealedSecrets(database), site(), clock)
    return Jobs(
        by_work={Work.MAKE_CSR: CsrJob(orders, hosts, operator, reporter, keys, tries=_TRIES).run},
        deliver=DeliveryJob(
            orders,
            SqlOutbox(database, clock, queue.enqueue_delivery),
            ToyChat(Fuse()),
            LateReminders(orders, FakePeople(), site(), clock),
            clock,
        ).run,
        sweeps=(),
        reconcile=lambda: None,
        apologize=Apology(orders, reporter),
        let_go=operator.let_go,
    )


@contextmanager
def _guarded(
    worker: Worker, database: Database, executor: str, word: str, life_s: float
) -> Iterator[None]:
    """Live among the other workers, as `bot.service` has it, on a lease of this length; 0 for a worker that is alone."""
    if not life_s:
        yield
        return
    clock, slot = SystemClock(), slot_of(database, executor)
    guard = Lifeguard(
        SqlWorkerLeases(database, clock, life_s=life_s),
        slot,
        executor=executor,
        worker=word,
        bury=SqlLeases(database, clock, hold_s=2 * _DEADLINE_S).bury,
        steady=time.monotonic,
        life_s=life_s,
    )
    while not (slot.take() and guard.enter()):
        threading.Event().wait(0.25)
    every_s = life_s * BEAT_S / LIFE_S
    pulse = Pulse(lambda: guard.beat(worker), every_s=every_s, lost=lambda: None)
    pulse.start()
    yield
    pulse.stop()
    guard.leave()


if __name__ == "__main__":
    url, executor, *more = sys.argv[1:]
    life, kind = more or ("0", "new")
    main(url, executor, float(life), HOSTS[kind](Fuse()))
