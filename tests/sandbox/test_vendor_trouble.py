"""Each trouble makes its own defect, and no other."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.x509.verification import VerificationError

from sandbox.vendor.bundle import P7B_NAME, ServerType, pack_bundle
from sandbox.vendor.issuance import UNASKED_NAME, Issued, Issuer
from sandbox.vendor.refusal import DeskRefused
from sandbox.vendor.request import parse_request
from sandbox.vendor.trouble import MEANING, Trouble, parse_trouble
from tests.sandbox.vendor_customer import (
    NAMES,
    alternative_names,
    chain_of,
    customer_key,
    intermediates_of,
    leaf_of,
    make_csr,
    one_authority,
    open_zip,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    """One issuer, so that its stray key and its impostor are made once."""
    return Issuer(one_authority(), repository="http://127.0.0.1:1/repository/")


def issued(issuer: Issuer, trouble: Trouble | None, *names: str) -> Issued:
    """A certificate with that trouble."""
    request = parse_request(make_csr(*(names or NAMES)))
    return issuer.issue(request, at=NOW, ends_at=NOW + timedelta(days=365), trouble=trouble)


def _right_key(files: Files) -> bool:
    return leaf_of(files).public_key() == customer_key().public_key()


def _in_time(files: Files) -> bool:
    leaf = leaf_of(files)
    return leaf.not_valid_before_utc <= NOW <= leaf.not_valid_after_utc


def _every_name(files: Files) -> bool:
    return set(NAMES) <= set(alternative_names(leaf_of(files)))


def _no_more_names(files: Files) -> bool:
    return set(alternative_names(leaf_of(files))) <= set(NAMES)


def _signed_by_the_anchor_s_hierarchy(files: Files) -> bool:
    try:
        leaf_of(files).verify_directly_issued_by(one_authority().issuing)
    except Exception:  # noqa: BLE001 - InvalidSignature; any failure means another issuer
        return False
    return True


SOUND: dict[str, Callable[[Files], bool]] = {
    "right key": _right_key,
    "in time": _in_time,
    "every name": _every_name,
    "no more names": _no_more_names,
    "genuine signature": _signed_by_the_anchor_s_hierarchy,
    "intermediates": lambda files: P7B_NAME in files,
    "cross-certificate": lambda files: len(intermediates_of(files)) != 1,
    "plain paths": lambda files: all("/" not in name for name in files),
    "no key": lambda files: not any(b"PRIVATE KEY" in data for data in files.values()),
}
DEFECT: dict[Trouble | None, set[str]] = {
    None: set(),
    Trouble.WRONG_KEY: {"right key"},
    Trouble.MISSING_NAME: {"every name"},
    Trouble.EXTRA_NAME: {"no more names"},
    Trouble.EXPIRED: {"in time"},
    Trouble.NO_INTERMEDIATE: {"intermediates"},
    Trouble.NO_CROSS: {"cross-certificate"},
    Trouble.UNTRUSTED: {"genuine signature"},
    Trouble.PATH_TRAVERSAL: {"plain paths"},
    Trouble.PRIVATE_KEY: {"no key"},
}


@pytest.mark.parametrize("trouble", DEFECT)
def test_trouble_makes_its_defect_and_no_other(issuer: Issuer, trouble: Trouble | None) -> None:
    """What is unsound in the zip is exactly what was chosen."""
    files = open_zip(pack_bundle(issued(issuer, trouble)))

    assert {name for name, sound in SOUND.items() if not sound(files)} == DEFECT[trouble]


def test_table_of_defects_is_complete() -> None:
    """A new trouble needs its row here and its meaning on the page."""
    assert set(DEFECT) - {None} == set(Trouble) == set(MEANING)


def test_impostor_s_chain_does_not_reach_the_anchor(issuer: Issuer) -> None:
    """The untrusted certificate comes with a whole chain of its own that ends nowhere."""
    files = open_zip(pack_bundle(issued(issuer, Trouble.UNTRUSTED)))

    assert len(intermediates_of(files)) == 2
    with pytest.raises(VerificationError):
        chain_of(files, anchors_pem=one_authority().anchors_pem())


def test_missing_name_of_a_single_name_is_another_name(issuer: Issuer) -> None:
    """A certificate cannot be without names, so it gets one that nobody asked for."""
    leaf = issued(issuer, Trouble.MISSING_NAME, NAMES[0]).leaf

    assert alternative_names(leaf) == [UNASKED_NAME]


def test_zip_is_named_and_filled_as_the_model_vendor_does(issuer: Issuer) -> None:
    """Serial in lower hex without leading zero; the leaf twice; intermediates as armoured PKCS 7."""
    one = issued(issuer, None)
    files = open_zip(pack_bundle(one))

    assert list(files) == [f"{one.serial_hex}.crt", f"{one.serial_hex}.pem", P7B_NAME]
    assert int(one.serial_hex, 16) == one.leaf.serial_number
    assert one.serial_hex == one.serial_hex.lower().lstrip("0")
    assert files[P7B_NAME].startswith(b"-----BEGIN PKCS7-----")


def test_zip_is_streamed_with_data_descriptors(issuer: Issuer) -> None:
    """The local header has the descriptor flag and no sizes."""
    data = pack_bundle(issued(issuer, None))

    assert data[:4] == b"PK\x03\x04"
    assert data[6] & 0x08
    assert data[14:26] == bytes(12)


def test_other_servers_get_one_file_that_ends_in_a_root(issuer: Issuer) -> None:
    """The bundle for Apache holds PEM blocks, the last of them self-signed."""
    files = open_zip(pack_bundle(issued(issuer, None), server=ServerType.OTHER))
    bundle = next(data for name, data in files.items() if "bundle" in name)

    assert P7B_NAME not in files
    assert bundle.count(b"BEGIN CERTIFICATE") == 3


def test_unknown_trouble_is_refused_with_the_words_that_exist() -> None:
    """A typing mistake gets the list."""
    with pytest.raises(DeskRefused, match="wrong_key"):
        parse_trouble("wrong_kee")
