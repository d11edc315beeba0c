"""
Exchange hosts in memory: state in, state out, and trouble on demand.

The same contract suite runs over this and over the sandbox's hosts. What a host holds stands in
`FakeExchangeHosts.hosts`; how often something really happened stands in `ran`.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from bot.certs.judge import IssuedCertificate
from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.domain.intent import Deadline
from bot.domain.order import CertificateOrder
from bot.domain.pending import ClearAsk, key_of
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
from bot.domain.surroundings import PendingCertificate
from bot.domain.undoing import GivingBack
from bot.exchange.dialect import Version
from bot.exchange.plan import plan_install
from bot.exchange.retire import plan_retirement
from bot.exchange.rollback import plan_roll_back
from bot.key_ports import Parcel
from bot.ports import CsrAsk
from tests.fakes.exchange_host import (
    FakeHost,
    carry_leaf,
    check_proven,
    enable,
    fault,
    fresh_host,
    import_leaf,
    is_imported,
    name_in_connector,
    observe,
    read_back,
    restore_connector,
    rsa_key,
    subject_of,
    waiting,
)

BUILDS: dict[Version, str] = {
    "2007": "8.3.83.6",
    "2010": "14.3.123.4",
    "2013": "15.0.1497.2",
    "2016": "15.1.2507.6",
    "2019": "15.2.1118.7",
    "se": "15.2.2562.17",
}
_ResultT = TypeVar("_ResultT")
_START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class FakeExchangeHosts:
    """
    `ports.ExchangeHosts` in memory.

    Args:
        names: the hosts; each begins with its self-signed certificate, which serves everything.
        build: the build the hosts report; the version's own where none is given.
        now: where the time comes from.
        by_endpoint: questions can be answered on these hosts, as at Exchange's own endpoint.
    """

    def __init__(
        self,
        names: Iterable[str] = ("EX01",),
        *,
        version: Version = "2019",
        build: str = "",
        now: Callable[[], datetime] = lambda: _START,
        by_endpoint: bool = False,
    ) -> None:
        self._now = now
        self._build = build or BUILDS[version]
        self.asked_by: Counter[HostName] = Counter()
        self.hosts = {HostName(name): fresh_host(HostName(name), version, now()) for name in names}
        self._endpoints = frozenset(self.hosts if by_endpoint else ())
        self.ran: Counter[str] = Counter()
        self._trouble: list[tuple[str, HostFault, bool]] = []

    def fail(self, method: str, trouble: HostFault) -> None:
        """Let the next call of a method fail without doing anything."""
        self._trouble.append((method, trouble, False))

    def lose_answer(self, method: str, host: str = "EX01") -> None:
        """Let the next call of a method do its work and then lose the answer."""
        sentence = f"{host}: the connection broke. Whether it ran is not known."
        lost = HostFault(FaultKind.TIMEOUT, HostName(host), sentence, executed="maybe", code="lost")
        self._trouble.append((method, lost, True))

    def close(self) -> None:
        """Nothing is open."""

    def find_csr(self, ask: CsrAsk) -> str | None:
        """The PEM of the pending request with this friendly name; None when there is none."""
        return self._run("find_csr", lambda: self._host(ask.host).requests.get(ask.friendly_name))

    def make_csr(self, ask: CsrAsk, *, until: Deadline | None = None) -> str:
        """Make key and CSR."""
        self._check_time(ask.host, until)
        return self._run("make_csr", lambda: self._make(ask))

    def snapshot(self, host: HostName) -> Snapshot:
        """Read what is on the host."""
        return self._run("snapshot", lambda: self._look(self._host(host)))

    def pending(self, host: HostName) -> tuple[PendingCertificate, ...]:
        """The requests that wait on a host."""
        return self._run("pending", lambda: waiting(self._host(host), self._now()))

    def clear_request(self, ask: ClearAsk, *, until: Deadline | None = None) -> Receipt:
        """Drop one, if its key is that of the CSR."""
        self._check_time(ask.host, until)
        return self._run("clear_request", lambda: self._drop(ask))

    def plan(
        self,
        order: CertificateOrder,
        certificate: IssuedCertificate,
        snapshots: tuple[Snapshot, ...],
    ) -> InstallPlan:
        """The real planner: it is pure."""
        words = {name: host.version for name, host in self.hosts.items()}
        return plan_install(order, certificate, snapshots, words=words, endpoints=self._endpoints)

    def plan_retirement(
        self,
        order: CertificateOrder,
        certificate: IssuedCertificate,
        snapshots: tuple[Snapshot, ...],
    ) -> tuple[Operation, ...]:
        """The real planner: it is pure."""
        return plan_retirement(order, certificate, snapshots)

    def plan_roll_back(self, plan: InstallPlan, snapshot: Snapshot) -> GivingBack:
        """The real planner: it is pure."""
        return plan_roll_back(plan, snapshot)

    def observe(self, operation: Operation, certificate: IssuedCertificate) -> Observation:
        """Look whether the operation's end state is there."""
        return self._run("observe", lambda: observe(self._host(operation.host), operation))

    def act(
        self,
        operation: Operation,
        certificate: IssuedCertificate,
        *,
        parcel: Parcel | None = None,
        until: Deadline | None = None,
    ) -> Receipt:
        """Run one operation, once."""
        self._check_time(operation.host, until)
        return self._run("act", lambda: self._act(operation, certificate, parcel))

    def read_back(
        self,
        host: HostName,
        certificate: IssuedCertificate,
        services: tuple[Service, ...],
        plan: InstallPlan,
        answer: Answer | None,
    ) -> Observation:
        """Whether key, services and the decided default are there."""
        return self._run(
            "read_back",
            lambda: read_back(self._host(host), certificate, services, plan, answer),
        )

    def _run(self, method: str, work: Callable[[], _ResultT]) -> _ResultT:
        trouble = next((one for one in self._trouble if one[0] == method), None)
        if trouble is None:
            return work()
        self._trouble.remove(trouble)
        _, prepared, is_done_first = trouble
        if is_done_first:
            work()
        raise prepared

    def _check_time(self, host: HostName, until: Deadline | None) -> None:
        """Nothing takes time here, so only what is over is too late."""
        over = timedelta(seconds=until.whole_s) if until is not None else None
        if until and over and datetime.fromisoformat(until.begun) + over <= self._now():
            raise fault(host, FaultKind.BUSY, "too-late", "no")

    def _host(self, name: HostName) -> FakeHost:
        if name not in self.hosts:
            raise fault(name, FaultKind.UNSUPPORTED, "unknown-host", "no")
        self.asked_by[name] += 1
        return self.hosts[name]

    def _make(self, ask: CsrAsk) -> str:
        host = self._host(ask.host)
        key = rsa_key(self.ran["make_csr"] % 4)
        self.ran["make_csr"] += 1
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject_of(ask))
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in ask.wish.names])
        request = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
        host.pending[ask.friendly_name] = key
        if ask.wish.exportable:
            host.movable.add(ask.friendly_name)
        host.requests[ask.friendly_name] = request.public_bytes(Encoding.PEM).decode()
        return host.requests[ask.friendly_name]

    def _drop(self, ask: ClearAsk) -> Receipt:
        host = self._host(ask.host)
        found = [one for one in waiting(host, self._now()) if one.thumbprint == ask.thumbprint]
        for one in found:
            if (one.friendly_name, one.key_sha256) != (ask.friendly_name, key_of(ask.csr_pem)):
                raise fault(host.name, FaultKind.UNSUPPORTED, "request-not-ours", "no")
            self.ran["clear_request"] += 1
            del host.pending[one.friendly_name], host.requests[one.friendly_name]
        return Receipt(seen="dropped" if found else "was not there any more")

    def _look(self, host: FakeHost) -> Snapshot:
        return Snapshot(
            host=host.name,
            taken_at=self._now(),
            build=self._build,
            fqdn=f"{host.name.lower()}.corp.example.com",
            certificates=tuple(host.certificates.values()),
            default_smtp=host.default_smtp,
            intermediates=tuple(host.intermediates),
            connectors=host.connectors,
            clock_skew_s=host.clock_skew_s,
            pending=waiting(host, self._now()),
            web=host.web(),
            mail_names=dict(host.mail_names),
            edge_subscriptions=(),
            roles="Mailbox",
        )

    def _act(
        self, operation: Operation, certificate: IssuedCertificate, parcel: Parcel | None
    ) -> Receipt:
        host = self._host(operation.host)
        check_proven(host, operation, certificate)
        if is_imported(host, operation):
            return Receipt(seen="was there already with its key")
        if operation.key_from is not None:
            carry_leaf(self._host(operation.key_from), host, operation)
            self.ran[operation.key] += 1
            return Receipt(seen="done")
        self.ran[operation.key] += 1
        match operation.kind:
            case OperationKind.ADD_INTERMEDIATE:
                if operation.thumbprint not in host.intermediates:
                    host.intermediates.append(operation.thumbprint)
            case OperationKind.IMPORT_CERTIFICATE:
                import_leaf(host, operation, certificate, parcel)
            case OperationKind.RESTORE_CONNECTOR:
                restore_connector(host, operation)
            case OperationKind.REMOVE_INTERMEDIATE:
                host.intermediates.remove(operation.thumbprint)
            case OperationKind.NAME_IN_CONNECTOR:
                name_in_connector(host, operation)
            case OperationKind.REMOVE_CERTIFICATE:
                host.certificates.pop(operation.thumbprint, None)
            case _:
                enable(host, operation)
        return Receipt(seen="done")
