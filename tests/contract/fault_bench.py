"""
One step of a real order's machine work with one fault in it, played to its end and retried by an operator.

The jobs, the clients and the wires are the real ones; the durable run is in memory and its waits move the clock of
both sides. What ran on the host is counted by the host itself.
"""

import copy
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

from bot.certs.judge import IssuedCertificate
from bot.domain import events as ev
from bot.domain.approvals import Approval, Gate
from bot.domain.ids import HostName, OrderId
from bot.domain.order import CertificateOrder
from bot.domain.plan import (
    Answer,
    InstallPlan,
    Observation,
    Operation,
    OperationKind,
    Receipt,
    Service,
    Snapshot,
)
from bot.domain.states import State, Work
from bot.exchange.access import Door
from bot.exchange.hosts import WinRMHosts
from bot.ports import CsrAsk
from bot.workflow.operations import Operator
from bot.workflow.outcome import Outcome
from sandbox.exchange.engine.journal import Journal
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.trouble import Trouble
from tests.contract.test_exchange_hosts import access
from tests.fakes.store import Memory
from tests.unit.domain.samples import NOON, OLGA, TOY, order
from tests.unit.exchange.samples import EX01, Authority, wish
from tests.unit.workflow.clock import FakeClock
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import Kept, PlainRun

SEVEN: Final = OrderId(7)
DOORS: Final[tuple[Door, ...]] = ("winrm", "psrp")
_KIND = OperationKind
_DEADLINE_S: Final = 15.0
"""How long a command may run on: short, for the looks at the host meanwhile cost real time here."""

