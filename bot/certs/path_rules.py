"""
Step 11: is there a path to an anchor that keeps every rule, and if not, what is missing and where to get it.

The path found here is the import list; the bag plays no part after it. Rules of RFC 5280 section 6 that need a whole path (name
constraints, policies) are checked by the library's verifier, which sees one path and one anchor.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from bot.certs import rules
from bot.certs.certificate import Certificate
from bot.certs.chain import (
    Anchors,
    Path,
    find_signers,
    index_anchors,
    paths_to_anchors,
)
from bot.certs.findings import Finding, refuse, show
from bot.certs.keys import ca_key_fault
from bot.certs.missing import explain_missing_path

_PATHS_TRIED: Final = 8
_SERVES_SERVERS: Final = frozenset(
    {
        ExtendedKeyUsageOID.SERVER_AUTH.dotted_string,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """
    The proven path (None when there is none) and every finding about it.

    `is_said_by_verifier` marks that our own rules found nothing and the library's verifier refused.
    """

    path: Path | None
    findings: tuple[Finding, ...]
    is_said_by_verifier: bool = False


def prove_chain(
    leaf: Certificate,
    bag: Sequence[Certificate],
    *,
    anchors: Sequence[x509.Certificate],
    at: datetime,
) -> Chain:
    """
    Find the path from the leaf to an anchor and check every element of it.

    Args:
        leaf: the certificate to prove.
        bag: everything else that was delivered, in any order.
        anchors: the team's list.
        at: the moment for which it is proven, aware.

    Source: RFC 5280 section 6.1; vendors' chains with cross-certificates need a search, not a sort.
    """
    # A leaf outside its validity is step 10's matter; the path is judged for the nearest moment inside.
    moment = min(max(at, leaf.not_before), leaf.not_after)
    index = index_anchors(tuple(anchors))
    signers = find_signers(leaf, _possible_intermediates(leaf, bag, index), index)
    faults = {print_: len(_faults(cert, moment)) for print_, cert in signers.reached.items()}
    paths = paths_to_anchors(leaf, signers, faults=faults)
    best_refused: Chain | None = None
    for path in islice(paths, _PATHS_TRIED):
        chain = _judge_path(leaf, path, moment)
        if chain.path is not None:
            return chain
        best_refused = best_refused or chain
    if best_refused is not None:
        return best_refused
    return Chain(path=None, findings=(explain_missing_path(bag, signers, index),))


def _possible_intermediates(
    leaf: Certificate, bag: Sequence[Certificate], anchors: Anchors
) -> list[Certificate]:
    return [
        cert
        for cert in bag
        if cert.sha256 != leaf.sha256
        and cert.sha256 not in anchors.fingerprints
        and not cert.is_self_signed
    ]


def _judge_path(leaf: Certificate, path: Path, moment: datetime) -> Chain:
    if findings := tuple(_path_findings(leaf, path, moment)):
        return Chain(path=None, findings=findings)
    if reason := _verifier_fault(leaf, path, moment):
        what = f"has a path that breaks a rule: {show(reason)}"
        finding = _refused("chain_invalid", leaf, what)
        return Chain(path=None, findings=(finding,), is_said_by_verifier=True)
    return Chain(path=path, findings=())


def _path_findings(leaf: Certificate, path: Path, moment: datetime) -> Iterator[Finding]:
    for below, cert in enumerate(path.intermediates):
        faults = [*_faults(cert, moment), *_length_faults(path.intermediates[:below], cert)]
        for code, what in faults:
            yield _refused(code, cert, what)
    if len(path.intermediates) > rules.INTERMEDIATE_LIMIT:
        what = f"has more than {rules.INTERMEDIATE_LIMIT} intermediates above it"
        yield _refused("chain_invalid", leaf, what)


def _faults(cert: Certificate, moment: datetime) -> list[tuple[str, str]]:
    """Return what forbids a certificate to stand in a path as an issuer: (code, what), wherever it stands."""
    faults = []
    if not cert.is_ca:
        faults.append(("chain_invalid", "is not a CA certificate and may not issue others"))
    elif not cert.signs_certificates:
        faults.append(("chain_invalid", "may not sign certificates by its key usage"))
    if not cert.not_before <= moment <= cert.not_after:
        faults.append(
            (
                "chain_invalid",
                f"is valid from {cert.not_before:%Y-%m-%d} to {cert.not_after:%Y-%m-%d} only",
            )
        )
    if cert.usages is not None and not _SERVES_SERVERS.intersection(cert.usages):
        faults.append(("chain_invalid", "may not issue certificates for TLS servers"))
    if cert.unknown_critical:
        faults.append(
            (
                "chain_invalid",
                f"has a critical extension nobody here knows ({cert.unknown_critical[0]})",
            )
        )
    if cert.is_precertificate:
        faults.append(("chain_invalid", "is a precertificate"))
    if weakness := ca_key_fault(cert.key):
        faults.append(("weak_key", f"is too weak: {weakness}"))
    if cert.signature_hash not in rules.SIGNATURE_HASHES:
        faults.append(("weak_signature", f"is signed with {cert.signature_hash.upper()}"))
    return faults


def _length_faults(below: Sequence[Certificate], cert: Certificate) -> list[tuple[str, str]]:
    """Count the intermediates below, self-issued ones aside (RFC 5280 4.2.1.9)."""
    count = sum(not lower.is_self_issued for lower in below)
    if cert.path_length is None or count <= cert.path_length:
        return []
    return [
        (
            "chain_invalid",
            f"allows {cert.path_length} intermediates below it, and there are {count}",
        )
    ]


def _verifier_fault(leaf: Certificate, path: Path, moment: datetime) -> str | None:
    builder = PolicyBuilder().store(Store([path.anchor])).time(moment)
    try:
        verifier = builder.max_chain_depth(rules.INTERMEDIATE_LIMIT).build_server_verifier(
            _subject(leaf)
        )
        verifier.verify(leaf.x509, [cert.x509 for cert in path.intermediates])
    except (VerificationError, ValueError) as fault:
        return str(fault)
    return None


def _subject(leaf: Certificate) -> x509.DNSName:
    """The verifier wants a name; which names the leaf holds is judged in step 9, so it gets one that fits."""
    name = leaf.dns_names[0] if leaf.dns_names else "name.invalid"
    return x509.DNSName(name.replace("*", "any", 1))


def _refused(code: str, cert: Certificate, what: str) -> Finding:
    return refuse(
        code,
        cert.where,
        f"The certificate {show(cert.title)} {what}. Nothing was installed. "
        "Ask the vendor for the current intermediates and upload them with the certificate.",
    )
