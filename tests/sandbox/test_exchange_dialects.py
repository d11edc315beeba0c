"""Which cmdlets and parameters each version of the sandbox's host has, and what it says to the others."""

import pytest

from sandbox.exchange.engine.dialect import CMDLETS, parameters_of
from sandbox.exchange.engine.errors import CmdletFailure
from sandbox.exchange.engine.exchange import Caller
from sandbox.exchange.profile import PROFILES, Build
from tests.sandbox.exchange_lab import make_engine, run

_ALL = {"2007", "2010", "2013", "2016", "2019", "se"}
_SINCE_2010 = _ALL - {"2007"}
_SINCE_2013 = _SINCE_2010 - {"2010"}

# cmdlet, parameter, the versions (at their builds of this sandbox) that have it
_TABLE = [
    ("New-ExchangeCertificate", "GenerateRequest", _ALL),
    ("New-ExchangeCertificate", "Path", {"2007"}),
    ("New-ExchangeCertificate", "RequestFile", {"2013"}),
    ("New-ExchangeCertificate", "IncludeServerFQDN", _SINCE_2010),
    ("New-ExchangeCertificate", "Server", _SINCE_2010),
    ("Import-ExchangeCertificate", "Path", {"2007"}),
    ("Import-ExchangeCertificate", "FileData", _SINCE_2010),
    ("Import-ExchangeCertificate", "FileName", {"2013"}),
    ("Import-ExchangeCertificate", "PrivateKeyExportable", _SINCE_2010),
    ("Enable-ExchangeCertificate", "Identity", _SINCE_2013),
    ("Enable-ExchangeCertificate", "DoNotRequireSsl", _SINCE_2010),
    ("Enable-ExchangeCertificate", "NetworkServiceAllowed", _SINCE_2010),
    ("Enable-ExchangeCertificate", "Force", _ALL),
    ("Get-ExchangeCertificate", "Identity", _SINCE_2013),
    ("Get-ExchangeCertificate", "Server", _SINCE_2010),
    ("Remove-ExchangeCertificate", "Confirm", _ALL),
    ("Remove-ExchangeCertificate", "Force", set()),
    ("Export-ExchangeCertificate", "FileName", {"2013"}),
    ("Set-ReceiveConnector", "TlsCertificateName", _SINCE_2010),
]


@pytest.mark.parametrize(("cmdlet", "parameter", "versions"), _TABLE)
def test_a_parameter_exists_where_it_does(cmdlet: str, parameter: str, versions: set[str]) -> None:
    """The table of reference 2.1 to 2.6, at the builds this sandbox has."""
    found = {
        version for version in _ALL if parameter in parameters_of(cmdlet, PROFILES[version].build)
    }

    assert found == versions


@pytest.mark.parametrize(
    ("build", "has_it"),
    [
        ((15, 1, 2375, 7), True),
        ((15, 1, 2507, 6), False),
        ((15, 2, 986, 5), True),
        ((15, 2, 1118, 7), False),
        ((14, 3, 123, 4), False),
    ],
)
def test_file_paths_went_with_the_updates_of_2022(build: Build, has_it: bool) -> None:
    """2016 CU22 and 2019 CU11 were the last with -RequestFile and -FileName."""
    assert ("RequestFile" in parameters_of("New-ExchangeCertificate", build)) is has_it


@pytest.mark.parametrize(
    ("version", "cmdlet", "is_there"),
    [
        ("2007", "Get-TransportServer", True),
        ("2010", "Get-TransportServer", True),
        ("2010", "Get-TransportService", False),
        ("2013", "Get-TransportService", True),
        ("2019", "Get-TransportServer", False),
    ],
)
def test_the_transport_cmdlet_changed_its_name(version: str, cmdlet: str, is_there: bool) -> None:
    """Its property names the default SMTP certificate on every version."""
    engine = make_engine(version)

    outcome = run(engine, cmdlet)

    if is_there:
        shown = outcome.objects[0].properties
        assert shown["InternalTransportCertificateThumbprint"] == engine.state.default_smtp
    else:
        assert outcome.errors[0].error_id == "CommandNotFoundException"


def test_an_unknown_parameter_is_refused_before_anything_runs() -> None:
    """Error 34."""
    outcome = run(make_engine(), "New-ExchangeCertificate", RequestFile=r"\\server\share\a.req")

    assert outcome.errors[0].message == (
        "A parameter cannot be found that matches parameter name 'RequestFile'."
    )
    assert outcome.errors[0].category == "InvalidArgument"
    assert outcome.errors[0].error_id == "NamedParameterNotFound,New-ExchangeCertificate"


