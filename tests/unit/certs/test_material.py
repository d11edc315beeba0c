"""Taking an upload apart: what is refused, what is ignored, and that keys are never accepted."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from bot.certs import rules
from bot.certs.certificate import Unreadable, read_certificate
from bot.certs.findings import BadMaterial
from bot.certs.material import open_bundle
from bot.certs.shapes import shape_of
from tests.unit.certs.bundles import p7b, packed, pem
from tests.unit.certs.csrs import request_der, request_pem
from tests.unit.certs.toyca import NOW, Key, ToyVendor, der, der_with_serial, key, tlv, toy_vendor

EMPTY_P7B = bytes.fromhex(
    "3023 06092a864886f70d010702 a016 3014 020101 3100 300b 06092a864886f70d010701 3100"
)
PASSWORD = BestAvailableEncryption(b"secret")


def private(kind: str, form: PrivateFormat, *, encoding: Encoding = Encoding.PEM) -> bytes:
    """Return a private key in one of its writings."""
    return key("spare", kind=kind).private_bytes(encoding, form, NoEncryption())


def pfx(password: serialization.KeySerializationEncryption) -> bytes:
    """Return a PFX with a key in it."""
    spare: Key = key("spare", kind="2048")
    return pkcs12.serialize_key_and_certificates(b"x", spare, None, None, password)


PKCS8 = private("2048", PrivateFormat.PKCS8)
KEYS = {
    "PKCS#8": PKCS8,
    "PKCS#1": private("2048", PrivateFormat.TraditionalOpenSSL),
    "SEC 1": private("EC", PrivateFormat.TraditionalOpenSSL),
    "OpenSSH": private("EC", PrivateFormat.OpenSSH),
    "encrypted": key("spare", kind="2048").private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, PASSWORD
    ),
    "PKCS#8, DER": private("2048", PrivateFormat.PKCS8, encoding=Encoding.DER),
    "PKCS#1, DER": private("2048", PrivateFormat.TraditionalOpenSSL, encoding=Encoding.DER),
    "SEC 1, DER": private("EC", PrivateFormat.TraditionalOpenSSL, encoding=Encoding.DER),
    "encrypted, DER": key("spare", kind="2048").private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, PASSWORD
    ),
    "UTF-16": PKCS8.decode().encode("utf-16"),
    "CRLF, indented": PKCS8.replace(b"\n", b"\r\n   "),
    "under the label CERTIFICATE": PKCS8.replace(b"PRIVATE KEY", b"CERTIFICATE"),
    "bare base64": b"".join(PKCS8.splitlines()[1:-1]),
    "without its END": PKCS8[:400],
    "with long dashes": PKCS8.decode().replace("-----", "——").encode(),
    "with a dash lost": PKCS8[1:],
    "SSH2": b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\r\n",
    "PuTTY": b"PuTTY-User-Key-File-3: ssh-rsa\r\n",
    "PVK": b"\x1e\xf1\xb5\xb0" + bytes(40),
}
KEYSTORES = {
    "PFX": pfx(PASSWORD),
    "PFX without password": pfx(NoEncryption()),
    "PFX in base64": base64.encodebytes(pfx(PASSWORD)),
    "PFX in armour": b"-----BEGIN PKCS12-----\n"
    + base64.encodebytes(pfx(PASSWORD))
    + b"-----END PKCS12-----\n",
    "JKS": b"\xfe\xed\xfe\xed\x00\x00\x00\x02" + bytes(40),
    "JCEKS": b"\xce\xce\xce\xce\x00\x00\x00\x02" + bytes(40),
}
UNRECOGNISED = {
    "empty": b"",
    "blank": b" \r\n\x00",
    "noise": bytes(range(256)) * 4,
    "7-Zip": b"7z\xbc\xaf\x27\x1c" + bytes(40),
    "RAR": b"Rar!\x1a\x07\x01\x00",
    "gzip": b"\x1f\x8b\x08" + bytes(20),
    "PDF": b"%PDF-1.7\n",
    "program that is also a zip": b"MZ" + packed([("a.crt", b"x")]),
    "picture that is also a zip": b"GIF89a" + packed([("a.crt", b"x")]),
}


@pytest.mark.parametrize("wrapped", [False, True], ids=["alone", "in a zip"])
@pytest.mark.parametrize("writing", KEYS)
def test_private_key_is_never_accepted(writing: str, wrapped: bool, vendor: ToyVendor) -> None:
    """However a key is written and wherever it lies, it is refused, and not a byte of it is repeated."""
    data = KEYS[writing]
    upload = packed([("ok.crt", pem(vendor.leaf())), ("readme.txt", data)]) if wrapped else data
    bag = open_bundle(upload, filename="x")

    assert [finding.code for finding in bag.findings] == ["private_key_present"]
    assert "MII" not in bag.findings[0].message


@pytest.mark.parametrize("wrapped", [False, True], ids=["alone", "in a zip"])
@pytest.mark.parametrize("kind", KEYSTORES)
def test_keystore_is_never_accepted(kind: str, wrapped: bool) -> None:
    """A container for keys is refused by its look, without a password and without being opened."""
    data = KEYSTORES[kind]
    bag = open_bundle(packed([("x.crt", data)]) if wrapped else data, filename="x.zip")

    assert [finding.code for finding in bag.findings] == ["pkcs12_refused"]
    assert "p7b" in bag.findings[0].message


@pytest.mark.parametrize("kind", UNRECOGNISED)
def test_other_content_is_not_recognised(kind: str) -> None:
    """What is neither zip nor certificate nor text is refused before anything is read."""
    with pytest.raises(BadMaterial) as caught:
        open_bundle(UNRECOGNISED[kind], filename="x.zip")
    assert [finding.code for finding in caught.value.findings] == ["not_recognised"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bytes(rules.FILE_LIMIT + 1), "too_big"),
        (b"PK\x03\x04" + bytes(rules.UPLOAD_LIMIT), "too_big"),
        (b"-" * (rules.FILE_LIMIT + 1), "too_big"),
    ],
)
def test_size_is_the_first_question(data: bytes, code: str) -> None:
    """Nothing is read of an upload that is too large."""
    with pytest.raises(BadMaterial) as caught:
        open_bundle(data, filename="x")
    assert caught.value.findings[0].code == code


@pytest.mark.parametrize(
    "data",
    [
        b"hello, is this the right place?",
        b"<html><body>Sign in</body></html>",
        EMPTY_P7B,
        packed([("a.txt", b"hello")]),
        b"your key begins with -----BEGIN RSA PRIVATE KEY----- and stays on the server",
    ],
    ids=["text", "page", "empty p7b", "zip of text", "text about keys"],
)
def test_nothing_in_it_is_said(data: bytes) -> None:
    """Readable content without any certificate is told apart from content nobody can read."""
    bag = open_bundle(data, filename="x")

    assert [finding.code for finding in bag.findings] == ["no_certificate"]


def test_a_request_in_place_of_a_certificate_is_explained(vendor: ToyVendor) -> None:
    """People upload the CSR; the sentence says so."""
    bag = open_bundle(request_pem(), filename="x.csr")

    assert "request, not a certificate" in bag.findings[0].message


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_damaged_files_are_named(share: float, vendor: ToyVendor) -> None:
    """A file that was a certificate once is not passed over in silence."""
    good = pem(vendor.leaf())
    for whole in (
        pem(vendor.issuing),
        der(vendor.issuing),
        p7b(vendor.issuing, encoding=Encoding.DER),
    ):
        broken = whole[: int(len(whole) * share)]
        bag = open_bundle(packed([("ok.crt", good), ("bad.crt", broken)]), filename="x.zip")

        assert [(finding.code, finding.where) for finding in bag.findings] == [
            ("parse_error", "x.zip/bad.crt")
        ]


@pytest.mark.parametrize("body", ["AAAAA", "MII!", "", "AAAA", "===="])
def test_changed_text_is_told(body: str) -> None:
    """A block under the label of a certificate that holds none is damage, not litter."""
    text = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    bag = open_bundle(text.encode(), filename="x.pem")

    assert [finding.code for finding in bag.findings] == ["parse_error"]


def test_root_of_an_old_make_is_read(vendor: ToyVendor) -> None:
    """GoDaddy's roots have serial 0, and lie in every second bundle: they are read, without a warning."""
    root = der_with_serial(vendor.g2, b"\x00", vendor.issuer_named("G2").private)
    bag = open_bundle(pem(vendor.leaf()) + base64_block(root) * 2, filename="x.pem")

    assert {cert.serial for cert in bag.certificates} == {vendor.leaf().serial_number, 0}
    assert bag.unreadable == ()


