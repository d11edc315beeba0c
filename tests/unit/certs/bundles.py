"""
Bundles as vendors make them: layout, encoding and packing, chosen by hand or by a seeded die.

All of them hold the same certificates, so all of them must get the same verdict.
"""

import io
import json
import quopri
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from typing_extensions import Buffer

from tests.unit.certs.toyca import ToyVendor, der

File = tuple[str, bytes]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """The certificates a vendor delivers."""

    leaf: x509.Certificate
    intermediates: tuple[x509.Certificate, ...]
    roots: tuple[x509.Certificate, ...]

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """Return leaf and intermediates."""
        return (self.leaf, *self.intermediates)

    @property
    def serial(self) -> str:
        """Return the serial as GoDaddy names files by it."""
        return f"{self.leaf.serial_number:x}"


def delivery(vendor: ToyVendor) -> Delivery:
    """Return an honest delivery."""
    return Delivery(
        leaf=vendor.leaf(),
        intermediates=(vendor.issuing, vendor.cross),
        roots=(vendor.r1, vendor.g2),
    )


def pem(*certs: x509.Certificate) -> bytes:
    """Return certificates as PEM, one after another."""
    return b"".join(cert.public_bytes(Encoding.PEM) for cert in certs)


def p7b(*certs: x509.Certificate, encoding: Encoding = Encoding.PEM) -> bytes:
    """Return certificates as PKCS7."""
    return pkcs7.serialize_certificates(list(certs), encoding)


def p7b_ber(*certs: x509.Certificate) -> bytes:
    """Return certificates as PKCS7 with indefinite lengths, as streaming tools write it."""
    end = b"\x00\x00"
    inside = b"\x30\x80" + bytes.fromhex("06092a864886f70d010701") + end
    bag = b"\xa0\x80" + b"".join(der(cert) for cert in certs) + end
    signed = b"\x30\x80" + b"\x02\x01\x01" + b"\x31\x00" + inside + bag + b"\x31\x00" + end
    outer_id = bytes.fromhex("06092a864886f70d010702")
    return b"\x30\x80" + outer_id + b"\xa0\x80" + signed + end + end


def relabel(data: bytes, old: bytes, new: bytes) -> bytes:
    """Return PEM with another label."""
    return data.replace(b"BEGIN " + old, b"BEGIN " + new).replace(b"END " + old, b"END " + new)


# How one group of certificates can be written; every one must be read the same.
ENCODINGS: Final[dict[str, Callable[..., bytes]]] = {
    "pem": pem,
    "pem, CRLF": lambda *certs: pem(*certs).replace(b"\n", b"\r\n"),
    "pem, CR": lambda *certs: pem(*certs).replace(b"\n", b"\r"),
    "pem, one line": lambda *certs: pem(*certs).replace(b"\n", b" "),
    "pem, blank first line": lambda *certs: b"\n\n" + pem(*certs),
    "pem, indented": lambda *certs: pem(*certs).replace(b"\n", b"  \n    "),
    "pem, quoted in a mail": lambda *certs: b"> " + pem(*certs).replace(b"\n", b"\n> "),
    "pem, text around": lambda *certs: (
        b"Dear customer,\r\n\r\n"
        + b"\r\nand also:\r\n".join(pem(cert) for cert in certs)
        + b"\r\nBye"
    ),
    "pem, in JSON": lambda *certs: json.dumps({"certificate": pem(*certs).decode()}).encode(),
    "pem, in HTML": lambda *certs: b"<p>" + pem(*certs).replace(b"\n", b"<br/>") + b"</p>",
    "pem, quoted-printable": lambda *certs: quopri.encodestring(pem(*certs)),
    "pem, UTF-8 BOM": lambda *certs: b"\xef\xbb\xbf" + pem(*certs),
    "pem, UTF-16": lambda *certs: pem(*certs).decode().encode("utf-16"),
    "pem, UTF-16 BE": lambda *certs: b"\xfe\xff" + pem(*certs).decode().encode("utf-16-be"),
    "pem, UTF-16 without BOM": lambda *certs: pem(*certs).decode().encode("utf-16-le"),
    "pem, UTF-16 BE without BOM": lambda *certs: pem(*certs).decode().encode("utf-16-be"),
    "pem, X509 CERTIFICATE": lambda *certs: relabel(
        pem(*certs), b"CERTIFICATE", b"X509 CERTIFICATE"
    ),
    "pem, TRUSTED CERTIFICATE": lambda *certs: relabel(
        pem(*certs), b"CERTIFICATE", b"TRUSTED CERTIFICATE"
    ),
    "der, back to back": lambda *certs: b"".join(der(cert) for cert in certs),
    "p7b, pem": p7b,
    "p7b, der": lambda *certs: p7b(*certs, encoding=Encoding.DER),
    "p7b, ber": p7b_ber,
    "p7b, CMS": lambda *certs: relabel(p7b(*certs), b"PKCS7", b"CMS"),
    "p7b, CERTIFICATE": lambda *certs: relabel(p7b(*certs), b"PKCS7", b"CERTIFICATE"),
}


