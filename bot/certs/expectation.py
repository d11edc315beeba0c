"""
What an order expects of the certificate that comes back: the approved side of every comparison.

Values only; built by whoever knows the order.
"""

from dataclasses import dataclass

from bot.certs.leaf import LeafFacts
from bot.certs.names import DnsName
from bot.certs.prints import Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSerial:
    """A serial number that was seen before: who issued it (RFC 4514), its lower hex, and the SHA-256 of the key it was for."""

    issuer: str
    serial_hex: str
    spki_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """
    What was approved, as far as a certificate can keep or break it.

    `spki_der` is the public key of the pending CSR; `names` are the approved names; `issuers` the organisations that may issue for the
    vendor of the order (empty: any); `minimum_days` the rest of life it must still have; `replaces` the certificate whose
    place it takes; `installed` the fingerprints that hosts hold already; `known_serials` what was seen before.
    """

    spki_der: bytes
    names: tuple[DnsName, ...]
    issuers: tuple[str, ...] = ()
    allow_ec: bool = False
    allow_wildcards: bool = True
    minimum_days: int = 7
    replaces: LeafFacts | None = None
    installed: frozenset[Fingerprint] = frozenset()
    known_serials: frozenset[SeenSerial] = frozenset()
