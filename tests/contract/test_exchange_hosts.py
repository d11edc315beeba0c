"""
One contract for every implementation of `ports.ExchangeHosts`: what each method gives and does.

It runs over the hosts in memory and over the sandbox's hosts of every dialect: through real WinRM, and at Exchange's own
endpoint where there is one. The port's numbered promises are in `test_exchange_promises.py`.
"""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName
from bot.domain.pending import ClearAsk, key_of
from bot.domain.plan import Answer, Operation, OperationKind
from bot.domain.surroundings import PendingCertificate
from tests.contract.exchange_steps import Settled, fault_of, installed, is_read_back, ready
from tests.contract.exchange_worlds import World, access
from tests.fakes.exchange import FakeExchangeHosts
from tests.unit.exchange.samples import AUTODISCOVER, EX01, MAIL, Authority, ask, order

__all__ = ["access"]

EX02 = HostName("EX02")


def _kinds(operations: tuple[Operation, ...]) -> list[OperationKind]:
    return [operation.kind for operation in operations]


# Requests.


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


def test_a_request_that_was_answered_is_found_no_more(settled: Settled) -> None:
    """With its certificate imported it waits no longer."""
    assert settled.world.hosts.find_csr(ask()) is None


# Snapshot and plan.


def test_a_fresh_host_shows_its_self_signed_certificate(world: World) -> None:
    """The snapshot holds the default SMTP certificate that set-up made, serving everything."""
    snapshot = world.hosts.snapshot(EX01)
    default = snapshot.certificate(snapshot.default_smtp)

    assert snapshot.build == ".".join(str(part) for part in world.backend.dialect.build)
    assert default is not None
    assert set(default.services) == {"IMAP", "POP", "IIS", "SMTP"}


def test_the_plan_asks_about_the_default(world: World, vendor: Authority) -> None:
    """Where a default exists the plan has a question, and both answers have their operations."""
    _, plan = ready(world, vendor)
    host = plan.host(EX01)
    kinds = OperationKind

    assert host.question is not None
    assert host.question.default == (None if world.version == "2007" else Answer.NO)
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


def test_the_plan_sees_whether_the_certificate_s_request_waits(
    world: World, vendor: Authority
) -> None:
    """By its public key, in every dialect: a certificate for another host's key is foreseen to be of no use here."""
    certificate, plan = ready(world, vendor)
    elsewhere = FakeExchangeHosts(("EX02",))
    elsewhere.ran["make_csr"] = 3
    stranger = vendor.answer(elsewhere.make_csr(ask(host=EX02)))
    snapshot = world.hosts.snapshot(EX01)
    other = world.hosts.plan(order(), stranger, (snapshot,))
    told = "no pending request with the key of this certificate"

    assert certificate.facts.spki_sha256 in {one.key_sha256 for one in snapshot.pending}
    assert told not in " ".join(plan.host(EX01).forecast)
    assert told in " ".join(other.host(EX01).forecast)


def test_a_plan_keeps_the_order_s_hosts_in_their_order(settled: Settled) -> None:
    """Whatever the order of the snapshots."""
    second = replace(settled.after, host=EX02)
    placed = order(hosts=(EX01, EX02), exportable=True)
    plan = settled.world.hosts.plan(placed, settled.certificate, (second, settled.after))

    assert [host.host for host in plan.hosts] == [EX01, EX02]


def test_a_host_that_was_not_read_is_not_planned_for(settled: Settled) -> None:
    """A plan for a host nobody has looked at is refused."""
    placed = order(hosts=(EX01, EX02), exportable=True)
    hosts = settled.world.hosts
    fault = fault_of(lambda: hosts.plan(placed, settled.certificate, (settled.after,)))

    assert (fault.host, fault.code, fault.executed) == (EX02, "no-snapshot", "no")


def test_a_plan_after_the_installation_asks_nothing(settled: Settled) -> None:
    """When the new certificate is the default already there is no question and no import."""
    hosts = settled.world.hosts
    again = hosts.plan(order(), settled.certificate, (settled.after,)).host(EX01)

    assert again.question is None
    assert not {OperationKind.IMPORT_CERTIFICATE, OperationKind.ADD_INTERMEDIATE} & {
        *_kinds(again.operations)
    }


