"""
One certificate on several hosts, end to end over real wires (exchange.md 7, traps 9 and 12).

CSR on the first, installed there, its key carried to the others one after the other, each proven by handshakes before the next
is touched; the first failure stops the work, and Retry goes on without doing anything on the hosts that are done.
"""

import base64
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    pkcs12,
)

from bot.domain.faults import FaultKind
from bot.domain.ids import HostName
from bot.domain.order import CertificateOrder
from bot.domain.plan import Answer, OperationKind
from bot.domain.states import State
from sandbox.exchange.engine.exchange import Caller, Outcome
from sandbox.exchange.engine.values import SecureString
from tests.scenarios.farm import EX01, EX02, EX03, Farm, Member, farm_of
from tests.unit.workflow.fuse import Fuse, Killed

NEW, IMPORT = "New-ExchangeCertificate", "Import-ExchangeCertificate"
EXPORT, ENABLE = "Export-ExchangeCertificate", "Enable-ExchangeCertificate"
ALL = (EX01, EX02, EX03)

_THEIRS = ("sandbox", "psrpcore")
"""Loggers of the virtual hosts, which run in this process; what a real host logs is not ours."""


@pytest.fixture
def dag(tmp_path: Path) -> Iterator[Farm]:
    """Three members of one DAG, two of them reached at Exchange's own endpoint."""
    members = (Member(name=EX01), Member(name=EX02, door="psrp"), Member(name=EX03, door="psrp"))
    with farm_of(tmp_path, *members) as farm:
        yield farm


def _holders(farm: Farm) -> list[bool]:
    """On which hosts the order's certificate lies with its key, seen without the wire."""
    thumbprint = farm.plan().thumbprint
    stores = [farm.machines[host].engine.state.stores.my for host in farm.names]
    return [thumbprint in my and my[thumbprint].key is not None for my in stores]


def _is_exportable(farm: Farm, host: HostName) -> bool:
    return farm.machines[host].engine.state.stores.my[farm.plan().thumbprint].exportable


def _ended(order: CertificateOrder) -> tuple[State, tuple[HostName, ...]]:
    return order.state, order.done_hosts


def test_a_dag_whose_members_are_all_up_is_installed_in_order(dag: Farm) -> None:
    """One CSR, one import a host, the key exported once for each of the others, and every host proven."""
    dag.ready()
    dag.approve()
    after = dag.install()

    assert _ended(after) == (State.INSTALLED, ALL)
    assert [dag.count(NEW, host) for host in ALL] == [1, 0, 0]
    assert [dag.count(IMPORT, host) for host in ALL] == [1, 1, 1]
    assert [dag.count(EXPORT, host) for host in ALL] == [2, 0, 0]
    assert _holders(dag) == [True, True, True]


def test_a_carried_key_cannot_be_exported_from_where_it_was_carried_to(dag: Farm) -> None:
    """Only the host that made it may hand it on."""
    dag.ready()
    dag.approve()
    dag.install()

    assert [_is_exportable(dag, host) for host in ALL] == [True, False, False]


def test_the_plan_says_where_the_key_comes_from_and_shows_what_is_really_run(dag: Farm) -> None:
    """Export there and import here: people approve both lines, not the import of a bare certificate."""
    dag.ready()
    [importing] = [
        one
        for one in dag.host_plan(EX02).operations
        if one.kind is OperationKind.IMPORT_CERTIFICATE
    ]

    assert importing.key_from == EX01
    assert f"-Server:'{EX01}'" not in importing.text
    assert importing.text.startswith(f"On {EX01}: Export-ExchangeCertificate -Thumbprint:'")
    assert f"On {EX02}: Import-ExchangeCertificate -FileData:" in importing.text
    assert "-PrivateKeyExportable:$false" in importing.text
    assert "carried from there" in dag.forecast(EX02)
    assert all(one.key_from is None for one in dag.host_plan(EX01).operations)


