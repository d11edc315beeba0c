"""When a renewal is due."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.lifetime import renewal_due
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
