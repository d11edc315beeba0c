"""A throw-away CA and the TLS identity it gives to the HTTPS WinRM listener."""

import ipaddress
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.exchange.engine.stores import PrivateKey

_LIFE = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """
    A server's TLS context, and the CA a client needs to believe it.

    `binding` is what a sign-in over TLS is bound to (RFC 5929: the certificate's hash, here of SHA-256).
    `issue_client` gives certificate and key (PEM) to a user; the server knows them by the common name.
    """

    context: ssl.SSLContext
    ca_pem: str
    binding: bytes
    issue_client: Callable[[str], tuple[str, str]]


def make_identity(*, names: list[str], at: datetime) -> Identity:
    """An identity for these DNS names, `localhost` and 127.0.0.1, signed by a CA made for it alone."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = _cn(f"Sandbox WinRM CA of {names[0]}"[:64])
    ca = _builder(subject=ca_name, issuer=ca_name, key=ca_key, at=at)
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    ca = ca.add_extension(_ca_usage(), critical=True)
    ca = ca.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False
    )
    ca_certificate = ca.sign(ca_key, hashes.SHA256())
    key = ec.generate_private_key(ec.SECP256R1())
    alternative = [x509.DNSName(name) for name in dict.fromkeys([*names, "localhost"])]
    leaf = _builder(subject=_cn(names[0][:64]), issuer=ca_name, key=key, at=at)
    leaf = leaf.add_extension(
        x509.SubjectAlternativeName(
            [*alternative, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        ),
        critical=False,
    )
    leaf = leaf.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
    )
    certificate = leaf.sign(ca_key, hashes.SHA256())
    ca_pem = ca_certificate.public_bytes(Encoding.PEM).decode()
    context = server_context([certificate], key)
    # Whoever has one may show it; whoever has none is asked for a password.
    context.load_verify_locations(cadata=ca_pem)
    context.verify_mode = ssl.CERT_OPTIONAL

    def issue_client(user: str) -> tuple[str, str]:
        own = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(subject=_cn(user[:64]), issuer=ca_name, key=own, at=at)
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        pem = builder.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM)
        key_pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return pem.decode(), key_pem.decode()

    digest = certificate.fingerprint(hashes.SHA256())
    return Identity(
        context=context,
        ca_pem=ca_pem,
        binding=b"tls-server-end-point:" + digest,
        issue_client=issue_client,
    )


def server_context(chain: list[x509.Certificate], key: PrivateKey) -> ssl.SSLContext:
    """A server context that sends `chain`, leaf first. The key touches the disk for a moment, for itself only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain_pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
    with tempfile.TemporaryDirectory(prefix="certdesk-sandbox-") as folder:
        file = Path(folder) / "identity.pem"
        file.touch(mode=0o600)
        file.write_bytes(key_pem + chain_pem)
        context.load_cert_chain(file)
    return context


def _cn(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    *, subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, at: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + _LIFE)
    )


def _ca_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        key_encipherment=False,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
