"""
A verdict as JSON: the contract of `certdesk bundle inspect --json`, which others read.

Extend freely, never rename.
"""

from datetime import datetime

from bot.certs.findings import Finding
from bot.certs.leaf import LeafFacts, read_leaf
from bot.certs.verdict import Verdict

Json = dict[str, object]


def as_json(verdict: Verdict) -> Json:
    """Return the verdict in plain values; `install` is in path order, the leaf's issuer first, the anchor left out."""
    issued = verdict.certificate
    return {
        "verdict": verdict.outcome,
        "findings": [_finding(finding) for finding in verdict.findings],
        "leaf": None if verdict.leaf is None else _leaf(verdict.leaf),
        "install": [] if issued is None else [_installed(der) for der in issued.path],
        "ignored": [
            {"subject": other.subject, "sha256": other.sha256, "why": other.why}
            for other in verdict.ignored
        ],
    }


def _finding(finding: Finding) -> Json:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "where": finding.where,
        "message": finding.message,
        "expected": finding.expected,
        "got": finding.got,
    }


def _leaf(leaf: LeafFacts) -> Json:
    return {
        "subject": leaf.subject,
        "issuer": leaf.issuer,
        "serial_hex": leaf.serial_hex,
        "names": list(leaf.names),
        "not_before": _moment(leaf.not_before),
        "not_after": _moment(leaf.not_after),
        "key": leaf.key,
        "sha256": leaf.sha256,
        "thumbprint": leaf.thumbprint,
    }


def _installed(der: bytes) -> Json:
    facts = read_leaf(der)
    return {"subject": facts.subject, "sha256": facts.sha256, "thumbprint": facts.thumbprint}


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
