"""Keys and self-signed certificates, as setup and New-ExchangeCertificate make them."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def new_key(bits: int = 2048) -> RSAPrivateKey:
    """A fresh RSA key; Exchange makes no other kind."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def cn(text: str) -> x509.Name:
    """A name that is one CN."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def self_signed(
    *,
    subject: x509.Name,
    names: list[str],
    key: RSAPrivateKey,
    start: datetime,
    days: int = 5 * 365,
) -> x509.Certificate:
    """A server certificate signed by its own key, valid from `start` for `days`."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternative, critical=False)
    return builder.sign(key, hashes.SHA256())
