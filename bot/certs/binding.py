"""The hash of a server's certificate that ties a sign-in to the TLS connection it was made on (RFC 5929 section 4)."""

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

_TOO_WEAK: Final = frozenset({"md5", "sha1"})


def end_point_hash(der: bytes) -> bytes:
    """
    The value of ``tls-server-end-point``, without its prefix.

    The hash is that of the certificate's own signature, SHA-256 where that is MD5, SHA-1 or none (RFC 5929 4.1).
    """
    try:
        own = x509.load_der_x509_certificate(der).signature_hash_algorithm
    except UnsupportedAlgorithm:
        own = None
    digest = hashes.Hash(own if own is not None and own.name not in _TOO_WEAK else hashes.SHA256())
    digest.update(der)
    return digest.finalize()
