"""The sandbox host's control door and page: what they tell, what they change, what they refuse."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.exchange.engine.stores import thumbprint_of
from sandbox.exchange.host import ExchangeHost
from tests.sandbox.exchange_lab import Authority, install_leaf, run


@pytest.fixture
def host() -> Iterator[ExchangeHost]:
    """A fresh 2019 host."""
    host = ExchangeHost()
    yield host
    host.stop()


@pytest.fixture
def addresses(host: ExchangeHost) -> dict[str, Any]:
    """Where it listens."""
    return host.start()


def _get(addresses: dict[str, Any], path: str) -> Any:
    answer = requests.get(addresses["control"] + path, timeout=60)
    assert answer.status_code == 200
    return answer.json()


def _post(addresses: dict[str, Any], path: str, value: object) -> requests.Response:
    return requests.post(addresses["control"] + path, json=value, timeout=60)


def test_start_tells_everything_a_client_needs(addresses: dict[str, Any]) -> None:
    """The keys others rely on; PSRP is not built."""
    assert set(addresses) == {
        "name",
        "version",
        "fqdn",
        "wsman_http",
        "wsman_https",
        "psrp",
        "user",
        "password",
        "ca_pem",
        "tls",
        "control",
        "page",
        "kerberos",
    }
    assert str(addresses["psrp"]).endswith("/PowerShell")
    assert set(addresses["tls"]) == {
        "https",
        "smtp",
        "submission",
        "imap",
        "pop",
        "imaps",
        "pops",
    }


def test_the_state_is_told_whole(host: ExchangeHost, addresses: dict[str, Any]) -> None:
    """Stores, default SMTP, services, bindings."""
    state = _get(addresses, "/state")
    own = host.engine.state.default_smtp

    assert state["default_smtp"] == own
    assert state["bindings"] == {"1": own, "2": own}
    assert state["services"][own] == "IMAP, POP, IIS, SMTP"
    assert {row["Thumbprint"] for row in state["stores"]["My"]} == set(host.engine.state.stores.my)


def test_operations_are_told_in_order_with_equal_digests(
    host: ExchangeHost, addresses: dict[str, Any]
) -> None:
    """Looking is not among them; the same change twice has the same digest."""
    run(host.engine, "Get-ExchangeServer")
    for _ in range(2):
        run(host.engine, "Set-PopSettings", X509CertificateName="pop.example.com")
    run(host.engine, "Set-ImapSettings", X509CertificateName="*.example.com")

    told = _get(addresses, "/operations")

    assert [(one["id"], one["cmdlet"], one["ok"]) for one in told] == [
        (1, "Set-PopSettings", True),
        (2, "Set-PopSettings", True),
        (3, "Set-ImapSettings", False),
    ]
    assert told[0]["digest"] == told[1]["digest"] != told[2]["digest"]
    assert told[0]["principal"] == "CORP\\tester"
    assert _get(addresses, "/counts") == {
        "Set-PopSettings": {"ok": 2, "failed": 0},
        "Set-ImapSettings": {"ok": 0, "failed": 1},
    }


def test_anchors_become_third_party_roots(host: ExchangeHost, addresses: dict[str, Any]) -> None:
    """As Windows' own updates would put them there."""
    authority = Authority()

    answer = requests.post(addresses["control"] + "/anchors", data=authority.root_pem, timeout=60)

    assert answer.json() == {"ok": True, "added": [thumbprint_of(authority.root)]}
    assert host.engine.state.stores.root[thumbprint_of(authority.root)].kind == "ThirdParty"


def test_the_clock_can_be_moved(host: ExchangeHost, addresses: dict[str, Any]) -> None:
    """Set, then moved on; time goes on from there."""
    _post(addresses, "/clock", {"at": "2030-01-01T00:00:00+00:00"})
    _post(addresses, "/clock", {"advance_s": 86400})

    assert host.clock.now().isoformat().startswith("2030-01-02T00:")


def test_revocation_and_switches_can_be_set(host: ExchangeHost, addresses: dict[str, Any]) -> None:
    """What tests of sad paths need."""
    _post(addresses, "/revocation", {"reachable": False, "revoked": ["ab"]})
    _post(addresses, "/host", {"require_ssl": False})

    assert host.engine.state.revocation.revoked == {"AB"}
    assert not host.engine.state.revocation.reachable
    assert not host.engine.state.require_ssl


def test_trouble_can_be_given_seen_and_taken_back(addresses: dict[str, Any]) -> None:
    """POST, GET, DELETE."""
    given = _post(addresses, "/trouble", {"action": "Send", "do": "rst"})
    listed = _get(addresses, "/trouble")
    requests.delete(addresses["control"] + "/trouble", timeout=60)

    assert given.status_code == 200
    assert [(rule["action"], rule["do"], rule["seen"]) for rule in listed] == [("Send", "rst", 0)]
    assert _get(addresses, "/trouble") == []


