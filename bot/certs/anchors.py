"""
A list of trusted roots as its text gives it: the one place where anchors are read.

Which list it is, is the caller's business; no file is read here.
"""

from collections.abc import Iterator
from functools import lru_cache

from cryptography import x509

from bot.certs.certificate import load_quietly
from bot.certs.pem import blocks_of, to_text


@lru_cache(maxsize=8)
def read_anchors(pem: bytes) -> tuple[x509.Certificate, ...]:
    """
    Return the roots of a PEM list in its order; none for a text without certificates.

    What the library cannot load is left out: it could not anchor anything, and need not stop the others.
    """
    return tuple(_readable(pem))


def _readable(pem: bytes) -> Iterator[x509.Certificate]:
    for block in blocks_of(to_text(pem)):
        if not block.data:
            continue
        try:
            yield load_quietly(block.data)
        except ValueError:
            continue
