"""Certificate requests as OpenSSL and as Windows write them."""

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from tests.unit.certs.toyca import NAMES, Key, key, name, spki, tlv

_OS_VERSION = bytes.fromhex("060a2b060104018237" + "0d0203")
_CLIENT_INFO = bytes.fromhex("06092b0601040182371514")
_KEY_PROVIDER = bytes.fromhex("060a2b060104018237" + "0d0202")
_EXTENSIONS = bytes.fromhex("06092a864886f70d01090e")
_KEY_USAGE = bytes.fromhex("0603551d0f")
_SAN = bytes.fromhex("0603551d11")
_SHA1_RSA = bytes.fromhex("300d06092a864886f70d0101050500")


def request(
    *,
    names: Sequence[str] | None = NAMES,
    common_name: str = NAMES[0],
    private: Key | None = None,
) -> x509.CertificateSigningRequest:
    """Return a signed request."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(name(common_name))
    if names is not None:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(text) for text in names]), critical=False
        )
    return builder.sign(private or key("leaf", kind="2048"), hashes.SHA256())


def request_pem() -> bytes:
    """Return a signed request as PEM, with the plain label."""
    return request().public_bytes(Encoding.PEM)


def request_der() -> bytes:
    """Return a signed request as DER."""
    return request().public_bytes(Encoding.DER)


def windows_request(
    names: Sequence[str] | None = NAMES, *, client_info: bytes | None = None
) -> bytes:
    """Return the DER of a request as Exchange makes it on an older Windows: SHA-1, three attributes of its own."""
    private = key("leaf", kind="2048")
    assert isinstance(private, rsa.RSAPrivateKey)
    client = b"".join(
        [
            tlv(0x02, b"\x05"),
            tlv(0x0C, b"ex01.example.com"),
            tlv(0x0C, rb"EXAMPLE\EX01$"),
            tlv(0x0C, b"Microsoft.Exchange.ServiceHost.exe"),
        ]
    )
    provider = "Microsoft RSA SChannel Cryptographic Provider".encode("utf-16-be")
    attributes = [
        _attribute(_OS_VERSION, tlv(0x16, b"6.2.9200.2")),
        _attribute(_CLIENT_INFO, tlv(0x30, client if client_info is None else client_info)),
        _attribute(
            _KEY_PROVIDER, tlv(0x30, tlv(0x02, b"\x01") + tlv(0x1E, provider) + tlv(0x03, b"\x00"))
        ),
    ]
    if names is not None:
        san = tlv(0x30, b"".join(tlv(0x82, text.encode()) for text in names))
        usage = tlv(0x30, _KEY_USAGE + b"\x01\x01\xff" + tlv(0x04, b"\x03\x02\x05\xa0"))
        extension = tlv(0x30, _SAN + tlv(0x04, san))
        attributes.append(_attribute(_EXTENSIONS, tlv(0x30, usage + extension)))
    info = tlv(
        0x30,
        tlv(0x02, b"\x00")
        + name(NAMES[0]).public_bytes()
        + spki(private)
        + tlv(0xA0, b"".join(attributes)),
    )
    signature = private.sign(info, padding.PKCS1v15(), hashes.SHA1())
    return tlv(0x30, info + _SHA1_RSA + tlv(0x03, b"\x00" + signature))


def _attribute(oid: bytes, value: bytes) -> bytes:
    return tlv(0x30, oid + tlv(0x31, value))
