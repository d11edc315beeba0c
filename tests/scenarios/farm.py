"""
Some Exchange hosts on real wires, and the real workflow over stores in memory: an order from its CSR to its end.

Time is the farm's own clock: waiting costs nothing. It begins at the computer's time, because real handshakes look at that.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from bot.certs.judge import IssuedCertificate
from bot.domain.approvals import Approval, Gate
from bot.domain.ids import HostName, OrderId
from bot.domain.order import CertificateOrder
from bot.domain.plan import Answer, HostPlan, InstallPlan, Snapshot
from bot.domain.site import Host, Site
from bot.domain.states import State, Work
from bot.exchange.access import Door, HostAccess
from bot.exchange.hosts import WinRMHosts
from bot.watch.probe import ProbeTarget, TlsProber
from bot.workflow.csr_job import CsrJob
from bot.workflow.engine import Engine
from bot.workflow.host_work import HostWork
from bot.workflow.install_job import InstallJob
from bot.workflow.jobs import Job
from bot.workflow.key_work import KeyWork
from bot.workflow.operations import Operator
from bot.workflow.plan_job import PlanJob
from bot.workflow.reporter import Reporter
from bot.workflow.undo_jobs import RetireJob, RollBackJob
from sandbox.exchange.clock import utc_now
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.profile import Build, Version
from sandbox.exchange.trouble import Trouble
from tests.fakes.leases import FakeLeases
from tests.fakes.revocation import FakeRevocation
from tests.fakes.sealed import FakeSealedSecrets
from tests.fakes.store import FakeAudit, FakeJournal, FakeOrders, Memory
from tests.unit.domain import samples
from tests.unit.domain.samples import OLGA
from tests.unit.exchange.samples import Authority, wish
from tests.unit.workflow.clock import FakeClock
from tests.unit.workflow.fuse import Fuse
from tests.unit.workflow.house import ToyJudge
from tests.unit.workflow.keys import ToyKeys
from tests.unit.workflow.plain_run import Kept, PlainRun

NUMBER: Final = OrderId(27)
EX01, EX02, EX03 = HostName("EX01"), HostName("EX02"), HostName("EX03")
_DEADLINE_S: Final = 120.0
_HOLD_S: Final = 300.0
_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One host of the farm before it is built; what is not said is as set-up leaves it."""

    name: HostName = EX01
    version: Version = "2019"
    build: Build | None = None
    door: Door = "winrm"
    options: Mapping[str, Any] = field(default_factory=dict)


class MortalHosts(WinRMHosts):
    """The real client, in a process that can die when a key was fetched and before it is put anywhere."""

    fuse: Fuse = Fuse()

    def _fetch_key(self, *given: Any) -> Any:
        parcel = super()._fetch_key(*given)
        if parcel is not None:
            self.fuse.burn("between export and import")
        return parcel


