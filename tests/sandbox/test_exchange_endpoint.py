"""Exchange's own endpoint of the virtual host, driven by real pypsrp."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from cryptography import x509
from pypsrp.complex_objects import ObjectMeta, PSInvocationState
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import SignalCode

from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.psrp.roles import ROLES, cmdlets_of
from sandbox.exchange.wsman.accounts import Account
from sandbox.exchange.wsman.quotas import WINDOWS_2016
from tests.sandbox.endpoint_client import connection, errors, run, session
from tests.sandbox.exchange_lab import NOW

VIEWER = Account(user="viewer", password="Secret.1", is_admin=False)
ADMIN = Account(user="admin", password="Secret.2", is_admin=True)


@pytest.fixture
def host() -> Iterator[ExchangeHost]:
    """A fresh 2019 with a viewer, and an administrator of Windows who has no role in Exchange."""
    machine = ExchangeHost(
        clock=lambda: NOW,
        other_accounts=[VIEWER, ADMIN],
        role_groups={
            "svc-certdesk": "Server Management",
            "viewer": "View-Only Organization Management",
        },
    )
    yield machine
    machine.stop()


@pytest.fixture
def info(host: ExchangeHost) -> dict[str, Any]:
    """Its addresses, once it is started."""
    return host.start()


def made(pool: RunspacePool, services: str = "IIS") -> str:
    """A second certificate on the host; its thumbprint."""
    shell = run(
        pool,
        "New-ExchangeCertificate",
        select=("Thumbprint",),
        SubjectName="CN=mail.example.com",
        DomainName=["mail.example.com"],
        PrivateKeyExportable=True,
        KeySize=2048,
        Services=services,
    )
    thumbprint: str = shell.output[0].extended_properties["Thumbprint"]
    return thumbprint


def nobody(*_: Any) -> int:
    """Whoever is asked here breaks the test."""
    raise AssertionError("a question came")


def test_a_script_is_refused_whatever_it_says(info: dict[str, Any]) -> None:
    """The session has no language; the text is that of the real one."""
    with session(info) as pool:
        shell = PowerShell(pool).add_script("1 + 1")
        shell.invoke()
        shell.close()

    assert shell.state == PSInvocationState.FAILED
    assert errors(shell) == [
        "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode."
    ]


@pytest.mark.parametrize("cmdlet", ["Get-Process", "Set-SendConnector", "Select-Object"])
def test_what_the_roles_do_not_give_does_not_exist(info: dict[str, Any], cmdlet: str) -> None:
    """A stranger's cmdlet, one of another role, a proxy in the first place: all the same to the caller."""
    with session(info) as pool:
        shell = run(pool, cmdlet)

    assert [record.fq_error for record in shell.streams.error] == ["CommandNotFoundException"]
    assert f"'{cmdlet}' is not recognized" in errors(shell)[0]


def test_a_viewer_may_look_and_not_change(info: dict[str, Any]) -> None:
    """Roles decide cmdlet by cmdlet."""
    with session(info, username="CORP\\viewer", password=VIEWER.password) as pool:
        seen = run(pool, "Get-ExchangeServer", select=("AdminDisplayVersion",))
        refused = run(pool, "Remove-ExchangeCertificate", Thumbprint="0" * 40)

    assert seen.output[0].extended_properties["AdminDisplayVersion"].startswith("Version 15.2")
    assert "is not recognized" in errors(refused)[0]


def test_an_administrator_of_windows_has_no_role_by_that(info: dict[str, Any]) -> None:
    """Who signs in without a role gets no session, and is told so."""
    with (
        connection(info, username="CORP\\admin", password=ADMIN.password) as wsman,
        pytest.raises(WSManFaultError, match="isn't assigned to any management roles"),
    ):
        RunspacePool(wsman, configuration_name="Microsoft.Exchange").open()


def test_a_wrong_password_is_401(info: dict[str, Any]) -> None:
    """Nothing is said about why."""
    with connection(info, password="wrong") as wsman, pytest.raises(AuthenticationError):
        RunspacePool(wsman, configuration_name="Microsoft.Exchange").open()


def test_another_path_is_a_page_not_found(info: dict[str, Any]) -> None:
    """There is no WinRM at this port: a page comes, and no fault of WS-Management is in it."""
    with connection(info, path="wsman") as wsman, pytest.raises(WSManFaultError) as caught:
        RunspacePool(wsman, configuration_name="Microsoft.Exchange").open()

    assert caught.value.code is None


def test_another_configuration_is_not_found(info: dict[str, Any]) -> None:
    """PowerShell itself is not offered here."""
    with connection(info) as wsman, pytest.raises(WSManFaultError, match="not found"):
        RunspacePool(wsman).open()


@pytest.mark.parametrize("parts", [{"version": "2007"}, {"edge": True}])
def test_not_every_server_has_an_endpoint(parts: dict[str, Any]) -> None:
    """2007 has none, and Edge has none."""
    machine = ExchangeHost(**parts)
    try:
        assert machine.start()["psrp"] is None
    finally:
        machine.stop()


