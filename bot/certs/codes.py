"""
Every code a finding of this room can carry, with the step that gives it: the table of `docs/bundles.md`.

Codes are stable: texts, cards and runbooks hang on them. Add, never rename.
"""

from collections.abc import Iterable
from typing import Final

from bot.certs.findings import Finding

STEP_OF_CODE: Final[dict[str, int]] = {
    "too_big": 2,
    "not_recognised": 2,
    "zip_malformed": 3,
    "zip_encrypted": 3,
    "zip_bomb": 3,
    "zip_path": 3,
    "zip_duplicate": 3,
    "zip_nested": 3,
    "zip_too_many": 3,
    "zip_method": 3,
    "private_key_present": 4,
    "pkcs12_refused": 4,
    "parse_error": 5,
    "no_certificate": 5,
    "too_many_certs": 5,
    "no_leaf": 6,
    "key_mismatch": 6,
    "ambiguous_leaf": 6,
    "is_ca": 7,
    "precertificate": 7,
    "not_server_auth": 7,
    "weak_key": 8,
    "weak_signature": 8,
    "name_missing": 9,
    "name_extra": 9,
    "name_bad": 9,
    "cn_not_in_san": 9,
    "not_yet_valid": 10,
    "expired": 10,
    "too_long": 10,
    "chain_incomplete": 11,
    "untrusted_root": 11,
    "chain_invalid": 11,
    "wrong_vendor": 12,
    "revoked": 13,
    "revocation_unknown": 13,
    "not_revoked": 13,
    "already_known": 14,
    "client_auth_lost": 15,
    "unusual_usage": 15,
    "few_scts": 15,
    "days_left": 15,
    "lint": 15,
    "changed": 16,
}
"""
Step 1 (`not_expected`) belongs to the door. Step 13 is found by whoever may ask the network, `lint` by whoever has a linter,
`changed` by whoever knows the certificate in place; they join the verdict by `verdict.with_findings`.
"""

CSR_CODES: Final = frozenset({"csr_unreadable", "csr_not_signed", "cn_mismatch"})
"""Codes that only requests can have."""


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order of the steps, so that the first that refuses decides; within a step as they came."""
    return tuple(sorted(findings, key=lambda finding: STEP_OF_CODE[finding.code]))
