"""
A toy vendor in the shape GoDaddy has had since 2026: an old root the world trusts, a young root, the bridge between them, one issuing CA.

Deterministic but for keys and signatures. Names are example.com, time is fixed; nothing here imports the judge.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NAMES: Final = ("mail.example.com", "autodiscover.example.com")
ORGANISATION: Final = "Toy Trust, Inc."
SERVER_AUTH: Final = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT_AUTH: Final = ExtendedKeyUsageOID.CLIENT_AUTH

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_SHA256_RSA: Final = bytes.fromhex("06092a864886f70d01010b")
_SHA1_RSA: Final = bytes.fromhex("06092a864886f70d010105")


@cache
def key(name: str, *, kind: str = "EC") -> Key:
    """Return the key of this name: the pool of a test run; RSA only where a size or a signature matters."""
    match kind:
        case "EC":
            return ec.generate_private_key(ec.SECP256R1())
        case "P-521":
            return ec.generate_private_key(ec.SECP521R1())
        case "P-384":
            return ec.generate_private_key(ec.SECP384R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind))


def spki(private: Key) -> bytes:
    """Return the DER SubjectPublicKeyInfo of a key."""
    return private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def name(common_name: str, organisation: str = "") -> x509.Name:
    """Return a distinguished name; empty parts are left out."""
    parts = [(NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common_name)]
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts if text])


def der(cert: x509.Certificate) -> bytes:
    """Return the DER of a certificate."""
    return cert.public_bytes(serialization.Encoding.DER)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a certificate shall say; tests replace one field for one defect."""

    subject: x509.Name
    private: Key
    names: Sequence[str] | None = None
    other_names: Sequence[x509.GeneralName] = ()
    not_before: datetime = NOW - timedelta(days=1)
    days: float = 198
    serial: int = 0x4A1B2C3D4E5F6
    ca: bool = False
    path_length: int | None = None
    key_cert_sign: bool | None = None
    usages: Sequence[x509.ObjectIdentifier] | None = (SERVER_AUTH,)
    basic_constraints: bool = True
    poison: bool = False
    extra: Sequence[tuple[x509.ExtensionType, bool]] = ()
    key_id: bytes | None = None
    writes_key_ids: bool = True
    handshake: bool = True
    writes_key_usage: bool = True


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """A name with a key, and whether it writes authority key identifiers."""

    subject: x509.Name
    private: Key
    key_id: bytes | None = None


def issue(plan: Plan, issuer: Issuer, *, hash_name: str = "sha256") -> x509.Certificate:
    """Return the certificate the plan describes, signed by the issuer."""
    public = plan.private.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(plan.subject)
        .issuer_name(issuer.subject)
        .public_key(public)
        .serial_number(plan.serial)
        .not_valid_before(plan.not_before)
        .not_valid_after(plan.not_before + timedelta(days=plan.days, seconds=-1))
    )
    for value, critical in _extensions(plan, issuer):
        builder = builder.add_extension(value, critical=critical)
    if hash_name == "sha1":
        return _as_sha1(builder.sign(issuer.private, hashes.SHA256()), issuer.private)
    return builder.sign(issuer.private, hashes.SHA256())


def _extensions(plan: Plan, issuer: Issuer) -> list[tuple[x509.ExtensionType, bool]]:
    signs = plan.ca if plan.key_cert_sign is None else plan.key_cert_sign
    found: list[tuple[x509.ExtensionType, bool]] = []
    if plan.writes_key_usage:
        found.append((_key_usage(signs=signs, handshake=plan.handshake), True))
    if plan.writes_key_ids:
        own, above = plan.key_id or _key_id(plan.private), issuer.key_id or _key_id(issuer.private)
        found.append((x509.SubjectKeyIdentifier(own), False))
        found.append((x509.AuthorityKeyIdentifier(above, None, None), False))
    if plan.basic_constraints:
        found.append((x509.BasicConstraints(plan.ca, plan.path_length), True))
    if plan.usages is not None:
        found.append((x509.ExtendedKeyUsage(list(plan.usages)), False))
    if plan.names is not None:
        names = [*(x509.DNSName(text) for text in plan.names), *plan.other_names]
        found.append((x509.SubjectAlternativeName(names), False))
    if plan.poison:
        found.append((x509.PrecertPoison(), True))
    return [*found, *plan.extra]