def test_a_certificate_comes_as_its_raw_data(info: dict[str, Any]) -> None:
    """Shape 1 of the reference: one adapted property, and a text nobody should read dates from."""
    with session(info) as pool:
        shown = run(pool, "Get-ExchangeCertificate").output[0]
    certificate = x509.load_der_x509_certificate(shown.adapted_properties["RawData"])

    assert list(shown.adapted_properties) == ["RawData"]
    assert "Services" not in shown.extended_properties
    assert shown.to_string.startswith("[Subject]")
    assert certificate.subject.rfc4514_string() == "CN=EX01"


def test_select_object_gives_typed_properties(info: dict[str, Any]) -> None:
    """Names of enumerations, bytes as bytes, a moment with its zone, null for what is not there."""
    wanted = ("thumbprint", "Services", "HasPrivateKey", "RawData", "NotBefore", "Nothing")
    with session(info) as pool:
        shown = run(pool, "Get-ExchangeCertificate", select=wanted).output[0].extended_properties

    assert list(shown) == list(wanted)
    assert str(shown["Services"]) == "IMAP, POP, IIS, SMTP"
    assert shown["HasPrivateKey"] is True
    assert isinstance(shown["RawData"], bytes)
    assert shown["NotBefore"].endswith("Z")
    assert shown["Nothing"] is None


def test_the_question_comes_as_a_choice_of_four(host: ExchangeHost, info: dict[str, Any]) -> None:
    """Caption, text with both thumbprints, the choices in Windows' order, and Yes as the default."""
    met: list[Any] = []

    def answer(*question: Any) -> int:
        met.extend(question)
        return 2

    old = host.engine.state.default_smtp
    with session(info, answer=answer) as pool:
        new = made(pool)
        run(pool, "Enable-ExchangeCertificate", Thumbprint=new, Services="SMTP")
    caption, message, labels, default = met

    assert (caption, default) == ("Confirm", 0)
    assert labels == ["&Yes", "Yes to &All", "&No", "No to A&ll"]
    lines = message.split("\n")
    assert lines[:2] == ["Overwrite the existing default SMTP certificate?", ""]
    assert lines[2].startswith(f"Current certificate: '{old}' (expires ")
    assert lines[3].startswith(f"Replace it with certificate: '{new}' (expires ")


@pytest.mark.parametrize(("index", "is_replaced"), [(0, True), (1, True), (2, False), (3, False)])
def test_the_index_decides(
    host: ExchangeHost, info: dict[str, Any], index: int, is_replaced: bool
) -> None:
    """Yes replaces the default, No keeps it; SMTP is shown either way."""
    before = host.engine.state.default_smtp
    with session(info, answer=lambda *_: index) as pool:
        new = made(pool)
        shell = run(pool, "Enable-ExchangeCertificate", Thumbprint=new, Services="SMTP")

    assert errors(shell) == []
    assert host.engine.state.default_smtp == (new if is_replaced else before)
    assert host.engine.state.stores.my[new].network_service


def test_phase_one_is_done_when_the_question_comes(
    host: ExchangeHost, info: dict[str, Any]
) -> None:
    """What needs no answer has happened, and others may look at the host while it waits."""
    seen: list[bool] = []
    state = host.engine.state

    def answer(*_: Any) -> int:
        with host.engine.lock:
            seen.append(state.stores.my[thumbprint].network_service)
            seen.append(state.default_smtp == thumbprint)
        return 2

    with session(info, answer=answer) as pool:
        thumbprint = made(pool)
        run(pool, "Enable-ExchangeCertificate", Thumbprint=thumbprint, Services="SMTP")

    assert seen == [True, False]


def test_a_client_without_a_host_gets_an_error(host: ExchangeHost, info: dict[str, Any]) -> None:
    """Error 29: phase one is done, the default is what it was."""
    before = host.engine.state.default_smtp
    with session(info) as pool:
        new = made(pool)
        shell = run(pool, "Enable-ExchangeCertificate", Thumbprint=new, Services="SMTP")

    assert "does not support user interaction" in errors(shell)[0]
    assert "Overwrite the existing default SMTP certificate?" in errors(shell)[0]
    assert host.engine.state.default_smtp == before
    assert host.engine.state.stores.my[new].network_service


def test_who_hangs_up_at_the_question_has_said_nothing(
    host: ExchangeHost, info: dict[str, Any]
) -> None:
    """The session is closed over the question: no answer is no, and the engine is free again."""

    class Gone(Exception):
        """The client leaves."""

    def leave(*_: Any) -> int:
        raise Gone

    before = host.engine.state.default_smtp
    with pytest.raises(Gone), session(info, answer=leave) as pool:
        run(pool, "Enable-ExchangeCertificate", Thumbprint=made(pool), Services="SMTP")

    assert host.engine.state.default_smtp == before
    assert host.pools.listed() == []
    with session(info) as pool:
        assert run(pool, "Get-ExchangeCertificate").output


