"""The whole workflow over fakes, with a fuse at every point where a process can die."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.certs.findings import Finding
from bot.certs.judge import Expectation, IssuedCertificate, Verdict
from bot.chat_ports import DeliveryFault, Notifier
from bot.domain.audit import AuditEntry
from bot.domain.ids import OrderId, UploadId, VendorName
from bot.domain.intent import Intent
from bot.domain.leases import Lease
from bot.domain.messages import CardMessage, Message, OutboxRow, Posted
from bot.domain.order import CertificateOrder, HostStep, Upload
from bot.domain.plan import Caution
from bot.domain.site import Site
from bot.domain.states import Work
from bot.ports import Change, Draft
from bot.workflow.bundle_job import BundleJob
from bot.workflow.clear_job import ClearJob
from bot.workflow.csr_job import CsrJob
from bot.workflow.delivery_job import DeliveryJob
from bot.workflow.engine import Engine
from bot.workflow.host_work import HostWork
from bot.workflow.install_job import InstallJob
from bot.workflow.jobs import Job
from bot.workflow.key_work import KeyWork
from bot.workflow.late_reminders import LateReminders
from bot.workflow.operations import Operator
from bot.workflow.plan_job import PlanJob
from bot.workflow.reporter import Reporter
from bot.workflow.undo_jobs import RetireJob, RollBackJob
from tests.fakes.files import FakeLeftFiles
from tests.fakes.leases import FakeLeases
from tests.fakes.people import FakePeople
from tests.fakes.revocation import FakeRevocation
from tests.fakes.sealed import FakeSealedSecrets
from tests.fakes.store import FakeAudit, FakeJournal, FakeOrders, FakeOutbox, Memory
from tests.unit.domain import samples
from tests.unit.workflow.clock import FakeClock
from tests.unit.workflow.fuse import Fuse
from tests.unit.workflow.hosts import ToyHosts, ToyProber
from tests.unit.workflow.keys import ToyKeys

DEADLINE_S = 120.0
HOLD_S = 300.0
TRIES = 6


class FusedOrders(FakeOrders):
    """Orders before and after whose commits the process can die."""

    def __init__(self, memory: Memory, fuse: Fuse) -> None:
        super().__init__(memory)
        self._fuse = fuse

    def place(
        self, draft: Draft, at: datetime, tell: Callable[[CertificateOrder], Change]
    ) -> CertificateOrder:
        """Place an order."""
        self._fuse.burn(f"before {draft.key} is placed")
        order = super().place(draft, at, tell)
        self._fuse.burn(f"after {draft.key} was placed")
        return order

    def save(self, change: Change) -> bool:
        """Write one change."""
        self._fuse.burn(f"before {change.entry.what} is saved")
        saved = super().save(change)
        self._fuse.burn(f"after {change.entry.what} was saved")
        return saved

    def hand_in(
        self, upload: Upload, version: int, tell: Callable[[UploadId], Change]
    ) -> CertificateOrder | None:
        """Keep a file with its change."""
        self._fuse.burn("before a file is kept")
        after = super().hand_in(upload, version, tell)
        self._fuse.burn("after a file was kept")
        return after

    def note_step(
        self, step: HostStep, order_id: OrderId, entry: AuditEntry, messages: tuple[Message, ...]
    ) -> None:
        """Write a host's step."""
        self._fuse.burn(f"before {step.step} is noted")
        super().note_step(step, order_id, entry, messages)
        self._fuse.burn(f"after {step.step} was noted")