@pytest.mark.parametrize(
    ("path", "value", "status"),
    [
        ("/trouble", {"do": "nonsense", "action": "Send"}, 400),
        ("/clock", {}, 400),
        ("/clock", {"at": "2030-01-01T00:00:00"}, 400),
        ("/clock", {"at": "tomorrow"}, 400),
        ("/anchors", {}, 400),
        ("/revocation", {"revoked": "all"}, 400),
        ("/host", {"edge": True}, 400),
        ("/nothing", {}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(
    addresses: dict[str, Any], path: str, value: object, status: int
) -> None:
    """With a status and, for 400, a sentence."""
    answer = _post(addresses, path, value)

    assert answer.status_code == status
    assert status == 404 or answer.json()["error"]


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example.com:80"}, {"Origin": "https://evil.example.com"}]
)
def test_a_web_page_elsewhere_is_turned_away(
    addresses: dict[str, Any], headers: dict[str, str]
) -> None:
    """Neither by a name of its own nor by its origin."""
    answer = requests.delete(addresses["control"] + "/trouble", headers=headers, timeout=60)

    assert answer.status_code == 403


def test_the_page_shows_the_host_and_escapes_everything(
    host: ExchangeHost, addresses: dict[str, Any]
) -> None:
    """Names from outside are text; there is no script, and nothing from elsewhere."""
    evil = '<script>alert("x")</script>'
    host.engine.state.connectors[0].name = evil
    run(host.engine, "Set-PopSettings", Server=evil)
    leaf = install_leaf(host.engine, Authority())

    page = requests.get(addresses["page"], timeout=60).text

    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert leaf in page
    assert "IP.WS.." in page
    assert "src=" not in page


def test_every_guess_says_where_and_why(addresses: dict[str, Any]) -> None:
    """The table is told to whoever asks, and each line names a file that is there."""
    from pathlib import Path

    import sandbox.exchange

    here = Path(sandbox.exchange.__file__).parent
    told = _get(addresses, "/guesses")

    assert all(line["assumed"] and line["ground"] for line in told)
    assert [line["where"] for line in told if not (here / line["where"].split()[0]).is_file()] == []


def test_stop_leaves_nothing_behind() -> None:
    """Twice is harmless, and every port is closed."""
    host = ExchangeHost()
    addresses = host.start()
    host.stop()
    host.stop()

    for url in (addresses["wsman_http"], addresses["page"]):
        with pytest.raises(requests.ConnectionError):
            requests.get(str(url), timeout=60)


def test_a_person_gives_trouble_on_the_page(addresses: dict[str, Any], host: ExchangeHost) -> None:
    """The filled form is a rule; the page lists it, and the button forgets it."""
    page = addresses["page"] + "trouble"
    form = {"do": "fault", "action": "Create", "shell": "", "code": "5", "nth": "", "form": "wsman"}
    shown = requests.post(page, data=form, timeout=60)
    (rule,) = host.plan.listed()

    assert (rule["do"], rule["action"], rule["code"], rule["nth"]) == ("fault", "Create", 5, 1)
    assert "<td>Create</td>" in shown.text
    requests.post(page + "/clear", timeout=60)
    assert host.plan.listed() == []


def test_a_wrong_form_is_answered_with_a_sentence(
    addresses: dict[str, Any], host: ExchangeHost
) -> None:
    """Nothing is in force, and what was typed is not echoed as markup."""
    form = {"do": "<b>", "action": "Create"}
    answer = requests.post(addresses["page"] + "trouble", data=form, timeout=60)

    assert answer.status_code == 400
    assert "&lt;b&gt;" in answer.text
    assert "<b>" not in answer.text
    assert host.plan.listed() == []


def test_a_number_that_is_none_is_told(addresses: dict[str, Any]) -> None:
    """Which field it is."""
    form = {"do": "rst", "action": "Send", "nth": "two"}
    answer = requests.post(addresses["page"] + "trouble", data=form, timeout=60)

    assert answer.status_code == 400
    assert "`nth` is a number" in answer.text


@pytest.mark.parametrize("culture", ["de-DE", "ru-RU"])
def test_the_host_may_speak_another_language(
    addresses: dict[str, Any], host: ExchangeHost, culture: str
) -> None:
    """Its errors come in it from then on; a language nobody here speaks is refused."""
    given = _post(addresses, "/host", {"culture": culture})
    refused = _post(addresses, "/host", {"culture": "tlh"})
    told = run(host.engine, "Get-ExchangeCertificate", Thumbprint="0" * 40).errors[0]

    assert (given.status_code, refused.status_code) == (200, 400)
    assert "was not found" not in told.message
    assert (told.category, "0" * 40 in told.message) == ("NotSpecified", True)
