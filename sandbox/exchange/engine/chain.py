"""The path from a certificate to a root, as this host's stores allow it; Status and RootCAType."""

from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from sandbox.exchange.engine.state import HostState
from sandbox.exchange.engine.stores import Stores, thumbprint_of

Status = Literal[
    "Unknown",
    "Valid",
    "Revoked",
    "DateInvalid",
    "Untrusted",
    "Invalid",
    "RevocationCheckFailure",
    "PendingRequest",
]
_LONGEST_PATH = 8


def is_self_signed(certificate: x509.Certificate) -> bool:
    """True when the certificate's own key signed it."""
    return certificate.issuer == certificate.subject and _issued(certificate, certificate)


def build_path(certificate: x509.Certificate, stores: Stores) -> list[x509.Certificate]:
    """The certificate, then its issuers as far as stores CA and Root reach; newest issuer first."""
    path = [certificate]
    while len(path) < _LONGEST_PATH and not is_self_signed(path[-1]):
        issuer = _issuer_of(path[-1], stores)
        if issuer is None:
            break
        path.append(issuer)
    return path


def served_chain(certificate: x509.Certificate, stores: Stores) -> list[x509.Certificate]:
    """What the host sends after the leaf in a handshake: the intermediates it has, without the root."""
    return [issuer for issuer in build_path(certificate, stores)[1:] if not is_self_signed(issuer)]


def root_kind(certificate: x509.Certificate, stores: Stores) -> str:
    """RootCAType: the physical Root store the path ends in, or None."""
    found = stores.root.get(thumbprint_of(build_path(certificate, stores)[-1]))
    return found.kind if found else "None"


def status(certificate: x509.Certificate, state: HostState) -> Status:
    """Status as Get-ExchangeCertificate shows it, computed from the stores and the host's clock."""
    path = build_path(certificate, state.stores)
    end = path[-1]
    if not is_self_signed(end):
        return "Invalid"
    if thumbprint_of(end) not in state.stores.root and end is not certificate:
        return "Untrusted"
    if any(_is_out_of_date(element, state) for element in path):
        return "DateInvalid"
    return "Valid" if end is certificate else _revocation(certificate, state)


def _revocation(certificate: x509.Certificate, state: HostState) -> Status:
    if not state.revocation.reachable:
        return "RevocationCheckFailure"
    return "Revoked" if thumbprint_of(certificate) in state.revocation.revoked else "Valid"


def _is_out_of_date(certificate: x509.Certificate, state: HostState) -> bool:
    return not certificate.not_valid_before_utc <= state.now() <= certificate.not_valid_after_utc


def _issuer_of(certificate: x509.Certificate, stores: Stores) -> x509.Certificate | None:
    known = [*(root.certificate for root in stores.root.values()), *stores.ca.values()]
    issuers = [issuer for issuer in known if _issued(issuer, certificate)]
    return max(issuers, key=lambda issuer: issuer.not_valid_before_utc, default=None)


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
