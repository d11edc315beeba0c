"""The steps of an order's machine work as columns of the fault matrix, and the moment at which each begins."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.certs.judge import IssuedCertificate
from bot.domain import undoing
from bot.domain.ids import HostName
from bot.domain.intent import Deadline
from bot.domain.order import CertificateOrder
from bot.domain.pending import ClearAsk
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
from bot.domain.states import Work
from bot.domain.surroundings import PendingCertificate
from bot.exchange.access import Door
from bot.exchange.hosts import WinRMHosts
from bot.ports import CsrAsk

_KIND = OperationKind
ENABLING: Final = "Enable-ExchangeCertificate"


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
        connectors: whether the order asks for connectors; two of them name a certificate of last year then.
    """

    name: str
    work: Work
    target: str
    moment: str
    answer: Answer = Answer.YES
    shell: str = "psrp"
    reads: bool = False
    connectors: bool = False


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
    Step(name="services", work=Work.INSTALL, target=ENABLING, moment=_KIND.ENABLE_SERVICES),
    Step(name="SMTP yes", work=Work.INSTALL, target=ENABLING, moment="smtp"),
    Step(name="SMTP no", work=Work.INSTALL, target=ENABLING, moment="smtp", answer=Answer.NO),
    Step(
        name="default back",
        work=Work.INSTALL,
        target=ENABLING,
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
    Step(
        name="connector",
        work=Work.INSTALL,
        target="Set-SendConnector",
        moment=f"{_KIND.NAME_IN_CONNECTOR} send",
        connectors=True,
    ),
    Step(name="roll back", work=Work.ROLL_BACK, target=ENABLING, moment="act"),
    Step(
        name="connector back",
        work=Work.ROLL_BACK,
        target="Set-ReceiveConnector",
        moment=f"{_KIND.RESTORE_CONNECTOR} receive",
        connectors=True,
    ),
    Step(
        name="intermediate back",
        work=Work.ROLL_BACK,
        target="store.remove",
        moment=_KIND.REMOVE_INTERMEDIATE,
        shell="cmd",
        connectors=True,
    ),
    Step(name="retire", work=Work.RETIRE, target="Remove-ExchangeCertificate", moment="act"),
    Step(
        name="clear request",
        work=Work.CLEAR_REQUEST,
        target="Remove-ExchangeCertificate",
        moment="clear_request",
    ),
)
_NOT_AT_THE_ENDPOINT: Final = frozenset(
    {_KIND.RESTORE_SMTP_DEFAULT, _KIND.ADD_INTERMEDIATE, _KIND.REMOVE_INTERMEDIATE}
)
"""Where the question is answered nothing is given back; the stores are reached over WinRM whatever the door."""

_SMTP: Final = frozenset({_KIND.ENABLE_SMTP, _KIND.ENABLE_SMTP_KEEPING_DEFAULT})


def steps_at(door: Door) -> tuple[Step, ...]:
    """The steps that are played at a door."""
    return tuple(s for s in STEPS if door == "winrm" or s.moment not in _NOT_AT_THE_ENDPOINT)


class ArmingHosts:
    """The real hosts; a rule is given to the virtual one as soon as its step begins, once."""

    def __init__(self, hosts: WinRMHosts, step: Step | None, arm: Callable[[], None]) -> None:
        self._hosts = hosts
        self._step = step
        self._arm: Callable[[], None] | None = arm

    def find_csr(self, ask: CsrAsk) -> str | None:
        """Look."""
        return self._hosts.find_csr(ask)

    def make_csr(self, ask: CsrAsk, *, until: Deadline | None = None) -> str:
        """Make one."""
        self._begin("make_csr")
        return self._hosts.make_csr(ask, until=until)

    def pending(self, host: HostName) -> tuple[PendingCertificate, ...]:
        """List."""
        return self._hosts.pending(host)

    def clear_request(self, ask: ClearAsk, *, until: Deadline | None = None) -> Receipt:
        """Drop one."""
        self._begin("clear_request")
        return self._hosts.clear_request(ask, until=until)

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

    def plan_roll_back(self, plan: InstallPlan, snapshot: Snapshot) -> undoing.GivingBack:
        """Plan."""
        return self._hosts.plan_roll_back(plan, snapshot)

    def observe(self, operation: Operation, certificate: IssuedCertificate) -> Observation:
        """Look."""
        return self._hosts.observe(operation, certificate)

    def act(
        self,
        operation: Operation,
        certificate: IssuedCertificate,
        *,
        until: Deadline | None = None,
    ) -> Receipt:
        """Change."""
        self._begin("act")
        self._begin(_moment(operation))
        return self._hosts.act(operation, certificate, until=until)

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
        if self._step is not None and moment == self._step.moment and self._arm is not None:
            arm, self._arm = self._arm, None
            arm()


def _moment(operation: Operation) -> str:
    """How a step calls the operation it begins with."""
    if operation.kind in _SMTP:
        return "smtp"
    if operation.connector is not None:
        return f"{operation.kind} {operation.connector.direction}"
    return operation.kind
