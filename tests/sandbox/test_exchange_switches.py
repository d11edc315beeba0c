"""Every switch of the trouble plan at both doors: what real clients meet, and what was done all the same."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from pypsrp.exceptions import WSManFaultError as PsrpFault
from pypsrp.powershell import PowerShell
from winrm.exceptions import WSManFaultError

from sandbox.exchange.engine.catalogue import CMDLET_ROWS, SESSION_ROWS
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.trouble import IN_A_CMDLET, ON_THE_WIRE, Trouble, TroublePlan, parse_trouble
from tests.sandbox.endpoint_client import run, session
from tests.sandbox.exchange_lab import NOW, SCRIPTS, RunnerClient, connect

_CSR = {"GenerateRequest": "switch", "SubjectName": "CN=mail.example.com"}
_SET = "Set-ImapSettings"


@pytest.fixture
def host() -> Iterator[ExchangeHost]:
    """A fresh 2019 host whose clock stands."""
    host = ExchangeHost(**SCRIPTS, clock=lambda: NOW)
    yield host
    host.stop()


@pytest.fixture
def info(host: ExchangeHost) -> dict[str, Any]:
    """Where it listens."""
    return host.start()


@pytest.fixture
def client(info: dict[str, Any]) -> RunnerClient:
    """A runner with the cmdlets loaded."""
    client = RunnerClient(info)
    client.call("connect", Mode="snapin")
    return client


def _rename(client: RunnerClient, name: str = "imap.example.com") -> Any:
    return client.call("cmdlet", name=_SET, X509CertificateName=name)


def _is_renamed(host: ExchangeHost) -> bool:
    return host.engine.state.mail_names["IMAP"] == "imap.example.com"


@pytest.mark.parametrize(
    ("do", "is_done"),
    [
        ("rst", False),
        ("fin", False),
        ("half_close", False),
        ("not_executed_and_lost", False),
        ("reboot", False),
        ("truncate", True),
        ("executed_then_lost", True),
    ],
)
def test_a_message_is_cut_off_before_or_after_its_work(
    host: ExchangeHost, client: RunnerClient, do: str, is_done: bool
) -> None:
    """The client sees a broken connection either way; whether it was done is the switch's word."""
    host.plan.add(Trouble(do=do, action="Send", cmdlet=_SET))

    with pytest.raises(requests.RequestException):
        _rename(client)
    assert _soon(host, tries=6000 if is_done else 30) is is_done


def _soon(host: ExchangeHost, *, tries: int) -> bool:
    for _ in range(tries):
        if _is_renamed(host):
            return True
        time.sleep(0.01)  # noqa: TID251 - the runner works in a thread of its own
    return False


def test_an_answer_may_drip(host: ExchangeHost, client: RunnerClient) -> None:
    """In pieces, and whole in the end: a time-out by the read never ends it."""
    host.plan.add(Trouble(do="drip", action="Receive", cmdlet=_SET, seconds=0.02))
    before = time.monotonic()

    assert _rename(client).warnings
    assert time.monotonic() - before > 0.1


def test_an_answer_to_another_message_is_noticed_by_psrp(
    host: ExchangeHost, info: dict[str, Any]
) -> None:
    """The client of PowerShell remoting looks at RelatesTo of every answer."""
    with session(info) as pool:
        host.plan.add(Trouble(do="wrong_relates_to", action="Command", shell="psrp"))
        with pytest.raises(Exception, match=r"[Rr]elated|[Rr]elates"):
            run(pool, "Get-ExchangeCertificate")


@pytest.mark.parametrize("form", ["wsman", "wmi"])
def test_a_fault_comes_in_either_form(host: ExchangeHost, info: dict[str, Any], form: str) -> None:
    """As WSManFault and as MSFT_WmiError, with the same number."""
    host.plan.add(Trouble(do="fault", action="Create", code=2150859175, form=form))

    with pytest.raises(WSManFaultError) as caught:
        connect(info).open_shell()
    seen = (caught.value.wsman_fault_code, caught.value.wmierror_code)
    assert seen == ((2150859175, None) if form == "wsman" else (None, 2150859175))


@pytest.mark.parametrize(
    "rule",
    [
        Trouble(do="kill_shell_host", action="Send", cmdlet=_SET),
        Trouble(do="kill_shell_host", cmdlet=_SET),
    ],
)
def test_the_process_behind_a_shell_dies(
    host: ExchangeHost, client: RunnerClient, rule: Trouble
) -> None:
    """Fault 1726, nothing was done, and the shell is gone."""
    host.plan.add(rule)

    with pytest.raises(WSManFaultError) as caught:
        _rename(client)
    assert caught.value.wsman_fault_code == 1726
    assert not _is_renamed(host)
    assert host.shells.listed() == []


