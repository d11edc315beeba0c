"""
What is said about material that somebody supplied: findings with a stable code and a full sentence.

No rule lives here; rules make findings, findings only speak.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["refuse", "warn", "note"]

_LONGEST: Final = 80
"""Characters of outside text that a sentence may repeat."""
_LONGEST_LABEL: Final = 200
_LONGEST_SIDE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One thing found in supplied material, said to the person who supplied it.

    `code` is stable and searchable; `where` names the file or the certificate; `message` is a whole sentence
    with what happened and what to do next; `expected` and `got` repeat the two sides where there are two.
    """

    code: str
    severity: Severity
    where: str
    message: str
    expected: str = ""
    got: str = ""


class BadMaterial(Exception):
    """Material that cannot be used; whoever supplied it must act. Carries every finding, not only the first."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        """Keep the findings in the order in which they were made."""
        super().__init__(findings)
        self.findings = findings

    def __str__(self) -> str:
        """Return the sentences, one a line."""
        return "\n".join(finding.message for finding in self.findings)


def refuse(code: str, where: str, message: str, *, expected: str = "", got: str = "") -> Finding:
    """Return a finding that stops the material."""
    return _finding("refuse", code, where, message, expected, got)


def warn(code: str, where: str, message: str, *, expected: str = "", got: str = "") -> Finding:
    """Return a finding that a person should weigh."""
    return _finding("warn", code, where, message, expected, got)


def note(code: str, where: str, message: str, *, expected: str = "", got: str = "") -> Finding:
    """Return a finding that is only good to know."""
    return _finding("note", code, where, message, expected, got)


def show(text: str) -> str:
    """
    Quote text from outside so that it can stand in a sentence.

    It is cut to 80 characters, and every character that cannot be seen (control characters, marks that
    turn the direction of writing, lone surrogates) is written as an escape.
    """
    return f"'{visible(text, at_most=_LONGEST)}'"


def show_all(texts: Sequence[str], *, limit: int = 5) -> str:
    """Quote several texts in a row and count those that are left out."""
    shown = ", ".join(show(text) for text in texts[:limit])
    rest = len(texts) - limit
    return f"{shown} and {rest} more" if rest > 0 else shown


def visible(text: str, *, at_most: int) -> str:
    """Cut text from outside and write what cannot be seen as an escape."""
    cut = text if len(text) <= at_most else text[: at_most - 1] + "…"
    return "".join(_escape(character) for character in cut)


def _escape(character: str) -> str:
    if character.isprintable() and character != "'":
        return character
    return (
        "\\'"
        if character == "'"
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
    )


def _finding(
    severity: Severity, code: str, where: str, message: str, expected: str, got: str
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        where=visible(where, at_most=_LONGEST_LABEL),
        message=message,
        expected=visible(expected, at_most=_LONGEST_SIDE),
        got=visible(got, at_most=_LONGEST_SIDE),
    )
