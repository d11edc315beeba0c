"""When a renewal is due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.ids import OrderId
from bot.domain.lifetime import CertificateEnd, latest_end, renewal_due, valid_days
from tests.unit.domain.samples import NOON


@pytest.mark.parametrize(
    ("days", "share", "after_days"),
    [(200, 0.5, 100), (200, 2 / 3, 400 / 3), (100, 2 / 3, 200 / 3), (47, 2 / 3, 94 / 3)],
)
def test_the_share_counts_and_not_a_number_of_days(
    days: int, share: float, after_days: float
) -> None:
    """A certificate of 47 days is renewed after the same share of its life as one of 200."""
    due = renewal_due(NOON, NOON + timedelta(days=days), share=share)

    assert abs(due - NOON - timedelta(days=after_days)) < timedelta(seconds=1)


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=4000), st.floats(min_value=0.01, max_value=0.99))
def test_a_renewal_is_due_within_the_life(days: int, share: float) -> None:
    """Never before the certificate is valid and never after its end."""
    end = NOON + timedelta(days=days)

    assert NOON < renewal_due(NOON, end, share=share) < end


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=4000), st.floats(0.01, 0.49), st.floats(0.5, 0.99))
def test_a_smaller_share_is_earlier(days: int, small: float, large: float) -> None:
    """Turning the policy's number down asks earlier."""
    end = NOON + timedelta(days=days)

    assert renewal_due(NOON, end, share=small) < renewal_due(NOON, end, share=large)


@settings(deadline=None)
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(9990, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(0), timedelta(days=3000)),
    st.timedeltas(timedelta(days=-3000), timedelta(days=3000)),
    st.floats(min_value=0.001, max_value=0.999),
)
def test_nothing_that_is_due_ends_after_the_latest_end(
    begins: datetime, life: timedelta, passed: timedelta, share: float
) -> None:
    """An index is asked for what ends by then: it must leave nothing out, and bring nothing that is far from due."""
    end = CertificateEnd(
        order_id=OrderId(1), not_before=begins, not_after=begins + life, not_again_before=None, renewed_by=None
    )  # fmt: skip
    now = begins + life * share + passed
    found = end.not_after <= latest_end(now, days=end.valid_days, share=share)

    assert found or not end.is_due(now, share=share)
    assert not found or end.is_due(now + timedelta(days=1, seconds=2), share=share)


@pytest.mark.parametrize(
    ("life", "days"),
    [(timedelta(days=47), 47), (timedelta(days=46, microseconds=1), 47), (timedelta(0), 0)],
)
def test_a_begun_day_is_a_day(life: timedelta, days: int) -> None:
    """Certificates that differ by seconds count as equally long, and none as shorter than it is."""
    assert days == valid_days(NOON, NOON + life)


def test_no_end_is_too_late_to_be_compared() -> None:
    """A life longer than the calendar."""
    assert datetime.max.replace(tzinfo=UTC) == latest_end(NOON, days=3_300_000, share=0.01)
