"""Exchange hosts as sets of what is on them; every change is counted."""

import hashlib
from collections import Counter
from dataclasses import replace

from bot.certs.judge import IssuedCertificate
from bot.certs.prints import Thumbprint
from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.domain.intent import Deadline
from bot.domain.order import CertificateOrder
from bot.domain.pending import ClearAsk, key_of
from bot.domain.plan import (
    Answer,
    Caution,
    Handshake,
    InstallPlan,
    Observation,
    Operation,
    OperationKind,
    Receipt,
    Service,
    Snapshot,
    Step,
)
from bot.domain.surroundings import PendingCertificate
from bot.domain.undoing import GivingBack
from bot.key_ports import Parcel
from bot.ports import CsrAsk
from tests.unit.domain.samples import EX01, NOON, OLD_THUMBPRINT, host_plan, operation, plan
from tests.unit.workflow.fuse import Fuse
from tests.unit.workflow.requests import csr_for


class ToyHosts:
    """
    `bot.ports.ExchangeHosts` in memory.

    `acts` counts each change that reached a host, `done` holds the end states that are there. A fault queued
    under a method's name (or under an operation's key) is raised by its next call, before anything happens.
    Behind the call named by `gone_after` nothing can be read any more.
    """

    def __init__(self, fuse: Fuse) -> None:
        self.acts: Counter[str] = Counter()
        self.read: list[HostName] = []
        self.done: set[str] = set()
        self.requests: dict[str, str] = {}
        self.faults: dict[str, list[HostFault]] = {}
        self.lost_answers: set[str] = set()
        self.warns: dict[str, tuple[Caution, ...]] = {}
        self.gone_after = ""
        self.parcels: list[tuple[HostName, Parcel]] = []
        self.asks_smtp: frozenset[HostName] = frozenset({EX01})
        self.readable = True
        self.left: dict[HostName, tuple[str, ...]] = {}
        self.stays: dict[HostName, tuple[str, ...]] = {}
        self.default_smtp: Thumbprint = OLD_THUMBPRINT
        self._fuse = fuse

    def find_csr(self, ask: CsrAsk) -> str | None:
        """The pending request under this name."""
        self._meet("find_csr")
        return self.requests.get(ask.friendly_name)

    def make_csr(self, ask: CsrAsk, *, until: Deadline | None = None) -> str:
        """Make one; the host keeps it."""
        self._change("make_csr", ask.friendly_name, until)
        self.requests[ask.friendly_name] = csr_for(ask.wish)
        self._answer("make_csr", ask.host)
        return self.requests[ask.friendly_name]

    def snapshot(self, host: HostName) -> Snapshot:
        """What is on a host, as far as these tests care."""
        self._meet("snapshot")
        self.read.append(host)
        return Snapshot(
            host=host,
            taken_at=NOON,
            build="15.2",
            fqdn=f"{host}.corp",
            certificates=(),
            default_smtp=self.default_smtp,
            intermediates=(),
        )

    def pending(self, host: HostName) -> tuple[PendingCertificate, ...]:
        """The requests that wait here, one a friendly name."""
        self._meet("pending")
        return tuple(
            PendingCertificate(
                thumbprint=handle_of(name, pem),
                friendly_name=name,
                subject="",
                not_before=NOON,
                key_sha256=key_of(pem),
            )
            for name, pem in self.requests.items()
        )

    def clear_request(self, ask: ClearAsk, *, until: Deadline | None = None) -> Receipt:
        """Drop one; the key is compared by the hosts' own suite."""
        self._change("clear_request", f"clear {ask.friendly_name}", until)
        self.requests.pop(ask.friendly_name, None)
        self._answer("clear_request", ask.host)
        return Receipt(seen="dropped")

    def plan(
        self,
        order: CertificateOrder,
        certificate: IssuedCertificate,
        snapshots: tuple[Snapshot, ...],
    ) -> InstallPlan:
        """The plan of the samples, for the order's hosts."""
        self._meet("plan")
        hosts = (host_plan(s.host, asks=s.host in self.asks_smtp) for s in snapshots)
        return replace(plan(*hosts), order_id=order.id)

    def plan_retirement(
        self,
        order: CertificateOrder,
        certificate: IssuedCertificate,
        snapshots: tuple[Snapshot, ...],
    ) -> tuple[Operation, ...]:
        """One removal a host; none where it is gone."""
        self._meet("plan_retirement")
        removals = (
            operation(s.host, OperationKind.REMOVE_CERTIFICATE, Step.REMOVE) for s in snapshots
        )
        return tuple(op for op in removals if op.key not in self.done)

    def plan_roll_back(self, plan: InstallPlan, snapshot: Snapshot) -> GivingBack:
        """Give the services back that are not back yet, and say what the test says."""
        self._meet("plan_roll_back")
        host, before = snapshot.host, plan.host(snapshot.host).before
        wanted = [
            operation(
                host,
                OperationKind.RESTORE_SMTP_DEFAULT,
                Step.RESTORE,
                thumbprint=thumbprint,
                services=(service,),
            )
            for service, thumbprint in before.items()
            if host not in self.left and host not in self.stays
        ]
        return GivingBack(
            operations=tuple(op for op in wanted if op.key not in self.done),
            past=tuple(op for op in wanted if op.key in self.done),
            left=self.left.get(host, ()),
            stays=self.stays.get(host, ()),
            is_back=bool(wanted),
        )

    def observe(self, operation: Operation, certificate: IssuedCertificate) -> Observation:
        """Whether the end state is there."""
        self._meet(f"observe {operation.key}")
        return Observation(done=operation.key in self.done, seen=f"looked at {operation.key}")

    def act(
        self,
        operation: Operation,
        certificate: IssuedCertificate,
        *,
        parcel: Parcel | None = None,
        until: Deadline | None = None,
    ) -> Receipt:
        """Change the host."""
        self._change(operation.key, operation.key, until)
        if parcel is not None:
            self.parcels.append((operation.host, parcel))
        self.done.add(operation.key)
        self._answer(operation.key, operation.host)
        return Receipt(seen="done", warnings=self.warns.get(operation.key, ()))

    def read_back(
        self,
        host: HostName,
        certificate: IssuedCertificate,
        services: tuple[Service, ...],
        plan: InstallPlan,
        answer: Answer | None,
    ) -> Observation:
        """Whether everything that was decided is there."""
        self._meet("read_back")
        wanted = {op.key for op in plan.host(host).operations_for(answer)}
        return Observation(done=self.readable and wanted <= self.done, seen=f"{host} shows it")

    def fail(self, call: str, kind: FaultKind, *, times: int = 1, executed: str = "no") -> None:
        """Queue a fault for the next calls."""
        fault = HostFault(kind, EX01, f"EX01: {kind.value}. Nothing was done.", executed=executed)  # type: ignore[arg-type]  # one of the three words
        self.faults.setdefault(call, []).extend([fault] * times)

    def _change(self, call: str, counted: str, until: Deadline | None) -> None:
        assert until is not None, f"{call} was not told until when it may run"
        self._fuse.burn(f"before {call} reaches the host")
        self._meet(call)
        self.acts[counted] += 1

    def _answer(self, call: str, host: HostName) -> None:
        self._fuse.burn(f"after {call} was done, before the answer")
        if call == self.gone_after:
            self.fail("snapshot", FaultKind.UNREACHABLE, times=100)
        if call in self.lost_answers:
            self.lost_answers.discard(call)
            raise HostFault(FaultKind.TIMEOUT, host, "The answer was lost.", executed="maybe")

    def _meet(self, call: str) -> None:
        if self.faults.get(call):
            raise self.faults[call].pop(0)


def handle_of(name: str, pem: str) -> Thumbprint:
    """A handle of its own for each request."""
    return Thumbprint(hashlib.sha256(f"{name} {pem}".encode()).hexdigest()[:40].upper())


class ToyProber:
    """`bot.ports.Prober`: every handshake is what `proven` says, in turn; the last word stays."""

    def __init__(self) -> None:
        self.proven = [True]

    def probe(
        self, host: HostName, certificate: IssuedCertificate, services: tuple[Service, ...]
    ) -> tuple[Handshake, ...]:
        """One handshake; none when nothing is to be seen."""
        if not self.proven:
            return ()
        proven = self.proven.pop(0) if len(self.proven) > 1 else self.proven[0]
        return (
            Handshake(
                service="https",
                address=f"{host}:443",
                sha256=certificate.facts.sha256,
                proven=proven,
                detail=f"{host} shows {'the new' if proven else 'another'} certificate.",
            ),
        )
