"""Enable- and Remove-ExchangeCertificate on the sandbox's host: two phases, questions, refusals, order."""

from datetime import timedelta

import pytest

from sandbox.exchange.engine.errors import CmdletFailure
from sandbox.exchange.engine.exchange import Bend, Caller, VirtualExchange
from sandbox.exchange.engine.selection import tls_name
from sandbox.exchange.engine.values import Argument
from tests.sandbox.exchange_lab import CALLER, Authority, install_leaf, make_engine, run

_PROMPT = (
    "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available."
)


_MAIL = ["POP", "IMAP"]


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One authority for all tests; it has no state."""
    return Authority()


@pytest.fixture
def engine() -> VirtualExchange:
    """A fresh 2019 host."""
    return make_engine()


def _enable(engine: VirtualExchange, thumbprint: str, services: str, **more: Argument) -> list[str]:
    outcome = run(
        engine, "Enable-ExchangeCertificate", Thumbprint=thumbprint, Services=services, **more
    )
    return [error.message for error in outcome.errors]


def _services(engine: VirtualExchange, thumbprint: str) -> object:
    outcome = run(engine, "Get-ExchangeCertificate", Thumbprint=thumbprint)
    return outcome.objects[0].properties["Services"]


def test_a_question_that_nobody_answers_leaves_phase_one_done(
    engine: VirtualExchange, authority: Authority
) -> None:
    """IIS, POP, IMAP and the key's access are in force; the default SMTP certificate is not replaced."""
    old = engine.state.default_smtp
    new = install_leaf(engine, authority)

    errors = _enable(engine, new, "IIS,SMTP,POP,IMAP")

    assert errors == [_PROMPT]
    assert engine.state.default_smtp == old
    assert engine.state.sites[1] == new
    assert engine.state.mail_names == {"POP": "mail.example.com", "IMAP": "mail.example.com"}
    assert _services(engine, new) == "IMAP, POP, IIS, SMTP"


@pytest.mark.parametrize(("answer", "is_replaced"), [(True, True), (False, False)])
def test_the_answer_decides_about_the_default_only(
    engine: VirtualExchange, authority: Authority, answer: bool, is_replaced: bool
) -> None:
    """No still enables SMTP; the question names both certificates."""
    old = engine.state.default_smtp
    new = install_leaf(engine, authority)
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return answer

    caller = Caller(principal="x", ask=ask)
    engine.invoke("Enable-ExchangeCertificate", {"Thumbprint": new, "Services": "SMTP"}, caller)

    lines = asked[0].splitlines()
    assert lines[0] == "Overwrite the existing default SMTP certificate?"
    assert lines[2] == f"Current certificate: '{old}' (expires 10/23/2031 12:00:00 PM)"
    assert lines[3] == f"Replace it with certificate: '{new}' (expires 6/8/2027 12:00:00 PM)"
    assert (engine.state.default_smtp == new) is is_replaced
    assert _services(engine, new) == "SMTP"


def test_force_asks_nothing_and_says_yes(engine: VirtualExchange, authority: Authority) -> None:
    """There is no Force with No."""
    new = install_leaf(engine, authority)

    assert _enable(engine, new, "SMTP", Force=True) == []
    assert engine.state.default_smtp == new


def test_confirm_false_does_not_answer_the_question(
    engine: VirtualExchange, authority: Authority
) -> None:
    """Only ShouldProcess honours it."""
    new = install_leaf(engine, authority)

    assert _enable(engine, new, "SMTP", Confirm=False) == [_PROMPT]


def test_no_question_when_it_is_the_default_already(engine: VirtualExchange) -> None:
    """Enabling again changes nothing and asks nothing."""
    default = engine.state.default_smtp
    assert default is not None

    assert _enable(engine, default, "SMTP,IIS") == []


def test_no_question_when_there_is_no_default(
    engine: VirtualExchange, authority: Authority
) -> None:
    """It is set silently."""
    new = install_leaf(engine, authority)
    engine.state.default_smtp = None

    assert _enable(engine, new, "SMTP") == []
    assert engine.state.default_smtp == new


@pytest.mark.parametrize(
    ("more", "errors", "is_bound", "requires"),
    [
        ({}, [_PROMPT], False, False),
        ({"DoNotRequireSsl": True}, [], True, False),
        ({"Force": True}, [], True, True),
        ({"Force": True, "DoNotRequireSsl": True}, [], True, False),
    ],
)
def test_the_web_site_asks_before_it_requires_ssl(
    engine: VirtualExchange,
    authority: Authority,
    more: dict[str, Argument],
    errors: list[str],
    is_bound: bool,
    requires: bool,
) -> None:
    """Unanswered means: not bound at all."""
    new = install_leaf(engine, authority)
    engine.state.require_ssl = False

    assert _enable(engine, new, "IIS", **more) == errors
    assert (engine.state.sites[1] == new) is is_bound
    assert engine.state.require_ssl is requires


