"""
Why no path reaches an anchor: what is missing, what is foreign, and where the missing part can be had.

Sentences only; by now the bundle is refused. Names are good enough to give advice by and for nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.x509.oid import NameOID

from bot.certs import rules
from bot.certs.certificate import Certificate
from bot.certs.chain import Anchors, SignatureChecks, Signers, signers_among
from bot.certs.findings import Finding, refuse, show


@dataclass(frozen=True, slots=True, kw_only=True)
class YoungRoot:
    """A root that Windows trusts and Mozilla's list does not, and the certificate that bridges the gap."""

    common_name: str
    cross_name: str
    cross_thumbprint: str
    where_to_get: str
    source: str


# The thumbprint and the names are read from the vendors' files; the addresses are UNCONFIRMED, they are the vendors' repositories of old.
YOUNG_ROOTS: Final = (
    YoungRoot(
        common_name="GoDaddy TLS Root CA - R1",
        cross_name="gd_tls_root-r1-cross-g2",
        cross_thumbprint="9708542D763B1AAFC12CD5B65B3BC9E182F71FC4",
        where_to_get="GoDaddy's certificate repository (certs.godaddy.com/repository)",
        source="GoDaddy help 42783",
    ),
    YoungRoot(
        common_name="Starfield TLS Root CA - R1",
        cross_name="sf_tls_root-r1-cross-g2",
        cross_thumbprint="",
        where_to_get="Starfield's certificate repository (certs.starfieldtech.com/repository)",
        source="GoDaddy help 42783",
    ),
)


def explain_missing_path(bag: Sequence[Certificate], signers: Signers, anchors: Anchors) -> Finding:
    """Return the one finding that says why the walk upward ended before an anchor."""
    top = _top(signers)
    if signers.checks.left < 0 or any(signers.anchors.values()):
        return _refused(
            "chain_invalid",
            top,
            "stands among too many look-alikes and ways to go in the bundle",
            "Upload only the bundle of this order.",
        )
    roots = [
        cert for cert in (top, *bag) if cert.is_self_issued and cert.subject_der == top.issuer_der
    ]
    signed_by = signers_among(top, roots, checks=SignatureChecks())
    if signed_by:
        return _root_finding(top, signed_by[0], anchors)
    if top.signature_hash not in rules.SIGNATURE_HASHES:
        return _refused(
            "weak_signature",
            top,
            f"is signed with {top.signature_hash.upper()}, which proves nothing any more",
            "Ask the vendor for the current intermediates and upload them with the certificate.",
        )
    names = {cert.subject_der for cert in bag if cert.sha256 != top.sha256}
    if top.issuer_der in names or top.issuer_der in anchors.by_subject:
        return _refused(
            "chain_invalid",
            top,
            f"names {show(top.issuer_title)} as its issuer, but was not signed by it",
            "Ask the vendor for the current intermediates; if they are the same, tell your security team.",
        )
    advice = (
        _cross_advice(top.issuer)
        or "Download the bundle for IIS or Exchange from the vendor again, or add the vendor's intermediates to it"
        + (
            ", the cross-certificate signed by the older root included."
            if _is_kin(top, anchors)
            else "."
        )
    )
    return _refused(
        "chain_incomplete",
        top,
        f"was issued by {show(top.issuer_title)}, which is neither in the bundle nor trusted here",
        advice,
    )


def _top(signers: Signers) -> Certificate:
    """Return the highest certificate the walk reached; fingerprints decide between equals."""
    highest = max(signers.depth.values())
    return signers.reached[min(p for p, depth in signers.depth.items() if depth == highest)]


def _root_finding(top: Certificate, root: Certificate, anchors: Anchors) -> Finding:
    advice = _cross_advice(root.subject)
    if advice is None and root.subject_der not in anchors.by_subject and _is_kin(root, anchors):
        advice = (
            f"It is a newer root of a vendor whose older root is trusted: ask the vendor for the cross-certificate "
            f"(the one with the subject {show(root.title)} that the older root signed) and add it to the bundle."
        )
    if advice is not None:
        return _refused(
            "chain_incomplete",
            top,
            f"ends in the root {show(root.title)}, which only some systems trust (Windows may)",
            advice,
        )
    by_itself = root.sha256 == top.sha256
    return _refused(
        "untrusted_root",
        top,
        "is signed by itself, not by a vendor"
        if by_itself
        else f"ends in the root {show(root.title)}, which is not trusted here",
        "Roots are never taken from a bundle: if this is the right vendor, ask an administrator about the trusted list.",
    )


def _cross_advice(name: str) -> str | None:
    young = next((row for row in YOUNG_ROOTS if row.common_name in name), None)
    if young is None:
        return None
    print_ = f" (SHA-1 thumbprint {young.cross_thumbprint})" if young.cross_thumbprint else ""
    return (
        f"Clients outside Windows need the cross-certificate {young.cross_name}{print_}: "
        f"get it from {young.where_to_get} and upload it together with the bundle in one zip."
    )


def _is_kin(cert: Certificate, anchors: Anchors) -> bool:
    """Say whether an anchor carries the same organisation as the issuer of this certificate."""
    organisations = {
        str(part.value)
        for same in anchors.by_subject.values()
        for anchor in same
        for part in anchor.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    }
    return bool(organisations.intersection(cert.issuer_organisations))


def _refused(code: str, cert: Certificate, what: str, advice: str) -> Finding:
    return refuse(
        code,
        cert.where,
        f"No path to a trusted root: {show(cert.title)} {what}. Nothing was installed. {advice}",
    )
