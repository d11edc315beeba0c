"""Why a certificate of a host must not be given a service again: Exchange itself would take an expired one without a word. Pure."""

from typing import Final

from bot.certs.prints import Thumbprint
from bot.domain.plan import HostCertificate, Snapshot
from bot.exchange.untouchable import is_auth

_BY_STATUS: Final = {
    "DateInvalid": "is not valid by the host's own clock",
    "Revoked": "was revoked",
    "NotShown": "is not accepted by Exchange",
}
"""
By the host's own word on it (exchange.md 4.3, 4.4).

A chain or a revocation list it cannot see says nothing about whether the certificate served well until now.
"""


def why_unfit(snapshot: Snapshot, thumbprint: Thumbprint) -> str:
    """Why it cannot serve, as the end of a sentence that names it; empty when it can."""
    held = snapshot.certificate(thumbprint)
    if held is None:
        return "is not on the host any more"
    if is_auth(held, snapshot.auth):
        return "is the Auth certificate of the organisation"
    if not held.has_private_key:
        return "has no private key there"
    return _by_date(snapshot, held) or _BY_STATUS.get(held.status, "")


def _by_date(snapshot: Snapshot, held: HostCertificate) -> str:
    if snapshot.taken_at >= held.not_after:
        return f"expired on {held.not_after:%Y-%m-%d}"
    if snapshot.taken_at < held.not_before:
        return f"is not valid before {held.not_before:%Y-%m-%d}"
    return ""
