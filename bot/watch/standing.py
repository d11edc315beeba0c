"""How a certificate stands with its issuer: the value that lists and responders are read into."""

from dataclasses import dataclass
from typing import Final, Literal

from cryptography import x509

SIGNATURE_HASHES: Final = frozenset({"sha256", "sha384", "sha512"})
"""What a list or a response must be signed with; SHA-1 ended for these too (BR 7.1.3.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    One answer.

    Args:
        state: ``unknown`` where the answer proves nothing.
        said: what the issuer says, or why nothing is proven; the middle of a sentence.
    """

    state: Literal["good", "revoked", "unknown"]
    said: str


class Unproven(Exception):
    """An answer that proves nothing; the text says why, as the middle of a sentence."""


def revoked(moment: str, reason: x509.ReasonFlags | None) -> Standing:
    """The standing of what was taken back; ``moment`` is a day."""
    why = "no reason given" if reason is None else _in_words(reason)
    return Standing(state="revoked", said=f"on {moment}, {why}")


def _in_words(reason: x509.ReasonFlags) -> str:
    return {
        x509.ReasonFlags.key_compromise: "because its key is known to others",
        x509.ReasonFlags.ca_compromise: "because the CA itself was broken into",
        x509.ReasonFlags.affiliation_changed: "because its owner's name changed",
        x509.ReasonFlags.superseded: "because another one took its place",
        x509.ReasonFlags.cessation_of_operation: "because it is not used any more",
        x509.ReasonFlags.certificate_hold: "for the time being",
        x509.ReasonFlags.privilege_withdrawn: "because its owner lost the right to it",
    }.get(reason, f"with the reason {reason.value}")