def _key_usage(*, signs: bool, handshake: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=handshake,
        content_commitment=not handshake,
        key_encipherment=handshake and not signs,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _key_id(private: Key) -> bytes:
    return x509.SubjectKeyIdentifier.from_public_key(private.public_key()).digest


def _as_sha1(cert: x509.Certificate, private: Key) -> x509.Certificate:
    """The library signs no SHA-1 any more; both algorithm identifiers have one length, so they are exchanged and signed anew."""
    assert isinstance(private, rsa.RSAPrivateKey)
    signed = cert.tbs_certificate_bytes.replace(_SHA256_RSA, _SHA1_RSA)
    signature = private.sign(signed, padding.PKCS1v15(), hashes.SHA1())
    algorithm = tlv(0x30, _SHA1_RSA + b"\x05\x00")
    return _assembled(signed, algorithm, signature)


def with_serial(cert: x509.Certificate, serial: bytes, private: Key) -> x509.Certificate:
    """Return a certificate with a serial the library would not write, signed anew by an EC issuer."""
    return x509.load_der_x509_certificate(der_with_serial(cert, serial, private))


def der_with_serial(cert: x509.Certificate, serial: bytes, private: Key) -> bytes:
    """Return the same as DER, also with a serial the library would not read without a warning."""
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    old = cert.serial_number
    written = tlv(0x02, old.to_bytes(old.bit_length() // 8 + 1))
    tbs = cert.tbs_certificate_bytes
    signed = tlv(0x30, tbs[4:].replace(written, tlv(0x02, serial), 1))
    signature = private.sign(signed, ec.ECDSA(hashes.SHA256()))
    return _whole(signed, tlv(0x30, bytes.fromhex("06082a8648ce3d040302")), signature)


def tlv(tag: int, content: bytes) -> bytes:
    """Return one DER element."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def _assembled(signed: bytes, algorithm: bytes, signature: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(_whole(signed, algorithm, signature))


def _whole(signed: bytes, algorithm: bytes, signature: bytes) -> bytes:
    return tlv(0x30, signed + algorithm + tlv(0x03, b"\x00" + signature))


@dataclass(frozen=True, kw_only=True)
class ToyVendor:
    """Old root G2, young root R1, R1 signed by G2, the issuing CA, and a leaf plan for the key of the CSR."""

    g2: x509.Certificate
    r1: x509.Certificate
    cross: x509.Certificate
    issuing: x509.Certificate
    issuer: Issuer
    leaf_plan: Plan
    salt: str = ""
    extras: tuple[x509.Certificate, ...] = field(default=())

    def leaf(self, **changes: Any) -> x509.Certificate:
        """Issue a leaf, with fields of the plan replaced."""
        return issue(replace(self.leaf_plan, **changes), self.issuer)

    def issuer_named(self, role: str) -> Issuer:
        """Return G2, R1 or the issuing CA as an issuer."""
        return _issuer(role, self.salt)


_COMMON_NAMES: Final = {
    "G2": "Toy Root Certificate Authority - G2",
    "R1": "Toy TLS Root CA - R1",
    "R1v1": "Toy TLS Intermediate CA DV - R1v1",
}


def _issuer(role: str, salt: str) -> Issuer:
    return Issuer(subject=name(_COMMON_NAMES[role], ORGANISATION), private=key(f"{role}{salt}"))


def ca_plan(issuer: Issuer, **changes: Any) -> Plan:
    """Return the plan of a CA certificate for an issuer's name and key."""
    plan = Plan(
        subject=issuer.subject,
        private=issuer.private,
        ca=True,
        not_before=datetime(2025, 9, 1, tzinfo=UTC),
        days=3650,
        serial=0x1001,
        usages=None,
    )
    return replace(plan, **changes)


@cache
def toy_vendor(salt: str = "") -> ToyVendor:
    """Return the vendor; another salt gives another one with the same names and other keys, as a forger would."""
    g2, r1, r1v1 = (_issuer(role, salt) for role in ("G2", "R1", "R1v1"))
    leaf_key = key("leaf", kind="2048")
    return ToyVendor(
        g2=issue(ca_plan(g2, serial=1), g2),
        r1=issue(ca_plan(r1, serial=2), r1),
        cross=issue(ca_plan(r1, serial=3), g2),
        issuing=issue(ca_plan(r1v1, serial=4, path_length=0, usages=(SERVER_AUTH,)), r1),
        issuer=r1v1,
        leaf_plan=Plan(subject=name(NAMES[0]), private=leaf_key, names=NAMES),
        salt=salt,
    )
