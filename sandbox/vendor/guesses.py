"""Every guess about real vendors that this desk makes, with its source; facts need no entry."""

from typing import NamedTuple


class Guess(NamedTuple):
    """One assumption: where it shows, what we do, and why we believe it."""

    where: str
    what: str
    source: str


GUESSES = (
    Guess(
        "bundle.P7B_NAME", "the p7b is PEM-armoured", "download pairs people published; DER occurs"
    ),
    Guess("bundle", "intermediates in path order, no root", "the same; roots are often inside"),
    Guess("bundle", "sizes in data descriptors", "zips written by portals as a stream"),
    Guess(
        "orders.rekey", "known names stay proven", "GoDaddy help: same account needs no new proof"
    ),
    Guess("orders.PURCHASE", "one year, reissues included", "GoDaddy help 42783; sold by the year"),
    Guess("issuance.HEAD_START", "notBefore one hour back", "BR allows 48 hours; vendors differ"),
    Guess("authority", "no embedded SCTs", "there is no public log for a made-up authority"),
)
