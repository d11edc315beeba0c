"""The twin's look at the web server, and the organization's cmdlets, on every version."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.exchange.engine.state import Listener
from sandbox.exchange.host import ExchangeHost
from tests.sandbox.exchange_lab import SCRIPTS, RunnerClient

Row = list[str | None]
Met = tuple[ExchangeHost, RunnerClient]


@pytest.fixture
def meet() -> Iterator[Callable[..., Met]]:
    """Start a host and a runner on it; all are ended afterwards."""
    open_: list[Met] = []

    def start(**options: Any) -> Met:
        host = ExchangeHost(**SCRIPTS, **options)
        client = RunnerClient(host.start())
        client.call("connect", Mode="snapin")
        open_.append((host, client))
        return host, client

    yield start
    for host, client in open_:
        client.close()
        host.stop()


def _rows(client: RunnerClient, kind: str) -> list[Row]:
    return [row[1:] for row in client.call("web.bindings").objects if row[0] == kind]


@pytest.mark.parametrize("version", ["2007", "2010"])
def test_before_2013_there_is_one_site(meet: Callable[..., Met], version: str) -> None:
    """No back end and no loop-back binding."""
    host, client = meet(version=version)
    own = host.engine.state.default_smtp

    assert _rows(client, "site") == [["1", "Default Web Site", "*:443:", "0"]]
    assert ["SslBindingInfo", "0.0.0.0:443", own, "My"] in _rows(client, "listener")


@pytest.mark.parametrize("version", ["2013", "2016", "2019", "se"])
def test_from_2013_on_there_is_a_back_end(meet: Callable[..., Met], version: str) -> None:
    """444 belongs to site 2; set-up binds the self-signed certificate to both."""
    host, client = meet(version=version)
    own = host.engine.state.default_smtp

    assert _rows(client, "site") == [
        ["1", "Default Web Site", "*:443:", "0"],
        ["1", "Default Web Site", "127.0.0.1:443:", "0"],
        ["2", "Exchange Back End", "*:444:", "0"],
    ]
    assert [row[1] for row in _rows(client, "listener") if row[2] == own] == [
        "0.0.0.0:443",
        "127.0.0.1:443",
        "0.0.0.0:444",
    ]


def test_other_software_is_shown_too(meet: Callable[..., Met]) -> None:
    """The management service by its address, a site of somebody else by its name."""
    host, client = meet()
    host.engine.state.listeners.append(
        Listener(address="intranet.example.com:443", thumbprint="B" * 40, site=7)
    )

    assert ["7", "Site 7", "*:443:intranet.example.com", "1"] in _rows(client, "site")
    assert ["SslSniBindingInfo", "intranet.example.com:443", "B" * 40, "MY"] in _rows(
        client, "listener"
    )
    assert "0.0.0.0:8172" in [row[1] for row in _rows(client, "listener")]


@pytest.mark.parametrize(("required", "flags"), [(True, "Ssl, Ssl128"), (False, "None")])
def test_require_ssl_is_a_flag_of_the_root(
    meet: Callable[..., Met], required: bool, flags: str
) -> None:
    """As IIS writes it, with the word for all sites beside it."""
    host, client = meet()
    host.engine.state.require_ssl = required

    assert _rows(client, "access")[:2] == [
        ["", "None", "", ""],
        ["Default Web Site", flags, "", ""],
    ]


def test_looking_is_no_change(meet: Callable[..., Met]) -> None:
    """Nothing is written down."""
    host, client = meet()
    client.call("web.bindings")

    assert host.engine.journal.listed() == []


@pytest.mark.parametrize(
    ("options", "switch", "error_id"),
    [({"edge": True}, "", "WebMissing"), ({}, "shared_web", "WebElsewhere")],
)
def test_what_is_not_there_is_an_error(
    meet: Callable[..., Met], options: dict[str, Any], switch: str, error_id: str
) -> None:
    """An Edge server has no IIS; a shared configuration lies elsewhere."""
    host, client = meet(**options)
    if switch:
        setattr(host.engine.state, switch, True)

    assert client.call("web.bindings").errors[0][2] == error_id


_HAS = {
    "2007": {"Get-EdgeSubscription"},
    "2010": {"Get-EdgeSubscription", "Get-HybridConfiguration"},
    "2013": {"Get-EdgeSubscription", "Get-HybridConfiguration", "Get-AuthConfig"},
    "2019": {"Get-EdgeSubscription", "Get-HybridConfiguration", "Get-AuthConfig"},
}


@pytest.mark.parametrize("version", _HAS)
def test_each_version_has_its_own_of_the_organization(
    meet: Callable[..., Met], version: str
) -> None:
    """OAuth came with 2013, hybrid with 2010; what is not there is error 36."""
    _, client = meet(version=version)
    found = {
        name for name in _HAS["2019"] if not client.call("cmdlet", name=name, wants=["Name"]).errors
    }

    assert found == _HAS[version]


def test_the_organization_says_what_it_has(meet: Callable[..., Met]) -> None:
    """The Auth certificate of set-up; no Edge server and no hybrid configuration until there is one."""
    host, client = meet()
    state = host.engine.state

    def ask(name: str, *wants: str) -> list[Row]:
        return client.call("cmdlet", name=name, wants=list(wants)).objects

    auth = ask("Get-AuthConfig", "CurrentCertificateThumbprint", "NextCertificateThumbprint")
    before = (
        ask("Get-EdgeSubscription", "Name"),
        ask("Get-HybridConfiguration", "TlsCertificateName"),
    )
    state.edge_subscriptions.append("EDGE01")
    state.hybrid_certificate = "<I>CN=A<S>CN=B"

    assert auth == [[state.auth_certificate, None]]
    assert before == ([], [])
    assert ask("Get-EdgeSubscription", "Name") == [["EDGE01"]]
    assert ask("Get-HybridConfiguration", "TlsCertificateName") == [["<I>CN=A<S>CN=B"]]


def test_an_edge_server_has_none_of_it(meet: Callable[..., Met]) -> None:
    """No POP, no IMAP, no organization; its own role it knows."""
    _, client = meet(edge=True)
    names = ["Get-PopSettings", "Get-ImapSettings", "Get-AuthConfig", "Get-EdgeSubscription"]
    refused = [client.call("cmdlet", name=name, wants=["Name"]).errors[0][2] for name in names]

    assert refused == ["CommandNotFoundException"] * 4
    assert client.call("cmdlet", name="Get-ExchangeServer", wants=["ServerRole"]).objects == [
        ["Edge"]
    ]
