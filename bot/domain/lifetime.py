"""When a certificate's successor is due."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.domain.ids import OrderId

_ROUNDING: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateEnd:
    """
    What decides on an order's renewal, and no more: a look at all orders reads this of each.

    Args:
        not_again_before: until when people said "not now".
        renewed_by: the successor, which may have ended without a certificate.
    """

    order_id: OrderId
    not_before: datetime
    not_after: datetime
    not_again_before: datetime | None
    renewed_by: OrderId | None

    @property
    def valid_days(self) -> int:
        """How long it is valid, see `valid_days`."""
        return valid_days(self.not_before, self.not_after)

    def is_due(self, now: datetime, *, share: float) -> bool:
        """Whether people are to be asked now, as far as this certificate goes."""
        if self.not_again_before is not None and now < self.not_again_before:
            return False
        return now >= renewal_due(self.not_before, self.not_after, share=share)


def renewal_due(not_before: datetime, not_after: datetime, *, share: float) -> datetime:
    """
    The moment at which this share of the certificate's life is over, aware UTC.

    A share, not a number of days: lives shrink from 200 to 100 to 47 days (vendors.md 3).
    """
    return not_before + (not_after - not_before) * share


def valid_days(not_before: datetime, not_after: datetime) -> int:
    """How long a certificate is valid, in days, a begun one counted as a whole."""
    return -((not_before - not_after) // timedelta(days=1))


def latest_end(now: datetime, *, days: int, share: float) -> datetime:
    """
    The latest end that a certificate valid for so many days can have and be due now, aware UTC.

    No certificate that is due ends later; one that ends earlier is due or will be within a day, since a begun
    day counted as a whole.
    """
    try:
        return now + timedelta(days=days) * (1 - share) + _ROUNDING
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
