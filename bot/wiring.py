"""Where concrete classes are named and adapters plugged into ports; those on the hosts' side in `host_wiring`."""

import logging
import platform
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from slack_bolt.async_app import AsyncApp
from slack_sdk import WebClient
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.states import Work
from bot.host_wiring import anchor_files, build_hosts, build_prober
from bot.settings import BadSettings, Settings
from bot.site_file import SiteFile
from bot.store.audit import SqlAudit
from bot.store.beside import Beside
from bot.store.database import is_away, open_database
from bot.store.journal import SqlJournal
from bot.store.leases import SqlLeases
from bot.store.orders import SqlOrders
from bot.store.outbox import SqlOutbox
from bot.store.pace import SqlPace
from bot.store.reminders import SqlReminders
from bot.store.sealed import SqlSealedSecrets
from bot.store.uploads import SqlLeftFiles
from bot.store.workers import LockedFile, PostgresSlot, SqlWorkerLeases, slot_of
from bot.system.checkpoint_places import place_for
from bot.system.checkpoints import Checkpoints, CheckpointTrouble, load_key
from bot.system.clock import SystemClock
from bot.system.judge import GuardedJudge
from bot.system.lint import find_linter
from bot.system.local_keys import SealedKeys
from bot.system.metrics import Metrics
from bot.system.stopwatch import BootStopwatch, SteadyClock
from bot.system.vault import AesVault
from bot.vendors.desk import GuidedDesk
from bot.watch.chaser import Chaser
from bot.watch.expiry import Calendar
from bot.watch.fetching import Fetcher
from bot.watch.files import FileWatch
from bot.watch.keys import KeyWatch
from bot.watch.revocation import HttpRevocation
from bot.workflow.bundle_job import BundleJob
from bot.workflow.clear_job import ClearJob
from bot.workflow.csr_job import CsrJob
from bot.workflow.delivery_job import DeliveryJob
from bot.workflow.durable import CONNECTIONS, Worker, WorkQueue
from bot.workflow.engine import Engine
from bot.workflow.host_work import HostWork
from bot.workflow.install_job import InstallJob
from bot.workflow.jobs import Apology, Jobs
from bot.workflow.key_work import KeyWork
from bot.workflow.late_reminders import LateReminders
from bot.workflow.leases import hold_of
from bot.workflow.lifeguard import LIFE_S, Lifeguard
from bot.workflow.operations import Operator
from bot.workflow.plan_job import PlanJob
from bot.workflow.reconcile import Reconciler
from bot.workflow.reporter import Reporter
from bot.workflow.turns import in_turn
from bot.workflow.undo_jobs import RetireJob, RollBackJob
from handlers.app import build_app
from handlers.notifier import SlackNotifier
from handlers.people import SlackPeople
from handlers.rooms import Rooms

log = logging.getLogger(__name__)

ASK_S = 1
"""How long a door waits for Slack's word on an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything plugged together; what the front door runs."""

    rooms: Rooms
    calendar: Calendar
    key_watch: KeyWatch
    file_watch: FileWatch
    make_app: Callable[[], AsyncApp]
    make_worker: Callable[[], Worker]
    slot: PostgresSlot | LockedFile
    lifeguard: Lifeguard
    metrics: Metrics
    close: Callable[[], None]


def build(
    settings: Settings,
    site_file: SiteFile,
    *,
    team_id: str,
    workspace_url: str = "",
    machine: str = "",
) -> House:
    """
    Plug the house together; nothing is started and nobody is called.

    Args:
        machine: what the audit calls this process where the machine acts by itself; the worker unless told.
    """
    site = site_file.as_site()
    clock = SystemClock(timedelta(seconds=settings.clock_offset_s))
    word = f"{settings.executor_id}#{secrets.token_hex(8)}"
    named = f"{machine or settings.executor_id} on {platform.node()}"
    database = open_database(settings.database_address, machine=named)
    slot = slot_of(database, settings.executor_id)
    audit = SqlAudit(database)
    queue = WorkQueue(settings.database_address)
    orders = SqlOrders(database, queue.enqueue, queue.enqueue_delivery)
    outbox = SqlOutbox(database, clock, queue.enqueue_delivery)
    engine = Engine(orders, site, clock)
    seen = WorkQueue(settings.database_address, patient=False)
    library = Beside(settings.database_address, connections=CONNECTIONS)
    stopwatch = BootStopwatch()
    hosts = build_hosts(settings, site_file, clock, stopwatch)

    def close() -> None:
        slot.close()
        hosts.close()
        queue.close()
        seen.close()
        library.close()
        database.dispose()

    rooms = Rooms(
        engine=engine,
        orders=orders,
        outbox=outbox,
        audit=audit,
        site=site,
        hosts=hosts,
        prober=build_prober(settings, site_file),
        vendor_desk=GuidedDesk(site),
        clock=clock,
        people=SlackPeople(_client(settings, timeout_s=ASK_S), clock),
        reminders=SqlReminders(database, queue.enqueue_delivery),
        team_id=team_id,
        workspace_url=workspace_url,
    )
    deadline_s = settings.command_deadline_s
    # SQLite serves one process, whose leases no setting of the clock shall end; PostgreSQL asks its server.
    ticks = clock if isinstance(slot, PostgresSlot) else SteadyClock(clock, stopwatch)
    leases = SqlLeases(database, ticks, hold_s=hold_of(deadline_s))
    operator = Operator(
        SqlJournal(database, leases),
        leases,
        ticks,
        worker=word,
        deadline_s=deadline_s,
        stopwatch=stopwatch,
    )
    judge = GuardedJudge(anchor_files(settings, site_file), clock, linter=find_linter())
    calendar = Calendar(engine, orders, site, clock)
    kept = SqlSealedSecrets(database)
    key_watch = KeyWatch(kept, orders, clock)
    file_watch = FileWatch(SqlLeftFiles(database), orders, clock)
    keys = KeyWork(SealedKeys(AesVault(settings.vault_keys), clock), kept, site, clock)
    chat = queue, SqlPace(database, clock)
    return House(
        rooms=rooms,
        calendar=calendar,
        key_watch=key_watch,
        file_watch=file_watch,
        make_app=lambda: _app(settings, rooms),
        make_worker=lambda: Worker(
            database_url=settings.database_address,
            executor_id=settings.executor_id,
            jobs=_jobs(
                settings,
                rooms,
                judge,
                (calendar, key_watch, file_watch, keys),
                operator,
                chat,
                _checkpointing(settings, audit, clock),
            ),
            sweep_cron=settings.watch_cron,
            is_away=is_away,
            own_engine=library.engine,
            stopwatch=stopwatch,
        ),
        slot=slot,
        lifeguard=Lifeguard(
            SqlWorkerLeases(database, clock, life_s=LIFE_S),
            slot,
            executor=settings.executor_id,
            worker=word,
            bury=leases.bury,
            steady=time.monotonic,
        ),
        metrics=Metrics(seen.oldest, clock),
        close=close,
    )


