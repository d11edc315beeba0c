"""
The seam to the durable-execution library: the only file that names it.

Promised here, and tested: work enqueued in a transaction exists exactly when the transaction commits; the
same work can be enqueued only once; a killed process resumes its own work at the next start; a step
whose outcome was kept is not run again; one host is worked on by one job at a time.
"""

import logging
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    EnqueueOptions,
    ScheduleInput,
    StepOptions,
    error,
)

from bot.domain.ids import OrderId
from bot.domain.leases import lease_key
from bot.domain.order import CertificateOrder
from bot.domain.states import Work
from bot.workflow.jobs import Job, Jobs
from bot.workflow.outcome import Outcome, from_plain, to_plain
from bot.workflow.queues import CHAT_QUEUE, CHECK_QUEUE, HOST_JOBS, HOST_QUEUE, QUEUES
from bot.workflow.stopwatch import Stopwatch

log = logging.getLogger(__name__)

APPLICATION = "certdesk"
VERSION = "1"
"""Constant on purpose: the library's default is a hash of the sources and strands work at each deployment."""

CONNECTIONS = 10
POLL_S = 0.2
MAX_RECOVERIES = 20
STOP_S = 5
AWAY_WAIT_S = 1.0
UNEXPECTED_STEP = error.DBOSUnexpectedStepError.__name__
MOST_AGAIN = 3
"""How often a work is started anew at one version of its order; a fourth time would end the same."""
STILL_S = 15.0
"""A worker that stands still inside a transaction loses its locks, as in `bot/store/database.py`."""
SLEEP = "DBOS.sleep"
"""The library's name, so that work which slept under an earlier release goes on."""
LIVE = ["ENQUEUED", "PENDING", "DELAYED"]
KINDS = {"PENDING": "running", "ENQUEUED": "waiting"}
RECONCILE_CRON = "* * * * *"

Session = Any
"""The store's open transaction; this room hands it to the library and looks at nothing in it."""


Patient = Callable[[str, Callable[[], Any]], Any]
"""Runs a function under a name until it had its say, waiting while the database is away."""


class _DurableRun:
    """A `Run` whose steps are kept by the library."""

    def __init__(self, patient: Patient, stopwatch: Stopwatch) -> None:
        self._patient = patient
        self._stopwatch = stopwatch

    def step(self, name: str, function: Callable[[], Outcome]) -> Outcome:
        return from_plain(
            DBOS.run_step(StepOptions(name=name), lambda: to_plain(self._patient(name, function)))
        )

    def sleep(self, seconds: float) -> None:
        """The library's own sleep ends at a moment of the wall clock: set back behind a kill, it would last for hours."""
        if seconds > 0:
            begun: object = DBOS.run_step(StepOptions(name=SLEEP), self._stopwatch.mark)
            # A sleep that an earlier release began has kept a moment instead of a mark.
            slept = self._stopwatch.since(begun) if isinstance(begun, str) else None
            threading.Event().wait(max(seconds - (slept or 0.0), 0.0))


