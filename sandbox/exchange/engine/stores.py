"""The host's certificate stores My, REQUEST, CA and Root, with real keys. No rules of Exchange here."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey
RootKind = Literal["ThirdParty", "Enterprise", "Registry", "GroupPolicy"]
SCHANNEL = "Microsoft RSA SChannel Cryptographic Provider"
"""Where the keys of Exchange's own requests live: type 12 (reference 5.1)."""
KEY_STORAGE = "Microsoft Software Key Storage Provider"
"""CNG: provider type 0 in Exchange's eyes (reference 7 trap 10)."""
StoreName = Literal["My", "REQUEST", "CA", "Root"]


def thumbprint_of(certificate: x509.Certificate) -> str:
    """SHA-1 of the DER, 40 upper-case hex digits: the handle Windows uses."""
    return certificate.fingerprint(hashes.SHA1()).hex().upper()


def public_bytes(holder: x509.Certificate | PrivateKey) -> bytes:
    """The public key as SubjectPublicKeyInfo, to compare keys by."""
    return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass(slots=True, kw_only=True)
class StoredCertificate:
    """One certificate in store My and what Windows knows about its key."""

    certificate: x509.Certificate
    key: PrivateKey | None = None
    exportable: bool = False
    friendly_name: str = ""
    network_service: bool = False
    provider: str = SCHANNEL

    @property
    def provider_type(self) -> int:
        return 12 if self.provider == SCHANNEL else 0

    @property
    def thumbprint(self) -> str:
        return thumbprint_of(self.certificate)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRequest:
    """A request that waits for its answer; the stand-in certificate is what store REQUEST shows."""

    stand_in: x509.Certificate
    key: RSAPrivateKey
    csr_der: bytes
    csr_pem: str
    exportable: bool
    friendly_name: str
    created_at: datetime

    @property
    def thumbprint(self) -> str:
        return thumbprint_of(self.stand_in)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedRoot:
    """One certificate in store Root, and the physical store it lies in."""

    certificate: x509.Certificate
    kind: RootKind


@dataclass(slots=True, kw_only=True)
class Stores:
    """LocalMachine's four stores, each keyed by thumbprint."""

    my: dict[str, StoredCertificate] = field(default_factory=dict)
    requests: dict[str, PendingRequest] = field(default_factory=dict)
    ca: dict[str, x509.Certificate] = field(default_factory=dict)
    root: dict[str, TrustedRoot] = field(default_factory=dict)

    def add_my(self, stored: StoredCertificate) -> StoredCertificate:
        self.my[stored.thumbprint] = stored
        return stored

    def add_ca(self, certificate: x509.Certificate) -> bool:
        """True when it was added, False when it was there."""
        thumbprint = thumbprint_of(certificate)
        if thumbprint in self.ca:
            return False
        self.ca[thumbprint] = certificate
        return True

    def add_root(self, certificate: x509.Certificate, kind: RootKind) -> None:
        self.root[thumbprint_of(certificate)] = TrustedRoot(certificate=certificate, kind=kind)
