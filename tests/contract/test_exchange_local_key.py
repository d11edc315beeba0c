"""A key that CertDesk made, on two hosts, over the wire: by either door and on every version that takes a PFX as bytes."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.certs.judge import IssuedCertificate
from bot.certs.pfx import PfxCipher
from bot.domain.faults import HostFault
from bot.domain.ids import HostName
from bot.domain.plan import Answer, InstallPlan, Operation, OperationKind
from bot.domain.sealed import Bond, Purpose, SealedSecret
from bot.exchange.hosts import WinRMHosts
from bot.key_ports import Parcel
from bot.system.local_keys import SealedKeys
from bot.system.vault import AesVault, new_key
from sandbox.exchange.engine.stores import StoredCertificate
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.profile import Version
from tests.contract.test_exchange_hosts import access
from tests.unit.exchange.samples import EX01, NOW, Authority, SetClock, order, wish

EX02 = HostName("EX02")
HOSTS = (EX01, EX02)
LOCAL = {"hosts": HOSTS, "local_key_days": 45}
WORLDS = [
    ("2010", "winrm"),
    ("2010", "psrp"),
    ("2013", "winrm"),
    ("2016", "winrm"),
    ("2019", "winrm"),
    ("2019", "psrp"),
    ("se", "psrp"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two hosts, a key that lives with us, and its certificate."""

    hosts: WinRMHosts
    machines: dict[HostName, ExchangeHost]
    keys: SealedKeys
    secret: SealedSecret
    certificate: IssuedCertificate

    def plan(self) -> InstallPlan:
        """What would be done on both."""
        snapshots = tuple(self.hosts.snapshot(host) for host in HOSTS)
        return self.hosts.plan(order(**LOCAL), self.certificate, snapshots)

    def parcel(self, operation: Operation) -> Parcel | None:
        """What an operation brings."""
        if operation.pfx is None:
            return None
        return self.keys.pack(self.secret, self.certificate, operation.pfx)

    def held(self, host: HostName) -> StoredCertificate:
        """The certificate in a host's store."""
        stored: StoredCertificate = self.machines[host].engine.state.stores.my[
            self.certificate.facts.thumbprint
        ]
        return stored


@pytest.fixture(scope="module")
def vendor() -> Authority:
    """One vendor for all tests."""
    return Authority()


@pytest.fixture(scope="module")
def made(vendor: Authority) -> tuple[SealedKeys, SealedSecret, IssuedCertificate]:
    """One key of full size, and its certificate."""
    keys = SealedKeys(AesVault((new_key(),)), SetClock())
    bond = Bond(order_id=order().id, purpose=Purpose.PRIVATE_KEY, round=1)
    one = keys.make(bond, wish(**LOCAL), dies_at=NOW + timedelta(days=45))
    return keys, one.secret, vendor.answer(one.csr_pem)


def opened(
    version: Version,
    door: str,
    vendor: Authority,
    made: tuple[SealedKeys, SealedSecret, IssuedCertificate],
    folder: Path,
    stack: ExitStack,
) -> Pair:
    """Two hosts of a version, reached by a door."""
    keys, secret, certificate = made
    machines, accesses = {}, []
    for name in HOSTS:
        machine = ExchangeHost(
            name=name, version=version, anchors_pem=vendor.anchors_pem, clock=lambda: NOW
        )
        stack.callback(machine.stop)
        (folder / name).mkdir()
        machines[name] = machine
        way = access(machine.start(), version, folder / name, door=door)  # type: ignore[arg-type]  # one of the two
        accesses.append(replace(way, name=name))
    hosts = WinRMHosts(accesses, SetClock())
    stack.callback(hosts.close)
    return Pair(hosts=hosts, machines=machines, keys=keys, secret=secret, certificate=certificate)


@pytest.fixture(params=WORLDS, ids=lambda world: f"{world[0]} {world[1]}")
def pair(
    request: pytest.FixtureRequest,
    vendor: Authority,
    made: tuple[SealedKeys, SealedSecret, IssuedCertificate],
    tmp_path: Path,
) -> Iterator[Pair]:
    """Every version and door."""
    with ExitStack() as stack:
        version, door = request.param
        yield opened(version, door, vendor, made, tmp_path, stack)