# Observing, acting, reading back.


def test_every_operation_is_seen_done_after_it_ran(settled: Settled) -> None:
    """Each operation's end state is there when `act` came back."""
    assert [key for key, is_done in settled.seen if not is_done] == []


def test_import_is_not_done_before_it_ran(world: World, vendor: Authority) -> None:
    """An observation can say no: otherwise it would prove nothing."""
    certificate, plan = ready(world, vendor)
    seen = [world.hosts.observe(one, certificate).done for one in plan.host(EX01).operations[:3]]

    assert seen == [False, False, False]


def test_yes_replaces_the_default(settled: Settled) -> None:
    """After Yes the new certificate is the default SMTP certificate and serves everything."""
    thumbprint = settled.certificate.facts.thumbprint
    held = settled.after.certificate(thumbprint)

    assert settled.after.default_smtp == thumbprint
    assert held is not None
    assert set(held.services) >= {"IMAP", "POP", "IIS", "SMTP"}
    assert is_read_back(settled.world.hosts, settled.certificate, settled.plan, Answer.YES)


def test_no_keeps_the_default_and_still_serves_smtp(world: World, vendor: Authority) -> None:
    """After No the default is what it was, and the new certificate serves SMTP all the same."""
    certificate, plan, before = installed(world, vendor, Answer.NO)
    after = world.hosts.snapshot(EX01)
    held = after.certificate(certificate.facts.thumbprint)

    assert after.default_smtp == before.default_smtp
    assert held is not None
    assert "SMTP" in held.services
    assert is_read_back(world.hosts, certificate, plan, Answer.NO)


def test_read_back_refuses_the_other_answer(settled: Settled) -> None:
    """What was decided counts: after Yes the host is not as No wanted it."""
    hosts = settled.world.hosts

    assert not is_read_back(hosts, settled.certificate, settled.plan, Answer.NO)


def test_read_back_refuses_a_half_done_host(world: World, vendor: Authority) -> None:
    """A certificate that is there and serves nothing is not installed."""
    certificate, plan = ready(world, vendor)
    for operation in plan.host(EX01).operations[:2]:
        world.hosts.act(operation, certificate)

    assert not is_read_back(world.hosts, certificate, plan, Answer.YES)


# Taking back.


def test_a_used_certificate_cannot_be_retired(settled: Settled) -> None:
    """Retirement is refused while the certificate serves."""
    hosts = settled.world.hosts
    fault = fault_of(lambda: hosts.plan_retirement(order(), settled.certificate, (settled.after,)))

    assert (fault.kind, fault.executed) == (FaultKind.UNSUPPORTED, "no")
    assert "still used" in fault.sentence


def test_a_roll_back_gives_the_services_back_and_the_certificate_can_be_removed(
    world: World, vendor: Authority
) -> None:
    """After a roll-back the default and the front end are those of before; what serves nothing can go."""
    certificate, plan, before = installed(world, vendor, Answer.YES)
    for operation in world.hosts.plan_roll_back(plan, world.hosts.snapshot(EX01)).operations:
        world.hosts.act(operation, certificate)
    after = world.hosts.snapshot(EX01)
    old = after.certificate(before.default_smtp)
    (removal,) = world.hosts.plan_retirement(order(), certificate, (after,))
    was_there = not world.hosts.observe(removal, certificate).done
    world.hosts.act(removal, certificate)

    assert after.default_smtp == before.default_smtp
    assert old is not None
    assert set(old.services) >= {"IMAP", "POP", "IIS", "SMTP"}
    assert was_there
    assert world.hosts.observe(removal, certificate).done
    assert world.hosts.snapshot(EX01).certificate(certificate.facts.thumbprint) is None


