"""
From a request to an issued certificate, right or wrong as the trouble says.

Never here: zips, pages, and when an order may be issued.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sandbox.vendor.authority import Authority, LeafWish, make_key
from sandbox.vendor.request import CertificateRequest
from sandbox.vendor.trouble import Trouble

# The model vendor stays two days under the 200, 100 and 47 of BR 6.3.2; newest first.
_DAYS = (
    (datetime(2029, 3, 15, tzinfo=UTC), 45),
    (datetime(2027, 3, 15, tzinfo=UTC), 98),
    (datetime(2026, 3, 15, tzinfo=UTC), 198),
)
# Clocks of clients lag; BR allows 48 hours before the signing.
HEAD_START = timedelta(hours=1)
UNASKED_NAME = "unasked.example.net"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One certificate with everything its zip is packed from; the intermediates in path order."""

    leaf: x509.Certificate
    intermediates: tuple[x509.Certificate, ...]
    root: x509.Certificate
    issued_at: datetime
    trouble: Trouble | None
    stray_key_pem: bytes | None

    @property
    def serial_hex(self) -> str:
        """The serial as the vendor names its files: lower-case hex, no leading zero."""
        return f"{self.leaf.serial_number:x}"


class Issuer:
    """Signs for one authority; a stray key and an impostor are made the first time they are used."""

    def __init__(self, authority: Authority, *, repository: str) -> None:
        self.authority = authority
        self._repository = repository

    def issue(
        self,
        request: CertificateRequest,
        *,
        at: datetime,
        ends_at: datetime,
        trouble: Trouble | None,
    ) -> Issued:
        """A certificate made at `at`, valid as long as may be at its day but never past the order's end `ends_at`."""
        authority = self._impostor if trouble is Trouble.UNTRUSTED else self.authority
        since, until = _validity(at=at, ends_at=ends_at, trouble=trouble)
        wish = LeafWish(
            public_key=self._key_to_certify(request, trouble),
            names=_names_to_certify(request.names, trouble),
            not_before=since,
            not_after=until,
            repository=self._repository,
        )
        return Issued(
            leaf=authority.issue(wish),
            intermediates=_intermediates(authority, trouble),
            root=authority.new_root,
            issued_at=at,
            trouble=trouble,
            stray_key_pem=self._stray_pem() if trouble is Trouble.PRIVATE_KEY else None,
        )

    def _key_to_certify(
        self, request: CertificateRequest, trouble: Trouble | None
    ) -> rsa.RSAPublicKey:
        wrong = trouble is Trouble.WRONG_KEY
        return self._stray_key.public_key() if wrong else request.public_key

    def _stray_pem(self) -> bytes:
        return self._stray_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @cached_property
    def _stray_key(self) -> rsa.RSAPrivateKey:
        return make_key()

    @cached_property
    def _impostor(self) -> Authority:
        return Authority(copied=self.authority)


def lifetime_days(at: datetime) -> int:
    """How many days a certificate issued at this moment (aware) lives."""
    return next((days for since, days in _DAYS if since <= at), _DAYS[-1][1])


def _validity(
    *, at: datetime, ends_at: datetime, trouble: Trouble | None
) -> tuple[datetime, datetime]:
    # Both ends count, hence the second.
    lifetime = timedelta(days=lifetime_days(at)) - timedelta(seconds=1)
    since = at.replace(microsecond=0) - HEAD_START
    if trouble is Trouble.EXPIRED:
        since -= lifetime + timedelta(days=1)
    return since, min(since + lifetime, ends_at.replace(microsecond=0))


def _names_to_certify(names: tuple[str, ...], trouble: Trouble | None) -> tuple[str, ...]:
    if trouble is Trouble.EXTRA_NAME:
        return (*names, UNASKED_NAME)
    if trouble is Trouble.MISSING_NAME:
        return names[:-1] or (UNASKED_NAME,)
    return names


def _intermediates(authority: Authority, trouble: Trouble | None) -> tuple[x509.Certificate, ...]:
    if trouble is Trouble.NO_INTERMEDIATE:
        return ()
    if trouble is Trouble.NO_CROSS:
        return (authority.issuing,)
    return (authority.issuing, authority.cross)
