"""
Promise 5 of `ports.ExchangeHosts`: one certificate on two hosts, the key carried once, and only where it may.

Asked of the hosts in memory and of every dialect that can carry a key, by either door.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.certs.judge import IssuedCertificate
from bot.certs.prints import Thumbprint
from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.domain.plan import Answer, InstallPlan, Operation, OperationKind
from bot.exchange.access import HostAccess
from bot.exchange.hosts import WinRMHosts
from bot.ports import ExchangeHosts
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.trouble import Trouble
from tests.contract.exchange_steps import fault_of
from tests.contract.exchange_worlds import BACKENDS, METHODS, Backend, access
from tests.fakes.exchange import FakeExchangeHosts
from tests.unit.exchange.samples import EX01, NOW, Authority, SetClock, ask, order

EX02, EX03 = HostName("EX02"), HostName("EX03")
_HOSTS = (EX01, EX02)
_CARRYING = [one for one in BACKENDS if one.dialect.version != "2007"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """
    Two hosts of one organisation, and a third that is configured and has nothing to do with the order.

    Args:
        changes: how many changing operations a host has really run.
        reached: how often a host was asked anything.
        take_away: the certificate is removed from a host, past everybody.
        go_away: a host answers no more.
    """

    hosts: ExchangeHosts
    vendor: Authority
    changes: Callable[[HostName], int]
    reached: Callable[[HostName], int]
    take_away: Callable[[HostName, Thumbprint], None]
    go_away: Callable[[HostName], None]

    def planned(self, *, exportable: bool = True) -> tuple[IssuedCertificate, InstallPlan]:
        """Request on EX01, certificate, plan for both."""
        pem = self.hosts.make_csr(ask(hosts=_HOSTS, exportable=exportable))
        certificate = self.vendor.answer(pem)
        snapshots = tuple(self.hosts.snapshot(host) for host in _HOSTS)
        placed = order(hosts=_HOSTS, exportable=exportable)
        return certificate, self.hosts.plan(placed, certificate, snapshots)

    def install(self, plan: InstallPlan, certificate: IssuedCertificate, host: HostName) -> None:
        """Run the whole plan of one host."""
        for operation in plan.host(host).operations_for(Answer.YES):
            self.hosts.act(operation, certificate)


@pytest.fixture(params=_CARRYING, ids=lambda backend: backend.title)
def pair(request: pytest.FixtureRequest, vendor: Authority, tmp_path: Path) -> Iterator[Pair]:
    """EX01 makes the key, EX02 shall serve it too, EX03 stands by; EX03 is first in the configuration."""
    backend: Backend = request.param
    with ExitStack() as stack:
        yield (
            _in_memory(backend, vendor)
            if backend.is_fake
            else _on_the_wire(backend, vendor, tmp_path, stack)
        )


def _importing(plan: InstallPlan, host: HostName) -> Operation:
    operations = plan.host(host).operations
    return next(one for one in operations if one.kind is OperationKind.IMPORT_CERTIFICATE)


def test_an_exportable_key_reaches_the_second_host(pair: Pair) -> None:
    """Both hosts end with the certificate, its key and its services; the plan said from where."""
    certificate, plan = pair.planned()
    for host in _HOSTS:
        pair.install(plan, certificate, host)
    seen = [
        pair.hosts.read_back(host, certificate, plan.services, plan, Answer.YES) for host in _HOSTS
    ]

    assert [one.done for one in seen] == [True, True]
    assert (_importing(plan, EX01).key_from, _importing(plan, EX02).key_from) == (None, EX01)


def test_a_carried_key_goes_no_further(pair: Pair) -> None:
    """From the second host it cannot be carried on: said by Exchange, and nothing is imported elsewhere."""
    certificate, plan = pair.planned()
    for host in _HOSTS:
        pair.install(plan, certificate, host)
    onwards = replace(_importing(plan, EX02), host=EX03, key_from=EX02)
    before = pair.changes(EX03)
    fault = fault_of(lambda: pair.hosts.act(onwards, certificate))

    assert (fault.code, fault.host, fault.executed) == ("KeyNotExportable", EX02, "no")
    assert pair.changes(EX03) == before


def test_nobody_but_the_host_of_the_key_is_asked_for_it(pair: Pair) -> None:
    """A configured host that the plan does not name is not called, not even to sign in."""
    certificate, plan = pair.planned()
    for host in _HOSTS:
        pair.install(plan, certificate, host)

    assert pair.reached(EX03) == 0


def test_a_key_that_is_there_is_not_fetched_again(pair: Pair) -> None:
    """A second call finds certificate and key, and the first host is not asked for anything."""
    certificate, plan = pair.planned()
    for host in _HOSTS:
        pair.install(plan, certificate, host)
    before = pair.changes(EX01), pair.reached(EX01)
    again = pair.hosts.act(_importing(plan, EX02), certificate)

    assert "already" in again.seen
    assert (pair.changes(EX01), pair.reached(EX01)) == before


def test_a_key_that_may_not_travel_is_seen_in_the_plan(pair: Pair) -> None:
    """Nothing is begun on any host when the second one could never get the key."""
    with pytest.raises(HostFault) as caught:
        pair.planned(exportable=False)

    assert (caught.value.code, caught.value.host) == ("KeyNotExportable", EX02)


def test_a_key_that_is_gone_is_not_imported_without(pair: Pair) -> None:
    """A bare certificate would be of no use there and in the way of the whole one."""
    certificate, plan = pair.planned()
    pair.install(plan, certificate, EX01)
    pair.take_away(EX01, plan.thumbprint)
    before = pair.changes(EX02)
    fault = fault_of(lambda: pair.hosts.act(_importing(plan, EX02), certificate))

    assert (fault.code, fault.host, fault.executed) == ("KeyGone", EX02, "no")
    assert pair.changes(EX02) == before


def test_no_key_no_import(pair: Pair) -> None:
    """When the first host cannot be asked, nothing is imported without its key."""
    certificate, plan = pair.planned()
    pair.install(plan, certificate, EX01)
    before = pair.changes(EX02)
    pair.go_away(EX01)
    fault = fault_of(lambda: pair.hosts.act(_importing(plan, EX02), certificate))

    assert (fault.kind, fault.host) == (FaultKind.UNREACHABLE, EX01)
    assert pair.changes(EX02) == before


def _on_the_wire(backend: Backend, vendor: Authority, folder: Path, stack: ExitStack) -> Pair:
    machines: dict[HostName, ExchangeHost] = {}
    ways: list[HostAccess] = []
    for name in (EX03, EX01, EX02):
        machine = ExchangeHost(
            name=name,
            version=backend.dialect.version,
            build=backend.dialect.build,
            anchors_pem=vendor.anchors_pem,
            clock=lambda: NOW,
        )
        stack.callback(machine.stop)
        place = folder / name
        place.mkdir()
        machines[name] = machine
        way = access(machine.start(), backend.dialect.version, place, door=backend.door)
        ways.append(replace(way, name=name))
    hosts = WinRMHosts(ways, SetClock())
    stack.callback(hosts.close)

    def take_away(host: HostName, thumbprint: Thumbprint) -> None:
        del machines[host].engine.state.stores.my[thumbprint]

    return Pair(
        hosts=hosts,
        vendor=vendor,
        changes=lambda host: len(machines[host].engine.journal.listed()),
        reached=lambda host: int(str(machines[host].request_counts()["http"])),
        take_away=take_away,
        go_away=lambda host: machines[host].plan.add(Trouble(do="rst", action="*", times=0)),
    )


def _in_memory(backend: Backend, vendor: Authority) -> Pair:
    fake = FakeExchangeHosts(
        (EX01, EX02, EX03), version=backend.dialect.version, by_endpoint=backend.by_endpoint
    )

    def take_away(host: HostName, thumbprint: Thumbprint) -> None:
        del fake.hosts[host].certificates[thumbprint]

    def go_away(host: HostName) -> None:
        sentence = f"{host}: nobody answers. Nothing was changed. See that it is up, then retry."
        for method in METHODS:
            away = HostFault(FaultKind.UNREACHABLE, host, sentence, executed="no")
            fake.fail(method, away)

    return Pair(
        hosts=fake,
        vendor=vendor,
        changes=lambda host: sum(
            times for key, times in fake.ran.items() if key.startswith(f"{host}/")
        ),
        reached=lambda host: fake.asked_by[host],
        take_away=take_away,
        go_away=go_away,
    )
