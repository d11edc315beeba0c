"""Trouble on demand at the sandbox's host: what the client sees, and what was really done."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError, WSManFaultError

from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.trouble import Trouble, TroublePlan, parse_trouble
from tests.sandbox.exchange_lab import SCRIPTS, RunnerClient, connect

_GIVEN = {"GenerateRequest": "switch", "SubjectName": "CN=mail.example.com"}


@pytest.fixture
def host() -> Iterator[ExchangeHost]:
    """A fresh 2019 host."""
    host = ExchangeHost(**SCRIPTS)
    yield host
    host.stop()


@pytest.fixture
def addresses(host: ExchangeHost) -> dict[str, Any]:
    """Where it listens."""
    return host.start()


@pytest.fixture
def client(addresses: dict[str, Any]) -> RunnerClient:
    """A runner with the cmdlets loaded. It is not closed: trouble takes its shell away."""
    client = RunnerClient(addresses)
    client.call("connect", Mode="snapin")
    return client


def _ask_for_csr(client: RunnerClient) -> Any:
    return client.call("cmdlet", name="New-ExchangeCertificate", wants=["."], **_GIVEN)


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (Trouble(action="Create", do="fault", code=2150859173), WSManFaultError),
        (Trouble(action="Create", do="status", status=503), WinRMTransportError),
        (Trouble(action="Create", do="401"), InvalidCredentialsError),
        (Trouble(action="create", do="rst"), requests.ConnectionError),
        (Trouble(action="*", do="fin"), requests.ConnectionError),
    ],
)
def test_a_message_is_spoiled_once(
    host: ExchangeHost, addresses: dict[str, Any], rule: Trouble, error: type[Exception]
) -> None:
    """The next one goes through, and the spoiled one created nothing."""
    host.plan.add(rule)

    with pytest.raises(error):
        connect(addresses).open_shell()
    assert host.shells.listed() == []
    assert connect(addresses).open_shell()


def test_executed_then_lost_leaves_a_shell_behind(
    host: ExchangeHost, addresses: dict[str, Any]
) -> None:
    """The work was done, the answer never came."""
    host.plan.add(Trouble(action="Create", do="executed_then_lost"))

    with pytest.raises(requests.ConnectionError):
        connect(addresses).open_shell()
    assert len(host.shells.listed()) == 1


@pytest.mark.parametrize(
    ("do", "requests_made"), [("executed_then_lost", 1), ("not_executed_and_lost", 0)]
)
def test_a_lost_cmdlet_has_run_or_has_not(
    host: ExchangeHost, client: RunnerClient, do: str, requests_made: int
) -> None:
    """The client sees the same reset either way and must look at the host."""
    host.plan.add(Trouble(cmdlet="New-ExchangeCertificate", do=do))

    with pytest.raises(requests.ConnectionError):
        _ask_for_csr(client)
    assert len(host.engine.state.stores.requests) == requests_made


def test_after_the_loss_the_shell_is_unknown(
    host: ExchangeHost, addresses: dict[str, Any], client: RunnerClient
) -> None:
    """2150858843 on whatever is sent to it next."""
    host.plan.add(Trouble(cmdlet="New-ExchangeCertificate", do="executed_then_lost"))
    with pytest.raises(requests.ConnectionError):
        _ask_for_csr(client)

    with pytest.raises(WSManFaultError) as raised:
        connect(addresses).close_shell(client.shell)
    assert raised.value.wsman_fault_code == 2150858843


def test_a_reboot_refuses_connections_and_comes_back(
    host: ExchangeHost, addresses: dict[str, Any], client: RunnerClient
) -> None:
    """On the same port, with the same state, without the shells."""
    host.plan.add(Trouble(cmdlet="*", do="reboot", seconds=2.0))

    with pytest.raises(requests.ConnectionError):
        _ask_for_csr(client)
    with pytest.raises(requests.ConnectionError, match="refused"):
        connect(addresses).open_shell()
    until = time.monotonic() + 60
    while time.monotonic() < until and not _answers(addresses):
        time.sleep(0.05)  # noqa: TID251 - a real host needs real time
    assert connect(addresses).open_shell()
    assert len(host.shells.listed()) >= 1


def _answers(addresses: dict[str, Any]) -> bool:
    try:
        return requests.get(addresses["wsman_http"], timeout=60).status_code > 0
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize(
    ("rule", "category", "words"),
    [
        (
            Trouble(cmdlet="New-ExchangeCertificate", do="rpc_down"),
            "ResourceUnavailable",
            "no more endpoints",
        ),
        (
            Trouble(cmdlet="New-ExchangeCertificate", do="access_denied"),
            "InvalidOperation",
            "The error message is: Access is denied.",
        ),
        (
            Trouble(cmdlet="*", do="cmdlet_error", message="Odd.", category="ReadError"),
            "ReadError",
            "Odd.",
        ),
    ],
)
def test_a_cmdlet_fails_as_asked(
    host: ExchangeHost, client: RunnerClient, rule: Trouble, category: str, words: str
) -> None:
    """Nothing was done, and the journal says that it was tried."""
    host.plan.add(rule)

    error = _ask_for_csr(client).errors[0]

    assert words in error[0]
    assert error[1] == category
    assert not host.engine.state.stores.requests
    assert host.engine.journal.counts() == {"New-ExchangeCertificate": {"ok": 0, "failed": 1}}


def test_a_plain_operation_fails_as_asked(host: ExchangeHost, client: RunnerClient) -> None:
    """Rules match operations by their name too."""
    host.plan.add(Trouble(cmdlet="file.write", do="cmdlet_error", error_id="DiskFull"))

    assert client.call("file.write", Name="a", Data=b"x").errors[0][2] == "DiskFull"
    assert client.call("file.write", Name="a", Data=b"x").objects


def test_a_delay_lets_the_work_be_done(host: ExchangeHost, client: RunnerClient) -> None:
    """Late, not lost."""
    host.plan.add(Trouble(cmdlet="*", do="delay", seconds=0.05))
    host.plan.add(Trouble(action="Receive", do="delay", seconds=0.05))

    assert _ask_for_csr(client).objects


@pytest.mark.parametrize(
    ("nth", "times", "spoiled"),
    [(1, 1, [1]), (2, 1, [2]), (2, 2, [2, 3]), (1, 0, [1, 2, 3, 4]), (3, 0, [3, 4])],
)
def test_a_rule_counts_its_matches(nth: int, times: int, spoiled: list[int]) -> None:
    """`nth` from when it was given; `times` 0 for ever; others are not counted."""
    plan = TroublePlan()
    plan.add(Trouble(action="Send", do="rst", nth=nth, times=times))

    found = []
    for number in range(1, 5):
        assert plan.take_action("Receive") is None
        assert plan.take_cmdlet("Send") is None
        if plan.take_action("Send"):
            found.append(number)
    assert found == spoiled


@pytest.mark.parametrize(
    "given",
    [
        [],
        {"do": "rst"},
        {"do": "rpc_down", "action": "Send", "cmdlet": "x"},
        {"do": "rpc_down", "action": "Send"},
        {"do": "fault", "cmdlet": "x"},
        {"action": "Send"},
        {"do": "rst", "action": "Send", "colour": "red"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(given: object) -> None:
    """With a sentence, before it is in force."""
    with pytest.raises(ValueError, match=r"[Rr]ule|`do`"):
        parse_trouble(given)