class WorkQueue:
    """
    Puts work into the queue, inside the caller's own transaction.

    Args:
        database_url: the same database the store writes to; SQLAlchemy's form.
        patient: waits while the database is away; otherwise that is raised.
    """

    def __init__(self, database_url: str, *, patient: bool = True) -> None:
        self._client = DBOSClient(
            system_database_url=database_url,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=patient,
        )

    def enqueue(self, session: Session, work: Work, order: CertificateOrder) -> None:
        """Start the work of an order's new state; its id makes a second start the first one."""
        self._client.enqueue_in_transaction(
            session, self._options(work, order), order.id, order.version
        )

    def enqueue_delivery(self, session: Session, order_id: OrderId, row_id: str) -> None:
        """Start the delivery of an order's waiting messages, the newest being this row."""
        options = _delivery(order_id, f"deliver:{row_id}")
        self._client.enqueue_in_transaction(session, options, order_id)

    def is_alive(self, work: Work, order_id: OrderId) -> bool:
        """Whether such a job of this order is waiting or running."""
        return self._any_live(f"{work.value}:{order_id}:", LIVE)

    def is_delivering(self, order_id: OrderId, *, put_off: bool = True) -> bool:
        """Whether a delivery of this order's messages is waiting or running; ``put_off``: or comes later."""
        return self._any_live(f"deliver:{order_id}:", LIVE if put_off else ["ENQUEUED", "PENDING"])

    def is_working(self) -> bool:
        """Whether any order's work is waiting or running, at its last step too, when the order's state tells nothing of it."""
        return any(self._any_live(f"{work.value}:", LIVE) for work in QUEUES)

    def start_again(self, work: Work, order: CertificateOrder) -> bool:
        """Start a work anew whose last run met code that takes its steps in another order; see the reconciler."""
        prefix = f"{work.value}:{order.id}:"
        ended = self._client.list_workflows(
            workflow_id_prefix=prefix, status=["ERROR"], sort_desc=True, load_input=False
        )
        if not ended or UNEXPECTED_STEP not in repr(ended[0].error):
            return False
        again = f"{work.value}:{order.id}:{order.version}:again"
        times = sum(one.workflow_id.startswith(again) for one in ended)
        if times >= MOST_AGAIN:
            return False
        options = self._options(work, order) | {"workflow_id": f"{again}{times + 1}"}
        self._client.enqueue(options, order.id, order.version)
        return True

    def deliver_again(self, order_id: OrderId, row_id: str) -> None:
        """Start a delivery that is missing; the library gives the new run an id of its own."""
        options = _delivery(order_id, f"deliver:{row_id}:{secrets.token_hex(4)}")
        self._client.enqueue(options, order_id)

    def deliver_later(self, order_id: OrderId, after_s: float) -> None:
        """Start a delivery of an order's messages after so many seconds; it holds no place until then."""
        options = _delivery(order_id, f"deliver:{order_id}:later:{secrets.token_hex(8)}")
        options["delay_seconds"] = after_s
        self._client.enqueue(options, order_id)

    def _options(self, work: Work, order: CertificateOrder) -> EnqueueOptions:
        queue = QUEUES[work]
        options = EnqueueOptions(
            workflow_name=work.value,
            queue_name=queue,
            workflow_id=f"{work.value}:{order.id}:{order.version}",
            app_version=VERSION,
        )
        if queue == HOST_QUEUE:
            options["queue_partition_key"] = lease_key(order.wish.hosts[0])
        return options

    def _any_live(self, prefix: str, states: list[str]) -> bool:
        return bool(
            self._client.list_workflows(
                workflow_id_prefix=prefix,
                status=states,
                limit=1,
                load_input=False,
                load_output=False,
            )
        )

    def knows_any(self) -> bool:
        """Whether any work ever ran, or waits, here: its ids would make the same work of a moved order the old one."""
        return bool(self._client.list_workflows(limit=1, load_input=False, load_output=False))

    def oldest(self) -> dict[str, datetime | None]:
        """Since when the oldest work exists that is running, and that waits for its turn; None where there is none."""
        return {kind: self._since(status) for status, kind in KINDS.items()}

    def _since(self, status: str) -> datetime | None:
        found = self._client.list_workflows(
            status=status, limit=1, load_input=False, load_output=False
        )
        begun = found[0].created_at if found else None
        return None if begun is None else datetime.fromtimestamp(begun / 1000, UTC)

    def close(self) -> None:
        """Give the connections back."""
        self._client.destroy()


def _delivery(order_id: OrderId, workflow_id: str) -> EnqueueOptions:
    return EnqueueOptions(
        workflow_name="deliver",
        queue_name=CHAT_QUEUE,
        workflow_id=workflow_id,
        queue_partition_key=str(order_id),
        app_version=VERSION,
    )


