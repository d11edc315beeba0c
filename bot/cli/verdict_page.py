"""
A verdict for people at a terminal: what was decided, why, what would be installed, what was left aside.

Everything in it comes from strangers, so nothing is read as markup and nothing invisible is printed as it is.
"""

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.certs.findings import Finding, Severity, visible
from bot.certs.judge import Verdict, read_leaf
from bot.certs.leaf import LeafFacts

_COLOURS: Final = {"accept": "green", "accept_with_warnings": "yellow", "refuse": "red"}
_HEADS: Final[tuple[tuple[Severity, str, str], ...]] = (
    ("refuse", "Refused because", "red"),
    ("warn", "To be weighed", "yellow"),
    ("note", "Good to know", "cyan"),
)
_LONGEST: Final = 400


def print_verdict(verdict: Verdict, console: Console) -> None:
    """Print the whole page."""
    console.print(
        Text.assemble("Verdict: ", (verdict.outcome.replace("_", " "), _COLOURS[verdict.outcome]))
    )
    for severity, head, colour in _HEADS:
        _print_findings(
            console, head, colour, [f for f in verdict.findings if f.severity == severity]
        )
    if verdict.leaf is not None:
        _print_table(console, "Certificate", _leaf_rows(verdict.leaf))
    if verdict.certificate is not None:
        _print_table(console, "Would be installed, in this order", _path_rows(verdict))
    if verdict.ignored:
        rows = [(_shown(other.subject), other.why) for other in verdict.ignored]
        _print_table(console, "Left aside", rows)


def _print_findings(console: Console, head: str, colour: str, findings: list[Finding]) -> None:
    if not findings:
        return
    console.print(Text(f"\n{head}", style=f"bold {colour}"))
    for finding in findings:
        where = f" ({finding.where})" if finding.where else ""
        console.print(Text.assemble("  ", (finding.code, colour), where))
        console.print(Padding(Text(finding.message), (0, 0, 0, 4), expand=False))


def _print_table(console: Console, head: str, rows: Iterable[tuple[str, str]]) -> None:
    console.print(Text(f"\n{head}", style="bold"))
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 2))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for left, right in rows:
        table.add_row(Text(left), Text(right))
    console.print(table)


def _leaf_rows(leaf: LeafFacts) -> list[tuple[str, str]]:
    return [
        ("subject", _shown(leaf.subject)),
        ("issuer", _shown(leaf.issuer)),
        ("names", _shown(", ".join(leaf.names))),
        ("valid", f"{leaf.not_before:%Y-%m-%d %H:%M} to {leaf.not_after:%Y-%m-%d %H:%M} UTC"),
        ("key", leaf.key),
        ("serial", leaf.serial_hex),
        ("thumbprint", leaf.thumbprint),
        ("SHA-256", leaf.sha256),
    ]


def _path_rows(verdict: Verdict) -> list[tuple[str, str]]:
    if verdict.certificate is None:
        return []
    path = [read_leaf(der) for der in verdict.certificate.path]
    rows = [(facts.thumbprint, f"intermediate {_shown(facts.subject)}") for facts in path]
    leaf = verdict.certificate.facts
    return [*rows, (leaf.thumbprint, f"certificate {_shown(leaf.subject)}")]


def _shown(text: str) -> str:
    return visible(text, at_most=_LONGEST)
