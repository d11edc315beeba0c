"""
Exchange's own endpoint in trouble: what the sandbox's host spoils or asks, the operator is told honestly.

What the host then holds is compared with what was told, and no session may stay open.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.certs.judge import IssuedCertificate
from bot.certs.prints import Thumbprint
from bot.domain.faults import Executed, FaultKind, HostFault
from bot.domain.plan import Answer, Operation, OperationKind, Service
from bot.exchange import cmdlets
from bot.exchange.access import HostAccess
from bot.exchange.hosts import WinRMHosts
from bot.exchange.psrp import ExchangeEndpoint
from bot.exchange.session import Deadlines
from sandbox.exchange.engine.exchange import Caller
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.trouble import Trouble
from sandbox.exchange.wsman.accounts import Account
from tests.contract.exchange_worlds import access
from tests.unit.exchange.samples import EX01, NOW, Authority, SetClock, ask, order

_NOBODY = Account(user="nobody", password="Secret.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A host with a second certificate, how to reach its endpoint, and one harmless change to try."""

    host: ExchangeHost
    access: HostAccess
    new: Thumbprint

    def endpoint(self, **parts: object) -> ExchangeEndpoint:
        """A session that is not open yet."""
        way = replace(self.access, **parts)  # type: ignore[arg-type] # only names of fields are passed
        return ExchangeEndpoint(
            way,
            now=SetClock().now,
            deadlines=Deadlines(),
            monotonic=time.monotonic,
            pause=lambda _: None,
        )

    def is_changed(self) -> bool:
        """Whether the change is on the host, seen without the wire."""
        return self.host.engine.state.mail_names["IMAP"] == "mail.example.com"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A fresh 2019."""
    host = ExchangeHost(
        clock=lambda: NOW,
        other_accounts=[_NOBODY],
        role_groups={"svc-certdesk": "Server Management"},
    )
    way = access(host.start(), "2019", tmp_path, door="psrp")
    made = host.engine.invoke(
        "New-ExchangeCertificate",
        {
            "SubjectName": "CN=mail.example.com",
            "DomainName": ["mail.example.com"],
            "Services": "None",
        },
        Caller(principal="setup"),
    )
    try:
        yield Lab(
            host=host, access=way, new=Thumbprint(str(made.objects[0].properties["Thumbprint"]))
        )
    finally:
        host.stop()


def _soon(is_so: Callable[[], bool]) -> bool:
    """Whether it becomes so within moments: a pipeline runs beside the message that began it."""
    waiting = threading.Event()
    return any(is_so() or waiting.wait(0.05) for _ in range(400)) or is_so()


_OPENING: list[tuple[Trouble, FaultKind]] = [
    (Trouble(do="status", action="Create", status=503, times=0), FaultKind.BUSY),
    (Trouble(do="status", action="Create", status=404), FaultKind.UNSUPPORTED),
    (Trouble(do="status", action="Create", status=302), FaultKind.PROTOCOL),
    (Trouble(do="fault", action="Create", code=5), FaultKind.ACCESS_DENIED),
    (Trouble(do="fault", action="Create", code=2150859173, times=0), FaultKind.BUSY),
    (Trouble(do="fault", action="Create", code=4711), FaultKind.PROTOCOL),
    (Trouble(do="rst", action="Create"), FaultKind.UNREACHABLE),
    (Trouble(do="executed_then_lost", action="Create"), FaultKind.UNREACHABLE),
    (Trouble(do="fin", action="Create"), FaultKind.UNREACHABLE),
    (Trouble(do="401", action="Create"), FaultKind.SIGN_IN),
    (Trouble(do="rst", action="Receive"), FaultKind.UNREACHABLE),
]


@pytest.mark.parametrize(("trouble", "kind"), _OPENING)
def test_an_endpoint_that_does_not_open_changed_nothing(
    lab: Lab, trouble: Trouble, kind: FaultKind
) -> None:
    """The kind says who acts, nothing was sent, and no session is left."""
    lab.host.plan.add(trouble)
    with pytest.raises(HostFault) as caught:
        lab.endpoint().open()

    assert (caught.value.kind, caught.value.executed) == (kind, "no")
    assert lab.host.pools.listed() == []


_RUNNING: list[tuple[Trouble, FaultKind, Executed, bool]] = [
    (Trouble(do="status", action="Command", status=503, times=0), FaultKind.BUSY, "no", False),
    (Trouble(do="fault", action="Command", code=170, times=0), FaultKind.BUSY, "no", False),
    (Trouble(do="fault", action="Command", code=2150858843), FaultKind.UNREACHABLE, "no", False),
    (Trouble(do="fault", action="Receive", code=2150858843), FaultKind.UNREACHABLE, "maybe", True),
    (Trouble(do="wrong_relates_to", action="Command"), FaultKind.UNREACHABLE, "maybe", True),
    (Trouble(do="rst", action="Command"), FaultKind.UNREACHABLE, "maybe", False),
    (Trouble(do="executed_then_lost", action="Command"), FaultKind.UNREACHABLE, "maybe", True),
    (Trouble(do="rst", action="Receive"), FaultKind.UNREACHABLE, "maybe", True),
    (Trouble(do="executed_then_lost", action="Receive"), FaultKind.UNREACHABLE, "maybe", True),
    (Trouble(do="401", action="Receive", times=0), FaultKind.SIGN_IN, "maybe", True),
    (Trouble(do="status", action="Receive", status=503, times=0), FaultKind.BUSY, "maybe", True),
    (
        Trouble(do="executed_then_lost", cmdlet="Enable-ExchangeCertificate"),
        FaultKind.UNREACHABLE,
        "maybe",
        True,
    ),
    (
        Trouble(do="reboot", cmdlet="Enable-ExchangeCertificate"),
        FaultKind.UNREACHABLE,
        "maybe",
        False,
    ),
]


@pytest.mark.parametrize(("trouble", "kind", "executed", "is_changed"), _RUNNING)
def test_a_change_in_trouble_is_told_honestly(
    lab: Lab, trouble: Trouble, kind: FaultKind, executed: Executed, is_changed: bool
) -> None:
    """Where a "no" is said the host was not changed; the session is given back, and nothing ran twice."""
    endpoint = lab.endpoint()
    endpoint.open()
    lab.host.plan.add(trouble)
    call = cmdlets.enable(lab.new, (Service.IMAP,), force=False, keep_http=False)
    with pytest.raises(HostFault) as caught:
        endpoint.run(call)

    assert (caught.value.kind, caught.value.executed) == (kind, executed)
    assert _soon(lambda: lab.is_changed() is is_changed)
    assert lab.host.pools.listed() == []
    ran = [op for op in lab.host.engine.journal.listed() if op["principal"] != "setup"]
    assert len(ran) == int(is_changed)


def test_an_answer_that_takes_long_is_waited_for_until_the_deadline(lab: Lab) -> None:
    """Past it the fault says that the outcome is not known, and the session is ended."""
    endpoint = ExchangeEndpoint(
        lab.access,
        now=SetClock().now,
        deadlines=Deadlines(change_s=-1.0),
        monotonic=time.monotonic,
    )
    endpoint.open()
    lab.host.plan.add(Trouble(do="delay", cmdlet="Enable-ExchangeCertificate", seconds=0.3))
    with pytest.raises(HostFault) as caught:
        endpoint.run(cmdlets.enable(lab.new, (Service.IMAP,), force=False, keep_http=False))

    assert (caught.value.kind, caught.value.executed) == (FaultKind.TIMEOUT, "maybe")
    assert lab.host.pools.listed() == []


def test_a_closed_session_says_that_nothing_was_sent(lab: Lab) -> None:
    """After a fault the session is over; asking it again reaches nobody."""
    endpoint = lab.endpoint()
    endpoint.open()
    endpoint.close()
    with pytest.raises(HostFault) as caught:
        endpoint.run(cmdlets.remove_certificate(lab.new))

    assert caught.value.executed == "no"
    assert lab.new in lab.host.engine.state.stores.my


def test_a_value_that_cannot_travel_is_refused_before_it_is_sent(lab: Lab) -> None:
    """Control characters are refused at both doors alike."""
    endpoint = lab.endpoint()
    endpoint.open()
    with pytest.raises(HostFault) as caught:
        endpoint.run(cmdlets.import_certificate("a\x07b", data=b"\x30"))

    assert (caught.value.code, caught.value.executed) == ("bad-value", "no")


def test_errors_of_cmdlets_are_values(lab: Lab) -> None:
    """They have the category and the id by which the catalogue knows them."""
    lab.host.plan.add(Trouble(do="rpc_down", cmdlet="Get-ExchangeCertificate"))
    endpoint = lab.endpoint()
    endpoint.open()
    reply = endpoint.run(cmdlets.get_certificates())
    endpoint.close()

    assert [error.category for error in reply.errors] == ["ResourceUnavailable"]


def test_a_wrong_password_is_tried_once(lab: Lab) -> None:
    """Repeated wrong passwords lock accounts, and the fault does not repeat it."""
    with pytest.raises(HostFault) as caught:
        lab.endpoint(password=lambda: "wr0ng").open()

    assert (caught.value.kind, caught.value.executed) == (FaultKind.SIGN_IN, "no")
    assert "wr0ng" not in caught.value.sentence


def test_an_account_without_a_role_is_told_so(lab: Lab) -> None:
    """Signed in, an administrator even, but nobody in Exchange."""
    with pytest.raises(HostFault) as caught:
        lab.endpoint(user="CORP\\nobody", password=lambda: _NOBODY.password).open()

    assert (caught.value.kind, caught.value.code) == (FaultKind.ACCESS_DENIED, "NoManagementRole")
    assert "Server Management" in caught.value.sentence


def test_nobody_at_the_address_is_told_fast(lab: Lab) -> None:
    """A closed port is seen before anything is sent, and the password is not even opened."""

    def never() -> str:
        raise AssertionError("the password was opened")

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/PowerShell"
        with pytest.raises(HostFault) as caught:
            lab.endpoint(psrp_url=url, password=never).open()

    assert (caught.value.kind, caught.value.executed) == (FaultKind.UNREACHABLE, "no")
    assert "endpoint" in caught.value.sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A host on which everything but SMTP is done, and the operation that enables it and keeps the default."""

    host: ExchangeHost
    access: HostAccess
    hosts: WinRMHosts
    certificate: IssuedCertificate
    keeping: Operation

    def default(self) -> str | None:
        """The default of now, seen without the wire."""
        return self.host.engine.state.default_smtp


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Ready]:
    """The plan of one order, run up to its question."""
    vendor = Authority()
    host = ExchangeHost(anchors_pem=vendor.anchors_pem, clock=lambda: NOW)
    way = access(host.start(), "2019", tmp_path, door="psrp")
    hosts = WinRMHosts([way], SetClock())
    certificate = vendor.answer(hosts.make_csr(ask()))
    plan = hosts.plan(order(), certificate, (hosts.snapshot(EX01),)).host(EX01)
    *before, keeping = plan.operations_for(Answer.NO)
    for operation in before:
        hosts.act(operation, certificate)
    assert keeping.kind is OperationKind.ENABLE_SMTP_KEEPING_DEFAULT
    try:
        yield Ready(host=host, access=way, hosts=hosts, certificate=certificate, keeping=keeping)
    finally:
        hosts.close()
        host.stop()


