"""
One contract for every implementation of `ports.ExchangeHosts`.

It runs over the hosts in memory and over the sandbox's hosts of four versions: through real WinRM, and through
Exchange's own endpoint where there is one.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.certs.judge import IssuedCertificate
from bot.domain.faults import HostFault
from bot.domain.ids import HostName
from bot.domain.plan import Answer, InstallPlan, Operation, OperationKind, Service, Snapshot
from bot.exchange import operations
from bot.exchange.access import Door, HostAccess
from bot.exchange.hosts import WinRMHosts
from bot.ports import ExchangeHosts
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.profile import Version
from tests.fakes.exchange import FakeExchangeHosts
from tests.unit.exchange.samples import (
    ALL_BUT_UM,
    AUTODISCOVER,
    EX01,
    MAIL,
    NOW,
    Authority,
    SetClock,
    ask,
    order,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A set of hosts, how many changing operations it really ran, and whether questions can be answered there."""

    hosts: ExchangeHosts
    changes: Callable[[], int]
    by_endpoint: bool = False


@pytest.fixture(scope="module")
def vendor() -> Authority:
    """Who signs; its root is trusted by every host here."""
    return Authority()


_WORLDS = [
    "fake",
    "fake psrp",
    "2007 winrm",
    "2010 winrm",
    "2010 psrp",
    "2013 winrm",
    "2013 psrp",
    "2019 winrm",
    "2019 psrp",
]


@pytest.fixture(params=_WORLDS)
def world(request: pytest.FixtureRequest, vendor: Authority, tmp_path: Path) -> Iterator[World]:
    """Every implementation there is, each fresh."""
    with ExitStack() as stack:
        where, _, door = request.param.partition(" ")
        if where == "fake":
            fake = FakeExchangeHosts(by_endpoint=door == "psrp")
            yield World(hosts=fake, changes=fake.ran.total, by_endpoint=door == "psrp")
            return
        yield _sandbox(where, door, vendor, tmp_path, stack)


def _sandbox(
    version: Version, door: Door, vendor: Authority, folder: Path, stack: ExitStack
) -> World:
    host = ExchangeHost(version=version, anchors_pem=vendor.anchors_pem, clock=lambda: NOW)
    stack.callback(host.stop)
    info = host.start()
    hosts = WinRMHosts([access(info, version, folder, door=door)], SetClock())
    stack.callback(hosts.close)
    return World(
        hosts=hosts,
        changes=lambda: len(host.engine.journal.listed()),
        by_endpoint=door == "psrp",
    )


def access(
    info: dict[str, object], version: str, folder: Path, *, door: Door = "winrm"
) -> HostAccess:
    """How the bot would be configured for a sandbox host."""
    anchor = folder / "winrm.pem"
    anchor.write_text(str(info["ca_pem"]), encoding="ascii")
    return HostAccess(
        name=EX01,
        version=version,
        winrm_url=str(info["wsman_http"]),
        auth="ntlm",
        user=str(info["user"]),
        password=lambda: str(info["password"]),
        psrp_url=str(info["psrp"] or ""),
        door=door,
        ca_pem=str(anchor),
    )


def _ready(world: World, vendor: Authority) -> tuple[IssuedCertificate, InstallPlan]:
    certificate = vendor.answer(world.hosts.make_csr(ask()))
    snapshot = world.hosts.snapshot(EX01)
    return certificate, world.hosts.plan(order(), certificate, (snapshot,))


def _installed(
    world: World, vendor: Authority, answer: Answer
) -> tuple[IssuedCertificate, InstallPlan, Snapshot]:
    """Run the whole plan; the snapshot is the one of before."""
    before = world.hosts.snapshot(EX01)
    certificate, plan = _ready(world, vendor)
    for operation in plan.host(EX01).operations_for(answer):
        world.hosts.act(operation, certificate)
    return certificate, plan, before


def _kinds(operations: tuple[Operation, ...]) -> list[OperationKind]:
    return [operation.kind for operation in operations]


def test_no_request_is_found_before_one_is_made(world: World) -> None:
    """`find_csr` says None for a friendly name nobody used."""
    assert world.hosts.find_csr(ask()) is None


def test_a_made_request_is_what_was_asked_for(world: World) -> None:
    """The CSR carries the subject, the names with the common name first, and the size of the wish."""
    made = x509.load_pem_x509_csr(world.hosts.make_csr(ask()).encode())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    key = made.public_key()

    assert "CN=mail.example.com" in made.subject.rfc4514_string()
    assert names.get_values_for_type(x509.DNSName) == [MAIL, AUTODISCOVER]
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 2048