def test_a_host_that_served_nothing_before_has_nothing_to_go_back_to(settled: Settled) -> None:
    """A roll-back without a before is refused, with nothing done."""
    plan = replace(settled.plan, hosts=(replace(settled.plan.host(EX01), before={}),))
    fault = fault_of(lambda: settled.world.hosts.plan_roll_back(plan, settled.after))

    assert (fault.code, fault.executed) == ("nothing-before", "no")


def _clear_ask(made: str, request: PendingCertificate) -> ClearAsk:
    return ClearAsk(
        host=EX01,
        friendly_name=request.friendly_name,
        thumbprint=request.thumbprint,
        csr_pem=made,
    )


def test_pending_requests_are_listed_with_their_public_keys(world: World) -> None:
    """Each once, with name and key; a certificate is not among them, and looking changes nothing."""
    assert world.hosts.pending(EX01) == ()
    made = [world.hosts.make_csr(ask(name)) for name in ("CertDesk 27-1 a", "CertDesk 27-2 a")]
    before = world.changes()
    found = {one.friendly_name: one for one in world.hosts.pending(EX01)}

    assert set(found) == {"CertDesk 27-1 a", "CertDesk 27-2 a"}
    assert [found[name].key_sha256 for name in sorted(found)] == [key_of(pem) for pem in made]
    assert all(set(one.names) == {MAIL, AUTODISCOVER} for one in found.values())
    assert all("mail.example.com" in one.subject for one in found.values())
    assert world.changes() == before


def test_a_request_is_dropped_once_and_the_other_stays(world: World) -> None:
    """By one operation; a second time there is nothing left to do, and nothing is done."""
    first = world.hosts.make_csr(ask("CertDesk 27-1 a"))
    second = world.hosts.make_csr(ask("CertDesk 27-2 a"))
    mine = next(one for one in world.hosts.pending(EX01) if one.key_sha256 == key_of(first))
    before = world.changes()
    world.hosts.clear_request(_clear_ask(first, mine))
    world.hosts.clear_request(_clear_ask(first, mine))

    assert [one.key_sha256 for one in world.hosts.pending(EX01)] == [key_of(second)]
    assert world.changes() == before + 1


def test_a_request_with_another_key_is_never_dropped(world: World) -> None:
    """The handle and the name are right and the CSR is another one: nothing is changed."""
    world.hosts.make_csr(ask("CertDesk 27-1 a"))
    other = world.hosts.make_csr(ask("CertDesk 27-2 a"))
    mine = next(one for one in world.hosts.pending(EX01) if one.friendly_name == "CertDesk 27-1 a")
    before = world.changes()
    with pytest.raises(HostFault) as caught:
        world.hosts.clear_request(_clear_ask(other, mine))

    assert (caught.value.code, caught.value.executed) == ("request-not-ours", "no")
    assert world.changes() == before
    assert len(world.hosts.pending(EX01)) == 2


def test_a_request_under_another_name_is_never_dropped(world: World) -> None:
    """Somebody renamed it, or a handle was mistaken: what is not wholly ours is left alone."""
    made = world.hosts.make_csr(ask("CertDesk 27-1 a"))
    (mine,) = world.hosts.pending(EX01)
    with pytest.raises(HostFault, match=r"left alone|request-not-ours"):
        world.hosts.clear_request(_clear_ask(made, replace(mine, friendly_name="CertDesk 28-1 a")))

    assert len(world.hosts.pending(EX01)) == 1


def test_a_completed_request_waits_no_more(world: World, vendor: Authority) -> None:
    """What was installed is a certificate: it is not listed, and asking to drop its request touches nothing."""
    made = world.hosts.make_csr(ask())
    (mine,) = world.hosts.pending(EX01)
    certificate = vendor.answer(made)
    plan = world.hosts.plan(order(), certificate, (world.hosts.snapshot(EX01),))
    for operation in plan.host(EX01).operations[:2]:
        world.hosts.act(operation, certificate)
    world.hosts.clear_request(_clear_ask(made, mine))

    assert world.hosts.pending(EX01) == ()
    assert world.hosts.snapshot(EX01).certificate(certificate.facts.thumbprint) is not None