class Farm:
    """The hosts, the order, and everything a test wants to look at afterwards."""

    def __init__(self, members: tuple[Member, ...], folder: Path) -> None:
        self.clock = FakeClock(utc_now())
        self.vendor = Authority(at=self.clock.now())
        self.machines: dict[HostName, ExchangeHost] = {}
        self.ports: dict[HostName, dict[str, int]] = {}
        self.accesses: list[HostAccess] = []
        self.memory = Memory()
        self.orders = FakeOrders(self.memory)
        self.audit = FakeAudit(self.memory)
        self.leases = FakeLeases(self.memory, self.clock, hold_s=_HOLD_S)
        self.journal = FakeJournal(self.memory, self.leases)
        self.operator = Operator(
            self.journal, self.leases, self.clock, worker="w1", deadline_s=_DEADLINE_S
        )
        self.judge = ToyJudge()
        self.kept: Kept = []
        self._version = 0
        for member in members:
            self._build(member, folder)
        self.site = _site(members)
        self.hosts = self._dial()
        self.engine = Engine(self.orders, self.site, self.clock)
        self.reporter = Reporter(self.engine, self.orders, self.clock)
        self.keys = KeyWork(ToyKeys(Fuse()), FakeSealedSecrets(self.memory), self.site, self.clock)

    @property
    def names(self) -> tuple[HostName, ...]:
        """The farm's hosts in their order."""
        return tuple(self.machines)

    def close(self) -> None:
        """End the conversations and the hosts."""
        self.hosts.close()
        for machine in self.machines.values():
            machine.stop()

    # One order, step by step.

    def place(self, **parts: Any) -> None:
        """Lay an approved order for all hosts into the store, its key exportable unless said otherwise."""
        placed = samples.order(
            State.APPROVED,
            id=NUMBER,
            wish=wish(**{"hosts": self.names, "exportable": True, **parts}),
            placed_at=self.clock.now(),
            changed_at=self.clock.now(),
        )
        self.memory.orders[NUMBER] = placed

    def make_csr(self) -> CertificateOrder:
        """Have the first host make key and CSR."""
        return self._do(Work.MAKE_CSR)

    def issue(self, **how: Any) -> IssuedCertificate:
        """The vendor answers, and the bundle is taken as proven."""
        certificate = self.vendor.answer(self.order().csr_pem, **how)
        self.prove(certificate)
        return certificate

    def prove(self, certificate: IssuedCertificate) -> None:
        """Let the order hold a proven certificate."""
        now = self.order()
        self.memory.orders[NUMBER] = replace(
            now, state=State.PROVEN, certificate=certificate, version=now.version + 1
        )

    def make_plan(self) -> CertificateOrder:
        """Read every host and plan."""
        return self._do(Work.MAKE_PLAN)

    def ready(self, **parts: Any) -> InstallPlan:
        """Order, CSR, certificate, plan."""
        self.place(**parts)
        self.make_csr()
        self.issue()
        self.make_plan()
        return self.plan()

    def approve(self, answer: Answer = Answer.NO) -> None:
        """Olga says yes to the plan as it is, and answers every host's question alike."""
        order, plan = self.order(), self.plan()
        word = Approval(
            gate=Gate.INSTALL, by=OLGA, at=self.clock.now(), yes=True, subject=plan.digest()
        )
        self.memory.orders[NUMBER] = replace(
            order,
            state=State.INSTALLING,
            approvals=(*order.approvals, word),
            answers={host.host: answer for host in plan.hosts if host.question is not None},
            version=order.version + 1,
        )

    def install(self) -> CertificateOrder:
        """Run the approved plan."""
        return self._do(Work.INSTALL)

    def resume(self) -> CertificateOrder:
        """Take up the run that died, as the durable engine does: what was kept is not run again."""
        return self._do(Work.INSTALL, kept=self.kept)

    def retry(self) -> CertificateOrder:
        """Olga has mended the cause and presses Retry."""
        self.engine.retry(NUMBER, by=OLGA)
        return self._do(Work.INSTALL)

    def roll_back(self) -> CertificateOrder:
        """Everything back to the certificates of before."""
        order = self.order()
        self.memory.orders[NUMBER] = replace(
            order, state=State.ROLLING_BACK, version=order.version + 1
        )
        return self._do(Work.ROLL_BACK)

    def retire(self) -> CertificateOrder:
        """Remove the certificate where nothing uses it."""
        order = self.order()
        self.memory.orders[NUMBER] = replace(order, state=State.RETIRING, version=order.version + 1)
        return self._do(Work.RETIRE)

    # What came of it.

    def order(self) -> CertificateOrder:
        """The order as it stands."""
        return self.orders.load(NUMBER)

    def plan(self) -> InstallPlan:
        """The plan; a test that has none has failed."""
        plan = self.order().plan
        assert plan is not None, self.order().detail
        return plan

    def host_plan(self, host: HostName = EX01) -> HostPlan:
        """The part of one host."""
        return self.plan().host(host)

    def forecast(self, host: HostName = EX01) -> str:
        """What people read of one host before they approve."""
        return "\n".join(self.host_plan(host).forecast)

    def snapshot(self, host: HostName = EX01) -> Snapshot:
        """What is on a host, read by the real client."""
        return self.hosts.snapshot(host)

    def ran(self, host: HostName = EX01) -> list[str]:
        """Every changing cmdlet and operation the host has executed with success, oldest first."""
        listed = self.machines[host].engine.journal.listed()
        return [str(one["cmdlet"]) for one in listed if one["ok"]]

    def count(self, cmdlet: str, host: HostName = EX01) -> int:
        """How often a host has executed a cmdlet with success."""
        return self.ran(host).count(cmdlet)

    def requests(self, host: HostName = EX01) -> int:
        """How many messages have reached a host over either door."""
        counted = self.machines[host].request_counts()
        endpoint = counted["endpoint"]
        assert isinstance(endpoint, dict)
        return int(str(counted["http"])) + sum(endpoint.values())

    # The hosts' weather.

    def spoil(self, host: HostName = EX01, **rule: Any) -> None:
        """Trouble at a host; see `sandbox/exchange/trouble.py`."""
        self.machines[host].plan.add(Trouble(**rule))

    def reach(self, host: HostName, **parts: Any) -> None:
        """From now on the configuration reaches a host in another way; see `HostAccess`."""
        at = [access.name for access in self.accesses].index(host)
        self.accesses[at] = replace(self.accesses[at], **parts)
        self.hosts.close()
        self.hosts = self._dial()

    def take_down(self, host: HostName) -> None:
        """Nobody answers there any more."""
        self.spoil(host, do="rst", action="*", times=0)

    def calm(self) -> None:
        """No trouble any more."""
        for machine in self.machines.values():
            machine.plan.clear()

    # Behind it.

    def _dial(self) -> MortalHosts:
        """The client, by the same clock as the hosts: what is idle there is idle here."""
        return MortalHosts(
            self.accesses,
            self.clock,
            keep_s=30.0,
            monotonic=lambda: self.clock.now().timestamp(),
        )

    def _build(self, member: Member, folder: Path) -> None:
        machine = ExchangeHost(
            name=member.name,
            version=member.version,
            build=member.build,
            anchors_pem=self.vendor.anchors_pem,
            clock=self.clock.now,
            **member.options,
        )
        info = machine.start()
        tls = info["tls"]
        assert isinstance(tls, dict)
        anchor = folder / f"{member.name}.pem"
        anchor.write_text(str(info["ca_pem"]), encoding="ascii")
        self.machines[member.name], self.ports[member.name] = machine, dict(tls)
        self.accesses.append(
            HostAccess(
                name=member.name,
                version=member.version,
                winrm_url=str(info["wsman_http"]),
                auth="ntlm",
                user=str(info["user"]),
                password=lambda: str(info["password"]),
                psrp_url=str(info["psrp"] or ""),
                door=member.door,
                ca_pem=str(anchor),
            )
        )

    def _do(self, work: Work, kept: Kept | None = None) -> CertificateOrder:
        run = PlainRun(self.clock, kept)
        if kept is None:
            self.kept, self._version = run.kept, self.order().version
        self._job(work)(run, NUMBER, self._version)
        self.operator.let_go(NUMBER, self._version)
        return self.order()

    def _job(self, work: Work) -> Job:
        orders, hosts, reporter, operator = self.orders, self.hosts, self.reporter, self.operator
        doing = HostWork(orders, hosts, operator, reporter, self.keys, tries=_TRIES)
        kinds: dict[Work, Any] = {
            Work.MAKE_CSR: CsrJob(orders, hosts, operator, reporter, self.keys, tries=_TRIES),
            Work.MAKE_PLAN: PlanJob(orders, hosts, operator, reporter, self.keys, tries=_TRIES),
            Work.INSTALL: InstallJob(
                orders, hosts, self._prober(), self.judge, FakeRevocation(), self.site, doing,
                reporter, tries=_TRIES,
            ),
            Work.ROLL_BACK: RollBackJob(orders, hosts, doing, reporter),
            Work.RETIRE: RetireJob(orders, hosts, doing, reporter, tries=_TRIES),
        }  # fmt: skip
        run: Job = kinds[work].run
        return run

    def _prober(self) -> TlsProber:
        targets = [
            ProbeTarget(host=host, address="127.0.0.1", ports=ports)
            for host, ports in self.ports.items()
        ]
        return TlsProber(targets, self.vendor.anchors_pem)


def _site(members: tuple[Member, ...]) -> Site:
    hosts = tuple(Host(name=member.name, version=member.version) for member in members)
    return replace(samples.site(), hosts=hosts)


@contextmanager
def farm_of(folder: Path, *members: Member) -> Iterator[Farm]:
    """A farm for one test; one 2019 where nothing is said."""
    farm = Farm(members or (Member(),), folder)
    try:
        yield farm
    finally:
        farm.close()