def _jobs(
    settings: Settings,
    rooms: Rooms,
    judge: GuardedJudge,
    own: tuple[Calendar, KeyWatch, FileWatch, KeyWork],
    operator: Operator,
    chat: tuple[WorkQueue, SqlPace],
    checkpointing: tuple[Callable[[], None], ...],
) -> Jobs:
    calendar, key_watch, file_watch, keys = own
    queue, pace = chat
    orders, hosts, site, clock = rooms.orders, rooms.hosts, rooms.site, rooms.clock
    tries = settings.tries
    reporter = Reporter(rooms.engine, orders, clock)
    work = HostWork(orders, hosts, operator, reporter, keys, tries=tries)
    apology = Apology(orders, reporter)
    late = LateReminders(orders, rooms.people, site, clock)
    fetcher = Fetcher(allow_loopback=settings.world == "sandbox")
    revocation = HttpRevocation(fetcher, judge.anchors, clock)
    installs = InstallJob(
        orders, hosts, rooms.prober, judge, revocation, site, work, reporter, tries=tries
    )
    return Jobs(
        by_work={
            Work.MAKE_CSR: CsrJob(orders, hosts, operator, reporter, keys, tries=tries).run,
            Work.CHECK_BUNDLE: BundleJob(orders, judge, revocation, site, reporter).run,
            Work.MAKE_PLAN: PlanJob(orders, hosts, operator, reporter, keys, tries=tries).run,
            Work.INSTALL: installs.run,
            Work.ROLL_BACK: RollBackJob(orders, hosts, work, reporter).run,
            Work.RETIRE: RetireJob(orders, hosts, work, reporter, tries=tries).run,
            Work.CLEAR_REQUEST: ClearJob(orders, hosts, operator, reporter, tries=tries).run,
        },
        deliver=DeliveryJob(
            orders, rooms.outbox, _notifier(settings, rooms, pace), late, clock
        ).run,
        sweeps=(
            in_turn(
                calendar.propose_renewals,
                calendar.lapse_gates,
                file_watch.wipe_left,
                *checkpointing,
            ),
        ),
        reconcile=in_turn(
            key_watch.wipe_dead,
            Reconciler(orders, rooms.outbox, queue, apology),
            Chaser(rooms.engine, orders, rooms.reminders, rooms.people, site, clock),
        ),
        apologize=apology,
        let_go=operator.let_go,
    )


def build_checkpoints(settings: Settings, audit: SqlAudit, clock: SystemClock) -> Checkpoints:
    """
    What writes signed checkpoints of the audit.

    Raises:
        BadSettings: where to, or the key, is not set or cannot be used.
    """
    faults = settings.faults_of_checkpoints(wanted=True)
    if faults or settings.checkpoint_key_file is None:
        raise BadSettings(faults)
    key, send = load_key(settings.checkpoint_key_file), place_for(settings.checkpoint_to)
    return Checkpoints(audit.head, key, send, clock)


def _checkpointing(
    settings: Settings, audit: SqlAudit, clock: SystemClock
) -> tuple[Callable[[], None], ...]:
    """The daily checkpoint, where one is wanted; trouble with its place stops no other sweep."""
    if not settings.checkpoint_to:
        return ()
    checkpoints = build_checkpoints(settings, audit, clock)

    def write() -> None:
        try:
            checkpoints.write()
        except CheckpointTrouble as trouble:
            log.error("no checkpoint of the audit today: %s", trouble)  # noqa: TRY400 - the sentence says it all

    return (write,)


def _app(settings: Settings, rooms: Rooms) -> AsyncApp:
    token = settings.bot_token
    return build_app(
        rooms,
        token=token,
        signing_secret=settings.signing_secret,
        client=AsyncWebClient(token=token, base_url=settings.slack_api_url),
    )


def _notifier(settings: Settings, rooms: Rooms, pace: SqlPace) -> SlackNotifier:
    return SlackNotifier(_client(settings), rooms.outbox, pace, rooms.site, rooms.vendor_desk)


def _client(settings: Settings, *, timeout_s: int = 30) -> WebClient:
    return WebClient(
        token=settings.bot_token,
        base_url=settings.slack_api_url,
        timeout=timeout_s,
    )
