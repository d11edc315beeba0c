"""
Step 9: the names of the leaf against the names that were approved, as sets.
"""

from collections.abc import Iterator, Sequence

from bot.certs import rules
from bot.certs.certificate import Certificate
from bot.certs.expectation import Expectation
from bot.certs.findings import Finding, refuse, show, show_all, warn
from bot.certs.names import BadName, DnsName, covers, is_public, parse_dns_name, registrable


def check_names(leaf: Certificate, expectation: Expectation) -> Iterator[Finding]:
    """
    Step 9: every approved name is there, nothing was added but `www.` or a bare domain, all are public, the CN is one of them.

    Source: BR 7.1.2.7.12 (SAN), 7.1.4.3 (common name), 3.2.2.6 (wildcards); RFC 6125 6.4.
    """
    names, bad = _read_names(leaf)
    yield from _check_missing(leaf, names, expectation)
    yield from _check_added(leaf, names, expectation)
    yield from bad
    yield from _check_common_name(leaf, names)


def _read_names(leaf: Certificate) -> tuple[frozenset[DnsName], list[Finding]]:
    names: set[DnsName] = set()
    bad: list[Finding] = []
    if len(leaf.dns_names) > rules.NAME_LIMIT:
        bad.append(_bad(leaf, f"has more than {rules.NAME_LIMIT} names"))
    for text in leaf.dns_names[: rules.NAME_LIMIT]:
        try:
            name = parse_dns_name(text)
        except BadName:
            bad.append(_bad(leaf, f"holds {show(text)}, which is no DNS name"))
            continue
        names.add(name)
        if text.endswith("."):
            bad.append(_bad(leaf, f"holds {show(text)} with a final dot, which clients refuse"))
        elif not is_public(name):
            bad.append(_bad(leaf, f"holds {show(text)}, which is no public name"))
    if leaf.other_names:
        bad.append(_bad(leaf, f"holds other things than DNS names: {show_all(leaf.other_names)}"))
    return frozenset(names), bad


def _check_missing(
    leaf: Certificate, names: frozenset[DnsName], expectation: Expectation
) -> Iterator[Finding]:
    wildcards = [name for name in names if name.startswith("*.")]
    missing = [
        name
        for name in expectation.names
        if name not in names
        and not (expectation.allow_wildcards and any(covers(wild, name) for wild in wildcards))
    ]
    if missing:
        yield refuse(
            "name_missing",
            leaf.where,
            f"The certificate {show(leaf.title)} lacks {len(missing)} of the approved names: {show_all(missing)}. "
            "Nothing was installed. Enter the missing names in the vendor's own field and have it reissued.",
            expected=", ".join(expectation.names),
            got=", ".join(sorted(names)),
        )


def _check_added(
    leaf: Certificate, names: frozenset[DnsName], expectation: Expectation
) -> Iterator[Finding]:
    wanted = frozenset(expectation.names)
    added = sorted(names - wanted)
    usual = [name for name in added if _is_usual(name, wanted, expectation)]
    foreign = [name for name in added if name not in usual]
    if foreign:
        yield refuse(
            "name_extra",
            leaf.where,
            f"The certificate {show(leaf.title)} holds {_count(foreign)} that nobody approved: {show_all(foreign)}. "
            "Nothing was installed. Have it reissued without them, or place an order that asks for them.",
            expected=", ".join(expectation.names),
            got=", ".join(sorted(names)),
        )
    if usual:
        yield warn(
            "name_extra",
            leaf.where,
            f"The vendor added {_count(usual)} to the certificate: {show_all(usual)}. "
            "Vendors do this by themselves; look whether you want it before you approve the installation.",
            expected=", ".join(expectation.names),
            got=", ".join(sorted(names)),
        )


def _is_usual(name: DnsName, wanted: frozenset[DnsName], expectation: Expectation) -> bool:
    """Say whether vendors add this name by themselves: `www.`, the bare domain, or a wildcard that serves wanted names."""
    if name.startswith("*."):
        return expectation.allow_wildcards and any(covers(name, other) for other in wanted)
    bare = {registrable(other) for other in wanted} | {
        DnsName(other[len(prefix) :])
        for other in wanted
        for prefix in ("www.", "*.")
        if other.startswith(prefix)
    }
    return name in bare or (name.startswith("www.") and DnsName(name[4:]) in wanted)


def _check_common_name(leaf: Certificate, names: frozenset[DnsName]) -> Iterator[Finding]:
    for text in leaf.common_names:
        try:
            fits = parse_dns_name(text) in names
        except BadName:
            fits = False
        if not fits:
            yield refuse(
                "cn_not_in_san",
                leaf.where,
                f"The common name {show(text)} of the certificate is not among its names. Nothing was installed. "
                "Clients look at the names only; have the vendor reissue it.",
                expected=", ".join(sorted(names)),
                got=text[:80],
            )


def _bad(leaf: Certificate, what: str) -> Finding:
    return refuse(
        "name_bad",
        leaf.where,
        f"The certificate {show(leaf.title)} {what}. Nothing was installed. "
        "A public vendor may not issue that: check where the file comes from and have it reissued.",
    )


def _count(names: Sequence[str]) -> str:
    return "a name" if len(names) == 1 else f"{len(names)} names"
