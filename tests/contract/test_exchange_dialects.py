"""
What each dialect is really sent and what it can do, by WinRM and at Exchange's own endpoint.

The host's own record is read, not our calls: which cmdlets came with which parameters (exchange.md 2), what came back, and
that a build nobody knows is refused before anything is done there.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.domain.plan import Answer, OperationKind, Service
from bot.exchange import cmdlets
from bot.exchange.access import Door
from bot.exchange.hosts import WinRMHosts
from bot.exchange.operations import add_intermediate
from sandbox.exchange.engine.dialect import parameters_of
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.profile import Build
from tests.contract.exchange_worlds import ON_THE_WIRE, Backend, World, access, open_world
from tests.unit.exchange.samples import EX01, NOW, Authority, SetClock, ask, order

_GONE: Final = {"RequestFile", "FileName"}
"""Taken out by the updates of 2022; sent to nobody, not even to those who still have them (exchange.md 2.1, 2.2, 2.6)."""

_SENT: Final[dict[str, set[str]]] = {
    "New-ExchangeCertificate": {
        "GenerateRequest",
        "SubjectName",
        "DomainName",
        "KeySize",
        "PrivateKeyExportable",
        "FriendlyName",
    },
    "Import-ExchangeCertificate": {"FileData", "FriendlyName"},
    "Enable-ExchangeCertificate": {"Thumbprint", "Services", "DoNotRequireSsl", "Force"},
    "Remove-ExchangeCertificate": {"Thumbprint", "Confirm"},
}
_SENT_TO_2007: Final[dict[str, set[str]]] = {
    **_SENT,
    "New-ExchangeCertificate": {*_SENT["New-ExchangeCertificate"], "Path"},
    "Import-ExchangeCertificate": {"Path", "FriendlyName"},
}
_WITH_UM: Final = {"2007", "2010", "2013", "2016"}


@pytest.fixture(params=ON_THE_WIRE, ids=lambda backend: backend.title)
def world(request: pytest.FixtureRequest, vendor: Authority, tmp_path: Path) -> Iterator[World]:
    """Every dialect behind every door it has."""
    with ExitStack() as stack:
        yield open_world(request.param, vendor, tmp_path, stack)


def _machine(world: World) -> ExchangeHost:
    assert world.machine is not None
    return world.machine


def _whole_life(world: World, vendor: Authority, answer: Answer) -> None:
    """Request, installation, roll-back and removal: everything CertDesk ever does on one host."""
    hosts = world.hosts
    certificate = vendor.answer(hosts.make_csr(ask()))
    plan = hosts.plan(order(), certificate, (hosts.snapshot(EX01),))
    for operation in plan.host(EX01).operations_for(answer):
        hosts.act(operation, certificate)
    for operation in hosts.plan_roll_back(plan, hosts.snapshot(EX01)).operations:
        hosts.act(operation, certificate)
    for operation in hosts.plan_retirement(order(), certificate, (hosts.snapshot(EX01),)):
        hosts.act(operation, certificate)


@pytest.mark.parametrize("answer", list(Answer))
def test_a_whole_life_sends_what_the_dialect_knows_and_nothing_else(
    world: World, vendor: Authority, answer: Answer
) -> None:
    """Every cmdlet comes with the parameters of the table, each known to this very build, and all succeed."""
    _whole_life(world, vendor, answer)
    sent: dict[str, set[str]] = {}
    for one in _machine(world).engine.journal.listed():
        assert one["ok"], one
        if str(one["cmdlet"]) in _SENT:
            sent.setdefault(str(one["cmdlet"]), set()).update(_names(one["parameters"]))
    expected = _SENT_TO_2007 if world.version == "2007" else _SENT
    if world.version == "2007":
        # 2007 is asked which of the two it has; the sandbox's has -Force alone.
        expected = {**expected, "Enable-ExchangeCertificate": {"Thumbprint", "Services", "Force"}}

    if answer is Answer.NO and world.by_endpoint:
        # The question itself is answered, and a roll-back finds the default back: nothing is forced.
        unforced = expected["Enable-ExchangeCertificate"] - {"Force"}
        expected = {**expected, "Enable-ExchangeCertificate": unforced}

    assert sent == expected
    for cmdlet, names in sent.items():
        assert names <= set(parameters_of(cmdlet, world.backend.dialect.build))
        assert not names & _GONE


def _names(parameters: object) -> set[str]:
    assert isinstance(parameters, dict)
    return set(parameters)


def test_the_builds_before_the_updates_of_2022_still_had_what_is_not_sent() -> None:
    """The table above proves something: 2016 CU22 and 2019 CU11 would have taken both."""
    had = {
        backend.dialect.title
        for backend in ON_THE_WIRE
        if "RequestFile" in parameters_of("New-ExchangeCertificate", backend.dialect.build)
        and "FileName" in parameters_of("Import-ExchangeCertificate", backend.dialect.build)
    }

    assert had == {"2013", "2016 CU22", "2019 CU11"}


def test_force_is_sent_only_where_it_was_decided(world: World, vendor: Authority) -> None:
    """With No nothing is forced at the endpoint, nor by a roll-back that finds the default back; IIS is never forced at all."""
    _whole_life(world, vendor, Answer.NO)
    forced = [
        one["parameters"]
        for one in _machine(world).engine.journal.listed()
        if "Force" in _names(one["parameters"])
    ]

    expected = [] if world.by_endpoint else ["SMTP", "SMTP"]
    assert [str(_services(parameters)) for parameters in forced] == expected


def _services(parameters: object) -> str:
    assert isinstance(parameters, dict)
    return str(parameters["Services"])


def test_nothing_is_left_in_the_host_s_files(world: World, vendor: Authority) -> None:
    """2007 reads and writes files; the certificate's is deleted, and nobody else is given one."""
    _whole_life(world, vendor, Answer.YES)
    left = _machine(world).engine.state.files.sizes()

    assert [name for name in left if not name.endswith(".req")] == []
    assert (left == {}) is (world.version != "2007")


