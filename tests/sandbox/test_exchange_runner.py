"""The twin of the runner over the real wire: every operation of docs/runner.md, and what it refuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from sandbox.exchange.engine.stores import thumbprint_of
from sandbox.exchange.engine.values import SecureString
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.runner.protocol import BadLine, parse_line
from tests.sandbox.exchange_lab import SCRIPTS, Authority, RunnerClient

_TEMP = r"C:\Users\svc-certdesk\AppData\Local\Temp\CertDesk"


@pytest.fixture(scope="module")
def host() -> Iterator[ExchangeHost]:
    """One 2019 host for the tests that only add to it."""
    host = ExchangeHost(**SCRIPTS)
    yield host
    host.stop()


@pytest.fixture(scope="module")
def addresses(host: ExchangeHost) -> dict[str, Any]:
    """Where the host listens."""
    return host.start()


@pytest.fixture
def client(addresses: dict[str, Any]) -> Iterator[RunnerClient]:
    """A runner with the cmdlets loaded."""
    client = RunnerClient(addresses)
    client.call("connect", Mode="snapin")
    yield client
    client.close()


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One authority for all tests; it has no state."""
    return Authority()


def test_hello_tells_who_and_where(client: RunnerClient) -> None:
    """PSVersion, names, culture, time in UTC, user."""
    version, machine, fqdn, culture, now, user = client.call("hello").objects[0]

    assert (version, machine, fqdn) == ("5.1.17763.6189", "EX01", "EX01.corp.example.com")
    assert (culture, user) == ("en-US", "CORP\\svc-certdesk")
    assert now is not None
    assert now.endswith("Z")


def test_connect_tells_the_build(client: RunnerClient) -> None:
    """By snap-in, and by a session to the server's own endpoint."""
    for wanted in (
        {"Mode": "snapin"},
        {"Mode": "session", "Uri": "http://EX01.corp.example.com/PowerShell/"},
    ):
        build, folder = client.call("connect", **wanted).objects[0]

        assert build == "15.2.1118.7"
        assert folder == "C:\\Program Files\\Microsoft\\Exchange Server\\V15\\"


@pytest.mark.parametrize(
    "given",
    [
        {"Mode": "session", "Uri": "http://mail.example.com/PowerShell/"},
        {"Mode": "session"},
        {"Mode": "magic"},
    ],
)
def test_connecting_elsewhere_fails(client: RunnerClient, given: dict[str, str]) -> None:
    """Only this server, only by the two modes."""
    assert len(client.call("connect", **given).errors) == 1


def test_a_session_needs_credentials_for_the_second_hop() -> None:
    """Where nothing is delegated, the endpoint cannot be reached from inside."""
    host = ExchangeHost(second_hop=False, **SCRIPTS)
    client = RunnerClient(host.start())

    reply = client.call("connect", Mode="session", Uri="http://EX01.corp.example.com/PowerShell/")

    assert reply.errors[0][0] == "Failed to connect to an Exchange server in the current site."
    client.close()
    host.stop()


def test_without_connect_there_are_no_cmdlets(addresses: dict[str, Any]) -> None:
    """Error 36."""
    client = RunnerClient(addresses)

    reply = client.call("cmdlet", name="Get-ExchangeCertificate", wants=["Thumbprint"])

    assert reply.errors[0][1:] == ["ObjectNotFound", "CommandNotFoundException"]
    client.close()


def test_a_cmdlet_that_is_not_on_the_list_is_refused(client: RunnerClient) -> None:
    """And so are its parameters."""
    for reply in (
        client.call("cmdlet", name="Remove-Item", Path="C:\\"),
        client.call("parameters", Cmdlet="Remove-Item"),
    ):
        assert reply.errors[0][2] == "NotOnTheList"


def test_parameters_are_told_by_name(client: RunnerClient) -> None:
    """One line, one field each; a cmdlet of another version is not found."""
    names = client.call("parameters", Cmdlet="Import-ExchangeCertificate").objects[0]
    missing = client.call("parameters", Cmdlet="Get-TransportServer")

    assert "FileData" in names
    assert "FileName" not in names
    assert missing.errors[0][1] == "ObjectNotFound"


def test_an_unknown_operation_is_an_error(client: RunnerClient) -> None:
    """The runner goes on."""
    assert client.call("store.burn").errors[0][2] == "UnknownOperation"
    assert client.call("hello").objects


def test_properties_come_in_the_order_asked_for(client: RunnerClient, host: ExchangeHost) -> None:
    """Null for what is not there, 1 and 0, lists by LF, bytes by base64, the object itself by a dot."""
    reply = client.call(
        "cmdlet",
        name="Get-ExchangeCertificate",
        Thumbprint=host.engine.state.sites[2],
        wants=["CertificateDomains", "Bogus", "HasPrivateKey", "isselfsigned", "NotAfter", "."],
    )

    names, bogus, has_key, is_own, until, itself = reply.objects[0]
    assert names == "EX01\nEX01.corp.example.com"
    assert (bogus, has_key, is_own, itself) == (None, "1", "1", "CN=EX01")
    assert until is not None
    assert len(until) == len("2031-10-23T12:00:00Z")