def test_the_process_behind_a_session_dies(host: ExchangeHost, info: dict[str, Any]) -> None:
    """The same at Exchange's own endpoint."""
    host.plan.add(Trouble(do="kill_shell_host", cmdlet=_SET))

    with pytest.raises(PsrpFault), session(info) as pool:
        run(pool, _SET, X509CertificateName="imap.example.com")
    assert not _is_renamed(host)
    assert host.pools.listed() == []


def test_a_dropped_session_has_answered_before(host: ExchangeHost, client: RunnerClient) -> None:
    """The cmdlet is done and told so; the next message finds no shell."""
    host.plan.add(Trouble(do="session_drop", cmdlet=_SET))
    told = _rename(client)

    assert told.errors == []
    assert _is_renamed(host)
    with pytest.raises(WSManFaultError) as caught:
        _rename(client)
    assert caught.value.wsman_fault_code == 2150858843


def test_a_dropped_session_at_the_endpoint_has_answered_before(
    host: ExchangeHost, info: dict[str, Any]
) -> None:
    """Between import and enable, say: what was done stays done."""
    host.plan.add(Trouble(do="session_drop", cmdlet=_SET))

    with session(info) as pool:
        shell = PowerShell(pool).add_cmdlet(_SET)
        shell.add_parameter("X509CertificateName", "imap.example.com").invoke()
        with pytest.raises(PsrpFault):
            shell.close()
        pool.shell.opened = False
    assert _is_renamed(host)
    assert host.pools.listed() == []


def test_a_host_may_live_in_the_past(host: ExchangeHost, info: dict[str, Any]) -> None:
    """Its clock and the Date of its answers are behind from then on."""
    host.plan.add(Trouble(do="stale_time", action="Create", seconds=600))
    connect(info).open_shell()
    date = requests.post(info["wsman_http"], timeout=60).headers["Date"]

    assert (NOW - parsedate_to_datetime(date)).total_seconds() == 600
    assert (NOW - host.engine.state.now()).total_seconds() == 600


def test_a_written_value_may_be_read_back_late(host: ExchangeHost, client: RunnerClient) -> None:
    """Active Directory takes its time to every domain controller; then everybody sees it."""
    host.plan.add(Trouble(do="replication_lag", cmdlet=_SET, seconds=60))
    _rename(client)
    read = [_imap_name(client)]
    host.clock.advance(61)
    read.append(_imap_name(client))

    assert read == ["EX01", "imap.example.com"]


def _imap_name(client: RunnerClient) -> str | None:
    told = client.call("cmdlet", name="Get-ImapSettings", wants=["X509CertificateName"])
    return str(told.objects[0][0])


@pytest.mark.parametrize("door", ["cmd", "psrp"])
def test_a_prompt_nobody_answers_leaves_its_first_phase(
    host: ExchangeHost, info: dict[str, Any], client: RunnerClient, door: str
) -> None:
    """Force or not: what needs no answer is done, the default stays, and each door says its own sentence."""
    state = host.engine.state
    before = state.default_smtp
    made = client.call(
        "cmdlet", name="New-ExchangeCertificate", wants=["Thumbprint"], Services="None"
    )
    new = made.objects[0][0]
    host.plan.add(Trouble(do="prompt_without_ui", cmdlet="Enable-ExchangeCertificate"))
    enabling: dict[str, Any] = {"Thumbprint": new, "Services": "SMTP"}
    if door == "cmd":
        told = client.call(
            "cmdlet", name="Enable-ExchangeCertificate", Force="switch", **enabling
        ).errors[0][0]
    else:
        with session(info, answer=lambda *_: 0) as pool:
            told = str(run(pool, "Enable-ExchangeCertificate", **enabling).streams.error[0])

    assert ("NonInteractive" in str(told)) is (door == "cmd")
    assert ("does not support user interaction" in str(told)) is (door == "psrp")
    assert state.default_smtp == before
    assert state.stores.my[str(new)].network_service


@pytest.mark.parametrize("do", ["rpc_down", "access_denied", "cmdlet_error"])
@pytest.mark.parametrize("door", ["cmd", "psrp"])
def test_a_cmdlet_may_fail_between_two_of_its_things(
    host: ExchangeHost, info: dict[str, Any], client: RunnerClient, door: str, do: str
) -> None:
    """At both doors: IIS is bound, the key is not opened, and the error is the one that was asked for."""
    made = client.call(
        "cmdlet", name="New-ExchangeCertificate", wants=["Thumbprint"], Services="None"
    )
    new = str(made.objects[0][0])
    host.plan.add(Trouble(do=do, cmdlet="Enable-ExchangeCertificate", after=1))
    enabling: dict[str, Any] = {"Thumbprint": new, "Services": "IIS,POP"}
    if door == "cmd":
        told = client.call("cmdlet", name="Enable-ExchangeCertificate", **enabling).errors
    else:
        with session(info) as pool:
            told = run(pool, "Enable-ExchangeCertificate", **enabling).streams.error

    assert len(told) == 1
    assert host.engine.state.sites[1] == new
    assert not host.engine.state.stores.my[new].network_service