@pytest.mark.parametrize(
    "arguments",
    [{"KeySize": "many"}, {"GenerateRequest": "yes"}, {"DomainName": 1}, {"KeySize": True}],
)
def test_a_wrong_type_is_refused(arguments: dict[str, str | int]) -> None:
    """Nothing is guessed from a value of another type."""
    outcome = run(make_engine(), "New-ExchangeCertificate", **arguments)

    assert outcome.errors[0].category == "InvalidData"


@pytest.mark.parametrize(
    ("cmdlet", "missing"),
    [
        ("Enable-ExchangeCertificate", "Thumbprint"),
        ("Remove-ExchangeCertificate", "Thumbprint"),
        ("Export-ExchangeCertificate", "Thumbprint"),
        ("Set-SendConnector", "Identity"),
    ],
)
def test_a_mandatory_parameter_is_missed(cmdlet: str, missing: str) -> None:
    """Nobody can be asked for it."""
    outcome = run(make_engine(), cmdlet)

    assert outcome.errors[0].message.endswith(f"missing mandatory parameters: {missing}.")


def test_names_of_cmdlets_and_parameters_do_not_mind_case() -> None:
    """As in PowerShell."""
    engine = make_engine()

    outcome = run(engine, "get-exchangecertificate", thumbprint=engine.state.sites[1])

    assert len(outcome.objects) == 1


def test_an_unknown_cmdlet_has_no_parameters() -> None:
    """Error 36."""
    with pytest.raises(CmdletFailure, match="is not recognized as the name of a cmdlet"):
        make_engine().parameters("Format-Volume")


@pytest.mark.parametrize(
    ("server", "errors"), [("ex01", 0), ("EX01.corp.example.com", 0), ("EX02", 1)]
)
def test_a_server_is_this_host_or_unknown(server: str, errors: int) -> None:
    """Name or FQDN; another host's certificates are never shown as one's own."""
    outcome = run(make_engine(), "Get-ExchangeCertificate", Server=server)

    assert len(outcome.errors) == errors


def test_every_cmdlet_of_the_table_can_be_run() -> None:
    """The table of parameters and the table of implementations name the same cmdlets."""
    engines = {"before": make_engine("2007"), "after": make_engine("se")}

    for cmdlet in CMDLETS:
        ids = {run(engine, cmdlet, Bogus="x").errors[0].error_id for engine in engines.values()}
        assert f"NamedParameterNotFound,{cmdlet}" in ids


@pytest.mark.parametrize(
    ("version", "column", "shown"),
    [
        ("2007", "IP.WS", "Version 8.3 (Build 83.6)"),
        ("2010", "IP.WS.", "Version 14.3 (Build 123.4)"),
        ("2019", "IP.WS..", "Version 15.2 (Build 1118.7)"),
    ],
)
def test_the_column_is_as_wide_as_the_version_has_services(
    version: str, column: str, shown: str
) -> None:
    """And Get-ExchangeServer tells which version that is."""
    engine = make_engine(version)
    own = run(engine, "Get-ExchangeCertificate", Thumbprint=engine.state.sites[1]).objects[0]
    server = run(engine, "Get-ExchangeServer", Identity="ex01").objects[0]

    assert own.properties["ServicesStringForm"] == column
    assert server.properties["AdminDisplayVersion"] == shown


@pytest.mark.parametrize(
    ("version", "in_session", "beginning", "prefix"),
    [
        ("2019", True, "[Server=EX01,RequestId=", True),
        ("2019", False, "", True),
        ("2007", False, "", False),
    ],
)
def test_an_error_comes_in_its_envelope(
    version: str, in_session: bool, beginning: str, prefix: bool
) -> None:
    """The prefix about RPC from 2010 on; the long id only through Exchange's own session."""
    engine = make_engine(version)
    caller = Caller(principal="x", in_session=in_session)

    error = engine.invoke("Get-ExchangeCertificate", {"Thumbprint": "AB" * 20}, caller).errors[0]

    assert error.error_id.startswith(beginning)
    assert error.error_id.endswith(
        ",Microsoft.Exchange.Management.SystemConfigurationTasks.GetExchangeCertificate"
    )
    assert error.message.startswith("A special Rpc error occurs on server EX01: ") is prefix
