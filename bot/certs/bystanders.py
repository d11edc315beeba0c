"""
Everything in an upload that will not be installed, and why not: people ask, and a silent omission looks like a fault.
"""

from collections.abc import Collection, Mapping

from bot.certs.bag import Bag
from bot.certs.certificate import Certificate
from bot.certs.chain import Anchors
from bot.certs.prints import Fingerprint
from bot.certs.verdict import Ignored


def explain_ignored(
    bag: Bag,
    *,
    used: Collection[Fingerprint],
    passed_over: Mapping[Fingerprint, str],
    anchors: Anchors,
) -> tuple[Ignored, ...]:
    """
    Return each certificate of the bag that is not used, with its reason, in the order of the bag.

    Args:
        bag: the taken-apart upload.
        used: fingerprints of the leaf and of its path.
        passed_over: fingerprints of certificates for our key that are not the leaf, with their reason.
        anchors: the team's list; what it holds needs no import.
    """
    known = [
        Ignored(
            subject=cert.subject,
            sha256=cert.sha256,
            why=passed_over.get(cert.sha256) or _why(cert, anchors),
        )
        for cert in bag.certificates
        if cert.sha256 not in used
    ]
    unknown = [
        Ignored(subject="(cannot be read)", sha256=sha256, why=f"cannot be read: {why}")
        for _, sha256, why in bag.unreadable
    ]
    return (*known, *unknown)


def _why(cert: Certificate, anchors: Anchors) -> str:
    if cert.sha256 in anchors.fingerprints:
        return "a root that is trusted already; roots are never imported"
    if cert.is_self_signed:
        return "a self-signed certificate; roots are never imported"
    if cert.is_ca:
        return "an intermediate that the proven path does not use"
    return "a certificate for another key"