def test_one_certificate_from_wish_to_service(
    client: RunnerClient, host: ExchangeHost, authority: Authority
) -> None:
    """CSR, intermediate, import, enable with the question unanswered: all over the wire."""
    csr = client.call(
        "cmdlet",
        name="New-ExchangeCertificate",
        GenerateRequest="switch",
        SubjectName="CN=mail.example.com",
        DomainName=["mail.example.com", "autodiscover.example.com"],
        KeySize=2048,
        PrivateKeyExportable=True,
        wants=["."],
    ).objects[0][0]
    assert csr is not None
    leaf = authority.issue(x509.load_pem_x509_csr(csr.encode()).public_key())
    intermediate = authority.intermediate.public_bytes(Encoding.DER)
    added = [client.call("store.add", Store="CA", Der=intermediate).objects[0] for _ in range(2)]
    imported = client.call(
        "cmdlet",
        name="Import-ExchangeCertificate",
        FileData=leaf.public_bytes(Encoding.DER),
        wants=["Thumbprint", "HasPrivateKey"],
    ).objects[0]

    enabled = client.call(
        "cmdlet",
        name="Enable-ExchangeCertificate",
        Thumbprint=imported[0],
        Services="IIS,SMTP",
    )

    assert [row[1] for row in added] == ["1", "0"]
    assert imported[1] == "1"
    assert enabled.errors[0][0] is not None
    assert enabled.errors[0][0].startswith("Windows PowerShell is in NonInteractive mode.")
    assert host.engine.state.sites[1] == imported[0]


def test_stores_can_be_listed(client: RunnerClient, host: ExchangeHost) -> None:
    """Thumbprint, bytes, key, name; other names are refused."""
    mine = client.call("store.list", Store="My").objects
    roots = client.call("store.list", Store="Root").objects

    assert {row[0] for row in mine} == set(host.engine.state.stores.my)
    assert {row[0] for row in roots} == set(host.engine.state.stores.root)
    assert client.call("store.list", Store="Disallowed").errors[0][2] == "StoreRefused"


@pytest.mark.parametrize("store", ["Root", "My", "ca", "AuthRoot", ""])
def test_no_other_store_can_be_changed(
    client: RunnerClient, host: ExchangeHost, authority: Authority, store: str
) -> None:
    """Neither added to nor removed from; the runner itself refuses."""
    before = set(host.engine.state.stores.root)
    der = authority.root.public_bytes(Encoding.DER)

    added = client.call("store.add", Store=store, Der=der)
    removed = client.call("store.remove", Store=store, Thumbprint=next(iter(before)))

    assert added.errors[0][1:] == removed.errors[0][1:] == ["PermissionDenied", "StoreRefused"]
    assert set(host.engine.state.stores.root) == before


def test_an_intermediate_can_be_taken_away_again(client: RunnerClient) -> None:
    """1 removed, 0 not there; rubbish is not added."""
    other = Authority("Other").intermediate
    client.call("store.add", Store="CA", Der=other.public_bytes(Encoding.DER))
    thumbprint = thumbprint_of(other)

    removed = [
        client.call("store.remove", Store="CA", Thumbprint=thumbprint.lower()).objects[0][1]
        for _ in range(2)
    ]

    assert removed == ["1", "0"]
    assert len(client.call("store.add", Store="CA", Der=b"rubbish").errors) == 1


def test_files_live_in_one_folder(client: RunnerClient) -> None:
    """Write, name, read, delete."""
    path = client.call("file.write", Name="a.req", Data=b"\x00\xff").objects[0][0]

    assert path == client.call("file.path", Name="a.req").objects[0][0] == rf"{_TEMP}\a.req"
    assert client.call("file.read", Name="a.req").objects == [["AP8="]]
    assert client.call("file.delete", Name="a.req").objects == [["1"]]
    assert client.call("file.delete", Name="a.req").objects == [["0"]]
    assert client.call("file.read", Name="a.req").errors[0][1] == "ObjectNotFound"


@pytest.mark.parametrize("name", ["..", "a/b", "a\\b", "C:a", "", "a" * 65, ".hidden", "a\n"])
def test_a_name_that_is_a_path_is_refused(client: RunnerClient, name: str) -> None:
    """Names never become paths."""
    assert len(client.call("file.write", Name=name, Data=b"x").errors) == 1


def test_a_password_is_written_down_nowhere(client: RunnerClient, host: ExchangeHost) -> None:
    """Neither in the journal nor in an error."""
    reply = client.call(
        "cmdlet",
        name="Import-ExchangeCertificate",
        FileData=b"\xffnot a pfx",
        Password=SecureString("hunter2-hunter2"),
    )

    assert reply.errors[0][1] == "ReadError"
    assert "hunter2" not in str(host.engine.journal.listed()) + str(reply)


@given(st.binary(max_size=300))
def test_any_line_is_a_request_or_a_bad_line(line: bytes) -> None:
    """Foreign bytes raise BadLine and nothing else."""
    with pytest.raises(BadLine):
        parse_line(line)
