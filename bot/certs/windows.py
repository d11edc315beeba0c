"""
What Windows writes into a request beside the names: its version, the machine, the account, the provider of the key.

For people to see before a vendor sees it; nothing depends on these values.
"""

from collections.abc import Iterator
from typing import Final

from cryptography import x509

from bot.certs import der as asn1

_CLIENT_LABELS: Final = ("Machine", "Account", "Process")
_BMP_STRING: Final = 0x1E
_STRINGS: Final = frozenset({0x0C, 0x13, 0x16, 0x1A, _BMP_STRING})
_LONGEST: Final = 256


def windows_attributes(request: x509.CertificateSigningRequest) -> tuple[tuple[str, str], ...]:
    """Return the attributes as (label, value); empty for requests made elsewhere, and for attributes that are damaged."""
    return tuple(pair for attribute in request.attributes for pair in _pairs(attribute))


def _pairs(attribute: x509.Attribute) -> Iterator[tuple[str, str]]:
    match attribute.oid.dotted_string:
        case "1.3.6.1.4.1.311.13.2.3":
            yield "Windows version", attribute.value.decode("ascii", "replace")[:_LONGEST]
        case "1.3.6.1.4.1.311.21.20":
            yield from zip(_CLIENT_LABELS, _strings(attribute.value), strict=False)
        case "1.3.6.1.4.1.311.13.2.2":
            yield from (("Key provider", text) for text in _strings(attribute.value))


def _strings(content: bytes) -> list[str]:
    """Return the texts among the elements of a sequence."""
    texts = []
    try:
        for element in asn1.elements(content):
            if element.tag in _STRINGS:
                encoding = "utf-16-be" if element.tag == _BMP_STRING else "utf-8"
                texts.append(element.content.decode(encoding, "replace")[:_LONGEST])
    except asn1.BadDer:
        return []
    return texts