def test_other_certificates_with_serial_zero_do_not_stop_a_bundle(vendor: ToyVendor) -> None:
    """Whole, unreadable, and not needed."""
    zero = der_with_serial(vendor.cross, b"\x00", vendor.issuer_named("G2").private)
    bag = open_bundle(pem(vendor.leaf()) + base64_block(zero) * 2, filename="x.pem")

    assert len(bag.certificates) == 1
    assert [why for _, _, why in bag.unreadable] == ["its serial number is not positive"]


def base64_block(data: bytes) -> bytes:
    """Return bytes under the label CERTIFICATE."""
    return (
        b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(data) + b"-----END CERTIFICATE-----\n"
    )


def test_forty_certificates_are_the_limit(vendor: ToyVendor) -> None:
    """The bag is capped at different certificates; copies do not count."""
    many = [der(vendor.leaf(serial=number)) for number in range(1, 42)]

    allowed = open_bundle(b"".join(many[:40] * 2), filename="x.der")
    refused = open_bundle(b"".join(many), filename="x.der")

    assert len(allowed.certificates) == 40
    assert [finding.code for finding in refused.findings] == ["too_many_certs"]
    assert refused.certificates == ()


def test_huge_certificates_are_not_read(vendor: ToyVendor) -> None:
    """A certificate of thousands of names costs its reading; beyond the size of any honest one it is left unread."""
    huge = vendor.leaf(names=[f"n{number}.example.com" for number in range(2500)])
    bag = open_bundle(der(huge), filename="x.der")

    assert bag.certificates == ()
    assert [finding.code for finding in bag.findings] == ["no_certificate"]


