"""
Approved beside delivered: the rows of the card on which somebody approves an installation.

Compares facts; decides nothing. Rows travel with the order as findings of the code `changed`, which only tell.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.certs.findings import Finding, note, show
from bot.certs.leaf import LeafFacts
from bot.certs.names import DnsName

_USAGE_NAMES: Final = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "2.5.29.37.0": "any",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row: what is compared, what was approved or in place, what was delivered."""

    label: str
    before: str
    after: str


def compare_names(
    approved: Sequence[DnsName], delivered: Sequence[DnsName]
) -> tuple[tuple[DnsName, ...], tuple[DnsName, ...]]:
    """Return the names lost and the names added, each in the order in which its side writes them."""
    lost = tuple(name for name in approved if name not in set(delivered))
    added = tuple(name for name in delivered if name not in set(approved))
    return lost, added


def changes(
    leaf: LeafFacts, *, approved: Sequence[DnsName], replaces: LeafFacts | None = None
) -> tuple[Change, ...]:
    """
    Return the rows in which the delivered certificate differs, names first; none when nothing does.

    Args:
        leaf: what was delivered.
        approved: the names of the order.
        replaces: the certificate in place, for what the order itself does not say.
    """
    rows = list(_name_rows(approved, leaf.names))
    if replaces is not None:
        rows.extend(_rows_against(replaces, leaf))
    return tuple(rows)


def as_findings(rows: Sequence[Change]) -> tuple[Finding, ...]:
    """Return the rows as findings, so that they are kept and told with the others."""
    return tuple(
        note("changed", row.label, _sentence(row), expected=row.before, got=row.after)
        for row in rows
    )


def rows_of(findings: Sequence[Finding]) -> tuple[Change, ...]:
    """Return the rows that stand among findings."""
    return tuple(
        Change(label=finding.where, before=finding.expected, after=finding.got)
        for finding in findings
        if finding.code == "changed"
    )


def usage_names(usages: Sequence[str]) -> str:
    """Return extended key usages in words; unknown ones keep their number."""
    return ", ".join(_USAGE_NAMES.get(usage, usage) for usage in usages) or "none"


def _sentence(row: Change) -> str:
    before, after = (show(side) if side else "nothing" for side in (row.before, row.after))
    return f"{row.label}: {after} instead of {before}."


def _name_rows(approved: Sequence[DnsName], delivered: Sequence[DnsName]) -> Iterator[Change]:
    lost, added = compare_names(approved, delivered)
    if lost:
        yield Change(label="Names lost", before=", ".join(lost), after="")
    if added:
        yield Change(label="Names added", before="", after=", ".join(added))


def _rows_against(before: LeafFacts, after: LeafFacts) -> Iterator[Change]:
    for label, old, new in (
        ("Subject", before.subject, after.subject),
        ("Issuer", before.issuer, after.issuer),
        ("Key kind", before.key, after.key),
        ("Usage", usage_names(sorted(before.usages)), usage_names(sorted(after.usages))),
    ):
        if old != new:
            yield Change(label=label, before=old, after=new)
    if before.spki_sha256 != after.spki_sha256:
        yield Change(label="Key", before=_short(before), after=_short(after))
    old_days, new_days = _days(before), _days(after)
    if new_days < old_days:
        yield Change(label="Lifetime", before=f"{old_days} days", after=f"{new_days} days")


def _short(leaf: LeafFacts) -> str:
    """Enough of a key's SHA-256 to tell two apart; that it is another one is the news."""
    return f"SHA-256 {leaf.spki_sha256[:16]}…" if leaf.spki_sha256 else "not known"


def _days(leaf: LeafFacts) -> int:
    return (leaf.not_after - leaf.not_before).days
