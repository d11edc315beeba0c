"""
Distinguished names as Windows and RFC 4514 print them, and connectors that name certificates by them.

Comparing only; nothing is escaped or sent from here.
"""

import re
from typing import Final

from bot.domain.plan import Connector

_PINNED: Final = re.compile(r"<I>(?P<issuer>.*)<S>(?P<subject>.*)", re.DOTALL)
_SAME_KEYS: Final = {"ST": "S", "E": "EMAIL", "EMAILADDRESS": "EMAIL"}

NameParts = tuple[tuple[str, str], ...]


def name_parts(text: str) -> NameParts:
    r"""
    Read a printed name into comparable parts: keys folded (ST is S), values without quotes and case.

    ``CN=mail.x, O="A, B"`` and ``CN=mail.x,O=A\, B`` give the same.
    """
    return tuple(_part(piece) for piece in _split(text) if piece.strip())


def pinned_names(connector: Connector) -> tuple[NameParts, NameParts] | None:
    """Issuer and subject that a connector names, ``<I>issuer<S>subject``; None when it names none."""
    return pinned_pair(connector.tls_certificate_name)


def pinned_pair(text: str) -> tuple[NameParts, NameParts] | None:
    """Issuer and subject of a connector's value, ``<I>issuer<S>subject``; None when it is no such pair."""
    found = _PINNED.fullmatch(text.strip())
    if found is None:
        return None
    return name_parts(found["issuer"]), name_parts(found["subject"])


def names_certificate(connector: Connector, *, issuer: str, subject: str) -> bool:
    """Say whether the connector names this pair; the thumbprint never counts (exchange.md 7 trap 1)."""
    return pinned_names(connector) == (name_parts(issuer), name_parts(subject))


def _split(text: str) -> list[str]:
    """Cut at commas and plus signs that are neither quoted nor escaped."""
    pieces, start, is_quoted, position = [], 0, False, 0
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 1
        elif character == '"':
            is_quoted = not is_quoted
        elif character in ",+" and not is_quoted:
            pieces.append(text[start:position])
            start = position + 1
        position += 1
    return [*pieces, text[start:]]


def _part(piece: str) -> tuple[str, str]:
    key, _, value = piece.strip().partition("=")
    plain = value.strip()
    if len(plain) > 1 and plain.startswith('"') and plain.endswith('"'):
        plain = plain[1:-1].replace('""', '"')
    plain = re.sub(r"\\(.)", r"\1", plain)
    upper = key.strip().upper()
    return _SAME_KEYS.get(upper, upper), " ".join(plain.split()).casefold()
