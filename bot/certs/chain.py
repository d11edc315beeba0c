"""
From the leaf toward an anchor: who really signed whom, and which paths there are.

Names and key identifiers are claims and only say where to look first; an edge exists when the signature verifies. So a bag full of
forged look-alikes costs a few signature checks and changes nothing. Anchors are given, never taken from the bag. Whether a path keeps
the rules is asked in `path_rules.py`.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from bot.certs import rules
from bot.certs.certificate import Certificate
from bot.certs.prints import Fingerprint

_STEPS: Final = 400
"""Partial paths looked at; an honest bag needs fewer than 20."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """The team's trusted certificates, indexed by the DER of their subject."""

    by_subject: dict[bytes, tuple[x509.Certificate, ...]]
    fingerprints: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Intermediates from the leaf's issuer upward, and the anchor that signed the last of them (or the leaf)."""

    intermediates: tuple[Certificate, ...]
    anchor: x509.Certificate


@dataclass(slots=True, kw_only=True)
class SignatureChecks:
    """How many signatures may still be tried; look-alikes cost one each."""

    left: int = rules.SIGNATURE_CHECK_LIMIT

    def take(self) -> bool:
        """Use one up; say whether there was one."""
        self.left -= 1
        return self.left >= 0


@dataclass(slots=True, kw_only=True)
class Signers:
    """
    Who signed whom, as far as the bag and the anchors tell.

    Both tables are keyed by the fingerprint of the signed certificate; `depth` counts the steps from the leaf. Where `checks` ran
    out, a missing edge proves nothing.
    """

    issuers: dict[Fingerprint, tuple[Certificate, ...]] = field(default_factory=dict)
    anchors: dict[Fingerprint, tuple[x509.Certificate, ...]] = field(default_factory=dict)
    reached: dict[Fingerprint, Certificate] = field(default_factory=dict)
    depth: dict[Fingerprint, int] = field(default_factory=dict)
    checks: SignatureChecks = field(default_factory=SignatureChecks)


@lru_cache(maxsize=8)
def index_anchors(anchors: tuple[x509.Certificate, ...]) -> Anchors:
    """Return the anchors by subject."""
    by_subject: dict[bytes, list[x509.Certificate]] = {}
    for anchor in anchors:
        by_subject.setdefault(anchor.subject.public_bytes(), []).append(anchor)
    return Anchors(
        by_subject={subject: tuple(same) for subject, same in by_subject.items()},
        fingerprints=frozenset(anchor.fingerprint(hashes.SHA256()).hex() for anchor in anchors),
    )


def find_signers(leaf: Certificate, bag: Sequence[Certificate], anchors: Anchors) -> Signers:
    """
    Walk upward from the leaf along verified signatures.

    Args:
        leaf: where to begin.
        bag: possible intermediates; self-signed certificates and anchors must have been taken out.
        anchors: the team's list.
    """
    by_subject: dict[bytes, list[Certificate]] = {}
    for cert in bag:
        by_subject.setdefault(cert.subject_der, []).append(cert)
    signers = Signers(reached={leaf.sha256: leaf}, depth={leaf.sha256: 0})
    waiting = [leaf]
    for cert in waiting:
        signers.anchors[cert.sha256] = tuple(
            anchor
            for anchor in anchors.by_subject.get(cert.issuer_der, ())
            if _has_signed(anchor, cert)
        )
        signers.issuers[cert.sha256] = signers_among(
            cert, by_subject.get(cert.issuer_der, []), checks=signers.checks
        )
        depth = signers.depth[cert.sha256] + 1
        for issuer in signers.issuers[cert.sha256]:
            # One step more than allowed is looked at, so that a path that is too long can be called so.
            if issuer.sha256 not in signers.reached and depth <= rules.INTERMEDIATE_LIMIT + 1:
                signers.reached[issuer.sha256] = issuer
                signers.depth[issuer.sha256] = depth
                waiting.append(issuer)
    return signers