def test_the_back_end_site_is_never_touched(engine: VirtualExchange, authority: Authority) -> None:
    """444 keeps the self-signed certificate, which therefore still shows IIS."""
    old = engine.state.sites[2]
    new = install_leaf(engine, authority)
    _enable(engine, new, "IIS")

    assert engine.state.sites == {1: new, 2: old}
    assert "IIS" in str(_services(engine, old))


def test_access_alone_makes_smtp_show(engine: VirtualExchange, authority: Authority) -> None:
    """-Services None -NetworkServiceAllowed: no question, the default stays, the column says SMTP."""
    old = engine.state.default_smtp
    new = install_leaf(engine, authority)

    assert _enable(engine, new, "None", NetworkServiceAllowed=True) == []
    assert (_services(engine, new), engine.state.default_smtp) == ("SMTP", old)


def test_a_wildcard_for_pop_and_imap_only_warns(
    engine: VirtualExchange, authority: Authority
) -> None:
    """The names stay, the rest goes on."""
    new = install_leaf(engine, authority, names=["*.example.com"])

    outcome = run(engine, "Enable-ExchangeCertificate", Thumbprint=new, Services="POP,IMAP,IIS")

    assert len(outcome.warnings) == 2
    assert outcome.warnings[0].startswith(
        f"This certificate with thumbprint {new} and subject '*.example.com' cannot used for POP"
    )
    assert engine.state.mail_names == {"POP": "EX01", "IMAP": "EX01"}
    assert engine.state.sites[1] == new


def test_an_older_certificate_is_warned_about_the_newer(
    engine: VirtualExchange, authority: Authority
) -> None:
    """Warning 19 names the certificate and the connectors that will use it instead."""
    names = ["ex01.corp.example.com"]
    older = install_leaf(engine, authority, names=names, age=timedelta(days=9))
    newer = install_leaf(engine, authority, names=names)
    assert _enable(engine, newer, "None", NetworkServiceAllowed=True) == []

    outcome = run(engine, "Enable-ExchangeCertificate", Thumbprint=older, Services="SMTP")

    assert len(outcome.warnings) == 1
    assert f"thumbprint '{newer}' takes precedence" in outcome.warnings[0]
    assert outcome.warnings[0].endswith("Default Frontend EX01, Client Frontend EX01.")


@pytest.mark.parametrize(
    ("version", "services", "words"),
    [
        ("2019", "UC", "Cannot bind parameter 'Services'"),
        ("2019", "UM", "not installed"),
        ("2019", "Federation", "cannot be enabled here"),
        ("2007", "Federation", "Cannot bind parameter 'Services'"),
        ("2010", "UMCallRouter", "Cannot bind parameter 'Services'"),
        ("2016", "UM", "TCP mode"),
    ],
)
def test_services_that_cannot_be_had(version: str, services: str, words: str) -> None:
    """Unknown names, roles that are gone, Federation, and UM in TCP mode."""
    engine = make_engine(version)
    own = engine.state.sites[1]

    errors = _enable(engine, own, services)

    assert len(errors) == 1
    assert words in errors[0]


def test_um_asks_unless_forced() -> None:
    """With the startup mode right, the certificate is given to UM after a yes."""
    engine = make_engine("2016")
    own = engine.state.sites[1]
    engine.state.um.startup_mode = "Dual"

    assert _enable(engine, own, "UM") == [_PROMPT]
    assert _enable(engine, own, "UM", Force=True) == []
    assert "UM" in str(_services(engine, own))


def test_a_connector_with_an_underscore_breaks_smtp(
    engine: VirtualExchange, authority: Authority
) -> None:
    """Error 25."""
    new = install_leaf(engine, authority)
    engine.state.connectors[0].fqdn = "mail_1.example.com"

    errors = _enable(engine, new, "SMTP")

    assert "Unknown error (0xe0434352)" in errors[0]


def test_an_unknown_thumbprint_is_not_found(engine: VirtualExchange) -> None:
    """Error 2."""
    outcome = run(engine, "Enable-ExchangeCertificate", Thumbprint="AB" * 20, Services="IIS")

    assert outcome.errors[0].category == "ObjectNotFound"


def test_pasted_blanks_are_forgiven(engine: VirtualExchange) -> None:
    """`ab cd ...`, in any case."""
    own = engine.state.sites[1]
    pasted = " ".join(own[i : i + 2] for i in range(0, 40, 2)).lower()

    assert _enable(engine, pasted, "IIS") == []