@pytest.mark.parametrize("number", sorted(CMDLET_ROWS))
def test_every_row_of_the_catalogue_can_be_met(
    host: ExchangeHost, client: RunnerClient, number: int
) -> None:
    """By its number: as an error with its category, or as a warning beside the work."""
    row = CMDLET_ROWS[number]
    host.plan.add(Trouble(do="catalogue", cmdlet=_SET, number=number))
    told = _rename(client)

    assert _is_renamed(host) is row.warns
    said = told.warnings if row.warns else [told.errors[0][0]]
    assert any(row.text.partition("{")[0] in str(text) for text in said)
    if not row.warns:
        assert told.errors[0][1] == row.category


@pytest.mark.parametrize("number", sorted(SESSION_ROWS))
def test_every_row_about_sessions_can_be_met(
    host: ExchangeHost, info: dict[str, Any], number: int
) -> None:
    """Opening a session fails with the row's text."""
    host.plan.add(Trouble(do="catalogue", action="Create", shell="psrp", number=number))

    with pytest.raises(PsrpFault) as caught, session(info):
        pass
    assert SESSION_ROWS[number].partition("{")[0] in str(caught.value)


def test_rules_are_for_one_shell_and_one_host() -> None:
    """Other doors and other hosts do not even count."""
    plan = TroublePlan("EX01")
    plan.add(Trouble(do="rst", action="Send", shell="psrp"))
    plan.add(Trouble(do="rst", action="Send", host="EX02"))
    mine = Trouble(do="fin", action="Send", host="ex01", shell="cmd")
    plan.add(mine)

    assert plan.take_action("Send", shell="cmd") == mine
    assert [rule["seen"] for rule in plan.listed()] == [0, 0, 1]


def test_a_rule_on_what_a_message_carries_waits_for_it() -> None:
    """An action with a cmdlet: only the messages of this cmdlet."""
    plan = TroublePlan()
    rule = Trouble(do="rst", action="Receive", cmdlet="Import-ExchangeCertificate")
    plan.add(rule)

    assert plan.take_action("Receive", carries=b"get-exchangecertificate") is None
    assert plan.take_cmdlet("Import-ExchangeCertificate") is None
    assert plan.take_action("Receive", carries=b"x import-exchangecertificate y") == rule


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"do": "rst", "action": "Shout"}, "it can be"),
        ({"do": "rst", "action": "Send", "nth": 0}, "`nth` begins with 1"),
        ({"do": "rst", "action": "Send", "nth": "2"}, "`nth` is a number"),
        ({"do": "rst", "action": "Send", "times": True}, "`times` is a number"),
        ({"do": "rst", "action": 5}, "`action` is text"),
        ({"do": "delay", "action": "Send", "seconds": float("nan")}, "`seconds`"),
        ({"do": "delay", "action": "Send", "seconds": 1e9}, "`seconds`"),
        ({"do": "fault", "action": "Send"}, "needs its `code`"),
        ({"do": "fault", "action": "Send", "code": 5, "form": "xml"}, "`form`"),
        ({"do": "status", "action": "Send", "status": 42}, "`status`"),
        ({"do": "rst", "action": "Send", "shell": "bash"}, "`shell`"),
        ({"do": "catalogue", "cmdlet": "x", "number": 31}, "`number`"),
        ({"do": "catalogue", "action": "Create", "number": 7}, "`number`"),
        ({"do": "rpc_down", "cmdlet": "Enable-X", "after": -1}, "`after`"),
        ({"do": "delay", "cmdlet": "Enable-X", "after": 1}, "`after`"),
        ({"do": "rpc_down", "cmdlet": "store.add", "after": 1}, "`after`"),
        ({"do": "rst", "action": "Send", "cmdlet": "Enable-X", "after": 1}, "`after`"),
    ],
)
def test_a_wrong_rule_is_told_what_is_wrong(given: object, sentence: str) -> None:
    """One sentence, and the rule is not in force."""
    with pytest.raises(ValueError, match=sentence):
        parse_trouble(given)


def test_every_switch_is_tried_here_or_beside() -> None:
    """A switch nobody has seen work is a promise nobody keeps."""
    folder = Path(__file__).parent
    tried = "".join(
        (folder / name).read_text(encoding="utf-8")
        for name in ("test_exchange_switches.py", "test_exchange_trouble.py")
    )

    assert [do for do in {*ON_THE_WIRE, *IN_A_CMDLET} if f'"{do}"' not in tried] == []
