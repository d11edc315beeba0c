"""One connector on one host: changed when it names the old pair, left alone when it names a third."""

import base64

import pytest

from bot.domain.faults import FaultKind, HostFault
from bot.domain.plan import Operation, Renaming
from bot.exchange import operations
from bot.exchange.call import Call, RemoteError, Reply
from bot.exchange.connectors import server_name
from bot.exchange.dialect import DIALECTS
from bot.exchange.install import act, observe
from bot.exchange.snapshot import HostFacts
from tests.fakes.exchange import FakeExchangeHosts
from tests.unit.exchange.samples import EX01, NOW, Authority, ask
from tests.unit.exchange.wires import FakeRunner

ISSUED = Authority().answer(FakeExchangeHosts().make_csr(ask()))
THUMBPRINT = ISSUED.facts.thumbprint
OLD = "<I>CN=Old CA, O=Old<S>CN=mail.example.com"
PRINTED = '<I>CN=New CA, O="New, Inc."<S>CN=mail.example.com, S=WA'
FACTS = HostFacts(
    host=EX01, machine="EX01", fqdn="ex01.corp", now=NOW, build="", dialect=DIALECTS["2019"]
)


class Host:
    """A host with one connector; it prints issuer and subject in its own way."""

    def __init__(
        self, names: str | None, *, direction: str = "send", refuses: RemoteError | None = None
    ) -> None:
        self.names = names
        self.direction = direction
        self.refuses = refuses
        self.is_shown = True
        self.sent: list[Call] = []

    def __call__(self, call: Call) -> Reply:
        """Answer."""
        if call.cmdlet == "Get-ExchangeCertificate":
            raw = base64.b64encode(ISSUED.leaf_der).decode()
            issuer, subject = PRINTED[3:].split("<S>")
            shown = (THUMBPRINT, raw, "SMTP", "Valid", "", "1", subject, issuer, None, None)
            return Reply(objects=(shown,) if self.is_shown else ())
        if call.cmdlet == f"Get-{self.direction.title()}Connector":
            row = ("Internet", "fqdn", self.names, "Internet", "EX01")[: len(call.wants)]
            return Reply(objects=(row,) if self.names is not None else ())
        if call.cmdlet.startswith("Get-"):
            return Reply()
        self.sent.append(call)
        if self.refuses:
            return Reply(errors=(self.refuses,))
        self.names = str(dict(call.values)["TlsCertificateName"])
        return Reply(warnings=("Odd.",))


def operation(direction: str = "send") -> Operation:
    """The change the plan wants."""
    connector = Renaming(direction=direction, identity="Internet", was=OLD)
    return operations.name_in_connector(EX01, THUMBPRINT, connector, only_if=None)


@pytest.mark.parametrize("direction", ["send", "receive"])
def test_the_old_pair_becomes_what_the_host_itself_prints(direction: str) -> None:
    """Not our own rendering of the names, which may differ in blanks and keys."""
    host = Host(OLD, direction=direction)
    runner, wanted = FakeRunner(reply=host), operation(direction)
    assert not observe(runner, FACTS, wanted, ISSUED).done
    receipt = act(runner, FACTS, wanted, ISSUED)

    assert [call.cmdlet for call in host.sent] == [f"Set-{direction.title()}Connector"]
    assert dict(host.sent[0].values) == {"Identity": "Internet", "TlsCertificateName": PRINTED}
    assert [one.said for one in receipt.warnings] == ["Odd."]
    assert observe(runner, FACTS, wanted, ISSUED).done


@pytest.mark.parametrize("names", [PRINTED, PRINTED.replace(", S=WA", ",ST=wa")])
def test_what_names_the_new_pair_already_is_not_sent_again(names: str) -> None:
    """However the host prints it now; so a retry after a lost answer, or a person's own line, ends it."""
    host = Host(names)
    runner = FakeRunner(reply=host)

    assert observe(runner, FACTS, operation(), ISSUED).done
    assert act(runner, FACTS, operation(), ISSUED).seen == "named it already"
    assert host.sent == []


_REFUSED = [
    ("<I>CN=Third<S>CN=mail.example.com", True, "connector-changed"),
    ("", True, "connector-changed"),
    (None, True, "connector-gone"),
    (OLD, False, "certificate-not-shown"),
]


@pytest.mark.parametrize(("names", "is_shown", "code"), _REFUSED)
def test_a_third_pair_is_somebody_s_decision(names: str | None, is_shown: bool, code: str) -> None:
    """Nothing is sent, and the sentence says what is there and what the plan wanted."""
    host = Host(names)
    host.is_shown = is_shown
    runner = FakeRunner(reply=host)
    assert not observe(runner, FACTS, operation(), ISSUED).done
    with pytest.raises(HostFault) as caught:
        act(runner, FACTS, operation(), ISSUED)

    assert (caught.value.code, caught.value.executed) == (code, "no")
    assert "what was done before stays" in caught.value.sentence
    assert host.sent == []


_ERRORS = [
    (
        RemoteError(message="...", category="ObjectNotFound", error_id="CommandNotFoundException"),
        "ConnectorRoleMissing",
        "no role for connectors",
    ),
    (
        RemoteError(
            message="The certificate is not enabled for the SMTP protocol.",
            category="InvalidArgument",
            error_id="X",
        ),
        "NotEnabledForSmtp",
        "Enable it for SMTP",
    ),
]


@pytest.mark.parametrize(("error", "code", "advice"), _ERRORS)
@pytest.mark.parametrize("direction", ["send", "receive"])
def test_a_refusal_of_exchange_says_whose_turn_it_is(
    error: RemoteError, code: str, advice: str, direction: str
) -> None:
    """No role, or not enabled for SMTP: the connector is as it was, and so is the rest."""
    host = Host(OLD, direction=direction, refuses=error)
    with pytest.raises(HostFault, match=advice) as caught:
        act(FakeRunner(reply=host), FACTS, operation(direction), ISSUED)

    assert (caught.value.code, caught.value.executed) == (code, "no")
    assert caught.value.kind in {FaultKind.UNSUPPORTED, FaultKind.CMDLET_ERROR}


@pytest.mark.parametrize(
    "text",
    ["EX01", "ex01.corp.example.com", "corp/Exchange/EX01", "CN=EX01,CN=Servers,DC=corp", " Ex01 "],
)
def test_a_source_server_has_one_name_however_it_is_printed(text: str) -> None:
    """Which form comes is not known, so all are understood."""
    assert server_name(text) == "ex01"