def test_a_member_that_is_down_stops_the_work_and_the_rest_is_untouched(dag: Farm) -> None:
    """FAILED with the first done, the second named, and the third not even asked."""
    dag.ready()
    dag.approve()
    before = dag.requests(EX03)
    dag.take_down(EX02)
    after = dag.install()

    assert _ended(after) == (State.FAILED, (EX01,))
    assert after.fault_code == FaultKind.UNREACHABLE
    assert after.detail.startswith("EX02: ")
    assert "Nothing was changed" in after.detail
    assert (dag.ran(EX02), dag.ran(EX03), dag.requests(EX03)) == ([], [], before)


def test_retry_goes_on_where_it_stopped_and_repeats_nothing(dag: Farm) -> None:
    """The done host gives the key again and is otherwise left alone; every import happens once."""
    dag.ready()
    dag.approve()
    dag.take_down(EX02)
    dag.install()
    before = dag.ran(EX01)
    dag.calm()
    after = dag.retry()

    assert _ended(after) == (State.INSTALLED, ALL)
    assert dag.ran(EX01)[len(before) :] == [EXPORT, EXPORT]
    assert [dag.count(IMPORT, host) for host in ALL] == [1, 1, 1]


def test_a_done_host_need_not_be_up_for_the_rest_to_go_on(dag: Farm) -> None:
    """Proven is proven: when the others have the key already, Retry does not even call there."""
    dag.ready()
    dag.approve()
    dag.spoil(EX03, do="cmdlet_error", cmdlet=ENABLE, message="Broken.")
    failed = dag.install()
    dag.take_down(EX01)
    asked = dag.requests(EX01)
    after = dag.retry()

    assert _ended(failed) == (State.FAILED, (EX01, EX02))
    assert _ended(after) == (State.INSTALLED, ALL)
    assert dag.requests(EX01) == asked


def test_a_default_that_was_changed_on_a_done_host_is_none_of_retry_s_business(dag: Farm) -> None:
    """Its question was answered and carried out; what an administrator did there since stays."""
    dag.ready()
    dag.approve(Answer.NO)
    dag.take_down(EX02)
    dag.install()
    state = dag.machines[EX01].engine.state
    changed = next(held for held in state.stores.my if held != state.default_smtp)
    state.default_smtp = changed
    dag.calm()

    assert _ended(dag.retry()) == (State.INSTALLED, ALL)
    assert state.default_smtp == changed


def test_a_host_that_is_not_proven_keeps_the_next_one_untouched(dag: Farm) -> None:
    """The health check between hosts is a real handshake: what answers on 443 is not what was installed."""
    dag.ready()
    dag.approve()
    dag.ports[EX01]["https"] = dag.ports[EX03]["https"]
    after = dag.install()

    assert _ended(after) == (State.FAILED, ())
    assert after.fault_code == "not-proven"
    assert "Shows another certificate" in after.detail
    assert [dag.ran(host) for host in (EX02, EX03)] == [[], []]


def test_a_key_that_may_not_travel_is_refused_in_the_plan(dag: Farm) -> None:
    """Before anything is changed anywhere, with what to order instead."""
    dag.place(exportable=False)
    dag.make_csr()
    dag.issue()
    after = dag.make_plan()

    assert (after.state, after.plan) == (State.PROVEN, None)
    assert "EX02: The key was made on EX01 as not exportable" in after.detail
    assert "Order anew with an exportable key" in after.detail
    assert [dag.ran(host) for host in ALL] == [[NEW], [], []]


def test_a_key_that_turns_out_not_to_travel_leaves_no_keyless_certificate(dag: Farm) -> None:
    """It was ordered as exportable and is not: the second host gets nothing rather than half of it."""
    dag.ready()
    dag.approve()
    for pending in dag.machines[EX01].engine.state.stores.requests.values():
        object.__setattr__(pending, "exportable", False)
    after = dag.install()

    assert _ended(after) == (State.FAILED, (EX01,))
    assert "isn't exportable" in after.detail
    assert "Order anew with an exportable key" in after.detail
    assert _holders(dag) == [True, False, False]
    assert dag.count(IMPORT, EX02) == 0


