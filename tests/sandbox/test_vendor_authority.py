"""The vendor's hierarchy has the shape of 2026, and its leaves say no more than they should."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import VerificationError

from sandbox.vendor.authority import POLICY_DV, Authority
from sandbox.vendor.bundle import pack_bundle
from sandbox.vendor.issuance import Issued, Issuer
from sandbox.vendor.request import parse_request
from sandbox.vendor.trouble import Trouble
from tests.sandbox.vendor_customer import (
    NAMES,
    alternative_names,
    chain_of,
    customer_key,
    make_csr,
    one_authority,
    open_zip,
)

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
REPOSITORY = "http://127.0.0.1:1/repository/"


def issue(
    trouble: Trouble | None = None, *, ends_at: datetime | None = None, at: datetime = NOW
) -> Issued:
    """One certificate for the customer's request."""
    return Issuer(one_authority(), repository=REPOSITORY).issue(
        parse_request(make_csr(*NAMES)),
        at=at,
        ends_at=ends_at or at + timedelta(days=365),
        trouble=trouble,
    )


def test_path_goes_over_the_cross_certificate_to_the_old_root() -> None:
    """A client that knows G2 alone gets leaf, issuing CA, R1 by G2, G2."""
    files = open_zip(pack_bundle(issue()))

    assert chain_of(files, anchors_pem=one_authority().anchors_pem(), at=NOW) == [
        "mail.example.com",
        "Sandbox TLS Intermediate CA DV - R1v1",
        "Sandbox TLS Root CA - R1",
        "Sandbox Root Certificate Authority - G2",
    ]


def test_without_the_cross_certificate_there_is_no_path() -> None:
    """The issuing CA alone does not reach the anchor the world knows."""
    files = open_zip(pack_bundle(issue(Trouble.NO_CROSS)))

    with pytest.raises(VerificationError):
        chain_of(files, anchors_pem=one_authority().anchors_pem(), at=NOW)


def test_cross_certificate_is_the_new_root_under_another_signature() -> None:
    """One subject and one key in two certificates, so only the hash of the DER tells them apart."""
    authority = one_authority()
    cross, root = authority.cross, authority.new_root

    assert cross.subject == root.subject
    assert cross.public_key() == root.public_key()
    assert cross.issuer == authority.anchor.subject
    assert cross.fingerprint(hashes.SHA256()) != root.fingerprint(hashes.SHA256())


def test_issuing_ca_serves_tls_alone_and_signs_no_further_ca() -> None:
    """Path length 0 and serverAuth alone."""
    issuing = one_authority().issuing.extensions

    limits = issuing.get_extension_for_class(x509.BasicConstraints).value
    usage = issuing.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert (limits.ca, limits.path_length) == (True, 0)
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_leaf_names_key_and_hash_are_the_request_s() -> None:
    """SANs in the request's order with CN first, the request's key, SHA-256, a short serial."""
    leaf = issue().leaf

    assert alternative_names(leaf) == list(NAMES)
    assert leaf.subject.rfc4514_string() == "CN=mail.example.com"
    assert leaf.public_key() == customer_key().public_key()
    assert isinstance(leaf.signature_hash_algorithm, hashes.SHA256)
    assert 0 < leaf.serial_number < 2**63


def test_leaf_is_a_domain_validated_end_entity() -> None:
    """No CA, serverAuth without clientAuth, one policy, key identifiers that point to the issuer."""
    leaf, issuing = issue().leaf.extensions, one_authority().issuing.extensions

    policies = leaf.get_extension_for_class(x509.CertificatePolicies).value
    mine = leaf.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    theirs = issuing.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert not leaf.get_extension_for_class(x509.BasicConstraints).value.ca
    assert list(leaf.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.SERVER_AUTH
    ]
    assert [policy.policy_identifier for policy in policies] == [POLICY_DV]
    assert mine.key_identifier == theirs.digest


@pytest.mark.parametrize(
    ("at", "days"),
    [
        (NOW, 198),
        (datetime(2027, 3, 14, 23, 59, tzinfo=UTC), 198),
        (datetime(2027, 3, 15, tzinfo=UTC), 98),
        (datetime(2029, 3, 14, 23, 59, tzinfo=UTC), 98),
        (datetime(2029, 3, 15, tzinfo=UTC), 45),
    ],
)
def test_leaf_lasts_as_long_as_may_be_counting_both_ends(at: datetime, days: int) -> None:
    """Two days under the limit of its day (BR 6.3.2); a second more would be a day more."""
    leaf = issue(at=at).leaf

    lasts = leaf.not_valid_after_utc - leaf.not_valid_before_utc + timedelta(seconds=1)
    assert lasts == timedelta(days=days)
    assert leaf.not_valid_before_utc < at < leaf.not_valid_after_utc


def test_leaf_never_outlives_the_purchase() -> None:
    """A reissue late in the year ends with the order."""
    ends_at = NOW.replace(microsecond=0) + timedelta(days=30)

    assert issue(ends_at=ends_at).leaf.not_valid_after_utc == ends_at


def test_impostor_differs_in_its_signatures_alone() -> None:
    """Names and key identifiers are copied; still no path leads to the anchor."""
    genuine, impostor = one_authority(), Authority(copied=one_authority())

    def shape(certificate: x509.Certificate) -> tuple[x509.Name, bytes]:
        key_id = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        return certificate.subject, key_id.value.digest

    assert shape(impostor.issuing) == shape(genuine.issuing)
    assert shape(impostor.anchor) == shape(genuine.anchor)
    assert impostor.issuing.public_key() != genuine.issuing.public_key()


def test_revocation_list_is_signed_by_the_issuing_ca() -> None:
    """Whoever fetches what the leaf points to gets a list that verifies."""
    authority = one_authority()
    listed = x509.load_der_x509_crl(authority.revocation_list(at=NOW))
    signer = authority.issuing.public_key()

    assert listed.issuer == authority.issuing.subject
    assert listed.is_signature_valid(signer)  # type: ignore[arg-type]  # an RSA key, made here
