"""
Which organisations may stand as issuer in a certificate ordered from a vendor: data, and nothing but data.

A brand is not a CA: RapidSSL is signed by DigiCert, the certificates Entrust sells by SSL.com or Sectigo.
"""

from typing import Final

_DIGICERT: Final = ("DigiCert Inc", "DigiCert, Inc.", "DigiCert Ireland Limited")
_SECTIGO: Final = ("Sectigo Limited",)
_SSL_COM: Final = ("SSL Corporation", "SSL Corp")
_GODADDY: Final = ("GoDaddy.com, Inc.", "GoDaddy Inc.", "GoDaddy.com, LLC")
_STARFIELD: Final = ("Starfield Technologies, Inc.", "Starfield Technologies, LLC")

# Brands and who signs for them: vendors.md 1.1 and 1.3. The exact spelling in the organisation field is UNCONFIRMED where a vendor
# moved to a new hierarchy in 2025 and 2026; a refusal names what was found, so that a spelling is added here in one line.
ISSUERS_BY_VENDOR: Final[dict[str, tuple[str, ...]]] = {
    "godaddy": (*_GODADDY, *_STARFIELD),
    "starfield": (*_STARFIELD, *_GODADDY),
    "digicert": _DIGICERT,
    "thawte": _DIGICERT,
    "geotrust": _DIGICERT,
    "rapidssl": _DIGICERT,
    "sectigo": _SECTIGO,
    "namecheap": _SECTIGO,
    "ssls": _SECTIGO,
    "thesslstore": (*_SECTIGO, *_DIGICERT),
    "entrust": (*_SSL_COM, *_SECTIGO),
    "globalsign": ("GlobalSign nv-sa",),
    "sslcom": _SSL_COM,
    "certum": ("Asseco Data Systems S.A.", "Certum", "Unizeto Technologies S.A."),
    "networksolutions": ("Network Solutions L.L.C.", *_SECTIGO),
    "zerossl": ("ZeroSSL", *_SECTIGO),
    "letsencrypt": ("Let's Encrypt", "ISRG"),
    "google": ("Google Trust Services", "Google Trust Services LLC"),
    "actalis": ("Actalis S.p.A.",),
}


def issuers_of(vendor: str) -> tuple[str, ...]:
    """
    Return the organisations that may issue for this vendor, whatever the writing of its name (`Let's Encrypt`, `lets-encrypt`).

    Raises:
        KeyError: for a vendor that is not in the table; its organisations must come from the configuration then.
    """
    return ISSUERS_BY_VENDOR[
        "".join(character for character in vendor.lower() if character.isalnum())
    ]
