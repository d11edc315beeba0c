"""
The certificates inside a PKCS7 (CMS SignedData), DER or BER, one by one.

Libraries refuse the whole container for one old root in it; here each certificate stands for itself. Signatures and content of the
message are of no interest: a bag is a bag. Source: RFC 5652 5.1, RFC 2315 9.1.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from bot.certs import der as asn1

_CERTIFICATES: Final = asn1.CONTEXT_0
_MOST_PARTS: Final = 8
"""SignedData has six parts."""


def certificates_in(data: bytes) -> Iterator[bytes]:
    """
    Yield the DER of each certificate in the order of the container, which means nothing.

    Raises:
        asn1.BadDer: when the container is not built as one; it may have yielded some by then.
    """
    _, explicit, *_ = _children(data, at_least=2)
    signed, *_ = _children(explicit.whole, at_least=1)
    for part in _children(signed.whole, at_least=1):
        if part.tag == _CERTIFICATES:
            for item in asn1.elements(part.content):
                if item.tag == asn1.SEQUENCE:
                    yield item.whole


def _children(data: bytes, *, at_least: int) -> tuple[asn1.Element, ...]:
    found = tuple(islice(asn1.elements(asn1.first_element(data).content), _MOST_PARTS))
    if len(found) < at_least:
        raise asn1.BadDer("parts are missing")
    return found