_IDLE_S: Final = 900.0
_ENABLING: Final = "Enable-ExchangeCertificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One step of the machine's work.

    Args:
        work: the job it belongs to.
        target: the cmdlet or operation that is spoiled.
        moment: the method of `ExchangeHosts`, or the kind of operation, with which it begins.
        answer: to the question about the default SMTP certificate.
        shell: the door the target goes through when Exchange's endpoint is used.
    """

    name: str
    work: Work
    target: str
    moment: str
    answer: Answer = Answer.YES
    shell: str = "psrp"
    reads: bool = False


_INTERMEDIATES: Final = Step(
    name="intermediates",
    work=Work.INSTALL,
    target="store.add",
    moment=_KIND.ADD_INTERMEDIATE,
    shell="cmd",
)
STEPS: Final = (
    Step(name="CSR", work=Work.MAKE_CSR, target="New-ExchangeCertificate", moment="make_csr"),
    Step(
        name="plan",
        work=Work.MAKE_PLAN,
        target="Get-ExchangeCertificate",
        moment="snapshot",
        reads=True,
    ),
    _INTERMEDIATES,
    Step(
        name="import",
        work=Work.INSTALL,
        target="Import-ExchangeCertificate",
        moment=_KIND.IMPORT_CERTIFICATE,
    ),
    Step(name="services", work=Work.INSTALL, target=_ENABLING, moment=_KIND.ENABLE_SERVICES),
    Step(name="SMTP yes", work=Work.INSTALL, target=_ENABLING, moment="smtp"),
    Step(name="SMTP no", work=Work.INSTALL, target=_ENABLING, moment="smtp", answer=Answer.NO),
    Step(
        name="default back",
        work=Work.INSTALL,
        target=_ENABLING,
        moment=_KIND.RESTORE_SMTP_DEFAULT,
        answer=Answer.NO,
    ),
    Step(
        name="read back",
        work=Work.INSTALL,
        target="Get-ExchangeCertificate",
        moment="read_back",
        reads=True,
    ),
    Step(name="roll back", work=Work.ROLL_BACK, target=_ENABLING, moment="act"),
    Step(name="retire", work=Work.RETIRE, target="Remove-ExchangeCertificate", moment="act"),
)
_SMTP: Final = frozenset({_KIND.ENABLE_SMTP, _KIND.ENABLE_SMTP_KEEPING_DEFAULT})
_ENDS: Final = {
    Work.MAKE_CSR: State.CSR_READY,
    Work.MAKE_PLAN: State.PROVEN,
    Work.INSTALL: State.INSTALLED,
    Work.ROLL_BACK: State.ROLLED_BACK,
    Work.RETIRE: State.RETIRED,
}


class ArmingHosts:
    """The real hosts; a rule is given to the virtual one as soon as its step begins, once."""

    def __init__(self, hosts: WinRMHosts, step: Step, arm: Callable[[], None]) -> None:
        self._hosts = hosts
        self._step = step
        self._arm: Callable[[], None] | None = arm

    def find_csr(self, ask: CsrAsk) -> str | None:
        """Look."""
        return self._hosts.find_csr(ask)

    def make_csr(self, ask: CsrAsk) -> str:
        """Make one."""
        self._begin("make_csr")
        return self._hosts.make_csr(ask)

    def snapshot(self, host: HostName) -> Snapshot:
        """Read."""
        self._begin("snapshot")
        return self._hosts.snapshot(host)

    def plan(
        self,
        order: CertificateOrder,
        certificate: IssuedCertificate,
        snapshots: tuple[Snapshot, ...],
    ) -> InstallPlan:
        """Plan."""
        return self._hosts.plan(order, certificate, snapshots)

    def plan_retirement(
        self,
        order: CertificateOrder,
        certificate: IssuedCertificate,
        snapshots: tuple[Snapshot, ...],
    ) -> tuple[Operation, ...]:
        """Plan."""
        return self._hosts.plan_retirement(order, certificate, snapshots)

    def plan_roll_back(self, plan: InstallPlan, host: HostName) -> tuple[Operation, ...]:
        """Plan."""
        return self._hosts.plan_roll_back(plan, host)

    def observe(self, operation: Operation, certificate: IssuedCertificate) -> Observation:
        """Look."""
        return self._hosts.observe(operation, certificate)

    def act(self, operation: Operation, certificate: IssuedCertificate) -> Receipt:
        """Change."""
        self._begin("act")
        self._begin("smtp" if operation.kind in _SMTP else operation.kind)
        return self._hosts.act(operation, certificate)

    def read_back(
        self,
        host: HostName,
        certificate: IssuedCertificate,
        services: tuple[Service, ...],
        plan: InstallPlan,
        answer: Answer | None,
    ) -> Observation:
        """Read."""
        self._begin("read_back")
        return self._hosts.read_back(host, certificate, services, plan, answer)

    def _begin(self, moment: str) -> None:
        if moment == self._step.moment and self._arm is not None:
            arm, self._arm = self._arm, None
            arm()


class _Run(PlainRun):
    """
    Waits move the clock of both sides; a host that is down comes back when its time is over.

    Before each step it calls `before`, so that what there is can be kept for the cells that begin there.
    """

    def __init__(
        self, bench: "Bench", kept: Kept | None = None, before: Callable[[Kept], None] | None = None
    ) -> None:
        super().__init__(bench.clock, kept)
        self._bench = bench
        self._before = before

    def step(self, name: str, function: Callable[[], Outcome]) -> Outcome:
        """Run one step."""
        if self._before is not None:
            self._before(self.kept)
        return super().step(name, function)

    def sleep(self, seconds: float) -> None:
        """Let the clocks run on."""
        super().sleep(seconds)
        self._bench.pass_time()


class Spoiler(Protocol):
    """What goes wrong; one opening a session waits for a fresh one."""

    @property
    def place(self) -> str:
        """Where on the wire."""
        ...

    def trouble(self, step: Step, shell: str) -> Trouble:
        """The rule for a step at a door."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """
    What one cell came to.

    Args:
        outcome: ``done`` when it went on by itself, ``kept`` when a removal was refused and nothing was touched, else
            the fault code with which it waited for an operator; ``not met`` when the fault never struck.
        detail: the sentence on the card then.
        end: the order after the operator's retry, or the same where none was needed.
        ran: how often each operation with its arguments succeeded on the host.
        left_open, left_for_ever: sessions still there at the end, and after the idle time the client asked for.
        strikes: how often the rule matched before the cause was mended.
    """

    outcome: str
    detail: str
    end: CertificateOrder
    ran: Counter[str]
    left_open: int
    left_for_ever: int
    strikes: int


@dataclass(slots=True, kw_only=True)
class _Ready:
    """What there is right before a step: on the host, in our store, and in the durable run."""

    state: HostState
    memory: Memory
    kept: Kept
    version: int


@dataclass(slots=True, kw_only=True)
class Bench:
    """One virtual host with everything that was prepared on it; cells begin from there."""

    door: Door
    host: ExchangeHost
    hosts: WinRMHosts
    clock: FakeClock
    ready: dict[str, _Ready] = field(default_factory=dict)
    down_until: Any = None

    @classmethod
    def open(cls, door: Door, folder: Path, *, culture: str = "en-US") -> "Bench":
        """Start the host and play a good order through every step once."""
        vendor, clock = Authority(), FakeClock()
        host = ExchangeHost(anchors_pem=vendor.anchors_pem, clock=clock.now)
        host.engine.state.culture = culture
        waits: list[Callable[[float], None]] = [clock.forward]
        hosts = WinRMHosts(
            [access(host.start(), "2019", folder, door=door)],
            clock,
            monotonic=lambda: clock.now().timestamp(),
            pause=waits[0],
        )
        bench = cls(door=door, host=host, hosts=hosts, clock=clock)
        waits[0] = bench.wait
        bench._prepare(vendor)
        return bench

    @property
    def steps(self) -> tuple[Step, ...]:
        """Those of this door: where the question is answered nothing is given back, and stores are not reached."""
        others = {_KIND.RESTORE_SMTP_DEFAULT, _KIND.ADD_INTERMEDIATE}
        return tuple(s for s in STEPS if self.door == "winrm" or s.moment not in others)

    def close(self) -> None:
        """End everything."""
        self.hosts.close()
        self.host.stop()

    def wait(self, seconds: float) -> None:
        """Let the clocks of both sides run on."""
        self.clock.forward(seconds)
        self.pass_time()

    def pass_time(self) -> None:
        """Open the doors of a host whose time has come."""
        if self.down_until is not None and self.clock.now() >= self.down_until:
            self.down_until = None
            self.host.come_back()

    def play(self, step: Step, fault: Spoiler) -> Played:
        """Play a step with a fault in it, then let an operator mend the cause and retry."""
        ready = self.ready[step.name]
        house = self._house(ready.state, ready.memory)
        shell = step.shell if self.door == "psrp" else "cmd"

        def arm() -> None:
            if fault.place == "opening":
                self.hosts.close()
            trouble = fault.trouble(step, shell)
            if trouble.do in {"reboot", "executed_then_lost", "not_executed_and_lost"}:
                self.down_until = _later(self.clock, trouble.seconds)
            self.host.plan.add(trouble)

        house.hosts = ArmingHosts(self.hosts, step, arm)  # type: ignore[assignment] # the same port
        first = self._run(house, step.work, begun=ready)
        strikes = sum(int(str(rule["seen"])) for rule in self.host.plan.listed())
        self.host.plan.clear()
        self.host.come_back()
        self.down_until = None
        is_done = _is_good(first, step.work)
        end = first if is_done else self._retry(house, first, step.work)
        self.hosts.close()
        left_open = self._open()
        self.clock.forward(_IDLE_S + 1)
        return Played(
            outcome=_outcome(first, is_done=is_done) if strikes else "not met",
            detail=first.detail,
            end=end,
            ran=self._ran(),
            left_open=left_open,
            left_for_ever=self._open(),
            strikes=strikes,
        )

    def is_good(self, played: Played, step: Step) -> bool:
        """Whether the order came to the end its work is for."""
        return _is_good(played.end, step.work)

    def _retry(self, house: House, failed: CertificateOrder, work: Work) -> CertificateOrder:
        self.clock.forward(600)
        if failed.state is State.FAILED:
            house.engine.retry(SEVEN, by=OLGA)
        elif work is Work.MAKE_PLAN:
            house.engine.report(SEVEN, ev.ReplanAsked(), by=OLGA)
        else:
            house.put(replace(failed, state=State.RETIRING, version=failed.version + 1))
        return self._run(house, work)

    def _run(
        self,
        house: House,
        work: Work,
        *,
        begun: _Ready | None = None,
        before: Callable[[Kept], None] | None = None,
    ) -> CertificateOrder:
        kept, version = (list(begun.kept), begun.version) if begun else ([], house.order().version)
        house.job(work)(_Run(self, kept, before), SEVEN, version)
        return house.order()

    def _house(self, state: HostState, memory: Memory) -> House:
        self.host.drop_sessions()
        self.hosts.close()
        self.host.engine.state = _copy(state)
        self.host.engine.journal = Journal()
        self.host.clock.set(self.clock.now())
        house = House(clock=self.clock, memory=_remember(memory))
        house.operator = Operator(
            house.journal, house.leases, self.clock, worker="w1", deadline_s=_DEADLINE_S
        )
        return house

    def _open(self) -> int:
        return len(self.host.shells.listed()) + len(self.host.pools.listed())

    def _ran(self) -> Counter[str]:
        """How often each operation with its arguments succeeded."""
        listed = self.host.engine.journal.listed()
        return Counter(f"{one['cmdlet']} {one['digest']}" for one in listed if one["ok"])

    def _prepare(self, vendor: Authority) -> None:
        asked = self._good(Work.MAKE_CSR, order(State.APPROVED, wish=wish(vendor=TOY)))
        certificate = vendor.answer(asked.csr_pem)
        planned = self._good(
            Work.MAKE_PLAN, replace(asked, state=State.PROVEN, certificate=certificate)
        )
        assert planned.plan is not None
        yes = Approval(gate=Gate.INSTALL, by=OLGA, at=NOON, yes=True, subject=planned.plan.digest())
        fresh = _copy(self.host.engine.state)
        installed = planned
        for answer in (Answer.NO, Answer.YES):
            self.host.engine.state = _copy(fresh)
            installing = replace(
                planned, state=State.INSTALLING, approvals=(yes,), answers={EX01: answer}
            )
            installed = self._good(Work.INSTALL, installing, answer)
        back = self._good(Work.ROLL_BACK, replace(installed, state=State.ROLLING_BACK))
        self._good(Work.RETIRE, replace(back, state=State.RETIRING))

    def _good(
        self, work: Work, ready: CertificateOrder, answer: Answer = Answer.YES
    ) -> CertificateOrder:
        """Play a job without trouble, and keep what there is before each of its steps."""
        steps = [s for s in self.steps if (s.work, s.answer) == (work, answer)]
        state, memory = self.host.engine.state, Memory()
        memory.orders[ready.id] = ready
        after = ready
        for step in steps:
            house = self._house(state, memory)
            latest: list[_Ready] = []

            def keep(kept: Kept, house: House = house, latest: list[_Ready] = latest) -> None:
                now = _Ready(
                    state=_copy(self.host.engine.state),
                    memory=_remember(house.memory),
                    kept=list(kept),
                    version=ready.version,
                )
                latest[:] = [now]

            def begun(step: Step = step, latest: list[_Ready] = latest) -> None:
                self.ready[step.name] = latest[0]

            house.hosts = ArmingHosts(self.hosts, step, begun)  # type: ignore[assignment] # the same port
            after = self._run(house, work, before=keep)
            assert _is_good(after, work), (after.state, after.detail)
        return after


def _is_good(end: CertificateOrder, work: Work) -> bool:
    return end.state is _ENDS[work] and (work is not Work.MAKE_PLAN or end.plan is not None)


def _outcome(first: CertificateOrder, *, is_done: bool) -> str:
    if is_done:
        return "done"
    return first.fault_code or ("kept" if first.state is State.INSTALLED else first.state.value)


def _later(clock: FakeClock, seconds: float) -> Any:
    moment = FakeClock(clock.now())
    moment.forward(seconds)
    return moment.now()


def _copy(state: HostState) -> HostState:
    """The host's state, but for its clock; keys are shared, for nothing changes them."""
    return copy.deepcopy(state, {id(state.clock): state.clock})


def _remember(memory: Memory) -> Memory:
    """Our store as it is now, with a lock of its own."""
    return copy.deepcopy(memory, {id(memory.lock): threading.RLock()})
