"""Hosts that speak German or Russian: recognised by what no language changes, and never answered on a guess."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.certs.prints import Thumbprint
from bot.domain.faults import FaultKind, HostFault
from bot.domain.plan import OperationKind
from bot.exchange.access import Door
from bot.exchange.call import Call, RemoteError
from bot.exchange.catalogue import entry_for
from bot.exchange.failed import cmdlet_fault
from bot.exchange.hosts import WinRMHosts
from sandbox.exchange.engine.catalogue import CMDLET_ROWS, failure_of
from sandbox.exchange.engine.exchange import Caller, VirtualExchange
from sandbox.exchange.engine.languages import spoken
from sandbox.exchange.host import ExchangeHost
from tests.contract.fault_bench import Bench
from tests.contract.test_exchange_hosts import access
from tests.sandbox.exchange_lab import make_engine
from tests.unit.exchange.samples import EX01, NOW, Authority, SetClock, ask, order

_T = Thumbprint("AB" * 20)
_ABROAD = ("de-DE", "ru-RU")
_CMDLETS = {
    1: "Get-ExchangeCertificate",
    7: "Import-ExchangeCertificate",
    8: "Import-ExchangeCertificate",
    9: "Import-ExchangeCertificate",
    10: "Import-ExchangeCertificate",
    11: "Import-ExchangeCertificate",
    12: "Export-ExchangeCertificate",
    13: "Remove-ExchangeCertificate",
    14: "Remove-ExchangeCertificate",
    15: "Remove-ExchangeCertificate",
    34: "New-ExchangeCertificate",
    38: "New-ExchangeCertificate",
    39: "New-ExchangeCertificate",
    40: "Set-SendConnector",
}
"""Who meets the row; else Enable-ExchangeCertificate."""

_COARSER = {
    13: "StillAssigned",
    14: "StillAssigned",
    15: "StillAssigned",
    21: "ServiceRefused",
}
"""Rows that only their sentences tell apart: abroad they share a code that says what is certain."""

_NOWHERE = {42}
"""certutil is not used by CertDesk: its store work is done without it."""

_ROWS = [number for number, row in CMDLET_ROWS.items() if not row.warns and number not in _NOWHERE]


def _met(number: int, culture: str) -> tuple[Call, RemoteError]:
    """A call, and the error it meets on a host of this culture."""
    engine: VirtualExchange = make_engine("2019")
    engine.state.culture = culture
    cmdlet = _CMDLETS.get(number, "Enable-ExchangeCertificate")
    failure = failure_of(number, cmdlet=cmdlet, thumbprint=_T, server="EX01")
    told = engine.fail(cmdlet, {"Thumbprint": _T}, Caller(principal="x", in_session=True), failure)
    (error,) = told.errors
    call = Call(op="cmdlet", cmdlet=cmdlet, values=(("Thumbprint", _T),))
    return call, RemoteError(
        message=error.message, category=error.category, error_id=error.error_id
    )


@pytest.mark.parametrize("culture", _ABROAD)
@pytest.mark.parametrize("number", _ROWS)
def test_an_error_is_recognised_in_any_language(number: int, culture: str) -> None:
    """The same code as in English, or the coarser one of its category; never unknown."""
    call, english = _met(number, "en-US")
    _, abroad = _met(number, culture)
    known, found = entry_for(call, english), entry_for(call, abroad)

    assert abroad.message != english.message
    assert known is not None
    assert found is not None
    assert found.code == _COARSER.get(number, known.code)
    assert found.kind == known.kind


@pytest.mark.parametrize("culture", _ABROAD)
def test_every_text_of_the_catalogue_is_translated(culture: str) -> None:
    """Otherwise the tests of this room would pass in English."""
    texts = [
        row.text.replace("{thumbprint}", _T).replace("{server}", "X")
        for row in CMDLET_ROWS.values()
    ]

    assert [text for text in texts if spoken(text, culture) == text] == []


def test_an_unknown_error_is_shown_whole() -> None:
    """In its own words, in one line, capped, as a quoted text; and that nobody knows what was done."""
    call, _ = _met(2, "en-US")
    said = "Etwas *ging* <schief>:\r\n" + "x" * 900
    told = cmdlet_fault(EX01, call, RemoteError(message=said, category="Odd", error_id="X1"))

    assert "'Etwas *ging* <schief>: xxx" in told.sentence
    assert len(told.sentence) < 800
    assert "\n" not in told.sentence
    assert "must be looked at" in told.sentence
    assert (told.kind, told.executed, told.code) == (FaultKind.CMDLET_ERROR, "maybe", "X1")


@pytest.mark.parametrize("culture", _ABROAD)
def test_an_order_goes_its_way_over_winrm_in_any_language(tmp_path: Path, culture: str) -> None:
    """CSR, plan, installation with Yes and with No, read-back, roll-back, retirement: nothing hangs on a text."""
    bench = Bench.open("winrm", tmp_path, culture=culture)
    bench.close()

    assert {step.name for step in bench.steps} == set(bench.ready)


@pytest.fixture(params=_ABROAD)
def abroad(request: pytest.FixtureRequest) -> Iterator[ExchangeHost]:
    """A 2019 that speaks another language."""
    host = ExchangeHost(clock=lambda: NOW)
    host.engine.state.culture = request.param
    yield host
    host.stop()


def test_a_question_in_another_language_stays_unanswered(
    abroad: ExchangeHost, tmp_path: Path
) -> None:
    """At the endpoint it is not recognised: nothing is answered, the default stays, the session is given back."""
    vendor = Authority()
    way: Door = "psrp"
    hosts = WinRMHosts([access(abroad.start(), "2019", tmp_path, door=way)], SetClock())
    certificate = vendor.answer(hosts.make_csr(ask()))
    plan = hosts.plan(order(), certificate, (hosts.snapshot(EX01),)).host(EX01)
    before = abroad.engine.state.default_smtp
    asking = {OperationKind.ENABLE_SMTP, OperationKind.ENABLE_SMTP_KEEPING_DEFAULT}
    first = [one for one in plan.operations if one.kind not in asking]
    smtp = [one for one in plan.operations if one.kind is OperationKind.ENABLE_SMTP_KEEPING_DEFAULT]
    for one in first:
        hosts.act(one, certificate)
    with pytest.raises(HostFault) as caught:
        hosts.act(smtp[0], certificate)
    hosts.close()

    assert (caught.value.kind, caught.value.code) == (FaultKind.NOT_TAKEN, "UnknownQuestion")
    assert "CertDesk answered nothing" in caught.value.sentence
    assert certificate.facts.thumbprint in caught.value.sentence
    assert abroad.engine.state.default_smtp == before
    assert abroad.pools.listed() == []