def paths_to_anchors(
    leaf: Certificate, signers: Signers, *, faults: dict[Fingerprint, int]
) -> Iterator[Path]:
    """
    Yield the paths that end in an anchor, those with the fewest faulty elements first, then the shortest.

    Args:
        leaf: where every path begins.
        signers: the verified edges.
        faults: how many faults each reached certificate has as an issuer; only the order depends on it.
    """
    distance = _distances(signers)
    # The fingerprints make the order a property of the certificates, not of the order in which they came.
    heap: list[tuple[int, int, tuple[Fingerprint, ...]]] = [(0, 0, (leaf.sha256,))]
    for _ in range(_STEPS):
        if not heap:
            return
        cost, _, trail = heapq.heappop(heap)
        for anchor in signers.anchors.get(trail[-1], ()):
            yield Path(
                intermediates=tuple(signers.reached[print_] for print_ in trail[1:]), anchor=anchor
            )
        seen = {(signers.reached[p].subject_der, signers.reached[p].spki_der) for p in trail}
        for issuer in signers.issuers.get(trail[-1], ()):
            name_and_key = (issuer.subject_der, issuer.spki_der)
            if issuer.sha256 in distance and name_and_key not in seen:
                worse = cost + faults.get(issuer.sha256, 0)
                length = len(trail) + distance[issuer.sha256]
                heapq.heappush(heap, (worse, length, (*trail, issuer.sha256)))


def signers_among(
    cert: Certificate, candidates: Sequence[Certificate], *, checks: SignatureChecks
) -> tuple[Certificate, ...]:
    """
    Return the candidates that hold the key that signed a certificate, in their order; there is one such key at most.

    Args:
        cert: the signed certificate.
        candidates: certificates whose subject is its issuer.
        checks: what may still be tried; used up here.
    """
    tried: set[bytes] = set()
    for candidate in sorted(candidates, key=lambda other: (_rank(cert, other), other.sha256)):
        if candidate.spki_der in tried or not _is_checkable(candidate):
            continue
        if not checks.take():
            break
        tried.add(candidate.spki_der)
        if _has_signed(candidate.x509, cert):
            return tuple(other for other in candidates if other.spki_der == candidate.spki_der)
    return ()


def _has_signed(issuer: x509.Certificate, cert: Certificate) -> bool:
    """Say whether this issuer has the name and made the signature that the certificate carries."""
    try:
        cert.x509.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _rank(cert: Certificate, candidate: Certificate) -> int:
    """
    Say how likely a candidate is, 0 first.

    The identifier computed from the candidate's own key cannot be forged; the one it claims can, and comes second.
    """
    if cert.issuer_key_id is None:
        return 2
    if candidate.key_id == cert.issuer_key_id:
        return 0
    return 1 if candidate.claimed_key_id == cert.issuer_key_id else 3


def _is_checkable(cert: Certificate) -> bool:
    """Leave out keys made to be slow; no issuer has such a key."""
    if cert.key.kind == "RSA":
        return (
            cert.key.bits <= rules.RSA_CA_MAXIMUM
            and cert.key.exponent.bit_length() <= rules.RSA_EXPONENT_MAXIMUM_BITS
        )
    return cert.key.curve in rules.CA_CURVES


def _distances(signers: Signers) -> dict[Fingerprint, int]:
    """
    Return how many steps each certificate is from an anchor; what reaches none is left out.

    Dead ends so never enter the search, and of the others those that lead up soonest are looked at first.
    """
    signed_by: dict[Fingerprint, list[Fingerprint]] = {}
    for print_, issuers in signers.issuers.items():
        for issuer in issuers:
            signed_by.setdefault(issuer.sha256, []).append(print_)
    waiting = [print_ for print_, found in signers.anchors.items() if found]
    distance = dict.fromkeys(waiting, 0)
    for print_ in waiting:
        for below in signed_by.get(print_, ()):
            if below not in distance:
                distance[below] = distance[print_] + 1
                waiting.append(below)
    return distance
