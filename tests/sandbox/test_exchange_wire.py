"""WinRM's wire, driven by real pywinrm: round trips, log-on, message encryption, shells and quotas."""

import base64
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import winrm
import xmltodict
from winrm.exceptions import (
    InvalidCredentialsError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
    WSManFaultError,
)

from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.wsman.accounts import Account
from sandbox.exchange.wsman.quotas import Quotas
from tests.sandbox.exchange_lab import LINE, NONCE, RUNNER, SCRIPTS, RunnerClient, connect

Started = tuple[ExchangeHost, dict[str, Any]]
Start = Callable[..., Started]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts hosts and stops them all in the end."""
    hosts: list[ExchangeHost] = []

    def start_one(**options: Any) -> Started:
        host = ExchangeHost(**SCRIPTS, **options)
        hosts.append(host)
        return host, host.start()

    yield start_one
    for host in hosts:
        host.stop()


def test_run_ps_over_ntlm_and_plain_http_takes_eight_requests(start: Start) -> None:
    """Three for the sealed log-on, then Create, Command, Receive, Signal, Delete."""
    host, there = start()
    session = winrm.Session(
        there["wsman_http"],
        auth=(there["user"], there["password"]),
        transport="ntlm",
        ca_trust_path=None,
        proxy=None,
    )

    answer = session.run_cmd("whoami")

    assert answer.status_code == 1
    assert b"'whoami' is not recognized" in answer.std_err
    assert host.request_counts()["http"] == 8


@pytest.mark.parametrize(("transport", "requests"), [("basic", 5), ("ntlm", 7)])
def test_run_cmd_over_https(start: Start, tmp_path: Any, transport: str, requests: int) -> None:
    """Over HTTPS the messages are plain inside TLS, and the host's own CA vouches for it."""
    host, there = start()
    ca = tmp_path / "ca.pem"
    ca.write_text(there["ca_pem"])
    session = winrm.Session(
        there["wsman_https"],
        auth=(there["user"], there["password"]),
        transport=transport,
        ca_trust_path=str(ca),
        proxy=None,
    )

    assert session.run_cmd("whoami").status_code == 1
    assert host.request_counts()["http"] == requests


def test_a_kept_process_answers_in_two_requests_a_call(start: Start) -> None:
    """Send and Receive, nothing else."""
    host, there = start()
    client = RunnerClient(there)
    before = host.request_counts()["http"]
    assert isinstance(before, int)

    reply = client.call("hello")

    assert reply.objects[0][1] == "EX01"
    assert host.request_counts()["http"] == before + 2
    client.close()


def test_a_wrong_password_is_refused(start: Start) -> None:
    """401, and nothing is created."""
    host, there = start()

    with pytest.raises(InvalidCredentialsError):
        connect(there, password="wrong").open_shell()
    assert host.request_counts()["actions"] == {}


def test_basic_is_not_offered_over_plain_http(start: Start) -> None:
    """The right password does not help where the mechanism is off."""
    _, there = start()

    with pytest.raises(InvalidCredentialsError):
        connect(there, transport="plaintext").open_shell()


def test_an_unsealed_message_over_plain_http_is_refused(start: Start) -> None:
    """HTTP 500 without a fault, as AllowUnencrypted=false does."""
    _, there = start()

    with pytest.raises(WinRMTransportError) as raised:
        connect(there, message_encryption="never").open_shell()
    assert raised.value.code == 500


def test_a_message_sealed_for_a_dropped_connection_gets_400(start: Start) -> None:
    """The client logs on anew but re-sends the old sealed bytes; a new session of its own is the cure."""
    host, there = start()
    client = connect(there)
    client.open_shell()
    host.reboot()

    with pytest.raises(WinRMTransportError) as raised:
        client.open_shell()
    assert raised.value.code == 400
    client.transport.close_session()
    assert client.open_shell()


@pytest.mark.parametrize(
    "form", ["svc-certdesk", "EX01\\svc-certdesk", "svc-certdesk@corp.example.com"]
)
def test_every_form_of_the_user_name_is_the_same_account(start: Start, form: str) -> None:
    """Bare, host in front, domain behind."""
    host, there = start()

    connect(there, username=form).open_shell()

    shells = host.request_counts()["shells"]
    assert isinstance(shells, list)
    assert [shell["owner"] for shell in shells] == ["CORP\\svc-certdesk"]


def test_somebody_who_is_no_administrator_is_denied(start: Start) -> None:
    """Fault 5 on Create."""
    _, there = start(other_accounts=[Account(user="guest", password="guest-1", is_admin=False)])

    with pytest.raises(WSManFaultError) as raised:
        connect(there, username="guest", password="guest-1").open_shell()
    assert raised.value.wsman_fault_code == 5
    assert raised.value.fault_subcode == "w:AccessDenied"


