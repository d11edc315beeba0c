"""A customer of the sandbox's vendor: makes requests, opens zips, reads forms. For tests alone."""

import io
import zipfile
from datetime import datetime
from functools import cache
from html.parser import HTMLParser

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509 import verification
from cryptography.x509.oid import NameOID

from sandbox.vendor.authority import Authority
from sandbox.vendor.bundle import P7B_NAME

NAMES = ("mail.example.com", "autodiscover.example.com")


@cache
def one_authority() -> Authority:
    """One hierarchy for all tests: keys are slow to make."""
    return Authority()


@cache
def customer_key() -> rsa.RSAPrivateKey:
    """The key on the customer's host."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def make_csr(
    *names: str,
    common_name: str | None = NAMES[0],
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
) -> str:
    """A request as Windows writes it: label NEW, lines ended by CR LF."""
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        listed = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(listed, critical=False)
    signed = builder.sign(key or customer_key(), hashes.SHA256())
    pem = signed.public_bytes(Encoding.PEM).decode()
    return pem.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST").replace("\n", "\r\n")


def open_zip(data: bytes) -> dict[str, bytes]:
    """Names and contents, in the zip's order."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def leaf_of(files: dict[str, bytes]) -> x509.Certificate:
    """The certificate in the .pem file."""
    return x509.load_pem_x509_certificate(
        next(data for name, data in files.items() if name.endswith(".pem"))
    )


def intermediates_of(files: dict[str, bytes]) -> list[x509.Certificate]:
    """The certificates of the PKCS #7 file, none if it is missing."""
    return pkcs7.load_pem_pkcs7_certificates(files[P7B_NAME]) if P7B_NAME in files else []


def chain_of(files: dict[str, bytes], *, anchors_pem: str, at: datetime | None = None) -> list[str]:
    """Common names from the leaf to the anchor, now or at another moment; raises VerificationError without a path."""
    store = verification.Store(x509.load_pem_x509_certificates(anchors_pem.encode()))
    rules = verification.PolicyBuilder().store(store)
    if at is not None:
        rules = rules.time(at)
    verifier = rules.build_server_verifier(x509.DNSName(NAMES[0]))
    path = verifier.verify(leaf_of(files), intermediates_of(files))
    return [common_name(certificate) for certificate in path]


def common_name(certificate: x509.Certificate) -> str:
    """The subject's CN."""
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def alternative_names(certificate: x509.Certificate) -> list[str]:
    """The names a client checks."""
    listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return listed.get_values_for_type(x509.DNSName)


class Forms(HTMLParser):
    """The forms of a page: action -> the hidden fields of each form with that action, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, list[dict[str, str]]] = {}
        self.tags: set[str] = set()
        self._action = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            self._action = given["action"]
            self.fields.setdefault(self._action, []).append({})
        elif tag == "input" and given.get("type") == "hidden":
            self.fields[self._action][-1][given["name"]] = given["value"]