def _godaddy_iis(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    bag = p7b(given.roots[0], *given.intermediates, given.roots[1])
    return [
        (f"{given.serial}.crt", write(given.leaf)),
        (f"{given.serial}.pem", pem(given.leaf)),
        ("gd_dv-r1-g2_iis_intermediates.p7b", bag),
    ]


def _godaddy_apache(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    return [
        (f"{given.serial}.crt", write(given.leaf)),
        ("gd_bundle_dv-r1-g2.crt", b"\n" + pem(*given.intermediates, given.roots[1])),
    ]


def _digicert(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    return [
        ("mail_example_com.crt", write(given.leaf)),
        ("DigiCertCA.crt", write(*given.intermediates)),
        ("TrustedRoot.crt", write(given.roots[1])),
    ]


def _sectigo(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    single = [(f"CA{at}.crt", write(cert)) for at, cert in enumerate(given.intermediates)]
    return [
        ("mail_example_com.crt", write(given.leaf)),
        *single,
        ("USERTrustRSACertificationAuthority.crt", write(given.roots[1])),
        ("My_CA_Bundle.ca-bundle", pem(*given.intermediates)),
    ]


def _ssl_store(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    return [
        ("CER - CRT Files/", b""),
        ("CER - CRT Files/mail_example_com.crt", pem(given.leaf)),
        ("CER - CRT Files/My_CA_Bundle.crt", pem(*given.intermediates)),
        ("PKCS7 Files/mail_example_com.p7b", p7b(*given.chain)),
        ("Plain Text Files/mail_example_com.txt", write(*given.chain)),
        (
            "Choosing the Right Files to Install.txt",
            b"Install the file that your server likes.\r\n",
        ),
    ]


def _zerossl(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    return [("certificate.crt", write(given.leaf)), ("ca_bundle.crt", write(*given.intermediates))]


def _certbot(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    return [
        ("live/cert.pem", write(given.leaf)),
        ("live/chain.pem", pem(*given.intermediates)),
        ("live/fullchain.pem", pem(*given.chain)),
        ("live/README", b"This directory contains your keys and certificates.\n"),
    ]


def _starfield(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    bag = p7b(*given.intermediates, *given.roots, encoding=Encoding.DER)
    return [(f"{given.serial}.crt", write(given.leaf)), ("sf_dv-r1-g2_iis_intermediates.p7b", bag)]


def _namecheap(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    return [
        ("mail_example_com.crt", write(given.leaf)),
        ("mail_example_com.ca-bundle", pem(*given.intermediates, given.roots[1])),
        ("mail_example_com.p7b", p7b(*given.chain)),
    ]


def _entrust(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    return [
        ("ServerCertificate.crt", write(given.leaf)),
        ("ChainBundle2.crt", write(*given.intermediates, given.roots[1])),
        ("Root.crt", pem(given.roots[1])),
    ]


def _globalsign(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    parts = b"\r\n\r\nINTERMEDIATE CERTIFICATE:\r\n\r\n".join(map(pem, given.chain))
    return [
        ("mail.txt", b"Your SSL certificate:\r\n\r\n" + parts),
        ("as a file", write(*given.chain)),
    ]


def _ssl_com(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    names = ("SSL_COM_RSA_SSL_SUBCA.crt", "CERTUM_TRUSTED_NETWORK_CA.crt")
    singles = zip(names, given.intermediates, strict=False)
    return [
        ("mail_example_com.crt", write(given.leaf)),
        ("SSL_COM_ROOT_CERTIFICATION_AUTHORITY_RSA.crt", write(given.roots[0])),
        *((label, write(cert)) for label, cert in singles),
    ]


def _certum(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    return [("cert.der", der(given.leaf)), ("ca.txt", write(*given.intermediates))]


def _network_solutions(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    return [
        ("MAIL.EXAMPLE.COM.crt", write(given.leaf)),
        ("AddTrustExternalCARoot.crt", pem(given.roots[0])),
        ("ov_chain.txt", write(*given.intermediates, given.roots[0])),
    ]


def _wrong_extensions(given: Delivery, write: Callable[..., bytes]) -> list[File]:
    return [
        ("leaf.p7b", write(given.leaf)),
        ("chain.jpg", p7b(*given.intermediates, encoding=Encoding.DER)),
        ("root", der(given.roots[1])),
    ]


LAYOUTS: Final = {
    "GoDaddy for IIS": _godaddy_iis,
    "GoDaddy for Apache": _godaddy_apache,
    "DigiCert": _digicert,
    "Sectigo": _sectigo,
    "The SSL Store": _ssl_store,
    "ZeroSSL": _zerossl,
    "certbot": _certbot,
    "Starfield": _starfield,
    "Namecheap": _namecheap,
    "Entrust": _entrust,
    "GlobalSign": _globalsign,
    "SSL.com": _ssl_com,
    "Certum": _certum,
    "Network Solutions": _network_solutions,
    "wrong extensions": _wrong_extensions,
}

LITTER: Final[tuple[File, ...]] = (
    ("__MACOSX/._certificate.crt", b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(60)),
    (".DS_Store", b"\x00\x00\x00\x01Bud1" + bytes(90)),
    ("Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60)),
    ("desktop.ini", "[.ShellClassInfo]\r\n".encode("utf-16")),
    ("logo.png", b"\x89PNG\r\n\x1a\n" + bytes(range(200))),
    ("index.html", b"<html><body>Thank you for buying</body></html>"),
    ("readme.txt", "Installationsanleitung für Zertifikate".encode("latin-1")),
    ("empty.txt", b""),
)


class _Stream(io.RawIOBase):
    """A stream that cannot seek, so that zipfile writes descriptors behind the data."""

    def __init__(self) -> None:
        self.parts = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        part = bytes(data)
        self.parts += part
        return len(part)


def packed(files: Sequence[File], *, streamed: bool = False, stored: bool = False) -> bytes:
    """Return a zip of the files, as Python's own writer makes it."""
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    if streamed:
        stream = _Stream()
        with zipfile.ZipFile(stream, "w", method) as archive:
            for label, data in files:
                archive.writestr(_info(label, method), data)
        return bytes(stream.parts)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for label, data in files:
            archive.writestr(_info(label, method), data)
    return buffer.getvalue()


def _info(label: str, method: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(label, date_time=(2026, 11, 20, 12, 0, 0))
    info.compress_type = zipfile.ZIP_STORED if label.endswith("/") else method
    return info


PACKINGS: Final[dict[str, Callable[[Sequence[File]], bytes]]] = {
    "deflated": packed,
    "stored": lambda files: packed(files, stored=True),
    "streamed": lambda files: packed(files, streamed=True),
    "streamed, stored": lambda files: packed(files, streamed=True, stored=True),
    "zip in zip": lambda files: packed([("readme.txt", b"inside"), ("bundle.zip", packed(files))]),
    "with litter": lambda files: packed([*LITTER, *files]),
}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One bundle and how it was made."""

    how: str
    filename: str
    data: bytes


def sample(given: Delivery, *, layout: str, encoding: str, packing: str) -> Sample:
    """Return the bundle made in one way."""
    files = LAYOUTS[layout](given, ENCODINGS[encoding])
    return Sample(
        how=f"{layout} | {encoding} | {packing}",
        filename="bundle.zip",
        data=PACKINGS[packing](files),
    )


def rolled(given: Delivery, seed: int) -> Sample:
    """Return a bundle made in a way chosen by a seeded die, files shuffled, some duplicated."""
    die = random.Random(seed)
    layout, encoding, packing = (
        die.choice(list(table)) for table in (LAYOUTS, ENCODINGS, PACKINGS)
    )
    files = LAYOUTS[layout](given, ENCODINGS[encoding])
    twice = [
        (f"copy of {label.replace('/', ' ')}", data) for label, data in files if die.random() < 0.3
    ]
    files = [*files, *twice]
    die.shuffle(files)
    return Sample(
        how=f"seed {seed}: {layout} | {encoding} | {packing}",
        filename="bundle.zip",
        data=PACKINGS[packing](files),
    )