@pytest.mark.parametrize(
    "data",
    [
        b"-----BEGIN CERTIFICATE-----\n" * 600,
        p7b(*[toy_vendor().g2] * 530, encoding=Encoding.DER),
        der(toy_vendor().g2) * 600,
    ],
    ids=["BEGIN lines", "copies in a p7b", "copies in a row"],
)
def test_pieces_are_counted(data: bytes) -> None:
    """Copies and fragments cost reading too; beyond any honest number the upload is refused."""
    bag = open_bundle(data[: rules.FILE_LIMIT], filename="x")

    assert "too_many_certs" in [finding.code for finding in bag.findings]
    assert bag.certificates == ()


def test_forty_one_certificates_in_a_p7b_are_too_many(vendor: ToyVendor) -> None:
    """The limit holds inside a container, and what follows the container is not read."""
    many = [vendor.leaf(serial=number) for number in range(1, 60)]
    bag = open_bundle(packed([("a.p7b", p7b(*many)), ("b.crt", pem(vendor.g2))]), filename="x.zip")

    assert [finding.code for finding in bag.findings] == ["too_many_certs"]


@pytest.mark.parametrize(
    ("structure", "code"),
    [
        ("3080 06092a864886f70d010702 a080 3080 0000 0000 0000", "parse_error"),
        ("300f 06092a864886f70d010702 a002 3000", "parse_error"),
        ("3018 06092a864886f70d010702 a00b 3009 020101 a004 04020000", "no_certificate"),
    ],
    ids=["BER, nothing inside", "no parts", "no certificate among the certificates"],
)
def test_odd_containers_are_told(structure: str, code: str) -> None:
    """A PKCS7 that holds nothing, or is none, ends in a finding."""
    bag = open_bundle(bytes.fromhex(structure), filename="x.p7b")

    assert [finding.code for finding in bag.findings] == [code]


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\x80" * 40,
        b"\x30\x80" + b"\x05\x00" * 600 + b"\x00\x00",
        b"\x04\x80\x00\x00",
        b"\x1f\x81\x01\x00",
        b"\x30\x85\x01\x01\x01\x01\x01",
        b"\x30",
        tlv(0x30, b"\x05\x00" * 20),
    ],
    ids=["nested", "too many parts", "primitive", "long tag", "long length", "one byte", "a list"],
)
def test_hostile_structures_are_not_walked(data: bytes) -> None:
    """Nesting, endless lists and odd headers stop the walk, not the program."""
    assert shape_of(data) == "unknown"


def test_revocation_list_is_no_certificate() -> None:
    """A CRL in the bundle is recognised by its form and left aside."""
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(toy_vendor().g2.subject)
        .last_update(NOW)
        .next_update(NOW)
        .sign(toy_vendor().issuer_named("G2").private, hashes.SHA256())
    )

    assert shape_of(crl.public_bytes(Encoding.DER)) == "crl"
    assert shape_of(request_der()) == "csr"
    assert shape_of(der(toy_vendor().g2)) == "certificate"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (
            lambda data: tlv(0x30, tlv(0x30, b"\x02\x01\x01") + b"\x30\x00\x03\x01\x00"),
            "parts of it",
        ),
        (lambda data: tlv(0x30, tlv(0x30, b"\x02\x05\x01") + b"\x30\x00\x03\x01\x00"), "cut short"),
        (lambda data: data.replace(b"260101", b"26xx01"), "error parsing"),
    ],
    ids=["no parts", "broken inside", "date"],
)
def test_unreadable_certificates_say_why(spoil: Callable[[bytes], bytes], why: str) -> None:
    """The reason is kept for the list of what was left aside."""
    made = toy_vendor().leaf(not_before=datetime(2026, 1, 1, tzinfo=UTC))

    with pytest.raises(Unreadable, match=why):
        read_certificate(spoil(der(made)), where="x")


def test_enormous_subject_is_not_read() -> None:
    """A name of thousands of parts is left unread; reading it would take seconds."""
    part = x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "x")
    made = toy_vendor().leaf(subject=x509.Name([part] * 400))

    with pytest.raises(Unreadable, match="longer than any honest"):
        read_certificate(der(made), where="x")