def test_both_hosts_get_the_key_and_serve_with_it(pair: Pair) -> None:
    """Import, services, read-back; the key cannot leave again and lives where Exchange's own keys live."""
    plan = pair.plan()
    parcels = []
    for host in HOSTS:
        for operation in plan.host(host).operations_for(Answer.YES):
            parcel = pair.parcel(operation)
            parcels += [parcel] if parcel else []
            pair.hosts.act(operation, pair.certificate, parcel=parcel)
    seen = [
        pair.hosts.read_back(host, pair.certificate, plan.services, plan, Answer.YES)
        for host in HOSTS
    ]

    assert [True, True] == [one.done for one in seen], seen
    for host in HOSTS:
        assert (False, 12) == (pair.held(host).exportable, pair.held(host).provider_type)
        assert pair.held(host).key is not None
        told = json.dumps(pair.machines[host].engine.journal.listed())
        assert [] == [p for p in parcels if p.password in told]
        assert {} == pair.machines[host].engine.state.files.sizes()
    assert 2 == len({parcel.password for parcel in parcels})


def test_the_plan_says_it_in_words_and_in_powershell(pair: Pair) -> None:
    """Who made the key, how it travels, and a password that is asked for instead of shown."""
    plan = pair.plan()

    for host in HOSTS:
        told = " ".join(plan.host(host).forecast)
        [text] = [op.text for op in plan.host(host).operations if op.pfx]
        assert "The key was made by CertDesk. It is imported as a PFX" in told
        assert "-Password:(Read-Host -AsSecureString) -PrivateKeyExportable:$false" in text
        assert ".pfx'" in text


def test_an_import_without_its_parcel_is_refused(pair: Pair) -> None:
    """It never becomes an import of the bare certificate, nor a search for the key on other hosts."""
    importing = next(op for op in pair.plan().host(EX02).operations if op.pfx)

    with pytest.raises(HostFault) as refused:
        pair.hosts.act(importing, pair.certificate)

    assert ("no-parcel", "no") == (refused.value.code, refused.value.executed)
    assert pair.certificate.facts.thumbprint not in pair.machines[EX02].engine.state.stores.my


@pytest.mark.parametrize("door", ["winrm", "psrp"])
def test_a_lock_the_host_cannot_open_is_error_8(
    door: str,
    vendor: Authority,
    made: tuple[SealedKeys, SealedSecret, IssuedCertificate],
    tmp_path: Path,
) -> None:
    """With AES on 2013 nothing is imported, and the fault repeats neither file nor password."""
    with ExitStack() as stack:
        pair = opened("2013", door, vendor, made, tmp_path, stack)
        importing = next(op for op in pair.plan().host(EX01).operations if op.pfx)
        parcel = pair.keys.pack(pair.secret, pair.certificate, PfxCipher.AES256)
        with pytest.raises(HostFault) as refused:
            pair.hosts.act(importing, pair.certificate, parcel=parcel)

        assert PfxCipher.TRIPLEDES is importing.pfx
        assert refused.value.executed != "maybe"
        assert parcel.password not in f"{refused.value!r} {refused.value.__cause__!r}"
        assert pair.certificate.facts.thumbprint not in pair.machines[EX01].engine.state.stores.my


def test_exchange_2007_takes_none(
    vendor: Authority,
    made: tuple[SealedKeys, SealedSecret, IssuedCertificate],
    tmp_path: Path,
) -> None:
    """A PFX would have to be written to its disk: the plan is refused, and nothing was changed."""
    with ExitStack() as stack:
        pair = opened("2007", "winrm", vendor, made, tmp_path, stack)
        with pytest.raises(HostFault, match="CertDesk writes no key to a disk") as refused:
            pair.plan()

        assert "KeyCannotTravel" == refused.value.code
        assert [] == pair.machines[EX01].engine.journal.listed()


def test_the_operation_is_another_one_than_an_answer_to_a_request(pair: Pair) -> None:
    """Its key and its digest tell it apart, so that the journal never takes one for the other."""
    plan = pair.plan()
    [bringing] = [op for op in plan.host(EX01).operations if op.pfx]

    assert OperationKind.IMPORT_CERTIFICATE is bringing.kind
    assert bringing.key.endswith("/pfx")
    others = [replace(op, pfx=None) for op in plan.host(EX01).operations]
    bare = replace(plan, hosts=(replace(plan.host(EX01), operations=tuple(others)), plan.hosts[1]))
    assert plan.digest() != bare.digest()
