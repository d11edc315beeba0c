"""
What Exchange's cmdlets warn of, as a table: how each warning is recognised and what it means.

A warning carries neither id nor category, so its text alone can tell, and texts are localised: one that is not
here is passed on in its own words. Source: exchange.md 8, whose numbers the rows carry, and 3.2.
"""

from dataclasses import dataclass
from typing import Final

from bot.domain.plan import Caution
from bot.exchange.call import Reply

_LONGEST: Final = 1000
"""Characters of one warning that are kept; Exchange's own are a few hundred long."""
_MOST: Final = 20
"""Warnings of one answer that are kept; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """
    One known warning.

    Args:
        number: its row in the reference; 0 where it has none.
        texts: parts of the text that must all be there, compared without case.
        meaning: what it means and what the operator does, if anything.
    """

    number: int
    texts: tuple[str, ...]
    meaning: str


WARNINGS: Final[tuple[Warned, ...]] = (
    Warned(
        number=16,
        texts=("used for pop", "fully qualified domain name"),
        meaning="POP finds its certificate by a plain name and this one's first name is a wildcard, so POP stays as it "
        "was. Run Set-PopSettings -X509CertificateName with the real name and restart the POP services.",
    ),
    Warned(
        number=17,
        texts=("used for imap", "fully qualified domain name"),
        meaning="IMAP finds its certificate by a plain name and this one's first name is a wildcard, so IMAP stays as it "
        "was. Run Set-ImapSettings -X509CertificateName with the real name and restart the IMAP services.",
    ),
    Warned(
        number=19,
        texts=("will not be used for external tls", "ca-signed certificate"),
        meaning="The connectors named go on showing the other certificate, because it fits them better: they name it, or "
        "it is newer. Harmless while that one is valid; else make them name the new one, or retire the other.",
    ),
    Warned(
        number=20,
        texts=("will not be used for external tls", "self-signed certificate"),
        meaning="The connectors named go on showing a self-signed certificate, because it fits them better. "
        "Clients that check names will not trust it: make the connectors name the new one.",
    ),
    Warned(
        number=0,
        texts=("take effect after all microsoft exchange", "services are restarted"),
        meaning="CertDesk restarts nothing: restart these services when it suits.",
    ),
)


def cautions_of(reply: Reply) -> tuple[Caution, ...]:
    """The warnings of an answer, each with what it means where that is known; cut in length and in number."""
    kept = tuple(_caution(text) for text in reply.warnings[:_MOST])
    rest = len(reply.warnings) - len(kept)
    more = (Caution(meaning=f"And {rest} more warnings that were not kept."),) if rest else ()
    return (*kept, *more)


def meaning_of(text: str) -> str:
    """What a warning means; empty when it is not known."""
    lowered = text.lower()
    found = (row for row in WARNINGS if all(part in lowered for part in row.texts))
    return next((row.meaning for row in found), "")


def _caution(text: str) -> Caution:
    flat = " ".join(text.split())
    said = flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"
    return Caution(said=said or "(an empty warning)", meaning=meaning_of(flat))
