"""How long a proof of control lives: by the rule in force when a certificate is issued."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.validation import REUSE, reuse_ends

MOMENTS = st.datetimes(datetime(2026, 3, 15), datetime(2031, 1, 1), timezones=st.just(UTC))


def days_at(moment: datetime) -> int:
    """How old a proof may be at a moment."""
    return [days for begins, days in REUSE if begins <= moment][-1]


@pytest.mark.parametrize(
    ("proven", "ends"),
    [
        ("2026-06-01", "2026-12-18"),  # 200 days
        (
            "2026-10-01",
            "2027-03-15",
        ),  # would end on 2027-04-19; the rule of 100 days ends it on its first day
        ("2027-01-15", "2027-04-25"),  # 100 days, under the new rule
        ("2028-11-01", "2029-02-09"),
        ("2029-03-10", "2029-03-20"),  # 10 days
    ],
)
def test_the_end_of_a_proof(proven: str, ends: str) -> None:
    """Days of the rules, and what their changes do to a proof that is older."""
    given_at = datetime.fromisoformat(proven).replace(tzinfo=UTC)

    assert ends == f"{reuse_ends(given_at):%Y-%m-%d}"


@given(MOMENTS, st.integers(0, 300 * 24))
def test_before_the_end_a_proof_counts_and_after_it_does_not(at: datetime, hours: int) -> None:
    """Asked of the table itself, at any hour."""
    ends, later = reuse_ends(at), at + timedelta(hours=hours)
    counts = later - at <= timedelta(days=days_at(later))

    assert counts is (later <= ends) or later == ends
