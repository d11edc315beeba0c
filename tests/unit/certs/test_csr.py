"""A request is read in any writing, its own signature is checked, and it is held against the order."""

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.certs.csr import Csr, check_csr, parse_csr
from bot.certs.findings import BadMaterial
from bot.certs.names import DnsName
from tests.unit.certs.csrs import request, request_pem, windows_request
from tests.unit.certs.test_material import KEYS
from tests.unit.certs.toyca import NAMES, key, spki, tlv

PEM = request_pem()
DER = request().public_bytes(Encoding.DER)
NEW = PEM.replace(b"CERTIFICATE REQUEST", b"NEW CERTIFICATE REQUEST")
WRITINGS: dict[str, Callable[[], bytes | str]] = {
    "plain": lambda: PEM,
    "as text": PEM.decode,
    "NEW": lambda: NEW,
    "NEW, CRLF": lambda: NEW.replace(b"\n", b"\r\n"),
    "BOM": lambda: b"\xef\xbb\xbf" + NEW,
    "BOM in text": lambda: "\ufeff" + NEW.decode(),
    "UTF-16": lambda: NEW.decode().encode("utf-16"),
    "UTF-16 without BOM": lambda: NEW.decode().encode("utf-16-le"),
    "UTF-16 BE": lambda: NEW.decode().encode("utf-16-be"),
    "blank lines between": lambda: NEW.replace(b"\n", b"\r\n\r\n"),
    "text around": lambda: b"Here it is:\n" + PEM + b"\nThanks",
    "one line": lambda: PEM.replace(b"\n", b" "),
    "bare base64": lambda: base64.encodebytes(request().public_bytes(Encoding.DER)),
    "DER": lambda: request().public_bytes(Encoding.DER),
}


def codes(bad: BadMaterial) -> list[str]:
    """Return the codes of an error."""
    return [finding.code for finding in bad.findings]


@pytest.mark.parametrize("writing", WRITINGS)
def test_every_writing_is_read(writing: str) -> None:
    """Windows, OpenSSL and people write the same request in many ways."""
    csr = parse_csr(WRITINGS[writing]())

    assert csr.names == NAMES
    assert csr.common_name == NAMES[0]
    assert csr.subject == f"CN={NAMES[0]}"
    assert csr.spki_der == spki(key("leaf", kind="2048"))
    assert str(csr.key) == "RSA 2048"
    assert csr.signature_hash == "sha256"
    assert csr.windows == ()


def test_canonical_pem_reads_back() -> None:
    """What is stored is one form: plain label, 64 columns, line feeds."""
    csr = parse_csr(NEW.replace(b"\n", b"\r\n"))

    assert csr.pem.encode() == PEM.replace(b"NEW ", b"")[: len(csr.pem)]
    assert parse_csr(csr.pem) == csr
    assert "\r" not in csr.pem


def test_windows_attributes_are_shown() -> None:
    """What Windows tells the vendor about the host is shown to people first."""
    csr = parse_csr(windows_request())

    assert csr.windows == (
        ("Windows version", "6.2.9200.2"),
        ("Machine", "ex01.example.com"),
        ("Account", r"EXAMPLE\EX01$"),
        ("Process", "Microsoft.Exchange.ServiceHost.exe"),
        ("Key provider", "Microsoft RSA SChannel Cryptographic Provider"),
    )
    assert csr.signature_hash == "sha1"
    assert csr.names == NAMES


def test_request_without_san_has_its_common_name() -> None:
    """Exchange writes no SAN when only a subject was given."""
    assert parse_csr(windows_request(names=None)).names == NAMES[:1]


def test_foreign_signature_is_refused() -> None:
    """A request whose content was changed does not prove that we hold the key."""
    der = bytearray(request().public_bytes(Encoding.DER))
    at = bytes(der).index(b"autodiscover")
    der[at : at + 1] = b"b"

    with pytest.raises(BadMaterial) as caught:
        parse_csr(bytes(der))
    assert codes(caught.value) == ["csr_not_signed"]


@pytest.mark.parametrize("writing", ["PKCS#8", "encrypted", "UTF-16", "without its END"])
def test_key_beside_a_request_is_refused(writing: str) -> None:
    """Somebody who pastes the key with the request is told that the key is burnt."""
    joined = KEYS[writing]
    extra = PEM.decode().encode("utf-16-le") if writing == "UTF-16" else PEM

    with pytest.raises(BadMaterial) as caught:
        parse_csr(joined + extra)
    assert codes(caught.value) == ["private_key_present"]


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", PEM[:300], b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END X-----"],
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    """The sentence says what to give instead."""
    with pytest.raises(BadMaterial) as caught:
        parse_csr(data)
    assert codes(caught.value) == ["csr_unreadable"]
    assert "BEGIN" in str(caught.value)


def test_unusable_kind_of_key_is_refused() -> None:
    """No public vendor certifies Ed25519."""
    from cryptography import x509

    signed = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(request().subject)
        .sign(ed25519.Ed25519PrivateKey.generate(), None)
    )
    with pytest.raises(BadMaterial) as caught:
        parse_csr(signed.public_bytes(Encoding.PEM))
    assert codes(caught.value) == ["weak_key"]


@pytest.mark.parametrize("kind", ["EC", "P-384", "4096"])
def test_other_keys_prove_themselves(kind: str) -> None:
    """Requests with EC keys and larger RSA keys are checked by their own signature too."""
    private = key("csr", kind=kind)
    csr = parse_csr(request(private=private).public_bytes(Encoding.DER))

    assert csr.spki_der == spki(private)