def test_a_key_that_is_gone_from_its_host_leaves_no_keyless_certificate(dag: Farm) -> None:
    """Somebody removed it from the first host meanwhile: said so, and nothing is imported on the next."""
    dag.ready()
    dag.approve()
    dag.take_down(EX02)
    dag.install()
    dag.calm()
    del dag.machines[EX01].engine.state.stores.my[dag.plan().thumbprint]
    after = dag.retry()

    assert _ended(after) == (State.FAILED, (EX01,))
    assert "EX02: the certificate with its key is not on EX01 any more" in after.detail
    assert (dag.count(IMPORT, EX02), _holders(dag)) == (0, [False, False, False])


def test_the_key_is_asked_for_at_its_host_and_nowhere_else(tmp_path: Path) -> None:
    """A host that is configured and not part of the order is not called, not even to sign in."""
    stranger = Member(name=HostName("AA00"))
    with farm_of(tmp_path, stranger, Member(name=EX01), Member(name=EX02)) as farm:
        farm.ready(hosts=(EX01, EX02))
        farm.approve()
        after = farm.install()

        assert _ended(after) == (State.INSTALLED, (EX01, EX02))
        assert farm.requests(stranger.name) == 0


def test_a_host_that_has_the_certificate_already_gets_it_no_second_time(dag: Farm) -> None:
    """Brought there by hand with its key: no export, no import, only services; and the plan says so."""
    dag.place()
    dag.make_csr()
    certificate = dag.issue()
    [pending] = dag.machines[EX01].engine.state.stores.requests.values()
    by_hand = pkcs12.serialize_key_and_certificates(
        b"x",
        pending.key,
        x509.load_der_x509_certificate(certificate.leaf_der),
        None,
        BestAvailableEncryption(b"pw"),
    )
    dag.machines[EX02].engine.invoke(
        IMPORT, {"FileData": by_hand, "Password": SecureString("pw")}, Caller(principal="admin")
    )
    dag.make_plan()
    dag.approve()
    after = dag.install()

    assert "already in the host's store with its key" in dag.forecast(EX02)
    assert _ended(after) == (State.INSTALLED, ALL)
    assert [dag.count(IMPORT, host) for host in ALL] == [1, 1, 1]
    assert dag.count(EXPORT, EX01) == 1


@pytest.mark.parametrize("first", ["2010", "2013", "2016"])
def test_versions_may_be_mixed_in_one_order(tmp_path: Path, first: str) -> None:
    """Each host is spoken to in its own dialect, by its own door; the key goes from old to new alike."""
    others = [Member(name=EX02, version="2019"), Member(name=EX03, version="se", door="psrp")]
    old = Member(name=EX01, version=first, door="psrp")  # type: ignore[arg-type] # three of its words
    with farm_of(tmp_path, old, *others) as farm:
        farm.ready()
        farm.approve()
        after = farm.install()

        assert _ended(after) == (State.INSTALLED, ALL)
        assert len({farm.host_plan(host).build for host in ALL}) == 3
        assert _holders(farm) == [True, True, True]


def test_a_name_that_a_load_balancer_answers_is_proven_on_every_host_behind_it(dag: Farm) -> None:
    """Each host is dialled by its own address and asked for the shared name; the balancer is people's to renew."""
    dag.ready()
    dag.approve()
    after = dag.install()
    proven = [
        step.note
        for step in dag.orders.steps(after.id)
        if (step.step.value, step.status) == ("verify", "done")
    ]

    assert len(proven) == 3
    assert all("good for 'mail.example.com'" in note for note in proven)
    assert all(
        "Load balancers and proxies in front need the certificate too" in dag.forecast(host)
        for host in ALL
    )


def test_a_kill_between_export_and_import_imports_once(dag: Farm) -> None:
    """The key that was on its way is lost with the process; it is fetched again, and put there once."""
    dag.ready()
    dag.approve()
    dag.hosts.fuse = Fuse(at=1)
    with pytest.raises(Killed):
        dag.install()
    assert (dag.count(EXPORT, EX01), dag.count(IMPORT, EX02)) == (1, 0)
    after = dag.resume()

    assert _ended(after) == (State.INSTALLED, ALL)
    assert [dag.count(IMPORT, host) for host in ALL] == [1, 1, 1]
    assert dag.count(EXPORT, EX01) == 3


