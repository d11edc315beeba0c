"""
DNS names as certificates carry them: A-labels, lower case, no final dot, maybe a wildcard first.

Only the form of a name is judged here, and whether the public may hold it; who asked for it is not.
"""

import re
from functools import cache
from typing import Final, NewType

import idna
from publicsuffixlist import PublicSuffixList

from bot.certs.findings import show

DnsName = NewType("DnsName", str)
"""A name in A-labels, lower case, without a final dot; `*.` may come first."""

_LONGEST_NAME: Final = 253
_LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_SEPARATORS: Final = re.compile(r"[\s,;]+")
# RFC 6761, RFC 6762, RFC 7686 and RFC 8375 names and the reverse zones (BR 7.1.2.7.12): delegated or listed, never public.
_NEVER_PUBLIC: Final = frozenset({"arpa", "onion", "local", "internal", "lan", "corp", "home"})


class BadName(ValueError):
    """A text that is no DNS name, with a sentence for the person who wrote it."""


class BadNames(ValueError):
    """Every bad name of a list, each with its own sentence."""

    def __init__(self, bad: tuple[BadName, ...]) -> None:
        """Keep the bad names in the order in which they were written."""
        super().__init__(bad)
        self.bad = bad

    def __str__(self) -> str:
        """Return the sentences, one a line."""
        return "\n".join(str(name) for name in self.bad)


def parse_dns_name(text: str) -> DnsName:
    """
    Return the one form of a DNS name, whatever the writing: case, final dot, Unicode (UTS 46).

    Raises:
        BadName: empty, too long, an address, an underscore, a wildcard elsewhere than as the whole first label.

    Source: RFC 5280 4.2.1.6, RFC 5890 2.3.1, BR 3.2.2.6 (wildcards).
    """
    plain = text.strip()
    star, body = ("*.", plain[2:]) if plain.startswith("*.") else ("", plain)
    if not body:
        raise BadName(f"{show(text)} is not a DNS name: nothing stands there. Write a full name.")
    if "*" in body:
        raise BadName(
            f"{show(text)} is not a DNS name: a wildcard may only be the whole first label, as in *.example.com."
        )
    name = star + _to_a_labels(body, text)
    if len(name) > _LONGEST_NAME:
        raise BadName(
            f"{show(text)} is longer than {_LONGEST_NAME} characters. Use a shorter name."
        )
    return DnsName(name)


def is_public(name: DnsName) -> bool:
    """
    Say whether a public vendor may issue for this name.

    True for names below a public suffix of the packaged list (ICANN part); false for single labels, for a public
    suffix itself, for a wildcard right above one, and for zones that are never public (.local, .internal, reverse).
    """
    body = name.removeprefix("*.")
    if body.rpartition(".")[2] in _NEVER_PUBLIC:
        return False
    return _suffixes().privatesuffix(body) is not None


def registrable(name: DnsName) -> DnsName | None:
    """Return the bare domain somebody registered (example.co.uk for mail.example.co.uk), or None."""
    found = _suffixes().privatesuffix(name.removeprefix("*."))
    return None if found is None else DnsName(found)


def parse_names(text: str, *, common_name: str) -> tuple[DnsName, ...]:
    """
    Read a list of names, one a line or parted by commas or blanks; the common name comes first.

    Duplicates are dropped, the order of writing is kept.

    Raises:
        BadNames: with every name that is none, or that no public vendor may issue for.
    """
    names: dict[DnsName, None] = {}
    bad: list[BadName] = []
    for word in [common_name.strip(), *_SEPARATORS.split(text)]:
        if not word:
            continue
        try:
            names[_parse_public(word)] = None
        except BadName as fault:
            bad.append(fault)
    if not names and not bad:
        bad.append(BadName("No name was given. Write at least the name that people use."))
    if bad:
        raise BadNames(tuple(bad))
    return tuple(names)


def covers(pattern: DnsName, name: DnsName) -> bool:
    """Say whether a name in a certificate serves a wanted name; a wildcard serves exactly one level (RFC 6125 6.4.3)."""
    if pattern == name:
        return True
    return pattern.startswith("*.") and name.partition(".")[2] == pattern[2:] and name[0] != "*"


def _parse_public(word: str) -> DnsName:
    name = parse_dns_name(word)
    if not is_public(name):
        raise BadName(
            f"{show(word)} is not a public name: no vendor may put it into a certificate. "
            "Ask for the name people use from outside."
        )
    return name


def _to_a_labels(body: str, text: str) -> str:
    try:
        encoded = body.lower() if body.isascii() else idna.encode(body, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as fault:
        raise BadName(
            f"{show(text)} is not a DNS name: it cannot be written in A-labels."
        ) from fault
    name = encoded.removesuffix(".")
    labels = name.split(".")
    if not all(_is_label(label) for label in labels):
        raise BadName(
            f"{show(text)} is not a DNS name: labels hold letters, digits and inner hyphens, 63 at most."
        )
    if labels[-1].isdigit():
        raise BadName(f"{show(text)} is an address, not a DNS name. Write the name of the host.")
    return name


def _is_label(label: str) -> bool:
    if not _LABEL.fullmatch(label):
        return False
    if not label.startswith("xn--"):
        return True
    try:
        return idna.alabel(idna.ulabel(label)) == label.encode()
    except (idna.IDNAError, UnicodeError):
        return False


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=True)
