"""
The two hashes a certificate is called by: the handle Windows uses and the print we compare.

Nothing here decides anything; a thumbprint is never proof of identity.
"""

import hashlib
import re
from typing import Final, NewType

from bot.certs.findings import show

Thumbprint = NewType("Thumbprint", str)
"""SHA-1 of the DER, 40 hex digits, upper case: the handle of Windows and Exchange."""

Fingerprint = NewType("Fingerprint", str)
"""SHA-256 of the DER, 64 hex digits, lower case: what we show and compare."""

# Windows consoles and the certificate dialog add blanks, colons and an invisible mark when copied.
_DECORATION: Final = re.compile("[\\s:\u200e\u200f\u202a-\u202e\ufeff]+")
_THUMBPRINT: Final = re.compile(r"[0-9A-F]{40}")


def parse_thumbprint(text: str) -> Thumbprint:
    """
    Read a thumbprint as people paste it: blanks, colons, any case, invisible direction marks.

    Raises:
        ValueError: a sentence, when 40 hex digits do not remain.
    """
    digits = _DECORATION.sub("", text).upper()
    if not _THUMBPRINT.fullmatch(digits):
        raise ValueError(
            f"{show(text)} is not a thumbprint: 40 hex digits are expected. "
            "Copy it again from Get-ExchangeCertificate."
        )
    return Thumbprint(digits)


def thumbprint_of(der: bytes) -> Thumbprint:
    """Return the handle Windows gives to this certificate."""
    return Thumbprint(hashlib.sha1(der, usedforsecurity=False).hexdigest().upper())


def fingerprint_of(der: bytes) -> Fingerprint:
    """Return the SHA-256 of the DER."""
    return Fingerprint(hashlib.sha256(der).hexdigest())
