"""
How long a vendor may reuse a proof that somebody controls a name, before it must ask for another one.

CertDesk never sees the proof itself. It was given before the certificate began, at the latest at that moment, so
what is computed from there is the latest end: a vendor may ask sooner, and often does.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

REUSE: Final[tuple[tuple[datetime, int], ...]] = (
    (datetime.min.replace(tzinfo=UTC), 200),
    (datetime(2027, 3, 15, tzinfo=UTC), 100),
    (datetime(2029, 3, 15, tzinfo=UTC), 10),
)
"""
Days a proof of control may be old when a certificate is issued, each from a day on.

Source: CA/Browser Forum Baseline Requirements, section 4.2.1 (reference/vendors.md 2.2: 200 days now, 100 from
2027-03-15, 10 from 2029-03-15).
"""

_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


def reuse_ends(proven_by: datetime) -> datetime:
    """
    The last moment at which a certificate can be issued on a proof that was given by then.

    The rule that counts is the one in force when the certificate is issued: a tighter rule ends proofs that an
    earlier one would have let live on.

    Args:
        proven_by: the moment by which the names were proven, such as the beginning of their certificate.
    """
    starts = [*REUSE, (_FOR_EVER, 0)]
    for (begins, days), (next_begins, _) in pairwise(starts):
        ends = proven_by + timedelta(days=days)
        if ends < next_begins:
            return max(ends, begins)
    raise AssertionError("the last rule has no end")
