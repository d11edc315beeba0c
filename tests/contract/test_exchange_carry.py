"""One certificate on two hosts, by either door: the key travels once, and only where it may."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.certs.judge import IssuedCertificate
from bot.domain.faults import HostFault
from bot.domain.ids import HostName
from bot.domain.plan import Answer, InstallPlan, OperationKind
from bot.exchange.hosts import WinRMHosts
from sandbox.exchange.host import ExchangeHost
from tests.contract.exchange_worlds import access
from tests.unit.exchange.samples import EX01, NOW, Authority, SetClock, ask, order

EX02 = HostName("EX02")
_HOSTS = (EX01, EX02)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two hosts of one organisation."""

    hosts: WinRMHosts
    machines: dict[HostName, ExchangeHost]
    vendor: Authority

    def planned(self, *, exportable: bool) -> tuple[IssuedCertificate, InstallPlan]:
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


@pytest.fixture(params=["winrm", "psrp"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """EX01 makes the key, EX02 shall serve it too."""
    vendor = Authority()
    with ExitStack() as stack:
        machines, accesses = {}, []
        for name in _HOSTS:
            machine = ExchangeHost(name=name, anchors_pem=vendor.anchors_pem, clock=lambda: NOW)
            stack.callback(machine.stop)
            folder = tmp_path / name
            folder.mkdir()
            machines[name] = machine
            way = access(machine.start(), "2019", folder, door=request.param)
            accesses.append(replace(way, name=name))
        hosts = WinRMHosts(accesses, SetClock())
        stack.callback(hosts.close)
        yield Pair(hosts=hosts, machines=machines, vendor=vendor)


def test_an_exportable_key_reaches_the_second_host(pair: Pair) -> None:
    """Both hosts end with the certificate, its key and its services; the forecast said how."""
    certificate, plan = pair.planned(exportable=True)
    for host in _HOSTS:
        pair.install(plan, certificate, host)
    seen = [
        pair.hosts.read_back(host, certificate, plan.services, plan, Answer.YES) for host in _HOSTS
    ]

    assert [one.done for one in seen] == [True, True]
    assert any("carried from there" in line for line in plan.host(EX02).forecast)


def test_a_carried_key_goes_no_further(pair: Pair) -> None:
    """On the second host the key cannot be exported any more."""
    certificate, plan = pair.planned(exportable=True)
    for host in _HOSTS:
        pair.install(plan, certificate, host)
    held = pair.machines[EX02].engine.state.stores.my[certificate.facts.thumbprint]

    assert not held.exportable


def test_a_key_that_may_not_travel_is_seen_in_the_plan(pair: Pair) -> None:
    """Nothing is begun on any host when the second one could never get the key."""
    with pytest.raises(HostFault) as caught:
        pair.planned(exportable=False)

    assert (caught.value.code, caught.value.host) == ("KeyNotExportable", EX02)


def test_no_key_no_import(pair: Pair) -> None:
    """When the first host cannot be asked, nothing is imported without its key."""
    certificate, plan = pair.planned(exportable=True)
    importing = next(
        one for one in plan.host(EX02).operations if one.kind is OperationKind.IMPORT_CERTIFICATE
    )
    pair.hosts.close()
    pair.machines[EX01].stop()
    with pytest.raises(HostFault) as caught:
        pair.hosts.act(importing, certificate)

    assert (caught.value.host, caught.value.executed) == (EX01, "no")
    assert certificate.facts.thumbprint not in pair.machines[EX02].engine.state.stores.my
