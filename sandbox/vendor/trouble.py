"""
What can be wrong with a certificate or its zip, on demand: one word each, and what it means.

Never here: how a defect is made; that is in `issuance` (the certificate) and `bundle` (the zip).
"""

from enum import StrEnum

from sandbox.vendor.refusal import DeskRefused


class Trouble(StrEnum):
    """One defect; the words are those of the control API."""

    WRONG_KEY = "wrong_key"
    MISSING_NAME = "missing_name"
    EXTRA_NAME = "extra_name"
    EXPIRED = "expired"
    NO_INTERMEDIATE = "no_intermediate"
    NO_CROSS = "no_cross"
    UNTRUSTED = "untrusted"
    PATH_TRAVERSAL = "path_traversal"
    PRIVATE_KEY = "private_key"


MEANING: dict[Trouble, str] = {
    Trouble.WRONG_KEY: "Certify another key than the request's",
    Trouble.MISSING_NAME: "Forget the last name",
    Trouble.EXTRA_NAME: "Add a name nobody asked for",
    Trouble.EXPIRED: "Issue a certificate that ended yesterday",
    Trouble.NO_INTERMEDIATE: "Leave the intermediates out of the zip",
    Trouble.NO_CROSS: "Leave the cross-certificate out of the zip",
    Trouble.UNTRUSTED: "Sign with another authority that bears our names",
    Trouble.PATH_TRAVERSAL: "Hide a path that climbs out of the folder in the zip",
    Trouble.PRIVATE_KEY: "Put a private key in the zip",
}


def parse_trouble(word: str) -> Trouble | None:
    """The defect of that word; the empty word means none."""
    if not word:
        return None
    try:
        return Trouble(word)
    except ValueError as error:
        known = ", ".join(Trouble)
        raise DeskRefused(
            f"There is no trouble {word[:40]!r} to choose. Choose one of: {known}."
        ) from error
