"""A toy issuer with its lists and its responder, on a port of this machine; it can lie in every way a test asks for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from bot.certs.judge import IssuedCertificate, read_leaf
from tests.unit.certs.toyca import (
    NOW,
    SERVER_AUTH,
    Key,
    ca_plan,
    der,
    issue,
    toy_vendor,
)

Page = tuple[int, dict[str, str], bytes]


class Standing:
    """A clock that stands."""

    def __init__(self, at: datetime = NOW) -> None:
        self._at = at

    def now(self) -> datetime:
        """The moment."""
        return self._at


@dataclass(kw_only=True)
class ToyIssuer:
    """What was revoked, whether anybody answers, and the pages that are served besides the honest ones."""

    revoked: set[str] = field(default_factory=set)
    is_silent: bool = False
    pages: dict[str, Callable[[], Page]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> Page:
        """What is served at a path."""
        self.asked.append(path)
        if self.is_silent:
            return 503, {}, b"away"
        honest: dict[str, Callable[[], bytes]] = {
            "/leaf.crl": lambda: crl("R1v1", [LEAF_SERIAL] if "leaf" in self.revoked else []),
            "/r1.crl": lambda: crl("R1", [CA_SERIAL] if "intermediate" in self.revoked else []),
        }
        if path in self.pages:
            return self.pages[path]()
        return (200, {}, honest[path]()) if path in honest else (404, {}, b"nothing here")


LEAF_SERIAL = 0x4A1B2C3D4E5F6
CA_SERIAL = 0x2002


def crl(
    issuer: str,
    serials: list[int],
    *,
    at: datetime = NOW - timedelta(hours=1),
    days: float = 7,
    private: Key | None = None,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    reason: x509.ReasonFlags | None = x509.ReasonFlags.key_compromise,
) -> bytes:
    """A list as DER, signed by the issuer of this name unless another key is given."""
    named = toy_vendor().issuer_named(issuer)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(named.subject)
        .last_update(at)
        .next_update(at + timedelta(days=days))
    )
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    for value, critical in extensions:
        builder = builder.add_extension(value, critical=critical)
    return builder.sign(private or named.private, hashes.SHA256()).public_bytes(Encoding.DER)


def points_at(*urls: str) -> x509.CRLDistributionPoints:
    """The extension that names these lists."""
    points = [
        x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
        for url in urls
    ]
    return x509.CRLDistributionPoints(points)


def asks_at(url: str) -> x509.AuthorityInformationAccess:
    """The extension that names this responder."""
    place = x509.UniformResourceIdentifier(url)
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)]
    )


def leaf_naming(*extensions: x509.ExtensionType) -> x509.Certificate:
    """A leaf of the toy vendor that names where to ask."""
    return toy_vendor().leaf(extra=tuple((value, False) for value in extensions))


def issuing_naming(*extensions: x509.ExtensionType) -> x509.Certificate:
    """The issuing CA with such extensions."""
    vendor = toy_vendor()
    extra = tuple((value, False) for value in extensions)
    plan = ca_plan(
        vendor.issuer, serial=CA_SERIAL, path_length=0, usages=(SERVER_AUTH,), extra=extra
    )
    return issue(plan, vendor.issuer_named("R1"))


def issued(leaf: x509.Certificate, *path: x509.Certificate) -> IssuedCertificate:
    """A proven certificate made of these."""
    return IssuedCertificate(
        leaf_der=der(leaf), path=tuple(der(cert) for cert in path), facts=read_leaf(der(leaf))
    )


def response(
    leaf: x509.Certificate,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    *,
    at: datetime = NOW - timedelta(hours=1),
    days: float = 4,
    is_forged: bool = False,
    delegate: x509.Certificate | None = None,
    delegate_key: Key | None = None,
) -> bytes:
    """A responder's answer about a leaf as DER, signed by the issuing CA, or by one that copied its name, or by a delegate."""
    vendor = toy_vendor()
    signer = toy_vendor("forger") if is_forged else vendor
    is_revoked = status is ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf, issuer=vendor.issuing, algorithm=hashes.SHA1(), cert_status=status,
        this_update=at, next_update=at + timedelta(days=days),
        revocation_time=at if is_revoked else None, revocation_reason=None,
    )  # fmt: skip
    responder = delegate or signer.issuing
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder)
    if delegate is not None:
        builder = builder.certificates([delegate])
    private = delegate_key or signer.issuer.private
    return builder.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)


@contextmanager
def pages(issuer: ToyIssuer) -> Iterator[str]:
    """Serve the issuer's pages; the address to put before their paths."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._serve()

        def _serve(self) -> None:
            status, headers, body = issuer.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serving(issuer: ToyIssuer) -> Iterator[IssuedCertificate]:
    """A proven certificate whose leaf and issuing CA name lists that are served here."""
    with pages(issuer) as address:
        leaf = leaf_naming(points_at(f"{address}/leaf.crl"))
        issuing = issuing_naming(points_at(f"{address}/r1.crl"))
        yield issued(leaf, issuing, toy_vendor().cross)