def test_no_is_said_to_the_question_itself(ready: Ready) -> None:
    """The default is what it was, and nothing on the host was forced or given back."""
    before = ready.default()
    ready.hosts.act(ready.keeping, ready.certificate)
    ran = ready.host.engine.journal.listed()

    assert ready.default() == before
    assert ready.hosts.observe(ready.keeping, ready.certificate).done
    assert not [op for op in ran if "Force" in str(op["parameters"])]


def test_a_default_that_changed_meanwhile_is_not_decided_on(ready: Ready) -> None:
    """The question names another certificate than people read: it is left unanswered, and shown."""
    state = ready.host.engine.state
    state.default_smtp = next(
        held
        for held in state.stores.my
        if held not in {state.default_smtp, ready.keeping.thumbprint}
    )
    changed = state.default_smtp
    with pytest.raises(HostFault) as caught:
        ready.hosts.act(ready.keeping, ready.certificate)

    assert (caught.value.code, caught.value.executed) == ("QuestionChanged", "yes")
    assert caught.value.kind is FaultKind.NOT_TAKEN
    assert str(changed) in caught.value.sentence
    assert ready.default() == changed
    assert ready.host.pools.listed() == []
    assert not ready.hosts.observe(ready.keeping, ready.certificate).done


def test_a_yes_that_does_not_name_the_default_of_now_is_no_yes(ready: Ready) -> None:
    """Yes is bound to both certificates as well."""
    yes = replace(
        ready.keeping,
        kind=OperationKind.ENABLE_SMTP,
        only_if=Answer.YES,
        current_default=Thumbprint("0" * 40),
    )
    before = ready.default()
    with pytest.raises(HostFault) as caught:
        ready.hosts.act(yes, ready.certificate)

    assert caught.value.code == "QuestionChanged"
    assert ready.default() == before


def test_a_plan_for_the_endpoint_is_not_run_by_winrm(ready: Ready) -> None:
    """When the door was changed after the approval, nothing is sent: WinRM could only force."""
    by_winrm = WinRMHosts([replace(ready.access, door="winrm")], SetClock())
    before = len(ready.host.engine.journal.listed())
    with pytest.raises(HostFault) as caught:
        by_winrm.act(ready.keeping, ready.certificate)
    by_winrm.close()

    assert (caught.value.code, caught.value.executed) == ("door-changed", "no")
    assert len(ready.host.engine.journal.listed()) == before


def test_both_doors_are_closed_together(ready: Ready) -> None:
    """After use neither a shell nor a session is left on the host."""
    ready.hosts.snapshot(EX01)
    ready.hosts.close()

    assert ready.host.shells.listed() == []
    assert ready.host.pools.listed() == []