class FusedJournal(FakeJournal):
    """A journal before and after whose commits the process can die."""

    def __init__(self, memory: Memory, leases: FakeLeases, fuse: Fuse) -> None:
        super().__init__(memory, leases)
        self._fuse = fuse

    def intend(
        self,
        key: str,
        *,
        attempt: int,
        deadline: datetime,
        was_done: bool,
        lease: Lease,
        begun: str = "",
    ) -> Intent | None:
        """Note an intent."""
        self._fuse.burn(f"before the intent {key}")
        intent = super().intend(
            key, attempt=attempt, deadline=deadline, was_done=was_done, lease=lease, begun=begun
        )
        self._fuse.burn(f"after the intent {key}")
        return intent

    def hear(self, key: str, warnings: tuple[Caution, ...], *, attempt: int, lease: Lease) -> None:
        """Note an answer."""
        self._fuse.burn(f"before the answer {key} is noted")
        super().hear(key, warnings, attempt=attempt, lease=lease)
        self._fuse.burn(f"after the answer {key} was noted")

    def confirm(self, key: str, seen: str) -> None:
        """Note what was seen."""
        self._fuse.burn(f"before the confirmation {key}")
        super().confirm(key, seen)
        self._fuse.burn(f"after the confirmation {key}")


class ToyJudge:
    """`bot.ports.BundleJudge` that finds what the test says."""

    def __init__(self) -> None:
        self.verdict = accepted()
        self.later: tuple[Finding, ...] = ()
        self.judged: list[tuple[bytes, Expectation]] = []

    def judge(
        self, data: bytes, name: str, expectation: Expectation, *, vendor: VendorName
    ) -> Verdict:
        """Judge an upload."""
        self.judged.append((data, expectation))
        return self.verdict

    def rejudge(
        self, certificate: IssuedCertificate, expectation: Expectation, *, vendor: VendorName
    ) -> tuple[Finding, ...]:
        """Judge once more."""
        return self.later


class ToyChat:
    """
    `bot.chat_ports.Notifier` over a dictionary: the channel's history by row id.

    As the contract says, a row with an earlier attempt is looked for before it is posted.
    """

    def __init__(self, fuse: Fuse) -> None:
        self.posts: list[str] = []
        self.said: list[Message] = []
        self.faults: list[DeliveryFault] = []
        self.rows: list[OutboxRow] = []
        self.taken_back: list[Posted] = []
        self.back_faults: list[DeliveryFault] = []
        self._fuse = fuse

    def deliver(
        self, row: OutboxRow, order: CertificateOrder, steps: tuple[HostStep, ...]
    ) -> Posted | None:
        """Post the row, once."""
        if self.faults:
            raise self.faults.pop(0)
        self.rows.append(row)
        if not (row.attempt and row.id in self.posts):
            self._fuse.burn(f"before {row.id} is posted")
            self.posts.append(row.id)
            self.said.append(row.message)
            self._fuse.burn(f"after {row.id} was posted")
        return Posted(channel="C", ts=row.id)

    def take_back(self, posted: Posted) -> None:
        """Note it."""
        if self.back_faults:
            raise self.back_faults.pop(0)
        self.taken_back.append(posted)


def accepted() -> Verdict:
    """A verdict that takes the certificate of the samples."""
    issued = samples.certificate()
    return Verdict(outcome="accept", findings=(), certificate=issued, leaf=issued.facts, ignored=())


def refused(*codes: str) -> Verdict:
    """A verdict that refuses for these reasons."""
    findings = tuple(
        Finding(code=code, severity="refuse", where="zip", message=f"{code}.") for code in codes
    )
    return Verdict(outcome="refuse", findings=findings, certificate=None, leaf=None, ignored=())