def test_the_default_smtp_certificate_cannot_be_removed(engine: VirtualExchange) -> None:
    """Error 13."""
    default = engine.state.default_smtp
    assert default is not None

    outcome = run(engine, "Remove-ExchangeCertificate", Thumbprint=default, Confirm=False)

    assert "internal transport certificate cannot be removed" in outcome.errors[0].message
    assert default in engine.state.stores.my


def test_a_certificate_pinned_by_a_send_connector_cannot_be_removed(
    engine: VirtualExchange, authority: Authority
) -> None:
    """Error 14 names the connectors; cleared, it goes."""
    new = install_leaf(engine, authority)
    _enable(engine, new, "None", NetworkServiceAllowed=True)
    pinned = tls_name(engine.state.stores.my[new])
    run(engine, "Set-SendConnector", Identity="Internet", TlsCertificateName=pinned)

    refused = run(engine, "Remove-ExchangeCertificate", Thumbprint=new, Confirm=False)
    run(engine, "Set-SendConnector", Identity="Internet", TlsCertificateName="")
    removed = run(engine, "Remove-ExchangeCertificate", Thumbprint=new, Confirm=False)

    assert "following Send Connectors : Internet." in refused.errors[0].message
    assert removed.errors == []
    assert new not in engine.state.stores.my


def test_remove_asks_unless_confirm_is_false(engine: VirtualExchange, authority: Authority) -> None:
    """Nobody answers: it stays."""
    new = install_leaf(engine, authority)

    outcome = run(engine, "Remove-ExchangeCertificate", Thumbprint=new)

    assert [error.message for error in outcome.errors] == [_PROMPT]
    assert new in engine.state.stores.my


def test_nothing_protects_the_web_site_or_the_oauth_certificate(engine: VirtualExchange) -> None:
    """A bot must check these itself."""
    auth = engine.state.auth_certificate
    assert auth is not None

    outcome = run(engine, "Remove-ExchangeCertificate", Thumbprint=auth, Confirm=False)

    assert outcome.errors == []


def test_what_if_changes_nothing(engine: VirtualExchange, authority: Authority) -> None:
    """-WhatIf is honoured by everything that changes."""
    new = install_leaf(engine, authority)
    before = dict(engine.state.sites)

    outcome = engine.invoke(
        "Enable-ExchangeCertificate",
        {"Thumbprint": new, "Services": "IIS", "WhatIf": True},
        CALLER,
    )

    assert outcome.errors == []
    assert engine.state.sites == before


@pytest.mark.parametrize(
    ("after", "bound", "opened", "named"),
    [(1, True, False, []), (2, True, True, []), (3, True, True, ["POP"]), (9, True, True, _MAIL)],
)
def test_trouble_in_the_middle_undoes_nothing(
    engine: VirtualExchange,
    authority: Authority,
    after: int,
    bound: bool,
    opened: bool,
    named: list[str],
) -> None:
    """It fails when so many things are done, which stay done; a figure too high fails when all are."""
    new = install_leaf(engine, authority)
    bend = Bend(failure=CmdletFailure("No more."), after=after)

    outcome = engine.invoke(
        "Enable-ExchangeCertificate",
        {"Thumbprint": new, "Services": "IIS,POP,IMAP"},
        CALLER,
        bend,
    )

    assert [error.message.rpartition(": ")[2] for error in outcome.errors] == ["No more."]
    assert (engine.state.sites[1] == new) is bound
    assert engine.state.stores.my[new].network_service is opened
    assert [key for key, name in engine.state.mail_names.items() if "." in name] == named
    assert [one["ok"] for one in engine.journal.listed()][-1] is False


def test_um_in_tcp_mode_fails_after_the_rest_was_done(authority: Authority) -> None:
    """It is the last step, and a later failure does not undo earlier ones."""
    engine = make_engine("2013")
    new = install_leaf(engine, authority)

    errors = _enable(engine, new, "IIS,UM", Force=True)

    assert "TCP" in errors[0]
    assert engine.state.sites[1] == new


def test_edge_credentials_fail_after_the_default_was_saved(
    engine: VirtualExchange, authority: Authority
) -> None:
    """The old default is not in the store: the error comes when Active Directory names the new one already."""
    new = install_leaf(engine, authority)
    engine.state.edge_credentials = True
    engine.state.default_smtp = "AB" * 20

    errors = _enable(engine, new, "SMTP", Force=True)

    assert "Edge subscriptions must be recreated" in errors[0]
    assert engine.state.default_smtp == new
