"""The numbers and tables say what the outside rules say."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.certs.codes import CSR_CODES, STEP_OF_CODE
from bot.certs.rules import LIFETIMES, lifetime_rule
from bot.certs.vendors import ISSUERS_BY_VENDOR, issuers_of


@pytest.mark.parametrize(
    ("day", "days"),
    [
        (datetime(2025, 1, 1, tzinfo=UTC), 398),
        (datetime(2026, 3, 14, 23, 59, 59, tzinfo=UTC), 398),
        (datetime(2026, 3, 15, tzinfo=UTC), 200),
        (datetime(2027, 3, 14, 23, 59, 59, tzinfo=UTC), 200),
        (datetime(2027, 3, 15, tzinfo=UTC), 100),
        (datetime(2029, 3, 14, 23, 59, 59, tzinfo=UTC), 100),
        (datetime(2029, 3, 15, tzinfo=UTC), 47),
        (datetime(2040, 1, 1, tzinfo=UTC), 47),
    ],
)
def test_lifetime_follows_the_day_of_issue(day: datetime, days: int) -> None:
    """The second before midnight still counts for the old rule."""
    assert lifetime_rule(day).days == days


def test_lifetimes_stand_in_order_and_shrink() -> None:
    """A new row goes to the end of the table."""
    starts = [row.issued_from for row in LIFETIMES]

    assert starts == sorted(starts)
    assert [row.days for row in LIFETIMES] == sorted((row.days for row in LIFETIMES), reverse=True)
    assert all(row.source and row.issued_from.utcoffset() == timedelta(0) for row in LIFETIMES)


@pytest.mark.parametrize("writing", ["godaddy", "GoDaddy", "Go Daddy", "go-daddy"])
def test_vendor_is_found_however_it_is_written(writing: str) -> None:
    """People write brands as they like."""
    assert "GoDaddy.com, Inc." in issuers_of(writing)


def test_unknown_vendor_is_said() -> None:
    """An empty allow-list would allow everybody, so an unknown vendor is an error."""
    with pytest.raises(KeyError):
        issuers_of("nobody")


def test_every_vendor_has_issuers_and_a_findable_name() -> None:
    """No row of the table is empty or unreachable."""
    for vendor, issuers in ISSUERS_BY_VENDOR.items():
        assert issuers_of(vendor) == issuers
        assert issuers


def test_codes_are_snake_case_and_apart() -> None:
    """Codes are stable words; those of requests are not those of bundles."""
    assert all(code.replace("_", "").isalnum() and code.islower() for code in STEP_OF_CODE)
    assert not CSR_CODES & STEP_OF_CODE.keys()


def test_every_code_is_in_the_manual() -> None:
    """Somebody who searches for a code finds why it exists, and the manual knows no others."""
    manual = (Path(__file__).parents[3] / "docs" / "bundles.md").read_text(encoding="utf-8")
    rows = {
        (int(step), code)
        for step, codes in re.findall(r"^\| (\d+) \| (`.*?`[^|]*) \|", manual, flags=re.MULTILINE)
        for code in re.findall(r"`([a-z0-9_]+)`", codes)
    }

    assert rows == {(step, code) for code, step in STEP_OF_CODE.items()}
    assert all(f"`{code}`" in manual for code in CSR_CODES)