def test_services_are_those_of_the_version(world: World, vendor: Authority) -> None:
    """UM is planned up to 2016 and left out, with a sentence, where it is gone; asking for it would be error 21."""
    everything = (*Service,)
    hosts = world.hosts
    certificate = vendor.answer(hosts.make_csr(ask()))
    plan = hosts.plan(order(services=everything), certificate, (hosts.snapshot(EX01),)).host(EX01)
    planned = {
        service
        for operation in plan.operations
        if operation.kind is OperationKind.ENABLE_SERVICES
        for service in operation.services
    }

    assert (Service.UM in planned) is (world.version in _WITH_UM)
    assert any("has no UM; it is left out here" in line for line in plan.forecast) is (
        world.version not in _WITH_UM
    )


def test_a_key_travels_where_the_dialect_can_carry_it(world: World, vendor: Authority) -> None:
    """A second host of 2007 is refused in the plan: it takes no bytes and keeps no export flag."""
    hosts = world.hosts
    certificate = vendor.answer(hosts.make_csr(ask(exportable=True)))
    first = hosts.snapshot(EX01)
    second = replace(first, host=HostName("EX02"))
    placed = order(hosts=(EX01, second.host), exportable=True)
    if world.version == "2007":
        with pytest.raises(HostFault, match="carries none to Exchange 2007") as caught:
            hosts.plan(placed, certificate, (first, second))

        assert (caught.value.code, caught.value.executed) == ("KeyCannotTravel", "no")
    else:
        plan = hosts.plan(placed, certificate, (first, second))

        assert [host.host for host in plan.hosts] == [EX01, second.host]


_UNKNOWN: Final[list[tuple[Build, Door]]] = [
    ((15, 3, 1, 0), "winrm"),
    ((15, 3, 1, 0), "psrp"),
    ((16, 0, 10, 1), "winrm"),
    ((16, 0, 10, 1), "psrp"),
    ((6, 5, 7638, 1), "winrm"),
]


@pytest.mark.parametrize(("build", "door"), _UNKNOWN)
def test_a_build_nobody_knows_is_refused_with_a_sentence(
    build: Build, door: Door, tmp_path: Path, vendor: Authority
) -> None:
    """Neither read nor changed: what its cmdlets would make of our calls is not known."""
    host = ExchangeHost(version="2019", build=build, clock=lambda: NOW)
    hosts = WinRMHosts([access(host.start(), "2019", tmp_path, door=door)], SetClock())
    change = add_intermediate(EX01, vendor.answer(_csr_of(tmp_path, vendor)).path[0])
    try:
        for call in (lambda: hosts.make_csr(ask()), lambda: hosts.snapshot(EX01)):
            with pytest.raises(HostFault) as caught:
                call()

            assert (caught.value.kind, caught.value.code) == (
                FaultKind.UNSUPPORTED,
                "unknown-build",
            )
            assert ".".join(map(str, build)) in caught.value.sentence
            assert "Nothing was done." in caught.value.sentence
        with pytest.raises(HostFault):
            hosts.observe(change, vendor.answer(_csr_of(tmp_path, vendor)))
    finally:
        hosts.close()
        host.stop()

    assert host.engine.journal.listed() == []


def _csr_of(folder: Path, vendor: Authority) -> str:
    """A CSR of a host in memory: what is in it does not matter here."""
    with ExitStack() as stack:
        fake = Backend(dialect=ON_THE_WIRE[-1].dialect, door="winrm", is_fake=True)
        return open_world(fake, vendor, folder, stack).hosts.make_csr(ask())


@pytest.mark.parametrize("door", ["winrm", "psrp"])
def test_the_build_is_read_again_when_the_host_is_met_again(door: Door, tmp_path: Path) -> None:
    """An update between two conversations is seen, whatever the configuration says."""
    host = ExchangeHost(version="2019", build=(15, 2, 986, 5), clock=lambda: NOW)
    hosts = WinRMHosts([access(host.start(), "2016", tmp_path, door=door)], SetClock())
    try:
        before = hosts.snapshot(EX01).build
        state = host.engine.state
        state.profile = replace(state.profile, build=(15, 2, 2562, 17))
        hosts.close()
        after = hosts.snapshot(EX01).build
    finally:
        hosts.close()
        host.stop()

    assert (before, after) == ("15.2.986.5", "15.2.2562.17")


def test_no_call_can_name_a_file_but_that_of_2007() -> None:
    """Whoever builds calls has no way to ask for the parameters that are gone."""
    request = cmdlets.new_request(
        subject=ask().wish.subject,
        names=ask().wish.names,
        key_bits=2048,
        exportable=True,
        friendly_name="CertDesk",
    )
    imported = cmdlets.import_certificate("CertDesk", data=b"\x30")

    assert not _GONE & {name for call in (request, imported) for name, _ in call.values}
