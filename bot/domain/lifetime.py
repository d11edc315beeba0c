"""When a certificate's successor is due."""

from datetime import datetime


def renewal_due(not_before: datetime, not_after: datetime, *, share: float) -> datetime:
    """
    The moment at which this share of the certificate's life is over, aware UTC.

    A share, not a number of days: lives shrink from 200 to 100 to 47 days (vendors.md 3).
    """
    return not_before + (not_after - not_before) * share