@dataclass(kw_only=True)
class House:
    """The workflow and everything a test wants to look at afterwards."""

    site: Site = field(default_factory=samples.site)
    fuse: Fuse = field(default_factory=Fuse)
    memory: Memory = field(default_factory=Memory)
    clock: FakeClock = field(default_factory=FakeClock)
    judge: ToyJudge = field(default_factory=ToyJudge)
    revocation: FakeRevocation = field(default_factory=FakeRevocation)
    prober: ToyProber = field(default_factory=ToyProber)
    tries: int = TRIES

    def __post_init__(self) -> None:
        self.hosts = ToyHosts(self.fuse)
        self.chat = ToyChat(self.fuse)
        self.people = FakePeople()
        self.orders = FusedOrders(self.memory, self.fuse)
        self.outbox = FakeOutbox(self.memory, self.clock)
        self.audit = FakeAudit(self.memory)
        self.leases = FakeLeases(self.memory, self.clock, hold_s=HOLD_S)
        self.journal = FusedJournal(self.memory, self.leases, self.fuse)
        self.engine = Engine(self.orders, self.site, self.clock)
        self.reporter = Reporter(self.engine, self.orders, self.clock)
        self.operator = Operator(
            self.journal, self.leases, self.clock, worker="w1", deadline_s=DEADLINE_S
        )
        self.secrets = FakeSealedSecrets(self.memory)
        self.files = FakeLeftFiles(self.memory)
        self.local_keys = ToyKeys(self.fuse)
        self.keys = KeyWork(self.local_keys, self.secrets, self.site, self.clock)

    def put(self, order: CertificateOrder) -> CertificateOrder:
        """Lay an order into the store as it is, past the engine."""
        self.memory.orders[order.id] = order
        return order

    def put_file(self, order_id: OrderId, data: bytes = b"PK", name: str = "b.zip") -> UploadId:
        """Lay a file that Rita handed in into the store, past the engine; the order names it already."""
        number = UploadId(len(self.memory.uploads) + 1)
        self.memory.uploads[number] = Upload(
            order_id=order_id, name=name, data=data, sha256="0", by=samples.RITA, at=samples.NOON
        )
        return number

    def order(self, number: int = 7) -> CertificateOrder:
        """An order as it stands."""
        return self.orders.load(OrderId(number))

    def whats(self, number: int = 7) -> list[str]:
        """What the audit says happened to an order; the steps of hosts left out."""
        found = self.audit.entries(OrderId(number))
        return [entry.what for entry in found if not entry.what.startswith("step:")]

    def job(self, work: Work) -> Job:
        """The job of a work, plugged together as the real house does."""
        kinds: dict[Work, Any] = {
            Work.MAKE_CSR: CsrJob(
                self.orders, self.hosts, self.operator, self.reporter, self.keys, tries=self.tries
            ),
            Work.CHECK_BUNDLE: BundleJob(
                self.orders, self.judge, self.revocation, self.site, self.reporter
            ),
            Work.MAKE_PLAN: PlanJob(
                self.orders, self.hosts, self.operator, self.reporter, self.keys, tries=self.tries
            ),
            Work.INSTALL: InstallJob(
                self.orders, self.hosts, self.prober, self.judge, self.revocation, self.site,
                self._work(), self.reporter, tries=self.tries,
            ),
            Work.ROLL_BACK: RollBackJob(self.orders, self.hosts, self._work(), self.reporter),
            Work.CLEAR_REQUEST: ClearJob(
                self.orders, self.hosts, self.operator, self.reporter, tries=self.tries
            ),
            Work.RETIRE: RetireJob(
                self.orders, self.hosts, self._work(), self.reporter, tries=self.tries
            ),
        }  # fmt: skip
        run: Job = kinds[work].run
        return run

    def deliver(self, chat: Notifier | None = None) -> DeliveryJob:
        """The job of the outbox, into this chat or the house's own."""
        late = LateReminders(self.orders, self.people, self.site, self.clock)
        return DeliveryJob(self.orders, self.outbox, chat or self.chat, late, self.clock)

    def _work(self) -> HostWork:
        return HostWork(
            self.orders, self.hosts, self.operator, self.reporter, self.keys, tries=self.tries
        )


def cards(messages: list[Message]) -> list[str]:
    """The cards among messages."""
    return [message.card.value for message in messages if isinstance(message, CardMessage)]


def without_time(order: CertificateOrder) -> CertificateOrder:
    """An order with its moments levelled, to compare runs that took different times."""
    return replace(
        order,
        changed_at=samples.NOON,
        installed_at=samples.NOON if order.installed_at else None,
        waits_since=samples.NOON if order.waits_since else None,
    )
