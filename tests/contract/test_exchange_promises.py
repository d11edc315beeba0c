"""
The numbered promises of `ports.ExchangeHosts`, asked of every implementation there is.

They hold for the hosts in memory and for the sandbox's hosts of every dialect: through real WinRM, and at Exchange's own
endpoint where there is one. What each method does is in `test_exchange_hosts.py`, what a dialect is sent in
`test_exchange_dialects.py`.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.certs.judge import IssuedCertificate
from bot.certs.prints import Thumbprint
from bot.domain.faults import FaultKind
from bot.domain.ids import HostName
from bot.domain.pending import ClearAsk
from bot.domain.plan import Answer, InstallPlan, OperationKind, Service
from bot.exchange import operations
from bot.ports import ExchangeHosts
from tests.contract.exchange_steps import Settled, fault_of, first_of, is_read_back, ready
from tests.contract.exchange_worlds import METHODS, World
from tests.fakes.exchange import FakeExchangeHosts
from tests.unit.exchange.samples import EX01, Authority, ask, order

EX02, EX99 = HostName("EX02"), HostName("EX99")


def _calls(
    hosts: ExchangeHosts, plan: InstallPlan, certificate: IssuedCertificate, *, at: HostName
) -> dict[str, Callable[[], object]]:
    """One call of every method that reaches a host; none would change anything that is not done yet."""
    where = replace(plan.host(EX01).operations[0], host=at)
    there = replace(plan, hosts=(replace(plan.host(EX01), host=at),))
    return {
        "find_csr": lambda: hosts.find_csr(ask(host=at, hosts=(at,))),
        "make_csr": lambda: hosts.make_csr(ask("CertDesk 27/9", host=at, hosts=(at,))),
        "snapshot": lambda: hosts.snapshot(at),
        "pending": lambda: hosts.pending(at),
        "clear_request": lambda: hosts.clear_request(_clear(at)),
        "observe": lambda: hosts.observe(where, certificate),
        "act": lambda: hosts.act(where, certificate),
        "read_back": lambda: hosts.read_back(at, certificate, (Service.IIS,), there, Answer.YES),
    }


def test_no_method_of_the_port_is_left_out() -> None:
    """A method that is added either reaches a host, and is asked here, or only plans."""
    methods = {name for name in vars(ExchangeHosts) if not name.startswith("_")}

    assert methods - set(METHODS) == {"plan", "plan_retirement", "plan_roll_back"}


# 1. Whatever goes wrong is a HostFault, with what ran told honestly.


def test_an_unknown_host_is_a_fault_of_every_method(world: World, vendor: Authority) -> None:
    """A host nobody configured is refused by name; nothing is dialled."""
    certificate, plan = ready(world, vendor)
    before = world.reached()
    faults = {
        name: fault_of(call)
        for name, call in _calls(world.hosts, plan, certificate, at=EX99).items()
    }

    assert set(METHODS) == set(faults)
    assert {(fault.code, fault.executed, fault.host) for fault in faults.values()} == {
        ("unknown-host", "no", EX99)
    }
    assert world.reached() == before


def test_a_host_that_is_away_is_a_fault_of_every_method(world: World, vendor: Authority) -> None:
    """Nobody answers: unreachable, a sentence that names the host, and nothing was changed."""
    certificate, plan = ready(world, vendor)
    before = world.changes()
    world.go_away()
    faults = [fault_of(call) for call in _calls(world.hosts, plan, certificate, at=EX01).values()]

    assert {fault.kind for fault in faults} == {FaultKind.UNREACHABLE}
    assert all(fault.sentence.startswith("EX01: ") for fault in faults)
    assert all(fault.executed != "yes" for fault in faults)
    assert world.changes() == before


def test_a_certificate_without_its_key_is_a_fault(world: World, vendor: Authority) -> None:
    """An import that leaves no key names it and says that the import ran."""
    _, plan = ready(world, vendor)
    stranger = vendor.answer(_foreign_csr())
    importing = first_of(plan, OperationKind.IMPORT_CERTIFICATE)
    fault = fault_of(
        lambda: world.hosts.act(replace(importing, thumbprint=stranger.facts.thumbprint), stranger)
    )

    assert (fault.code, fault.executed) == ("PrivateKeyMissing", "yes")


def test_silence_is_not_a_yes(world: World, vendor: Authority) -> None:
    """A question nobody decided ends in a fault, and the default stays what it was."""
    certificate, plan = ready(world, vendor)
    for operation in plan.host(EX01).operations[:2]:
        world.hosts.act(operation, certificate)
    before = world.hosts.snapshot(EX01).default_smtp
    undecided = operations.enable_smtp(EX01, certificate.facts.thumbprint, only_if=None)
    fault = fault_of(lambda: world.hosts.act(undecided, certificate))

    assert (fault.code, fault.executed) == ("QuestionUnanswered", "yes")
    assert world.hosts.snapshot(EX01).default_smtp == before


# 2. Looking changes nothing.


def test_looking_changes_nothing(settled: Settled) -> None:
    """`find_csr`, `snapshot`, `observe` and `read_back` may be repeated: the host counts no change."""
    hosts = settled.world.hosts
    for operation in settled.plan.host(EX01).operations:
        hosts.observe(operation, settled.certificate)
    hosts.find_csr(ask())
    hosts.snapshot(EX01)
    hosts.pending(EX01)
    is_read_back(hosts, settled.certificate, settled.plan, Answer.YES)

    assert settled.world.changes() == settled.changes


def test_planning_reads_nothing(settled: Settled) -> None:
    """Plans come from snapshots alone: nothing reaches the host while they are made."""
    hosts, certificate = settled.world.hosts, settled.certificate
    before = settled.world.reached()
    hosts.plan(order(), certificate, (settled.after,))
    hosts.plan_roll_back(settled.plan, settled.after)
    fault_of(lambda: hosts.plan_retirement(order(), certificate, (settled.after,)))

    assert settled.world.reached() == before


# 3. At most once per call, and never again by itself.


def test_a_request_whose_answer_is_lost_was_made_once(world: World, vendor: Authority) -> None:
    """The fault says maybe, one request is there, and it is found by its name."""
    world.lose_answer("New-ExchangeCertificate")
    fault = fault_of(lambda: world.hosts.make_csr(ask()))

    assert fault.executed == "maybe"
    assert world.changes() - _files_of(world) == 1
    assert world.hosts.find_csr(ask()) is not None


def test_a_clearing_whose_answer_is_lost_ran_once(world: World) -> None:
    """The fault says maybe, the request is gone, and asking again removes nothing more."""
    asked = ask()
    made = world.hosts.make_csr(asked)
    (mine,) = world.hosts.pending(EX01)
    clear = ClearAsk(
        host=EX01, friendly_name=asked.friendly_name, thumbprint=mine.thumbprint, csr_pem=made
    )
    before = world.changes()
    world.lose_answer("Remove-ExchangeCertificate")
    fault = fault_of(lambda: world.hosts.clear_request(clear))
    world.hosts.clear_request(clear)

    assert fault.executed == "maybe"
    assert world.hosts.pending(EX01) == ()
    assert world.changes() == before + 1


@pytest.mark.parametrize(
    ("kind", "cmdlet"),
    [
        (OperationKind.IMPORT_CERTIFICATE, "Import-ExchangeCertificate"),
        (OperationKind.ENABLE_SERVICES, "Enable-ExchangeCertificate"),
    ],
)
def test_a_change_whose_answer_is_lost_ran_once(
    world: World, vendor: Authority, kind: OperationKind, cmdlet: str
) -> None:
    """The fault says maybe, the host counts one run, and a look at it shows the end state."""
    certificate, plan = ready(world, vendor)
    upto = [one.kind for one in plan.host(EX01).operations].index(kind)
    for operation in plan.host(EX01).operations[:upto]:
        world.hosts.act(operation, certificate)
    before = world.changes() - _files_of(world)
    world.lose_answer(cmdlet)
    losing = plan.host(EX01).operations[upto]
    fault = fault_of(lambda: world.hosts.act(losing, certificate))

    assert fault.executed == "maybe"
    assert world.changes() - _files_of(world) == before + 1
    assert world.hosts.observe(losing, certificate).done


def test_an_import_of_what_is_there_changes_nothing(world: World, vendor: Authority) -> None:
    """Exchange would answer with an error; a second call finds it and leaves it."""
    certificate, plan = ready(world, vendor)
    importing = first_of(plan, OperationKind.IMPORT_CERTIFICATE)
    world.hosts.act(importing, certificate)
    before = world.hosts.snapshot(EX01)
    again = world.hosts.act(importing, certificate)

    assert "already" in again.seen
    assert world.hosts.snapshot(EX01) == before


# 4. Exactly the certificate given, by the operation's data alone.


def test_another_certificate_than_the_plan_s_is_not_imported(
    world: World, vendor: Authority
) -> None:
    """The operation names one certificate; another one is refused and nothing is changed."""
    _, plan = ready(world, vendor)
    other = vendor.answer(_foreign_csr())
    before = world.changes()
    importing = first_of(plan, OperationKind.IMPORT_CERTIFICATE)
    fault = fault_of(lambda: world.hosts.act(importing, other))

    assert (fault.code, fault.executed) == ("other-certificate", "no")
    assert world.changes() == before


def test_an_intermediate_that_was_not_proven_is_not_added(world: World, vendor: Authority) -> None:
    """What goes into the CA store is taken from the proven path and from nowhere else."""
    certificate, plan = ready(world, vendor)
    adding = first_of(plan, OperationKind.ADD_INTERMEDIATE)
    foreign = replace(certificate, path=())
    fault = fault_of(lambda: world.hosts.act(adding, foreign))

    assert (fault.code, fault.executed) == ("not-in-path", "no")
    assert not world.hosts.observe(adding, certificate).done


def test_the_text_of_an_operation_decides_nothing(world: World, vendor: Authority) -> None:
    """People read it; what runs comes from the data, whatever the text says."""
    certificate, plan = ready(world, vendor)
    before = world.hosts.snapshot(EX01)
    for operation in plan.host(EX01).operations_for(Answer.YES):
        spoilt = replace(operation, text="Remove-ExchangeCertificate -Thumbprint * -Force")
        world.hosts.act(spoilt, certificate)
    after = world.hosts.snapshot(EX01)

    assert {one.thumbprint for one in after.certificates} == {
        *(one.thumbprint for one in before.certificates),
        certificate.facts.thumbprint,
    }


def _clear(at: HostName) -> ClearAsk:
    """A request that is nowhere: asking to drop it changes nothing."""
    return ClearAsk(
        host=at, friendly_name="CertDesk 27-9 a", thumbprint=Thumbprint("AB" * 20), csr_pem=""
    )


def _files_of(world: World) -> int:
    """How many of the changes were files that carried something to 2007, which wants a path."""
    if world.machine is None:
        return 0
    listed = world.machine.engine.journal.listed()
    return sum(str(one["cmdlet"]).startswith("file.") for one in listed)


def _foreign_csr() -> str:
    """A CSR whose key no host of this world has."""
    elsewhere = FakeExchangeHosts(("EX02",))
    elsewhere.ran["make_csr"] = 3
    return elsewhere.make_csr(ask(host=EX02))