def test_a_made_request_is_found_again_by_its_name_alone(world: World) -> None:
    """After a lost answer the same CSR is found, and no other one."""
    made = world.hosts.make_csr(ask("CertDesk 27/1"))
    world.hosts.make_csr(ask("CertDesk 27/2"))

    assert world.hosts.find_csr(ask("CertDesk 27/1")) == made


def test_looking_changes_nothing(world: World, vendor: Authority) -> None:
    """`find_csr`, `snapshot` and `observe` may be repeated: the host counts no change."""
    certificate, plan = _ready(world, vendor)
    before = world.changes()
    for operation in plan.host(EX01).operations:
        world.hosts.observe(operation, certificate)
    world.hosts.find_csr(ask())
    world.hosts.snapshot(EX01)

    assert world.changes() == before


def test_a_fresh_host_shows_its_self_signed_certificate(world: World) -> None:
    """The snapshot holds the default SMTP certificate that set-up made, serving everything."""
    snapshot = world.hosts.snapshot(EX01)
    default = snapshot.certificate(snapshot.default_smtp)

    assert default is not None
    assert set(default.services) == {"IMAP", "POP", "IIS", "SMTP"}


def test_the_plan_asks_about_the_default(world: World, vendor: Authority) -> None:
    """Where a default exists the plan has a question, and both answers have their operations."""
    _, plan = _ready(world, vendor)
    host = plan.host(EX01)
    kinds = OperationKind

    assert host.question is not None
    assert _kinds(host.operations_for(Answer.YES)) == [
        kinds.ADD_INTERMEDIATE,
        kinds.IMPORT_CERTIFICATE,
        kinds.ENABLE_SERVICES,
        kinds.ENABLE_SMTP,
    ]
    keeping = [kinds.ENABLE_SERVICES, kinds.ENABLE_SMTP_KEEPING_DEFAULT]
    giving_back = [kinds.ENABLE_SMTP, kinds.RESTORE_SMTP_DEFAULT]
    last = _kinds(host.operations_for(Answer.NO))[-2:]
    assert last == (keeping if world.by_endpoint else giving_back)


def test_every_operation_is_seen_done_after_it_ran(world: World, vendor: Authority) -> None:
    """Each operation's end state is there when `act` came back."""
    certificate, plan = _ready(world, vendor)
    for operation in plan.host(EX01).operations_for(Answer.YES):
        world.hosts.act(operation, certificate)

        assert world.hosts.observe(operation, certificate).done, operation.key


def test_import_is_not_done_before_it_ran(world: World, vendor: Authority) -> None:
    """An observation can say no: otherwise it would prove nothing."""
    certificate, plan = _ready(world, vendor)
    seen = [world.hosts.observe(one, certificate).done for one in plan.host(EX01).operations[:3]]

    assert seen == [False, False, False]


def test_yes_replaces_the_default(world: World, vendor: Authority) -> None:
    """After Yes the new certificate is the default SMTP certificate and serves everything."""
    certificate, plan, _ = _installed(world, vendor, Answer.YES)
    after = world.hosts.snapshot(EX01)
    held = after.certificate(certificate.facts.thumbprint)

    assert after.default_smtp == certificate.facts.thumbprint
    assert held is not None
    assert set(held.services) >= {"IMAP", "POP", "IIS", "SMTP"}
    assert _read_back(world, certificate, plan, Answer.YES)


def test_no_keeps_the_default_and_still_serves_smtp(world: World, vendor: Authority) -> None:
    """After No the default is what it was, and the new certificate serves SMTP all the same."""
    certificate, plan, before = _installed(world, vendor, Answer.NO)
    after = world.hosts.snapshot(EX01)
    held = after.certificate(certificate.facts.thumbprint)

    assert after.default_smtp == before.default_smtp
    assert held is not None
    assert "SMTP" in held.services
    assert _read_back(world, certificate, plan, Answer.NO)


def test_silence_is_not_a_yes(world: World, vendor: Authority) -> None:
    """A question nobody decided ends in a fault, and the default stays what it was."""
    certificate, plan = _ready(world, vendor)
    for operation in plan.host(EX01).operations[:2]:
        world.hosts.act(operation, certificate)
    before = world.hosts.snapshot(EX01).default_smtp
    undecided = operations.enable_smtp(EX01, certificate.facts.thumbprint, only_if=None)
    with pytest.raises(HostFault) as caught:
        world.hosts.act(undecided, certificate)

    assert (caught.value.code, caught.value.executed) == ("QuestionUnanswered", "yes")
    assert world.hosts.snapshot(EX01).default_smtp == before


