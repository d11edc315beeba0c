"""
The Exchange hosts behind `ports.ExchangeHosts`, over WinRM and Exchange's own endpoint.

One host is worked on by one thread, its own. A conversation is kept for the next call for a while, because
starting PowerShell and Exchange's tools costs more than the work.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

from bot.certs.judge import IssuedCertificate
from bot.domain.faults import FaultKind, HostFault
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
from bot.domain.surroundings import PendingCertificate
from bot.domain.undoing import GivingBack
from bot.exchange.access import HostAccess
from bot.exchange.allowance import Allowance
from bot.exchange.carry import key_gone, pack_key
from bot.exchange.install import act, observe
from bot.exchange.line import HostLine, Meeting
from bot.exchange.pending import drop_request, find_request, list_requests, make_request
from bot.exchange.plan import plan_install
from bot.exchange.psrp import ExchangeEndpoint
from bot.exchange.quiet import KEPT_S
from bot.exchange.readback import read_back
from bot.exchange.refused import RefusedPasswords
from bot.exchange.retire import plan_retirement
from bot.exchange.rollback import plan_roll_back
from bot.exchange.session import Conversation, Deadlines
from bot.exchange.snapshot import find_held, take_snapshot
from bot.exchange.tickets import Tickets
from bot.exchange.winrm import WinRMWire
from bot.exchange.wire import Wire
from bot.key_ports import Parcel
from bot.ports import Clock, CsrAsk
from bot.workflow.stopwatch import Stopwatch, WallStopwatch

WireMaker = Callable[[HostAccess], Wire]


class WinRMHosts:
    """
    `ports.ExchangeHosts` over WinRM; `close` ends what is still open.

    Args:
        accesses: the hosts of the configuration.
        clock: for snapshots and for the clock skew.
        deadlines: how long a host may take.
        monotonic: seconds that never step, for the deadlines.
        keep_s: how long an idle conversation is kept, well below the idle time the host is asked for; 0 ends each at once.
        open_wire: how a host is dialled.
        pause: waits between two tries of a message; None: really.
        stopwatch: the one deadlines are handed in from; the wall clock unless given.
    """

    def __init__(
        self,
        accesses: Sequence[HostAccess],
        clock: Clock,
        *,
        deadlines: Deadlines | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        keep_s: float = KEPT_S,
        open_wire: WireMaker | None = None,
        pause: Callable[[float], object] | None = None,
        stopwatch: Stopwatch | None = None,
    ) -> None:
        self._clock = clock
        self._stopwatch = stopwatch or WallStopwatch(clock)
        refused = RefusedPasswords(monotonic)
        tickets = Tickets(refused, monotonic)
        limits = deadlines or Deadlines()
        self._change_s = limits.change_s

        def dial(access: HostAccess) -> Wire:
            return WinRMWire(
                access,
                now=clock.now,
                refused=refused,
                tickets=tickets,
                monotonic=monotonic,
                pause=pause,
            )

        def open_endpoint(access: HostAccess) -> Conversation:
            endpoint = ExchangeEndpoint(
                access,
                now=clock.now,
                deadlines=limits,
                monotonic=monotonic,
                refused=refused,
                tickets=tickets,
                pause=pause,
            )
            endpoint.open()
            return endpoint

        self._endpoints = frozenset(access.name for access in accesses if access.by_endpoint)
        self._words = {access.name: access.version for access in accesses}
        self._lines = {
            access.name.lower(): HostLine(
                access,
                open_wire=open_wire or dial,
                open_endpoint=open_endpoint,
                deadlines=limits,
                monotonic=monotonic,
                keep_s=keep_s,
            )
            for access in accesses
        }

    def close(self) -> None:
        """End every conversation that was kept; the object can be used again afterwards."""
        for line in self._lines.values():
            line.close()

    def find_csr(self, ask: CsrAsk) -> str | None:
        """The PEM of the pending request with this friendly name; None when there is none."""
        with self._meeting(ask.host) as met:
            return find_request(met.runner, met.facts.dialect, ask)

    def make_csr(self, ask: CsrAsk, *, until: Deadline | None = None) -> str:
        """Have the host make key and CSR; the PEM it answered."""
        with self._meeting(ask.host, self._allow(until)) as met:
            return make_request(met.runner, met.facts.dialect, ask)

    def snapshot(self, host: HostName) -> Snapshot:
        """Read what is on the host."""
        with self._meeting(host) as met:
            return take_snapshot(met.runner, met.facts, now=self._clock.now())

    def pending(self, host: HostName) -> tuple[PendingCertificate, ...]:
        """The host's pending requests; changes nothing."""
        with self._meeting(host) as met:
            return list_requests(met.runner)

    def clear_request(self, ask: ClearAsk, *, until: Deadline | None = None) -> Receipt:
        """Drop this very request, once, if its public key is that of the CSR."""
        with self._meeting(ask.host, self._allow(until)) as met:
            return drop_request(met.runner, ask)

    def plan(
        self,
        order: CertificateOrder,
        certificate: IssuedCertificate,
        snapshots: tuple[Snapshot, ...],
    ) -> InstallPlan:
        """What would be done on the order's hosts, in order; reads nothing."""
        return plan_install(
            order, certificate, snapshots, words=self._words, endpoints=self._endpoints
        )

    def plan_retirement(
        self,
        order: CertificateOrder,
        certificate: IssuedCertificate,
        snapshots: tuple[Snapshot, ...],
    ) -> tuple[Operation, ...]:
        """The removals for this certificate; refused while it is still used."""
        return plan_retirement(order, certificate, snapshots)

    def plan_roll_back(self, plan: InstallPlan, snapshot: Snapshot) -> GivingBack:
        """What gives a host's services back to the certificates of before."""
        return plan_roll_back(plan, snapshot)

    def observe(self, operation: Operation, certificate: IssuedCertificate) -> Observation:
        """Look whether the operation's end state is there."""
        with self._meeting(operation.host) as met:
            return observe(met.runner, met.facts, operation, certificate)

    def act(
        self,
        operation: Operation,
        certificate: IssuedCertificate,
        *,
        parcel: Parcel | None = None,
        until: Deadline | None = None,
    ) -> Receipt:
        """Run one operation, once; a key that lies on another host is fetched from there."""
        allowance = self._allow(until)
        is_import = operation.kind is OperationKind.IMPORT_CERTIFICATE
        if is_import and operation.pfx is None:
            parcel = self._fetch_key(operation, certificate)
        with self._meeting(operation.host, allowance) as met:
            return act(met.runner, met.facts, operation, certificate, parcel=parcel)

    def read_back(
        self,
        host: HostName,
        certificate: IssuedCertificate,
        services: tuple[Service, ...],
        plan: InstallPlan,
        answer: Answer | None,
    ) -> Observation:
        """Whether the host shows the certificate with its key, its services and the decided default."""
        with self._meeting(host) as met:
            return read_back(met.runner, met.facts, certificate, services, plan, answer)

    def _fetch_key(self, operation: Operation, certificate: IssuedCertificate) -> Parcel | None:
        """
        Fetch certificate and key from the host the plan names; None where the host made the key itself.

        Never holds two hosts at once, and calls no other: people approved this one way of the key. Nothing is
        exported for a host that has the certificate already.

        Raises:
            HostFault: of the host that has the key; KeyGone when it has it no more.
        """
        if operation.key_from is None:
            return None
        with self._meeting(operation.host) as met:
            if find_held(met.runner, certificate.facts.sha256) is not None:
                return None
        with self._meeting(operation.key_from) as met:
            parcel = pack_key(met.runner, certificate)
        if parcel is None:
            raise key_gone(operation.host, operation.key_from)
        return parcel

    def _allow(self, until: Deadline | None) -> Allowance:
        """The time of one change, from now on where nobody noted a deadline."""
        until = until or Deadline(whole_s=self._change_s, begun=self._stopwatch.mark())
        return Allowance(until, self._stopwatch)

    @contextlib.contextmanager
    def _meeting(self, host: HostName, allowance: Allowance | None = None) -> Iterator[Meeting]:
        line = self._lines.get(host.lower())
        if line is None:
            raise HostFault(
                FaultKind.UNSUPPORTED,
                host,
                f"{host[:60]!r} is not among the configured hosts. Nothing was done. Add it to the configuration.",
                executed="no",
                code="unknown-host",
            )
        with line.meeting(allowance) as met:
            yield met
