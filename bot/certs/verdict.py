"""
The values a judgement ends in: the verdict, what would be installed, what was left aside and why.

Values only; `judge.py` makes them.
"""

from dataclasses import dataclass, replace
from typing import Literal

from bot.certs.codes import in_order
from bot.certs.findings import Finding
from bot.certs.leaf import LeafFacts
from bot.certs.prints import Fingerprint

Outcome = Literal["accept", "accept_with_warnings", "refuse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCertificate:
    """
    What would be installed, derived from the proven path and from nothing else.

    `path` holds the intermediates as DER, the leaf's issuer first; the anchor is left out, and so is every root.
    """

    leaf_der: bytes
    path: tuple[bytes, ...]
    facts: LeafFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A certificate of the upload that will not be installed, and why."""

    subject: str
    sha256: Fingerprint
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    The answer to one upload.

    `findings` stand in the order of the steps, so the first that refuses decides; `certificate` is there unless
    the outcome is `refuse`; `leaf` is there as soon as our certificate was found, even when it is refused.
    """

    outcome: Outcome
    findings: tuple[Finding, ...]
    certificate: IssuedCertificate | None
    leaf: LeafFacts | None
    ignored: tuple[Ignored, ...]


def with_findings(verdict: Verdict, more: tuple[Finding, ...]) -> Verdict:
    """Return the verdict with findings made elsewhere at their steps; one that refuses takes the certificate away."""
    findings = in_order((*verdict.findings, *more))
    outcome = outcome_of(findings)
    certificate = None if outcome == "refuse" else verdict.certificate
    return replace(verdict, outcome=outcome, findings=findings, certificate=certificate)


def outcome_of(findings: tuple[Finding, ...]) -> Outcome:
    """Return what the findings amount to: one that refuses refuses, one that warns asks for attention."""
    severities = {finding.severity for finding in findings}
    if "refuse" in severities:
        return "refuse"
    return "accept_with_warnings" if "warn" in severities else "accept"
