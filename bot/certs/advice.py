"""
Steps 12, 14 and 15: what the order and history say about a leaf, and what a person should know before going on.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from bot.certs.certificate import Certificate
from bot.certs.expectation import Expectation, SeenSerial
from bot.certs.findings import Finding, note, refuse, show, show_all, warn
from bot.certs.leaf_rules import CLIENT_AUTH

_SHORT_LIVED_DAYS: Final = 180
_SCTS_SHORT: Final = 2
_SCTS_LONG: Final = 3


def check_vendor(leaf: Certificate, expectation: Expectation) -> Iterator[Finding]:
    """Step 12: the issuer belongs to the vendor of the order; otherwise it is a mistake, or the domain was taken over."""
    allowed = {_plain(issuer) for issuer in expectation.issuers}
    if not allowed or any(_plain(found) in allowed for found in leaf.issuer_organisations):
        return
    got = show_all(leaf.issuer_organisations) if leaf.issuer_organisations else "no organisation"
    yield refuse(
        "wrong_vendor",
        leaf.where,
        f"The certificate was issued by {got}, and the order is with {show_all(expectation.issuers)}. "
        "Nothing was installed. If you changed the vendor, change the order; if nobody did, tell your security team at once.",
        expected=", ".join(expectation.issuers),
        got=", ".join(leaf.issuer_organisations)[:200],
    )


def check_known(leaf: Certificate, expectation: Expectation) -> Iterator[Finding]:
    """Step 14: not what is installed already, and not a serial number that stood for another key."""
    serial_hex = f"{leaf.serial:x}"
    if leaf.sha256 in expectation.installed or (
        expectation.replaces is not None and expectation.replaces.sha256 == leaf.sha256
    ):
        yield refuse(
            "already_known",
            leaf.where,
            f"The certificate with serial {serial_hex} is the one that is installed already. Nothing was changed. "
            "Download the new certificate from the vendor and upload that.",
        )
    elif any(_is_other_key(seen, leaf, serial_hex) for seen in expectation.known_serials):
        yield refuse(
            "already_known",
            leaf.where,
            f"Serial {serial_hex} of {show(leaf.issuer)} was seen before with another key, which an honest vendor never does. "
            "Nothing was installed. Tell your security team.",
        )


def advise(leaf: Certificate, expectation: Expectation, at: datetime) -> Iterator[Finding]:
    """Step 15: what does not stop the certificate, but should be known before somebody approves the installation."""
    yield from _client_auth_lost(leaf, expectation)
    days = (leaf.not_after - leaf.not_before).days
    wanted = _SCTS_SHORT if days <= _SHORT_LIVED_DAYS else _SCTS_LONG
    if leaf.sct_count < wanted:
        yield note(
            "few_scts",
            leaf.where,
            f"The certificate carries {leaf.sct_count} transparency timestamps, and browsers want {wanted}. "
            "Mail clients do not mind; Outlook on the web may be refused by browsers.",
            expected=str(wanted),
            got=str(leaf.sct_count),
        )
    yield note(
        "days_left",
        leaf.where,
        f"The certificate ends on {leaf.not_after:%Y-%m-%d}, {max((leaf.not_after - at).days, 0)} days from now.",
    )


def _client_auth_lost(leaf: Certificate, expectation: Expectation) -> Iterator[Finding]:
    before = expectation.replaces
    if before is None or CLIENT_AUTH not in before.usages or CLIENT_AUTH in (leaf.usages or ()):
        return
    yield warn(
        "client_auth_lost",
        leaf.where,
        "The certificate in place may also be used by a client (clientAuth), the new one may not. Public vendors no longer "
        "issue that. Check hybrid connectors and partner domains that use mutual TLS before you approve the installation.",
        expected="clientAuth",
        got=", ".join(leaf.usages or ()),
    )


def _is_other_key(seen: SeenSerial, leaf: Certificate, serial_hex: str) -> bool:
    return (seen.issuer, seen.serial_hex) == (leaf.issuer, serial_hex) and (
        seen.spki_sha256 != leaf.key.spki_sha256
    )


def _plain(organisation: str) -> str:
    return " ".join(organisation.casefold().split())