def test_read_back_refuses_the_other_answer(world: World, vendor: Authority) -> None:
    """What was decided counts: after Yes the host is not as No wanted it."""
    certificate, plan, _ = _installed(world, vendor, Answer.YES)

    assert not _read_back(world, certificate, plan, Answer.NO)


def test_read_back_refuses_a_half_done_host(world: World, vendor: Authority) -> None:
    """A certificate that is there and serves nothing is not installed."""
    certificate, plan = _ready(world, vendor)
    for operation in plan.host(EX01).operations[:2]:
        world.hosts.act(operation, certificate)

    assert not _read_back(world, certificate, plan, Answer.YES)


def test_a_certificate_without_its_key_is_a_fault(world: World, vendor: Authority) -> None:
    """An import that leaves no key names it and says that the import ran."""
    _, plan = _ready(world, vendor)
    stranger = vendor.answer(_foreign_csr())
    importing = next(
        one for one in plan.host(EX01).operations if one.kind is OperationKind.IMPORT_CERTIFICATE
    )
    with pytest.raises(HostFault) as caught:
        world.hosts.act(replace(importing, thumbprint=stranger.facts.thumbprint), stranger)

    assert (caught.value.code, caught.value.executed) == ("PrivateKeyMissing", "yes")


def test_a_plan_after_the_installation_asks_nothing(world: World, vendor: Authority) -> None:
    """When the new certificate is the default already there is no question and no import."""
    certificate, _, _ = _installed(world, vendor, Answer.YES)
    again = world.hosts.plan(order(), certificate, (world.hosts.snapshot(EX01),)).host(EX01)

    assert again.question is None
    assert not {OperationKind.IMPORT_CERTIFICATE, OperationKind.ADD_INTERMEDIATE} & {
        *_kinds(again.operations)
    }


def test_roll_back_gives_the_services_back(world: World, vendor: Authority) -> None:
    """After a roll-back the default and the front end are those of before."""
    certificate, plan, before = _installed(world, vendor, Answer.YES)
    for operation in world.hosts.plan_roll_back(plan, EX01):
        world.hosts.act(operation, certificate)
    after = world.hosts.snapshot(EX01)
    old = after.certificate(before.default_smtp)

    assert after.default_smtp == before.default_smtp
    assert old is not None
    assert set(old.services) >= {"IMAP", "POP", "IIS", "SMTP"}


def test_a_used_certificate_cannot_be_retired(world: World, vendor: Authority) -> None:
    """Retirement is refused while the certificate serves, and nothing is removed."""
    certificate, _, _ = _installed(world, vendor, Answer.YES)
    snapshot = world.hosts.snapshot(EX01)
    with pytest.raises(HostFault, match="still used"):
        world.hosts.plan_retirement(order(), certificate, (snapshot,))

    assert world.hosts.snapshot(EX01).certificate(certificate.facts.thumbprint) is not None


def test_a_rolled_back_certificate_can_be_removed(world: World, vendor: Authority) -> None:
    """What serves nothing any more is removed by its one operation, and seen to be gone."""
    certificate, plan, _ = _installed(world, vendor, Answer.YES)
    for operation in world.hosts.plan_roll_back(plan, EX01):
        world.hosts.act(operation, certificate)
    snapshot = world.hosts.snapshot(EX01)
    (removal,) = world.hosts.plan_retirement(order(), certificate, (snapshot,))
    world.hosts.act(removal, certificate)

    assert world.hosts.observe(removal, certificate).done
    assert world.hosts.snapshot(EX01).certificate(certificate.facts.thumbprint) is None


def test_an_unknown_host_is_a_fault(world: World) -> None:
    """A host nobody configured is refused by name; nothing is dialled."""
    with pytest.raises(HostFault) as caught:
        world.hosts.snapshot(HostName("EX99"))

    assert (caught.value.code, caught.value.executed) == ("unknown-host", "no")


def _read_back(
    world: World, certificate: IssuedCertificate, plan: InstallPlan, answer: Answer
) -> bool:
    services: tuple[Service, ...] = ALL_BUT_UM
    return world.hosts.read_back(EX01, certificate, services, plan, answer).done


def _foreign_csr() -> str:
    """A CSR whose key no host of this world has."""
    elsewhere = FakeExchangeHosts(("EX02",))
    elsewhere.ran["make_csr"] = 3
    return elsewhere.make_csr(ask(host=HostName("EX02")))
