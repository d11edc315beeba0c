"""
The numbers the judge judges by: limits, key sizes and lifetimes, as data with their source.

No code that decides; a changed rule of the outside world is one changed line here.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

KIB: Final = 1024

UPLOAD_LIMIT: Final = 1024 * KIB
"""Bytes of one upload."""
FILE_LIMIT: Final = 256 * KIB
"""Bytes of one file in an archive, or of a file uploaded by itself."""
TOTAL_LIMIT: Final = 2048 * KIB
"""Bytes of all files together, over all levels of archives."""
ENTRY_LIMIT: Final = 64
"""Entries of an archive, over all levels."""
NESTING_LIMIT: Final = 1
"""Archives inside the archive: one level, as some resellers deliver."""
RATIO_LIMIT: Final = 60
"""How many times larger than its compressed form a file may be; certificates reach about 3."""
RATIO_FROM: Final = 4 * KIB
"""Below this size the ratio says nothing."""
CERTIFICATE_LIMIT: Final = 40
"""Different certificates in one upload; the largest honest bundle seen holds about 10."""
PIECE_LIMIT: Final = 512
"""PEM blocks and DER elements looked at in one upload, copies included; resellers who pack everything three times reach about 30."""
CERTIFICATE_SIZE_LIMIT: Final = 32 * KIB
"""Bytes of one certificate; with 100 names and every extension it has about 8 KiB."""
CERTIFICATE_TOTAL_LIMIT: Final = 128 * KIB
"""Bytes of all different certificates together: what has to be read in full."""
INTERMEDIATE_LIMIT: Final = 4
"""Intermediates between leaf and anchor."""
NAME_LIMIT: Final = 100
"""Names in one leaf; the largest product sold holds as many."""
SIGNATURE_CHECK_LIMIT: Final = 48
"""Signatures tried while looking for issuers: one for each certificate of a full bag, and some to spare; honest bundles need 3."""
NAME_SIZE_LIMIT: Final = 4 * KIB
"""Bytes of one distinguished name; honest ones have about 200."""

RSA_MINIMUM: Final = 2048
RSA_LEAF_MAXIMUM: Final = 4096
RSA_CA_MAXIMUM: Final = 8192
RSA_EXPONENT_MINIMUM: Final = 65537
RSA_EXPONENT_MAXIMUM_BITS: Final = 64
"""Larger exponents are allowed on paper (BR 6.1.5), are sold by nobody, and make every signature check slow."""
CURVES: Final = frozenset({"secp256r1", "secp384r1"})
CA_CURVES: Final = CURVES | {"secp521r1"}
SIGNATURE_HASHES: Final = frozenset({"sha256", "sha384", "sha512"})
"""BR 7.1.3.2; SHA-1 ended for good on 2026-09-15."""

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How far in the future a validity may begin: the vendor's clock and ours differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeRule:
    """Certificates issued from this day on may live so many days."""

    issued_from: datetime
    days: int
    source: str


# Newest last. What was issued before the first row is judged by it too: it is expired anyway.
LIFETIMES: Final = (
    LifetimeRule(
        issued_from=datetime(2020, 9, 1, tzinfo=UTC),
        days=398,
        source="BR 6.3.2 (SC-31 and browsers)",
    ),
    LifetimeRule(
        issued_from=datetime(2026, 3, 15, tzinfo=UTC), days=200, source="BR 6.3.2 (SC-081v3)"
    ),
    LifetimeRule(
        issued_from=datetime(2027, 3, 15, tzinfo=UTC), days=100, source="BR 6.3.2 (SC-081v3)"
    ),
    LifetimeRule(
        issued_from=datetime(2029, 3, 15, tzinfo=UTC), days=47, source="BR 6.3.2 (SC-081v3)"
    ),
)


def lifetime_rule(issued_at: datetime) -> LifetimeRule:
    """Return the rule for a certificate whose validity begins at this moment (aware)."""
    return next((row for row in reversed(LIFETIMES) if row.issued_from <= issued_at), LIFETIMES[0])
