"""
One step of a real order's machine work with one fault in it, played to its end and retried by an operator.

The jobs, the clients and the wires are the real ones; the durable run is in memory and its waits move the clock of
both sides. What ran on the host is counted by the host itself.
"""

import copy
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

import pytest

from bot.domain import events as ev
from bot.domain.approvals import Approval, Gate
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder, Clearing
from bot.domain.plan import Answer
from bot.domain.states import State, Work
from bot.exchange.access import Door
from bot.exchange.hosts import WinRMHosts
from bot.exchange.quiet import ENDS_S
from bot.workflow.operations import Operator
from bot.workflow.outcome import Outcome
from sandbox.exchange.engine.exchange import Caller
from sandbox.exchange.engine.journal import Journal
from sandbox.exchange.engine.selection import tls_name
from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.values import Arguments
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.trouble import Trouble
from tests.contract.exchange_worlds import access
from tests.contract.fault_end import Played, is_good, outcome, sentence
from tests.contract.fault_steps import ArmingHosts, Step, steps_at
from tests.fakes.store import Memory
from tests.unit.domain.samples import NOON, OLGA, TOY, order
from tests.unit.exchange.samples import EX01, MAIL, Authority, wish
from tests.unit.workflow.clock import FakeClock
from tests.unit.workflow.house import House
from tests.unit.workflow.plain_run import Kept, PlainRun

SEVEN: Final = OrderId(7)
DOORS: Final[tuple[Door, ...]] = ("winrm", "psrp")
_DEADLINE_S: Final = 15.0
"""How long a command may run on: short, for the looks at the host meanwhile cost real time here."""


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
        host = ExchangeHost(
            anchors_pem=vendor.anchors_pem,
            clock=clock.now,
            role_groups={"svc-certdesk": "Organization Management"},
        )
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
        """Those of this door."""
        return steps_at(self.door)

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
        is_done = is_good(first, step.work)
        code = first.fault_code or _code_of_clearing(house)
        end = first if is_done else self._retry(house, first, step.work)
        self.hosts.close()
        left_open = self._open()
        self.clock.forward(ENDS_S + 1)
        return Played(
            outcome=outcome(first, code, is_done=is_done) if strikes else "not met",
            detail=sentence(first),
            end=end,
            ran=self._ran(),
            left_open=left_open,
            left_for_ever=self._open(),
            strikes=strikes,
        )

    def is_good(self, played: Played, step: Step) -> bool:
        """Whether the order came to the end its work is for."""
        return is_good(played.end, step.work)

    def _retry(self, house: House, failed: CertificateOrder, work: Work) -> CertificateOrder:
        self.clock.forward(600)
        if failed.state is State.FAILED or failed.clearing:
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
        kept, version = (
            (list(begun.kept), begun.version) if begun else ([], _version(house.order()))
        )
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
        fresh = _copy(self.host.engine.state)
        asked = self._prepare_order(vendor)
        self.host.engine.state = fresh
        self._pin()
        self._prepare_order(vendor, connectors=True)
        self.host.engine.state = _copy(self.ready["plan"].state)
        clearing = Clearing(rounds=(asked.csr_round,), since=asked.version)
        self._good(Work.CLEAR_REQUEST, replace(asked, state=State.CANCELLED, clearing=clearing))

    def _prepare_order(self, vendor: Authority, *, connectors: bool = False) -> CertificateOrder:
        """Play an order through every job; what it was when its CSR was ready."""
        wanted = wish(vendor=TOY, connectors=connectors)
        asked = self._good(Work.MAKE_CSR, order(State.APPROVED, wish=wanted)).order()
        certificate = vendor.answer(asked.csr_pem)
        planned = self._good(
            Work.MAKE_PLAN, replace(asked, state=State.PROVEN, certificate=certificate)
        ).order()
        assert planned.plan is not None
        yes = Approval(gate=Gate.INSTALL, by=OLGA, at=NOON, yes=True, subject=planned.plan.digest())
        fresh = _copy(self.host.engine.state)
        for answer in (Answer.YES,) if connectors else (Answer.NO, Answer.YES):
            self.host.engine.state = _copy(fresh)
            installing = replace(
                planned, state=State.INSTALLING, approvals=(yes,), answers={EX01: answer}
            )
            house = self._good(Work.INSTALL, installing, answer)
        rolling_back = replace(house.order(), state=State.ROLLING_BACK)
        back = self._good(Work.ROLL_BACK, rolling_back, memory=house.memory).order()
        if not connectors:
            self._good(Work.RETIRE, replace(back, state=State.RETIRING))
        return asked

    def _pin(self) -> None:
        """A certificate of last year for the order's name, enabled for SMTP and named by connectors."""
        wanted: Arguments = {
            "SubjectName": f"CN={MAIL},O=Last year",
            "DomainName": [MAIL],
            "Services": "SMTP",
            "Force": True,
        }
        engine = self.host.engine
        made = engine.invoke("New-ExchangeCertificate", wanted, Caller(principal="setup"))
        held = engine.state.stores.my[str(made.objects[0].properties["Thumbprint"])]
        for connector in engine.state.connectors:
            if connector.kind == "Send" or connector.port == 25:
                connector.tls_certificate_name = tls_name(held)

    def _good(
        self,
        work: Work,
        ready: CertificateOrder,
        answer: Answer = Answer.YES,
        *,
        memory: Memory | None = None,
    ) -> House:
        """Play a job without trouble, and keep what there is before each of its steps; the store as it was left."""
        wanted = (work, answer, ready.wish.connectors)
        steps = [s for s in self.steps if (s.work, s.answer, s.connectors) == wanted]
        state, before = self.host.engine.state, _remember(memory or Memory())
        before.orders[ready.id] = ready
        house = self._house(state, before)
        for step in steps or (None,):
            house = self._house(state, before)
            latest: list[_Ready] = []

            def keep(kept: Kept, house: House = house, latest: list[_Ready] = latest) -> None:
                now = _Ready(
                    state=_copy(self.host.engine.state),
                    memory=_remember(house.memory),
                    kept=list(kept),
                    version=ready.version,
                )
                latest[:] = [now]

            def begun(step: Step | None = step, latest: list[_Ready] = latest) -> None:
                if step is not None:
                    self.ready[step.name] = latest[0]

            house.hosts = ArmingHosts(self.hosts, step, begun)  # type: ignore[assignment] # the same port
            after = self._run(house, work, before=keep)
            assert is_good(after, work), (after.state, after.detail)
        return house


def bench_at(door: Door) -> Any:
    """The fixture of a suite: one host on which an order has gone well once; every cell begins right before its step."""

    @pytest.fixture(scope="module", name="bench")
    def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
        bench = Bench.open(door, tmp_path_factory.mktemp(door))
        yield bench
        bench.close()

    return opened


def _code_of_clearing(house: House) -> str:
    """The code a clearing stopped with: the order keeps its sentence alone."""
    found = house.audit.entries(SEVEN)
    return next((one.facts["code"] for one in found if one.what == "clear_failed"), "")


def _version(order: CertificateOrder) -> int:
    """The version a run of the order's machine work is started for."""
    return order.clearing.since if order.clearing else order.version


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