class Worker:
    """
    Runs the queues of this process; one per process.

    Args:
        executor_id: stable per worker slot, unique among live processes; a restart under the same one
            resumes what the killed process had begun.
        sweep_cron, look_cron: when the daily watch and the minute's look are due, five fields in UTC.
        is_away: whether a fault means that the database cannot be used for the moment. A step waits then and
            is run again from its start, as it would be after a kill.
        stopwatch: for sleeps that no setting of a clock makes longer or shorter.
        own_engine: the library's own way to the database where it is not to make one; its owner closes it.
    """

    def __init__(
        self,
        *,
        database_url: str,
        executor_id: str,
        jobs: Jobs,
        sweep_cron: str = "0 7 * * *",
        look_cron: str = RECONCILE_CRON,
        is_away: Callable[[BaseException], bool] = lambda _: False,
        own_engine: object | None = None,
        stopwatch: Stopwatch,
    ) -> None:
        self._jobs = jobs
        self._queue = WorkQueue(database_url)
        self._crons = sweep_cron, look_cron
        self._is_away = is_away
        self._stopwatch = stopwatch
        self._stopping = threading.Event()
        self._is_up = False
        self._config = DBOSConfig(
            name=APPLICATION,
            system_database_url=database_url,
            application_version=VERSION,
            executor_id=executor_id,
            serializer=DBOSPortableJSONSerializer(),
            log_level="WARNING",
            enable_otlp=False,
            sys_db_pool_size=CONNECTIONS,
            sys_db_idle_transaction_timeout_sec=STILL_S,
            system_database_engine=cast(Any, own_engine),
        )

    def start(self) -> None:
        """Register every job, open the queues, resume what was left."""
        _log_with_ours()
        DBOS(config=self._config)
        for work, job in self._jobs.by_work.items():
            self._register(work, job)
        self._register_delivery()
        sweep = _register_sweep("sweep", self._jobs.sweeps)
        reconcile = _register_sweep("reconcile", (self._jobs.reconcile,))
        DBOS.launch()
        DBOS.register_queue(
            HOST_QUEUE,
            partition_concurrency=HOST_JOBS,
            global_concurrency=4 * HOST_JOBS,
            polling_interval_sec=POLL_S,
        )
        DBOS.register_queue(
            CHAT_QUEUE, partition_concurrency=1, global_concurrency=8, polling_interval_sec=POLL_S
        )
        DBOS.register_queue(CHECK_QUEUE, worker_concurrency=2, polling_interval_sec=POLL_S)
        DBOS.apply_schedules(
            [
                _schedule("sweep", sweep, self._crons[0]),
                _schedule("reconcile", reconcile, self._crons[1]),
            ]
        )
        self._is_up = True

    def workers_with_work(self) -> frozenset[str]:
        """Executor ids under which work is marked as running; none before this worker has started."""
        if not self._is_up:
            return frozenset()
        running = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        return frozenset(one.executor_id for one in running if one.executor_id)

    def adopt(self, executor: str) -> int:
        """
        Put the running work of a dead worker back into its queues; how much it was.

        The library's own call for it is private: it names the dead, so that work which somebody took up
        meanwhile is left alone, keeps queue and partition, and goes on counting attempts.
        """
        return len(DBOS._recover_pending_workflows([executor]))  # noqa: SLF001 - see above, and its contract tests

    def stop(self) -> None:
        """End this process's part; what does not end by itself in a moment is resumed at the next start."""
        self._stopping.set()
        self._is_up = False
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=STOP_S)
        self._queue.close()

    def _register(self, work: Work, job: Job) -> None:
        apologize, let_go = self._jobs.apologize, self._jobs.let_go

        @DBOS.workflow(name=work.value, max_recovery_attempts=MAX_RECOVERIES)
        def run_job(order_id: int, version: int) -> None:
            try:
                job(_DurableRun(self._patiently, self._stopwatch), OrderId(order_id), version)
            except error.DBOSUnexpectedStepError:
                # The code has changed under a run of before. It ends in error, and the minute's look starts
                # the work anew: every step looks before it acts.
                raise
            except Exception:
                if self._stopping.is_set():
                    # The engine went away under the job, which is resumed at the next start.
                    raise
                # One of the two places that catch broadly: the order must not hang without a word.
                # Kept before anything is said: a worker that was taken for dead is stopped here.
                incident = DBOS.run_step(StepOptions(name="broke"), _incident, work.value, order_id)
                DBOS.run_step(
                    StepOptions(name="apologize"),
                    lambda: self._patiently(
                        "apologize", lambda: apologize(OrderId(order_id), incident, work)
                    ),
                )
            DBOS.run_step(
                StepOptions(name="let go"),
                lambda: self._patiently("let go", lambda: let_go(OrderId(order_id), version)),
            )

    def _patiently(self, name: str, function: Callable[[], Any]) -> Any:
        while True:
            try:
                return function()
            except Exception as fault:
                if self._stopping.is_set() or not self._is_away(fault):
                    raise
                log.warning(
                    "the database cannot be used (%s); %s waits", type(fault).__name__, name
                )
                self._stopping.wait(AWAY_WAIT_S)

    def _register_delivery(self) -> None:
        deliver, later = self._jobs.deliver, self._queue.deliver_later

        @DBOS.workflow(name="deliver", max_recovery_attempts=MAX_RECOVERIES)
        def run_delivery(order_id: int) -> None:
            try:
                after_s = deliver(_DurableRun(self._patiently, self._stopwatch), OrderId(order_id))
                if after_s:
                    DBOS.run_step(StepOptions(name="later"), later, OrderId(order_id), after_s)
            except Exception:  # noqa: BLE001 - see the next line
                # The rows stay in the outbox; the reconciler enqueues them again.
                _incident("deliver", order_id)


Scheduled = Callable[[datetime, Any], None]


def _register_sweep(name: str, sweeps: tuple[Callable[[], None], ...]) -> Scheduled:
    @DBOS.workflow(name=name, max_recovery_attempts=MAX_RECOVERIES)
    def run_sweeps(planned: datetime, context: Any) -> None:  # noqa: ARG001 - the library's signature
        for number, sweep in enumerate(sweeps):
            DBOS.run_step(StepOptions(name=f"{name} {number}"), sweep)

    return run_sweeps


def _schedule(name: str, workflow: Scheduled, cron: str) -> ScheduleInput:
    return ScheduleInput(
        schedule_name=name,
        workflow_fn=workflow,
        schedule=cron,
        context=None,
        automatic_backfill=False,
        cron_timezone="UTC",
        queue_name=None,
        shard_key=None,
    )


def _log_with_ours() -> None:
    """Let the library's words go into our log, which masks secrets; without a handler it takes stderr for itself."""
    library = logging.getLogger("dbos")
    if not library.handlers:
        library.addHandler(logging.NullHandler())


def migrate_engine(database_url: str) -> None:
    """Create or migrate the library's own tables beside ours."""
    DBOS.migrate(database_url)


def _incident(kind: str, order_id: int) -> str:
    number = secrets.token_hex(4)
    log.error("incident %s in %s of order %s", number, kind, order_id, exc_info=True)  # noqa: LOG014 - called from handlers only
    return number
