"""Real CSRs for the orders of the tests, made once each."""

from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.certs.csr import parse_csr
from bot.domain.order import Wish


def csr_for(wish: Wish) -> str:
    """The PEM a good host would answer to this wish."""
    return csr(wish.subject.common_name, tuple(wish.names))


@cache
def csr(common_name: str, names: tuple[str, ...]) -> str:
    """A CSR over an elliptic key in the form CertDesk keeps; the size of the key is judged elsewhere."""
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
        )
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    return parse_csr(request.public_bytes(serialization.Encoding.PEM)).pem
