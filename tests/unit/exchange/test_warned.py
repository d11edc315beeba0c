"""Warnings of the cmdlets: known ones are explained, unknown ones passed on, none is dropped without a word."""

import pytest

from bot.domain.plan import Caution
from bot.exchange import cmdlets
from bot.exchange.call import RemoteError, Reply
from bot.exchange.failed import cmdlet_fault
from bot.exchange.warned import WARNINGS, cautions_of, meaning_of
from tests.unit.exchange.samples import EX01

_POP = (
    "This certificate with thumbprint T and subject '*.contoso.com' cannot used for POP SSL/TLS connections "
    "because the subject is not a Fully Qualified Domain Name (FQDN). Use command Set-POPSettings to set "
    "X509CertificateName to the FQDN of the service."
)
_TLS = (
    "This certificate will not be used for external TLS connections with an FQDN of 'mail.contoso.com' because "
    "the {} with thumbprint 'T' takes precedence. The following connectors match that FQDN: Default Frontend EX01."
)
_RESTART = (
    "Changes to POP3 settings will only take effect after all Microsoft Exchange POP3 services are restarted "
    "on server EX01."
)

_KNOWN = [
    (16, _POP),
    (17, _POP.replace("POP", "IMAP")),
    (19, _TLS.format("CA-signed certificate")),
    (20, _TLS.format("self-signed certificate")),
    (0, _RESTART),
]


@pytest.mark.parametrize(("number", "text"), _KNOWN)
def test_a_known_warning_is_explained(number: int, text: str) -> None:
    """The row of the reference is found by its text, whatever its case."""
    meanings = {row.number: row.meaning for row in WARNINGS}

    assert meaning_of(text) == meaning_of(text.upper()) == meanings[number]


def test_the_table_above_is_complete() -> None:
    """A row without an example may never be found."""
    assert [number for number, _ in _KNOWN] == [row.number for row in WARNINGS]
    assert all(row.meaning.endswith(".") for row in WARNINGS)


def test_an_unknown_warning_is_passed_on_as_it_is() -> None:
    """Localised words are nobody's secret, and no meaning is made up for them."""
    said = cautions_of(Reply(warnings=("Achtung,\r\n  Zertifikat",)))

    assert said == (Caution(said="Achtung, Zertifikat"),)


def test_what_is_too_long_or_too_much_is_cut_and_counted() -> None:
    """A host that warns without end does not fill the database."""
    said = cautions_of(Reply(warnings=tuple("x" * 5000 for _ in range(30))))

    assert len(said) == 21
    assert {len(one.said) for one in said[:20]} == {1000}
    assert "10 more" in said[-1].meaning


def test_a_cmdlet_that_fails_after_a_warning_tells_both() -> None:
    """Half of its work may be done: the warning is part of what happened."""
    error = RemoteError(message="It broke.", category="", error_id="")
    reply = Reply(warnings=(_POP,), errors=(error,))
    fault = cmdlet_fault(EX01, cmdlets.hello(), error, cautions_of(reply))

    assert "It broke." in fault.sentence
    assert "Before that it warned" in fault.sentence
    assert "cannot used for POP" in fault.sentence
