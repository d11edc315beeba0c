"""PKCS#12 as Windows reads and writes it: which locks which Windows opens, and the provider a file asks for."""

from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from sandbox.exchange.engine.errors import unreadable_source
from sandbox.exchange.engine.stores import KEY_STORAGE, PrivateKey, StoredCertificate

_READS_AES: Final = (10, 0, 17763)
"""Server 2019; what came before reads TripleDES and RC2 with SHA-1 only."""
_NEW_WAY: Final = (
    bytes.fromhex("06092a864886f70d01050d"),  # PBES2
    bytes.fromhex("0609608648016503040201"),  # SHA-256
)
_PROVIDER: Final = bytes.fromhex("06092b0601040182371101")
"""The attribute szOID_PKCS_12_KEY_PROVIDER_NAME_ATTR; its BMPString follows."""
_BMP_STRING: Final = 0x1E


def open_pfx(
    data: bytes, password: str | None, os_version: str
) -> tuple[PrivateKey | None, x509.Certificate, str]:
    """
    Key, certificate and provider of a PFX.

    Raises:
        CmdletFailure: error 8; no PFX, another password, or a lock this Windows does not know.
    """
    if _is_new_way(data) and _version(os_version) < _READS_AES:
        raise unreadable_source()
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(
            data, password.encode() if password is not None else None
        )
    except (ValueError, TypeError) as bad:
        raise unreadable_source() from bad
    if certificate is None or not isinstance(
        key, RSAPrivateKey | EllipticCurvePrivateKey | type(None)
    ):
        raise unreadable_source()
    return key, certificate, _provider(data)


def write_pfx(stored: StoredCertificate, password: str) -> bytes:
    """A PFX as Windows exports it: TripleDES with SHA-1 on every version, so that every version reads it."""
    if stored.key is None:
        raise unreadable_source()
    lock = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2000)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())
        .build(password.encode())
    )
    name = stored.friendly_name.encode()
    return pkcs12.serialize_key_and_certificates(name, stored.key, stored.certificate, None, lock)


def _is_new_way(data: bytes) -> bool:
    return any(oid in data for oid in _NEW_WAY)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3])


def _provider(data: bytes) -> str:
    """The provider the file names; without a name the key goes where Windows keeps keys by default."""
    at = data.find(_PROVIDER)
    start = data.find(bytes([_BMP_STRING]), at + len(_PROVIDER))
    if at < 0 or start < 0:
        return KEY_STORAGE
    return data[start + 2 : start + 2 + data[start + 1]].decode("utf-16-be", "replace")
