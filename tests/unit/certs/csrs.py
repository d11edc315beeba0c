"""Certificate requests as Windows and others write them."""

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from tests.unit.certs.toyca import NAMES, Key, key, name


def request(
    *,
    names: Sequence[str] | None = NAMES,
    common_name: str = NAMES[0],
    private: Key | None = None,
    windows: bool = False,
) -> x509.CertificateSigningRequest:
    """Return a signed request."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(name(common_name))
    if names is not None:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(text) for text in names]), critical=False
        )
    return builder.sign(private or key("leaf", kind="2048"), hashes.SHA256())


def request_pem(**changes: object) -> bytes:
    """Return a signed request as PEM, with the plain label."""
    return request(**changes).public_bytes(Encoding.PEM)  # type: ignore[arg-type] - the keywords of request