@pytest.mark.parametrize("do", ["executed_then_lost", "reboot"])
def test_an_import_whose_answer_is_lost_is_looked_after(dag: Farm, do: str) -> None:
    """The second host is looked at before anything is sent again: one import either way."""
    dag.ready()
    dag.approve()
    dag.spoil(EX02, do=do, cmdlet=IMPORT)

    assert _ended(dag.install()) == (State.INSTALLED, ALL)
    assert dag.count(IMPORT, EX02) == 1


def test_a_roll_back_begins_with_the_last_host_and_leaves_untouched_ones_alone(dag: Farm) -> None:
    """After a failure on the second host, only what was reached is given back."""
    dag.ready()
    dag.approve(Answer.YES)
    before = [machine.engine.state.default_smtp for machine in dag.machines.values()]
    dag.take_down(EX02)
    dag.install()
    dag.calm()
    after = dag.roll_back()

    assert after.state is State.ROLLED_BACK
    assert [m.engine.state.default_smtp for m in dag.machines.values()] == before
    assert [dag.ran(host) for host in (EX02, EX03)] == [[], []]


# The PFX and its password.


def _listen(farm: Farm) -> tuple[list[str], list[bytes]]:
    """What the hosts were given and gave: the passwords, and the PFX under them."""
    passwords: list[str] = []
    parcels: list[bytes] = []
    for machine in farm.machines.values():
        inner = machine.engine.invoke

        def invoke(*given: Any, inner: Callable[..., Outcome] = inner, **more: Any) -> Outcome:
            outcome = inner(*given, **more)
            passwords.extend(v.text for v in given[1].values() if isinstance(v, SecureString))
            parcels.extend(
                value
                for thing in outcome.objects
                for name, value in thing.properties.items()
                if name == "FileData" and isinstance(value, bytes)
            )
            return outcome

        machine.engine.invoke = invoke  # type: ignore[method-assign] # a look over the host's shoulder
    return passwords, parcels


def test_the_pfx_and_its_password_are_nowhere_afterwards(
    dag: Farm, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not in the store, the audit, a log at its loudest, what was printed, a file, or a host's record or files."""
    caplog.set_level(logging.DEBUG)
    passwords, parcels = _listen(dag)
    dag.ready()
    dag.approve()
    dag.install()
    out, err = capfd.readouterr()
    told = "\n".join(
        [
            repr(dag.memory),
            repr(dag.kept),
            *(one.getMessage() for one in caplog.records if not one.name.startswith(_THEIRS)),
            out,
            err,
            *(repr(machine.engine.journal.listed()) for machine in dag.machines.values()),
        ]
    )
    files = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())

    assert (len(passwords), len(set(passwords)), len(parcels)) == (4, 2, 2)
    for secret in set(passwords):
        assert secret not in told
        assert secret.encode() not in files
    for pfx in parcels:
        assert base64.b64encode(pfx).decode()[:64] not in told
        assert pfx.hex()[:64] not in told
        assert pfx not in files
    assert [machine.engine.state.files.sizes() for machine in dag.machines.values()] == [{}] * 3


def test_every_export_has_a_password_of_its_own(dag: Farm) -> None:
    """One PFX, one password, long enough that nobody guesses it, and known to two calls alone."""
    passwords, _ = _listen(dag)
    dag.ready()
    dag.approve()
    dag.install()
    exported, imported = passwords[0::2], passwords[1::2]

    assert exported == imported
    assert len(set(exported)) == 2
    assert all(len(secret) >= 32 for secret in exported)


def test_a_fault_on_the_way_shows_neither(dag: Farm) -> None:
    """The import of the PFX fails in Exchange's own words, and nothing of what was sent stands in them."""
    passwords, _ = _listen(dag)
    dag.ready()
    dag.approve()
    dag.spoil(
        EX02,
        do="cmdlet_error",
        cmdlet=IMPORT,
        message="The source data cannot be imported or the wrong password was specified.",
        category="ReadError",
    )
    after = dag.install()

    assert after.fault_code == FaultKind.CMDLET_ERROR
    assert passwords
    assert not [secret for secret in passwords if secret in repr(dag.memory)]
    assert replace(after, detail="").done_hosts == (EX01,)