def test_request_without_attributes_is_read() -> None:
    """A request with an empty list of attributes has its common name for a name."""
    assert parse_csr(request(names=None).public_bytes(Encoding.DER)).names == NAMES[:1]


def test_signature_of_another_kind_is_refused() -> None:
    """An EC signature under an RSA key proves nothing."""
    other = request(private=key("ec"))
    key_info = spki(key("leaf", kind="2048"))
    info = other.tbs_certrequest_bytes
    changed = tlv(0x30, info[4 if info[1] == 0x82 else 3 :].replace(spki(key("ec")), key_info))
    tail = other.public_bytes(Encoding.DER).split(info)[1]

    with pytest.raises(BadMaterial) as caught:
        parse_csr(tlv(0x30, changed + tail))
    assert codes(caught.value) == ["csr_not_signed"]


def test_signature_without_a_hash_is_refused() -> None:
    """An RSA request that claims an Ed25519 signature proves nothing."""
    info = request().tbs_certrequest_bytes
    ed25519_id = bytes.fromhex("300506032b6570")

    with pytest.raises(BadMaterial) as caught:
        parse_csr(tlv(0x30, info + ed25519_id + tlv(0x03, bytes(65))))
    assert codes(caught.value) == ["csr_not_signed"]


def test_request_without_the_list_of_attributes_is_refused_with_a_sentence() -> None:
    """RFC 2986 wants the list even when it is empty."""
    made = request(names=None)
    info = made.tbs_certrequest_bytes
    assert info.endswith(b"\xa0\x00")
    tail = made.public_bytes(Encoding.DER).split(info)[1]

    with pytest.raises(BadMaterial) as caught:
        parse_csr(tlv(0x30, tlv(0x30, info[4:-2]) + tail))
    assert codes(caught.value) == ["csr_unreadable"]


def test_damaged_windows_attribute_is_left_out() -> None:
    """An attribute nobody can read is no reason to refuse a request that proves itself."""
    csr = parse_csr(windows_request(client_info=b"\x0c\x7fcut"))

    assert [label for label, _ in csr.windows] == ["Windows version", "Key provider"]


def test_enormous_request_is_not_read() -> None:
    """Nothing is parsed of what is larger than any request."""
    with pytest.raises(BadMaterial) as caught:
        parse_csr(PEM + b" " * 40_000)
    assert codes(caught.value) == ["csr_unreadable"]


def test_names_that_are_none_are_all_told() -> None:
    """Every bad name of a request is named, once."""
    with pytest.raises(BadMaterial) as caught:
        parse_csr(
            request(names=["a_b.example.com", "ok.example.com", "10.0.0.1"]).public_bytes(
                Encoding.PEM
            )
        )
    assert codes(caught.value) == ["name_bad", "name_bad"]


ORDERED = tuple(DnsName(text) for text in NAMES)


def test_request_of_the_order_passes() -> None:
    """The order of names means nothing."""
    check_csr(parse_csr(PEM), names=ORDERED[::-1], key_bits=2048, common_name=NAMES[0].upper())


@pytest.mark.parametrize(
    ("names", "bits", "common_name", "expected"),
    [
        ((*NAMES, "more.example.com"), 2048, NAMES[0], ["name_missing"]),
        (NAMES[:1], 2048, NAMES[0], ["name_extra"]),
        (NAMES, 4096, NAMES[0], ["weak_key"]),
        (NAMES, 2048, "www.example.com", ["cn_mismatch"]),
        (
            ("www.example.com",),
            4096,
            "www.example.com",
            ["name_missing", "name_extra", "cn_mismatch", "weak_key"],
        ),
    ],
)
def test_every_difference_from_the_order_is_told(
    names: tuple[str, ...], bits: int, common_name: str, expected: list[str]
) -> None:
    """Names are sets; everything that differs is said at once."""
    with pytest.raises(BadMaterial) as caught:
        check_csr(
            parse_csr(PEM),
            names=[DnsName(text) for text in names],
            key_bits=bits,
            common_name=common_name,
        )
    assert codes(caught.value) == expected


def test_small_key_is_refused_whatever_was_asked() -> None:
    """Fewer than 2048 bits are never enough."""
    csr = parse_csr(PEM)
    small: Csr = replace(csr, key=replace(csr.key, bits=1024))

    with pytest.raises(BadMaterial):
        check_csr(small, names=ORDERED, key_bits=1024, common_name=NAMES[0])


def test_unknown_version_is_refused() -> None:
    """A version nobody defined is a sentence, not the library's own exception."""
    with pytest.raises(BadMaterial) as caught:
        parse_csr(DER.replace(b"\x02\x01\x00", b"\x02\x01\x20", 1))
    assert codes(caught.value) == ["csr_unreadable"]


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300))
def test_any_bytes_end_in_a_sentence(data: bytes | str) -> None:
    """Nothing but BadMaterial ever comes out of noise."""
    with pytest.raises(BadMaterial):
        parse_csr(data)


@settings(deadline=None)
@given(at=st.integers(0, len(DER) - 1), value=st.integers(0, 255))
def test_changed_request_is_refused_or_the_same(at: int, value: int) -> None:
    """No single changed byte passes the signature of the request."""
    changed = DER[:at] + bytes([value]) + DER[at + 1 :]
    try:
        csr = parse_csr(changed)
    except BadMaterial:
        return

    assert csr.der == DER
