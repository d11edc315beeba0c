"""
Steps 7, 8 and 10: what the leaf itself must be. It must be an end-entity, strong, and valid for long enough and not too long.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from cryptography.x509.oid import ExtendedKeyUsageOID

from bot.certs import rules
from bot.certs.certificate import Certificate
from bot.certs.expectation import Expectation
from bot.certs.findings import Finding, refuse, show, warn
from bot.certs.keys import broken_key_fault, leaf_key_fault

SERVER_AUTH: Final = ExtendedKeyUsageOID.SERVER_AUTH.dotted_string
CLIENT_AUTH: Final = ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string
_DAY_S: Final = 86_400
_LONGEST_SERIAL_BITS: Final = 159
_HANDSHAKE_USAGES: Final = frozenset({"digital_signature", "key_encipherment"})


def check_kind(leaf: Certificate) -> Iterator[Finding]:
    """Step 7: an end-entity for TLS servers, final, with nothing in it that nobody understands (BR 7.1.2.7)."""
    if leaf.is_ca or (leaf.key_usages is not None and "key_cert_sign" in leaf.key_usages):
        yield _refused(
            leaf,
            "is_ca",
            "is a CA certificate: it could sign others",
            "A vendor never sells this for a mail host; tell your security team before anything else.",
        )
    if leaf.is_precertificate:
        yield _refused(
            leaf,
            "precertificate",
            "is a precertificate for the transparency logs, not the final one",
            "Download the issued certificate.",
        )
    yield from _check_usages(leaf)
    if leaf.unknown_critical:
        yield _refused(
            leaf,
            "chain_invalid",
            f"has a critical extension that clients do not know ({leaf.unknown_critical[0]})",
            "Ask the vendor for an ordinary TLS server certificate.",
        )
    if leaf.serial.bit_length() > _LONGEST_SERIAL_BITS:
        yield _refused(
            leaf,
            "chain_invalid",
            "has a serial number of more than 20 bytes, which clients refuse",
            "Ask the vendor to reissue it.",
        )


def check_strength(leaf: Certificate, expectation: Expectation) -> Iterator[Finding]:
    """Step 8: key and signature (BR 6.1.5, 6.1.6, 7.1.3.2)."""
    weakness = leaf_key_fault(leaf.key, allow_ec=expectation.allow_ec) or broken_key_fault(
        leaf.x509.public_key()
    )
    if weakness:
        yield _refused(
            leaf,
            "weak_key",
            f"has a key that may not be used: {weakness}",
            "Make a new CSR and have the vendor rekey the order.",
        )
    if leaf.signature_hash not in rules.SIGNATURE_HASHES:
        yield _refused(
            leaf,
            "weak_signature",
            f"is signed with {leaf.signature_hash.upper()}",
            "Have the vendor reissue it with SHA-256.",
        )


def check_time(leaf: Certificate, expectation: Expectation, at: datetime) -> Iterator[Finding]:
    """Step 10: inside its validity, not longer than allowed for its issue date (BR 6.3.2), with enough left."""
    if leaf.not_before > at + rules.CLOCK_TOLERANCE:
        yield _refused(
            leaf,
            "not_yet_valid",
            f"is valid from {leaf.not_before:%Y-%m-%d %H:%M} UTC only",
            "Wait until then, or check the clock of this machine.",
        )
    if leaf.not_after < at:
        yield _refused(
            leaf,
            "expired",
            f"expired on {leaf.not_after:%Y-%m-%d %H:%M} UTC",
            "Upload the certificate issued for this order, not an older one.",
        )
    elif leaf.not_after - at < timedelta(days=expectation.minimum_days):
        yield _refused(
            leaf,
            "expired",
            f"expires on {leaf.not_after:%Y-%m-%d %H:%M} UTC, in less than {expectation.minimum_days} days",
            "Have the vendor renew or reissue it first.",
        )
    yield from _check_lifetime(leaf)


def _check_usages(leaf: Certificate) -> Iterator[Finding]:
    usages = leaf.usages or ()
    if SERVER_AUTH not in usages:
        yield _refused(
            leaf,
            "not_server_auth",
            "is not made for TLS servers (serverAuth is missing from its extended key usage)",
            "Order a TLS server certificate; Exchange does not take another kind.",
        )
    elif leaf.key_usages is not None and not _HANDSHAKE_USAGES & leaf.key_usages:
        yield _refused(
            leaf,
            "not_server_auth",
            "may not be used in a TLS handshake by its key usage",
            "Order a TLS server certificate; Exchange does not take another kind.",
        )
    odd = [usage for usage in usages if usage not in {SERVER_AUTH, CLIENT_AUTH}]
    if odd and SERVER_AUTH in usages:
        yield warn(
            "unusual_usage",
            leaf.where,
            f"The certificate {show(leaf.title)} may also be used for other things than TLS ({', '.join(odd[:5])}). "
            "Public vendors may not issue that; ask the vendor before installing.",
        )


def _check_lifetime(leaf: Certificate) -> Iterator[Finding]:
    rule = rules.lifetime_rule(leaf.not_before)
    seconds = (leaf.not_after - leaf.not_before).total_seconds() + 1
    days = -(-seconds // _DAY_S)
    if days > rule.days:
        yield refuse(
            "too_long",
            leaf.where,
            f"The certificate {show(leaf.title)} lives {days:.0f} days, and {rule.days} are allowed when issued on "
            f"{leaf.not_before:%Y-%m-%d} ({rule.source}); browsers and phones would refuse it. Nothing was installed. "
            "Have the vendor reissue it.",
            expected=str(rule.days),
            got=f"{days:.0f}",
        )


def _refused(leaf: Certificate, code: str, what: str, advice: str) -> Finding:
    return refuse(
        code,
        leaf.where,
        f"The certificate {show(leaf.title)} {what}. Nothing was installed. {advice}",
    )
