"""
A PFX with one certificate and its key, as an Exchange host of its age can read it; pure, nothing is kept.

cryptography writes the file. What it cannot write is the attribute by which Windows chooses the key's provider: without
one the key may end in a CNG provider, with which Outlook on the web of 2010 and 2013 loops at the sign-in (exchange.md 7
trap 10). So the attribute is put into the key's bag, which lies open in the file, and the file's seal is made anew.

Source: RFC 7292 4 (bags, attributes), 4 and B (MacData, key derivation); the attribute szOID_PKCS_12_KEY_PROVIDER_NAME_ATTR.
"""

import hashlib
import hmac
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12

from bot.certs import der as asn1


class PfxCipher(StrEnum):
    """How a PFX is locked: the old way every Windows reads, or the one that Server 2019 and later read too."""

    TRIPLEDES = "tripledes"
    AES256 = "aes256"


PROVIDER: Final = "Microsoft RSA SChannel Cryptographic Provider"
"""The provider of the keys Exchange makes itself (exchange.md 5.1)."""

_ROUNDS: Final = 2048
"""Windows' own count; the password has 192 bits, so rounds add nothing to it."""
_KEY_BAG: Final = bytes.fromhex("060b2a864886f70d010c0a0102")
_KEY_PROVIDER: Final = bytes.fromhex("06092b0601040182371101")
_BMP_STRING: Final = 0x1E
_FOR_MAC: Final = 3
_BLOCK: Final = 64
"""Bytes of a block of SHA-1 and of SHA-256 alike."""

_CIPHERS: Final = {
    PfxCipher.TRIPLEDES: (
        pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC,
        hashes.SHA1(),  # noqa: S303 - what Windows before Server 2019 reads
        "sha1",
    ),
    PfxCipher.AES256: (pkcs12.PBES.PBESv2SHA256AndAES256CBC, hashes.SHA256(), "sha256"),
}


def pack_pfx(key_der: bytes, leaf_der: bytes, password: str, cipher: PfxCipher) -> bytes:
    """
    Write a PFX with this key (PKCS#8, DER) and its certificate.

    Raises:
        ValueError: the key is not RSA, or not the certificate's.
    """
    key = serialization.load_der_private_key(key_der, password=None)
    leaf = x509.load_der_x509_certificate(leaf_der)
    if not isinstance(key, RSAPrivateKey) or key.public_key() != leaf.public_key():
        raise ValueError("the key is not the certificate's")
    scheme, mac, mac_name = _CIPHERS[cipher]
    sealing = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_ROUNDS)
        .key_cert_algorithm(scheme)
        .hmac_hash(mac)
        .build(password.encode("ascii"))
    )
    pfx = pkcs12.serialize_key_and_certificates(None, key, leaf, None, sealing)
    return _with_provider(pfx, password, mac_name)


def _with_provider(pfx: bytes, password: str, mac_name: str) -> bytes:
    """The same file with the provider's name beside the key, under a seal of its own."""
    version, content, mac_data = asn1.elements(asn1.first_element(pfx).content)
    oid, explicit = asn1.elements(content.content)
    safe = asn1.first_element(explicit.content)
    parts = asn1.elements(asn1.first_element(safe.content).content)
    named = asn1.element(asn1.SEQUENCE, b"".join(_named(part) for part in parts)).whole
    body = _in(asn1.CONTEXT_0, _in(asn1.OCTET_STRING, named))
    whole = _in(asn1.SEQUENCE, oid.whole + body)
    sealed = _mac_data(mac_data, named, password, mac_name)
    return _in(asn1.SEQUENCE, version.whole + whole + sealed)


def _named(part: asn1.Element) -> bytes:
    """A part of the file; where the key's bag lies open in it, the bag gets the attribute."""
    if _KEY_BAG not in part.whole:
        return part.whole
    oid, explicit = asn1.elements(part.content)
    bags = asn1.first_element(asn1.first_element(explicit.content).content)
    bag = asn1.first_element(bags.content)
    kind, value, *others = asn1.elements(bag.content)
    kept = others[0].content if others else b""
    name = _in(_BMP_STRING, PROVIDER.encode("utf-16-be"))
    attribute = _in(asn1.SEQUENCE, _KEY_PROVIDER + _in(asn1.SET, name))
    attributes = sorted([*(a.whole for a in asn1.elements(kept)), attribute])
    renewed = _in(asn1.SEQUENCE, kind.whole + value.whole + _in(asn1.SET, b"".join(attributes)))
    inner = _in(asn1.OCTET_STRING, _in(asn1.SEQUENCE, renewed))
    return _in(asn1.SEQUENCE, oid.whole + _in(asn1.CONTEXT_0, inner))


def _mac_data(old: asn1.Element, safe: bytes, password: str, mac_name: str) -> bytes:
    digest_info, salt, *rounds = asn1.elements(old.content)
    algorithm = asn1.first_element(digest_info.content)
    count = int.from_bytes(rounds[0].content) if rounds else 1
    key = _derived(password, salt.content, count, mac_name)
    digest = hmac.digest(key, safe, mac_name)
    renewed = _in(asn1.SEQUENCE, algorithm.whole + _in(asn1.OCTET_STRING, digest))
    return _in(asn1.SEQUENCE, renewed + salt.whole + b"".join(number.whole for number in rounds))


def _derived(password: str, salt: bytes, rounds: int, mac_name: str) -> bytes:
    """The key of the seal, as long as one digest (RFC 7292 B.2 with one block of output)."""
    spelled = password.encode("utf-16-be") + b"\0\0"
    data = bytes([_FOR_MAC]) * _BLOCK + _filled(salt) + _filled(spelled)
    for _ in range(rounds):
        data = hashlib.new(mac_name, data).digest()
    return data


def _filled(data: bytes) -> bytes:
    """Repeated to whole blocks."""
    size = -(-len(data) // _BLOCK) * _BLOCK
    return (data * (size // len(data) + 1))[:size]


def _in(tag: int, content: bytes) -> bytes:
    return asn1.element(tag, content).whole
