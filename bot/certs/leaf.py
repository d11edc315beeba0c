"""
A leaf as facts for people and for comparing: what a card shows and what a host reports back.

Reads certificates that were proven elsewhere; proves nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.certs.certificate import Certificate, Unreadable, read_certificate
from bot.certs.findings import BadMaterial, refuse, show
from bot.certs.names import BadName, DnsName, parse_dns_name
from bot.certs.prints import Fingerprint, Thumbprint, thumbprint_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafFacts:
    """
    One certificate as facts.

    `subject` and `issuer` are RFC 4514 text; `serial_hex` is lower case without leading zeros; `names` are its DNS names in the
    order of the certificate; `not_before` and `not_after` are aware UTC and inclusive; `key` reads like `RSA 2048`;
    `usages` are the dotted OIDs of its extended key usage.
    """

    subject: str
    issuer: str
    serial_hex: str
    names: tuple[DnsName, ...]
    not_before: datetime
    not_after: datetime
    key: str
    sha256: Fingerprint
    thumbprint: Thumbprint
    issuer_organisation: str = ""
    spki_sha256: str = ""
    usages: tuple[str, ...] = ()


def read_leaf(der: bytes) -> LeafFacts:
    """
    Return the facts of a DER certificate, also of one a host reports (self-signed, with single labels).

    Raises:
        BadMaterial: parse_error, when it cannot be read.
    """
    try:
        return leaf_facts(read_certificate(der, where="certificate"))
    except Unreadable as fault:
        raise BadMaterial(
            (
                refuse(
                    "parse_error",
                    "certificate",
                    f"The certificate cannot be read: {show(str(fault))}. Nothing was done with it. Fetch it again.",
                ),
            )
        ) from fault


def leaf_facts(cert: Certificate) -> LeafFacts:
    """Return the facts of a certificate that is already read."""
    return LeafFacts(
        subject=cert.subject,
        issuer=cert.issuer,
        serial_hex=f"{cert.serial:x}",
        names=tuple(_as_name(text) for text in cert.dns_names),
        not_before=cert.not_before,
        not_after=cert.not_after,
        key=str(cert.key),
        sha256=cert.sha256,
        thumbprint=thumbprint_of(cert.der),
        issuer_organisation=cert.issuer_organisations[0] if cert.issuer_organisations else "",
        spki_sha256=cert.key.spki_sha256,
        usages=cert.usages or (),
    )


def _as_name(text: str) -> DnsName:
    """A name no vendor would issue (an underscore, say) is shown as it stands."""
    try:
        return parse_dns_name(text)
    except BadName:
        return DnsName(text.lower())
