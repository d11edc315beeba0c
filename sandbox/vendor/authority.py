"""
The vendor's certification authority: old root, new root, cross-certificate, issuing CA, leaf.

The shape is the one GoDaddy uses since 2026 (reference: the R1 hierarchy): the anchor the world
knows is G2; R1 is younger and known to few, so R1 signed by G2 must travel with each leaf::

    G2 (anchor) -> R1 by G2 (cross) -> issuing CA -> leaf
                   R1 (self-signed)  -> issuing CA -> leaf

Never here: orders, zips, pages. The private keys never leave this file.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

ORGANISATION = "Sandbox Trust, Inc."
POLICY_DV = x509.ObjectIdentifier("2.23.140.1.2.1")  # BR 7.1.6.1: domain validated

_G2_NAME = "Sandbox Root Certificate Authority - G2"
_R1_NAME = "Sandbox TLS Root CA - R1"
_ISSUING_NAME = "Sandbox TLS Intermediate CA DV - R1v1"
_G2_SINCE, _G2_UNTIL = datetime(2009, 9, 1, tzinfo=UTC), datetime(2037, 12, 31, tzinfo=UTC)
_R1_SINCE, _R1_UNTIL = datetime(2024, 9, 1, tzinfo=UTC), datetime(2049, 8, 31, tzinfo=UTC)
_ISSUING_UNTIL = datetime(2035, 8, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafWish:
    """What a leaf is to say; times are aware UTC, both ends count."""

    public_key: rsa.RSAPublicKey
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    repository: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seat:
    """A place that signs: its name, its key and the identifier it says it has."""

    name: x509.Name
    key: rsa.RSAPrivateKey
    key_id: x509.SubjectKeyIdentifier


class Authority:
    """
    The whole hierarchy, made anew for each instance, with RSA 2048 and SHA-256 throughout.

    With `copied` it becomes an impostor: the same names and key identifiers, other keys. Only a
    check of signatures tells the two apart.
    """

    def __init__(self, *, copied: "Authority | None" = None) -> None:
        old = _seat(_G2_NAME, copied.anchor if copied else None)
        new = _seat(_R1_NAME, copied.new_root if copied else None)
        desk = _seat(_ISSUING_NAME, copied.issuing if copied else None)
        self._desk = desk
        self.anchor: x509.Certificate = _certify_root(old, since=_G2_SINCE, until=_G2_UNTIL)
        self.new_root: x509.Certificate = _certify_root(new, since=_R1_SINCE, until=_R1_UNTIL)
        self.cross: x509.Certificate = _certify_cross(new, by=old)
        self.issuing: x509.Certificate = _certify_issuing(desk, by=new)

    def anchors_pem(self) -> str:
        """The roots a client outside Windows knows: G2 alone, as PEM text."""
        return self.anchor.public_bytes(Encoding.PEM).decode()

    def issue(self, wish: LeafWish) -> x509.Certificate:
        """
        A domain-validated leaf for the wish: serverAuth alone, no clientAuth, CN the first name.

        Source: BR 7.1.2.7 (subject, policies, extensions), RFC 5280 4.2.
        """
        builder = (
            x509.CertificateBuilder()
            .subject_name(_common_name(wish.names))
            .issuer_name(self._desk.name)
            .public_key(wish.public_key)
            .serial_number(_short_serial())
            .not_valid_before(wish.not_before)
            .not_valid_after(wish.not_after)
        )
        for extension, critical in _leaf_extensions(wish, issuer_id=self._desk.key_id):
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self._desk.key, hashes.SHA256())

    def revocation_list(self, *, at: datetime) -> bytes:
        """The issuing CA's list of revoked serials as DER: empty, good for seven days from `at`."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._desk.name)
            .last_update(at)
            .next_update(at + timedelta(days=7))
            .add_extension(x509.CRLNumber(int(at.timestamp())), critical=False)
            .add_extension(_points_to(self._desk.key_id), critical=False)
        )
        return builder.sign(self._desk.key, hashes.SHA256()).public_bytes(Encoding.DER)


def make_key() -> rsa.RSAPrivateKey:
    """A fresh RSA key of 2048 bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _seat(common_name: str, lookalike: x509.Certificate | None) -> _Seat:
    key = make_key()
    key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    if lookalike is not None:
        key_id = lookalike.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    return _Seat(name=name, key=key, key_id=key_id)


def _certify_root(seat: _Seat, *, since: datetime, until: datetime) -> x509.Certificate:
    builder = _ca_builder(seat, by=seat, path_length=None)
    builder = builder.not_valid_before(since).not_valid_after(until)
    return builder.sign(seat.key, hashes.SHA256())


def _certify_cross(seat: _Seat, *, by: _Seat) -> x509.Certificate:
    """The new root's name and key under the old root's signature; it may not outlive the latter."""
    builder = _ca_builder(seat, by=by, path_length=None)
    builder = builder.not_valid_before(_R1_SINCE).not_valid_after(_G2_UNTIL)
    builder = builder.add_extension(_points_to(by.key_id), critical=False)
    return builder.sign(by.key, hashes.SHA256())


def _certify_issuing(seat: _Seat, *, by: _Seat) -> x509.Certificate:
    """Path length 0 and serverAuth alone: Chrome's rule for hierarchies that serve TLS."""
    builder = _ca_builder(seat, by=by, path_length=0)
    builder = builder.not_valid_before(_R1_SINCE).not_valid_after(_ISSUING_UNTIL)
    for extension in (
        _points_to(by.key_id),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        x509.CertificatePolicies([x509.PolicyInformation(POLICY_DV, None)]),
    ):
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(by.key, hashes.SHA256())


def _ca_builder(seat: _Seat, *, by: _Seat, path_length: int | None) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(seat.name)
        .issuer_name(by.name)
        .public_key(seat.key.public_key())
        .serial_number(_short_serial())
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(seat.key_id, critical=False)
    )


def _leaf_extensions(
    wish: LeafWish, *, issuer_id: x509.SubjectKeyIdentifier
) -> list[tuple[x509.ExtensionType, bool]]:
    crl = x509.UniformResourceIdentifier(f"{wish.repository}dv-r1v1.crl")
    issuer = x509.UniformResourceIdentifier(f"{wish.repository}dv-r1v1.crt")
    access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, issuer)
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (_key_usage(signs_certificates=False), True),
        (x509.CRLDistributionPoints([x509.DistributionPoint([crl], None, None, None)]), False),
        (x509.CertificatePolicies([x509.PolicyInformation(POLICY_DV, None)]), False),
        (x509.AuthorityInformationAccess([access]), False),
        (_points_to(issuer_id), False),
        (x509.SubjectAlternativeName([x509.DNSName(name) for name in wish.names]), False),
        (x509.SubjectKeyIdentifier.from_public_key(wish.public_key), False),
    ]


def _common_name(names: tuple[str, ...]) -> x509.Name:
    """The first name that fits X.520's 64 characters, or an empty subject."""
    short = [name for name in names if len(name) <= 64]
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in short[:1]])


def _short_serial() -> int:
    """Eight random bytes with the top bit clear, as the model of this vendor has them."""
    return secrets.randbits(63) or 1


def _points_to(key_id: x509.SubjectKeyIdentifier) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