def test_two_hosts_with_one_user_name_keep_their_passwords_apart(start: Start) -> None:
    """NTLM of one host does not know the other's password."""
    _, first = start(name="EX01")
    _, second = start(name="EX02")
    connect(first).open_shell()
    connect(second).open_shell()

    with pytest.raises(InvalidCredentialsError):
        connect(first, password=second["password"]).open_shell()


def test_an_unknown_shell_is_a_fault(start: Start) -> None:
    """2150858843, also on Delete."""
    _, there = start()

    with pytest.raises(WSManFaultError) as raised:
        connect(there).close_shell("11111111-1111-1111-1111-111111111111")
    assert raised.value.wsman_fault_code == 2150858843
    assert raised.value.fault_subcode == "w:InvalidSelectors"


def test_somebody_elses_shell_is_unknown(start: Start) -> None:
    """A shell belongs to who opened it."""
    _, there = start(other_accounts=[Account(user="other", password="other-1")])
    shell = connect(there).open_shell()

    with pytest.raises(WSManFaultError) as raised:
        connect(there, username="other", password="other-1").close_shell(shell)
    assert raised.value.wsman_fault_code == 2150858843


def test_a_receive_without_output_times_out(start: Start) -> None:
    """Fault 2150858793 after OperationTimeout: ask again."""
    _, there = start()
    client = connect(there, operation_timeout_sec=1)
    shell = client.open_shell()
    command = client.run_command(shell, LINE, console_mode_stdin=False)

    with pytest.raises(WinRMOperationTimeoutError):
        client.get_command_output_raw(shell, command)


def test_too_many_shells_are_a_fault(start: Start) -> None:
    """Create faults 2150859173 past the quota, and works again after a Delete."""
    _, there = start(quotas=Quotas(max_shells=1))
    client = connect(there)
    shell = client.open_shell()

    with pytest.raises(WSManFaultError) as raised:
        client.open_shell()
    assert raised.value.wsman_fault_code == 2150859173
    client.close_shell(shell, close_session=False)
    client.open_shell()


def test_operations_leak_until_the_shell_is_deleted(start: Start) -> None:
    """Signal terminate gives nothing back; the quota fault comes as MSFT_WmiError."""
    _, there = start(quotas=Quotas(max_operations=2))
    client = connect(there)
    shell = client.open_shell()
    for _ in range(2):
        client.cleanup_command(shell, client.run_command(shell, "whoami"))

    with pytest.raises(WSManFaultError) as raised:
        client.run_command(shell, "whoami")
    assert raised.value.wmierror_code == 2150859174
    client.close_shell(shell, close_session=False)
    client.run_command(client.open_shell(), "whoami")


def test_an_old_host_allows_five_shells(start: Start) -> None:
    """WinRM 2 of 2008 R2 is stingier."""
    _, there = start(version="2010")
    client = connect(there)
    for _ in range(5):
        client.open_shell()

    with pytest.raises(WSManFaultError):
        client.open_shell()


def test_an_idle_shell_vanishes(start: Start) -> None:
    """By the host's own clock, which tests may move."""
    host, there = start()
    client = connect(there)
    shell = client.open_shell(idle_timeout="PT900S")
    host.clock.advance(901)

    with pytest.raises(WSManFaultError) as raised:
        client.run_command(shell, "whoami")
    assert raised.value.wsman_fault_code == 2150858843


def test_a_command_id_is_not_taken_twice(start: Start) -> None:
    """The second send of the same id gets 2150859222 instead of a second run."""
    host, there = start()
    client = connect(there)
    shell = client.open_shell()
    message = client.build_wsman_header(
        "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command",
        "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd",
        shell_id=shell,
    )
    line = {"@CommandId": "AAAAAAAA-0000-0000-0000-000000000001", "rsp:Command": "whoami"}
    envelope = xmltodict.unparse(
        {"env:Envelope": {**message, "env:Body": {"rsp:CommandLine": line}}}
    )
    client.send_message(envelope)

    with pytest.raises(WSManFaultError) as raised:
        client.send_message(envelope)
    assert raised.value.wsman_fault_code == 2150859222
    assert host.request_counts()["actions"] == {"Create": 1, "Command": 2}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("powershell -Command whoami", b"constant bootstrap only"),
        ("powershell -EncodedCommand AAAA", b"constant bootstrap only"),
        (LINE.replace("-NonInteractive ", ""), b"constant bootstrap only"),
        (LINE.rpartition(" ")[0] + " !!!!", b"not properly encoded"),
        (LINE.rpartition(" ")[0] + " ZQBjAGgAbwA=", b"does not know the script"),
        ("x" * 8192, b"too long"),
    ],
)
def test_any_other_command_line_is_refused(start: Start, line: str, words: bytes) -> None:
    """Nothing but the constant bootstrap runs here."""
    _, there = start()
    client = connect(there)
    shell = client.open_shell()

    _, err, code = client.get_command_output(shell, client.run_command(shell, line))

    assert code == 1
    assert words in err