def test_force_is_never_asked(host: ExchangeHost, info: dict[str, Any]) -> None:
    """A switch without a value is present."""
    with session(info, answer=nobody) as pool:
        new = made(pool)
        run(pool, "Enable-ExchangeCertificate", Thumbprint=new, Services="SMTP", Force=None)

    assert host.engine.state.default_smtp == new


def test_a_password_travels_encrypted_and_bytes_as_bytes(
    host: ExchangeHost, info: dict[str, Any]
) -> None:
    """After the exchange of keys a PFX goes out and comes in again, and the recorder has no secret."""
    with session(info) as pool:
        new = made(pool)
        pool.exchange_keys()
        secret = pool.serialize("pass word ☃", ObjectMeta("SS"))
        exported = run(
            pool,
            "Export-ExchangeCertificate",
            select=("FileData",),
            Thumbprint=new,
            BinaryEncoded=None,
            Password=secret,
        )
        pfx = exported.output[0].extended_properties["FileData"]
        run(pool, "Remove-ExchangeCertificate", Thumbprint=new, Confirm=False)
        again = pool.serialize("pass word ☃", ObjectMeta("SS"))
        shell = run(pool, "Import-ExchangeCertificate", FileData=pfx, Password=again)

    assert errors(shell) == []
    assert host.engine.state.stores.my[new].key is not None
    recorded = str(host.engine.journal.listed())
    assert "***" in recorded
    assert "pass word" not in recorded


def test_the_recorder_counts_both_doors_alike(host: ExchangeHost, info: dict[str, Any]) -> None:
    """One journal: cmdlet, parameters without secrets, who it was."""
    with session(info, answer=lambda *_: 2) as pool:
        new = made(pool)
        run(pool, "enable-exchangecertificate", thumbprint=new, services="SMTP")
    last = host.engine.journal.listed()[-1]

    assert last["cmdlet"] == "Enable-ExchangeCertificate"
    assert last["parameters"] == {"services": "SMTP", "thumbprint": new}
    assert (last["principal"], last["ok"]) == ("CORP\\svc-certdesk", True)


def test_an_error_of_a_cmdlet_does_not_end_the_pipeline(info: dict[str, Any]) -> None:
    """Only the stream tells: a client that looks at the state alone sees success."""
    with session(info) as pool:
        shell = run(pool, "Remove-ExchangeCertificate", Thumbprint="0" * 40, Confirm=False)
    (record,) = shell.streams.error

    assert (shell.state, shell.had_errors) == (PSInvocationState.COMPLETED, False)
    assert "was not found" in str(record)
    assert "[FailureCategory=Cmdlet-InvalidOperationException]" in record.fq_error


def test_sessions_are_a_throttled_resource(info: dict[str, Any]) -> None:
    """The nineteenth session of one account is refused; one given back makes room."""
    with ExitStack() as stack:
        for _ in range(WINDOWS_2016.max_sessions):
            stack.enter_context(session(info))
        with pytest.raises(WSManFaultError, match="18 concurrent shells"):
            stack.enter_context(session(info))
    with session(info) as pool:
        assert run(pool, "Get-ExchangeCertificate").output


def test_a_session_belongs_to_its_user(host: ExchangeHost, info: dict[str, Any]) -> None:
    """Somebody else's pool is not found, whoever knows its id."""
    with (
        session(info) as mine,
        connection(info, username="CORP\\viewer", password=VIEWER.password) as wsman,
    ):
        theirs = RunspacePool(wsman, configuration_name="Microsoft.Exchange")
        theirs.shell.id = mine.shell.id
        theirs.shell.opened = True
        theirs.shell._selector_set = mine.shell._selector_set
        with pytest.raises(WSManFaultError, match="not found"):
            theirs.shell.close()

        assert len(host.pools.listed()) == 1


def test_only_the_misspelled_stop_stops(host: ExchangeHost, info: dict[str, Any]) -> None:
    """As on Windows: a client that spells it right must end the pipeline in another way."""
    with session(info) as pool:
        shell = PowerShell(pool).add_cmdlet("Get-ExchangeCertificate")
        shell.begin_invoke()
        pool.shell.signal(SignalCode.PS_CTRL_C, shell.id)
        left = host.pools.listed()[0]["pipelines"]
        pool.shell.signal("powershell/signal/crtl_c", shell.id)

        assert (left, host.pools.listed()[0]["pipelines"]) == (1, 0)


def test_a_reboot_loses_every_session(host: ExchangeHost, info: dict[str, Any]) -> None:
    """After it the old pool is unknown, and a new one works."""
    with session(info) as pool:
        host.reboot()
        assert host.pools.listed() == []
        pool.shell.opened = False
    with session(info) as pool:
        assert run(pool, "Get-ExchangeCertificate").output


def test_a_member_of_nothing_has_no_cmdlet() -> None:
    """Groups are made of roles, roles of cmdlets; a group nobody knows gives none."""
    assert cmdlets_of("Organization Management") == frozenset().union(*ROLES.values())
    assert cmdlets_of("Nobody") == frozenset()
