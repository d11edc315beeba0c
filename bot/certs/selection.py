"""
Step 6: which certificate of the bag is ours. The public key of the pending CSR decides, and nothing else.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bot.certs.certificate import Certificate
from bot.certs.findings import Finding, refuse, show, show_all
from bot.certs.prints import Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The leaf, or the findings that say why there is none; and for what else held our key, why it was passed over."""

    leaf: Certificate | None
    findings: tuple[Finding, ...]
    passed_over: dict[Fingerprint, str]


def pick_leaf(bag: Sequence[Certificate], spki_der: bytes, *, where: str) -> Selection:
    """
    Return the one certificate that holds the key of the CSR.

    Of several the final one stands before its precertificate, the issued one before a self-signed one, the newest before
    older ones; two that began in the same second are not guessed between.
    """
    ours = [cert for cert in bag if cert.spki_der == spki_der]
    if not ours:
        return Selection(leaf=None, findings=(_nothing_ours(bag, spki_der, where),), passed_over={})
    ranked = sorted(ours, key=_preference, reverse=True)
    best, *others = ranked
    rivals = [cert for cert in others if _preference(cert) == _preference(best)]
    if rivals:
        return Selection(leaf=None, findings=(_ambiguous([best, *rivals], where),), passed_over={})
    passed_over = {cert.sha256: _why_not(cert) for cert in others}
    return Selection(leaf=best, findings=(), passed_over=passed_over)


def _preference(cert: Certificate) -> tuple[bool, bool, float]:
    return not cert.is_self_signed, not cert.is_precertificate, cert.not_before.timestamp()


def _why_not(cert: Certificate) -> str:
    if cert.is_self_signed:
        return "self-signed with our key; not issued by a vendor"
    if cert.is_precertificate:
        return "the precertificate of the leaf; it only serves the transparency logs"
    return "an older certificate for the same key"


def _nothing_ours(bag: Sequence[Certificate], spki_der: bytes, where: str) -> Finding:
    strangers = [cert for cert in bag if not cert.is_ca]
    if not strangers:
        return refuse(
            "no_leaf",
            where,
            f"{show(where)} holds {len(bag)} CA certificates and no certificate for our names. Nothing was used. "
            "Upload the file with our certificate too; the vendor offers it beside the intermediates.",
        )
    expected = hashlib.sha256(spki_der).hexdigest()
    got = strangers[0].key.spki_sha256
    return refuse(
        "key_mismatch",
        strangers[0].where,
        f"No certificate in {show(where)} has the public key of this order's CSR (expected SHA-256 {expected[:12]}…, got "
        f"{got[:12]}… in {show_all([cert.title for cert in strangers])}). Nothing was used. "
        "Upload the bundle the vendor issued for this CSR; for another CSR the vendor must rekey the order.",
        expected=expected,
        got=got,
    )


def _ambiguous(rivals: Sequence[Certificate], where: str) -> Finding:
    serials = show_all([f"{cert.serial:x}" for cert in rivals])
    return refuse(
        "ambiguous_leaf",
        where,
        f"{show(where)} holds {len(rivals)} certificates for our key that begin at the same moment (serials {serials}). "
        "None was chosen. Upload only the one that shall be installed.",
    )