def test_another_runner_is_refused(start: Start) -> None:
    """`CD1 refused`, exit code 3."""
    _, there = start()
    client = connect(there)
    shell = client.open_shell()
    command = client.run_command(shell, LINE, console_mode_stdin=False)
    client.send_command_input(shell, command, base64.b64encode(b"Remove-Item C:\\") + b"\n")

    out, _, code = client.get_command_output(shell, command)

    assert (out, code) == (b"CD1 refused\r\n", 3)


def test_the_end_of_stdin_ends_the_process(start: Start) -> None:
    """Exit code 0."""
    _, there = start()
    client = RunnerClient(there)
    client.protocol.send_command_input(client.shell, client.command, b"", end=True)

    assert client.greeting == b"CD1 ready\r\n"
    assert client.receive() == (b"", b"", 0, True)


def test_a_line_that_is_no_request_ends_the_process(start: Start) -> None:
    """Exit code 4: the runner cannot even say whom it would answer."""
    _, there = start()
    client = RunnerClient(there)
    client.send_line(b"<r/>")

    _, err, code = client.protocol.get_command_output(client.shell, client.command)

    assert code == 4
    assert b"cannot read a request" in err


def test_one_send_may_hold_many_lines_and_a_line_many_sends(start: Start) -> None:
    """Lines end in LF, wherever the messages are cut."""
    _, there = start()
    client = RunnerClient(there)
    line = base64.b64encode(f'<r id="1" nonce="{NONCE}" op="hello"/>'.encode()) + b"\r\n"
    client.protocol.send_command_input(client.shell, client.command, line[:10])
    client.protocol.send_command_input(client.shell, client.command, line[10:])

    assert len(client.reply().objects) == 1


def test_a_line_delivered_twice_runs_once(start: Start) -> None:
    """Ids rise; an old one is not answered."""
    host, there = start()
    client = RunnerClient(there)
    client.call("file.write", Name="a.txt", Data=b"x")
    client.last_id -= 1
    client.send_line(f'<r id="1" nonce="{NONCE}" op="file.write"/>'.encode())
    client.last_id += 1

    client.call("hello")

    assert host.engine.journal.counts() == {"file.write": {"ok": 1, "failed": 0}}


def test_terminate_from_a_second_client_wakes_the_first(start: Start) -> None:
    """A pending Receive returns at once with the exit code of a terminated process."""
    host, there = start()
    client = RunnerClient(there)
    received: list[tuple[bytes, bytes, int, bool]] = []
    waiting = threading.Thread(target=lambda: received.append(client.receive()))
    waiting.start()
    while not _is_waiting(host):
        threading.Event().wait(0.01)

    connect(there).cleanup_command(client.shell, client.command)
    waiting.join(5)

    assert received == [(b"", b"", -1073741510, True)]


def test_large_output_is_handed_out_in_pieces(start: Start) -> None:
    """No answer is larger than the client's envelope."""
    host, there = start()
    client = RunnerClient(there)
    client.call("file.write", Name="big.bin", Data=bytes(range(256)) * 256)
    client.call("file.write", Name="bigger.bin", Data=b"x" * 90_000)

    reply = client.call("file.read", Name="bigger.bin")

    assert base64.b64decode(reply.objects[0][0] or "") == b"x" * 90_000
    receives = host.request_counts()["actions"]
    assert isinstance(receives, dict)
    assert receives["Receive"] > receives["Send"]


def test_the_quotas_can_be_read(start: Start) -> None:
    """Get on winrm/config tells the envelope size."""
    _, there = start()
    client = connect(there)
    header = client.build_wsman_header(
        "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get",
        "http://schemas.microsoft.com/wbem/wsman/1/config",
    )

    answer = client.send_message(xmltodict.unparse({"env:Envelope": {**header, "env:Body": {}}}))

    assert b"<cfg:MaxEnvelopeSizekb>500</cfg:MaxEnvelopeSizekb>" in answer


def test_another_resource_is_not_in_the_catalog(start: Start) -> None:
    """A PSRP configuration at this door faults 2150858811."""
    _, there = start()
    client = connect(there)
    header = client.build_wsman_header(
        "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create",
        "http://schemas.microsoft.com/powershell/Microsoft.Exchange",
    )

    with pytest.raises(WSManFaultError) as raised:
        client.send_message(xmltodict.unparse({"env:Envelope": {**header, "env:Body": {}}}))
    assert raised.value.wsman_fault_code == 2150858811


def test_the_runner_is_known_by_its_bytes() -> None:
    """The stand-in the tests use is not among the scripts a host knows by itself."""
    from sandbox.exchange.known_scripts import KNOWN_RUNNER_SHA256

    assert SCRIPTS["more_runners"][0] not in KNOWN_RUNNER_SHA256
    assert RUNNER


def _is_waiting(host: ExchangeHost) -> bool:
    return any(shell.is_listened_to() for shell in host.shells._shells.values())
