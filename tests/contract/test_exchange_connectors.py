"""
Connectors made to name the new certificate, over real wires: every version, both doors, and the hosts in memory.

What a host holds afterwards is looked at without the wire, and so is how often it was changed.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.certs.judge import IssuedCertificate
from bot.domain.faults import FaultKind, HostFault
from bot.domain.plan import Answer, InstallPlan, Operation, OperationKind, Snapshot
from bot.exchange.hosts import WinRMHosts
from bot.ports import ExchangeHosts
from sandbox.exchange.engine.exchange import Caller, VirtualExchange
from sandbox.exchange.engine.selection import tls_name
from sandbox.exchange.engine.values import Arguments
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.trouble import Trouble
from tests.contract.test_exchange_hosts import access
from tests.fakes.exchange import FakeExchangeHosts
from tests.fakes.exchange_host import pair_of
from tests.unit.exchange.samples import EX01, MAIL, NOW, Authority, SetClock, ask, order

_NAMING = OperationKind.NAME_IN_CONNECTOR
_SETS = ("Set-SendConnector", "Set-ReceiveConnector")


@dataclass(kw_only=True)
class World:
    """A host whose connectors name the certificate of last year."""

    hosts: ExchangeHosts
    names: Callable[[], dict[str, str]]
    changes: Callable[[], int]
    host: ExchangeHost | None = None

    def plan(self, vendor: Authority, **wishes: Any) -> tuple[IssuedCertificate, InstallPlan]:
        """The plan of a renewal that asks for connectors."""
        certificate = vendor.answer(self.hosts.make_csr(ask()))
        snapshot = self.hosts.snapshot(EX01)
        return certificate, self.hosts.plan(order(connectors=True), certificate, (snapshot,))

    def run(self, plan: InstallPlan, certificate: IssuedCertificate) -> tuple[Operation, ...]:
        """Run everything but the connectors; those are given back."""
        operations = plan.host(EX01).operations_for(Answer.NO)
        for operation in operations:
            if operation.kind is not _NAMING:
                self.hosts.act(operation, certificate)
        return tuple(one for one in operations if one.kind is _NAMING)


def _sandbox(
    where: str, folder: Path, stack: ExitStack, *, group: str, anchors_pem: str = ""
) -> World:
    version, door = where.split()
    host = ExchangeHost(
        version=version,  # type: ignore[arg-type] # a word of the table
        anchors_pem=anchors_pem,
        clock=lambda: NOW,
        smtp_fqdn=MAIL,
        role_groups={"svc-certdesk": group},
    )
    stack.callback(host.stop)
    info = host.start()
    hosts = WinRMHosts([access(info, version, folder, door=door)], SetClock())  # type: ignore[arg-type] # as above
    stack.callback(hosts.close)
    _pin(host.engine)
    return World(
        hosts=hosts,
        names=lambda: {one.name: one.tls_certificate_name for one in host.engine.state.connectors},
        changes=lambda: sum(
            op["cmdlet"] in _SETS and bool(op["ok"]) for op in host.engine.journal.listed()
        ),
        host=host,
    )


def _pin(engine: VirtualExchange) -> None:
    """A certificate for the same names as the coming one, enabled for SMTP and named by two connectors."""
    wanted: Arguments = {
        "SubjectName": f"CN={MAIL},O=Last year",
        "DomainName": [MAIL],
        "Services": "SMTP",
        "Force": True,
    }
    made = engine.invoke("New-ExchangeCertificate", wanted, Caller(principal="setup"))
    held = engine.state.stores.my[str(made.objects[0].properties["Thumbprint"])]
    for connector in engine.state.connectors:
        if connector.kind == "Send" or connector.port == 25:
            connector.tls_certificate_name = tls_name(held)


def _fake() -> World:
    fake = FakeExchangeHosts()
    host = fake.hosts[EX01]
    (own,) = host.certificates.values()
    old = replace(own, thumbprint="0" * 40, subject=f"CN={MAIL}", names=(MAIL,))  # type: ignore[arg-type] # a handle
    host.certificates[old.thumbprint] = old
    host.add_connectors(pair_of(old))
    return World(
        hosts=fake,
        names=lambda: {one.name: one.tls_certificate_name for one in host.connectors},
        changes=lambda: sum(count for key, count in fake.ran.items() if _NAMING in key),
    )


_WHERE = [
    "fake",
    "2010 winrm",
    "2010 psrp",
    "2013 winrm",
    "2016 psrp",
    "2019 winrm",
    "2019 psrp",
    "se winrm",
    "se psrp",
]


@pytest.fixture(params=_WHERE)
def world(request: pytest.FixtureRequest, vendor: Authority, tmp_path: Path) -> Iterator[World]:
    """Every implementation, with a role for every connector."""
    with ExitStack() as stack:
        if request.param == "fake":
            yield _fake()
        else:
            anchors, group = vendor.anchors_pem, "Organization Management"
            yield _sandbox(request.param, tmp_path, stack, group=group, anchors_pem=anchors)


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[World]:
    """A host at whose endpoint the account has the roles of Server Management alone."""
    with ExitStack() as stack:
        yield _sandbox("2019 psrp", tmp_path, stack, group="Server Management")


@pytest.fixture(scope="module")
def vendor() -> Authority:
    """Who signs."""
    return Authority()


def _pinned(snapshot: Snapshot) -> dict[str, str]:
    return {one.name: one.tls_certificate_name for one in snapshot.connectors}


def test_connectors_name_the_new_certificate_in_the_host_s_own_words(
    world: World, vendor: Authority
) -> None:
    """Each is changed once, read back, and seen by the next look; the others stay as they are."""
    certificate, plan = world.plan(vendor)
    before = world.names()
    naming = world.run(plan, certificate)
    assert len(naming) == 2
    assert not world.hosts.read_back(EX01, certificate, plan.services, plan, Answer.NO).done
    for operation in naming:
        assert not world.hosts.observe(operation, certificate).done
        world.hosts.act(operation, certificate)
        assert world.hosts.observe(operation, certificate).done

    snapshot = world.hosts.snapshot(EX01)
    held = snapshot.certificate(certificate.facts.thumbprint)
    assert held is not None
    changed = {name for name, pair in before.items() if pair}
    assert (
        world.names()
        == {name: pair_of(held) if name in changed else "" for name in before}
        == _pinned(snapshot)
    )
    read = world.hosts.read_back(EX01, certificate, plan.services, plan, Answer.NO)
    assert read.done, read.seen
    assert world.changes() == 2


def test_a_change_done_before_is_not_done_again(world: World, vendor: Authority) -> None:
    """A second act after a kill finds it done and sends nothing that would change anything."""
    certificate, plan = world.plan(vendor)
    naming = world.run(plan, certificate)
    for operation in (*naming, *naming):
        world.hosts.act(operation, certificate)
    names = world.names()

    assert len({pair for pair in names.values() if pair}) == 1
    if world.host is not None:
        assert world.changes() == 2


def test_a_connector_somebody_changed_is_left_alone(world: World, vendor: Authority) -> None:
    """Neither the old nor the new pair: a person decides."""
    certificate, plan = world.plan(vendor)
    first, *_ = world.run(plan, certificate)
    assert first.connector is not None
    third = "<I>CN=Third<S>CN=mail.example.com"
    _set(world, third)
    with pytest.raises(HostFault) as caught:
        world.hosts.act(first, certificate)

    assert (caught.value.code, caught.value.executed) == ("connector-changed", "no")
    assert third in world.names().values()
    assert world.changes() == (1 if world.host is None else 0)


def test_before_smtp_is_enabled_exchange_refuses(world: World, vendor: Authority) -> None:
    """Why the plan has connectors last: the same operation too early changes nothing (error 40)."""
    certificate, plan = world.plan(vendor)
    operations = plan.host(EX01).operations_for(Answer.NO)
    for operation in operations:
        if operation.kind in {OperationKind.ADD_INTERMEDIATE, OperationKind.IMPORT_CERTIFICATE}:
            world.hosts.act(operation, certificate)
    before = world.names()
    naming = next(one for one in operations if one.kind is _NAMING)
    with pytest.raises(HostFault) as caught:
        world.hosts.act(naming, certificate)

    assert (caught.value.code, caught.value.executed) == ("NotEnabledForSmtp", "no")
    assert world.names() == before


def test_without_a_role_for_connectors_the_rest_stands(endpoint: World, vendor: Authority) -> None:
    """Server Management has no role for send connectors; the sentence says whose turn it is."""
    certificate, plan = endpoint.plan(vendor)
    receiving, sending = endpoint.run(plan, certificate)
    endpoint.hosts.act(receiving, certificate)
    with pytest.raises(HostFault) as caught:
        endpoint.hosts.act(sending, certificate)

    assert (caught.value.code, caught.value.executed) == ("ConnectorRoleMissing", "no")
    assert caught.value.kind is FaultKind.UNSUPPORTED
    assert "Send Connectors" in caught.value.sentence
    assert "What was installed before stays" in caught.value.sentence
    assert endpoint.hosts.observe(receiving, certificate).done
    assert endpoint.changes() == 1


def test_a_lost_answer_is_settled_by_a_look(endpoint: World, vendor: Authority) -> None:
    """Executed, then lost: the next look sees it done, and acting again changes nothing."""
    certificate, plan = endpoint.plan(vendor)
    receiving, _ = endpoint.run(plan, certificate)
    assert endpoint.host is not None
    endpoint.host.plan.add(Trouble(do="executed_then_lost", cmdlet="Set-ReceiveConnector"))
    with pytest.raises(HostFault) as caught:
        endpoint.hosts.act(receiving, certificate)

    assert caught.value.executed == "maybe"
    assert endpoint.hosts.observe(receiving, certificate).done
    endpoint.hosts.act(receiving, certificate)
    assert endpoint.changes() == 1


def test_exchange_2007_has_nothing_to_name(tmp_path: Path, vendor: Authority) -> None:
    """Its connectors name no certificate, so none is planned for."""
    with ExitStack() as stack:
        world = _sandbox("2007 winrm", tmp_path, stack, group="")
        assert world.host is not None
        for connector in world.host.engine.state.connectors:
            connector.tls_certificate_name = ""
        _, plan = world.plan(vendor)

    assert _NAMING not in [one.kind for one in plan.host(EX01).operations]


def _set(world: World, pair: str) -> None:
    if world.host is not None:
        for connector in world.host.engine.state.connectors:
            connector.tls_certificate_name = pair
        return
    assert isinstance(world.hosts, FakeExchangeHosts)
    host = world.hosts.hosts[EX01]
    host.connectors = tuple(replace(one, tls_certificate_name=pair) for one in host.connectors)
