"""What Prometheus is told of the machine's work."""

from datetime import datetime, timedelta

from bot.system.metrics import Metrics
from tests.unit.domain.samples import NOON
from tests.unit.workflow.clock import FakeClock


def told(oldest: dict[str, datetime | None] | Exception) -> list[str]:
    """The lines about CertDesk itself."""

    def look() -> dict[str, datetime | None]:
        if isinstance(oldest, Exception):
            raise oldest
        return oldest

    page, kind = Metrics(look, FakeClock()).page()
    assert kind.startswith("text/plain")
    assert b"process_start_time_seconds" in page
    return [line for line in page.decode().splitlines() if line.startswith("certdesk_")]


def test_the_age_of_the_oldest_work_is_told() -> None:
    """In seconds by kind; a row that hangs is seen by it, whatever holds it."""
    begun = {"running": NOON - timedelta(minutes=20), "waiting": NOON - timedelta(seconds=1.5)}

    assert [
        "certdesk_database_up 1.0",
        'certdesk_oldest_work_age_seconds{work="running"} 1200.0',
        'certdesk_oldest_work_age_seconds{work="waiting"} 1.5',
    ] == told({**begun})


def test_no_work_has_no_age() -> None:
    """Zero and not missing, so that an alert can tell it from silence; nor is a clock set back a negative age."""
    assert [
        "certdesk_database_up 1.0",
        'certdesk_oldest_work_age_seconds{work="running"} 0.0',
        'certdesk_oldest_work_age_seconds{work="waiting"} 0.0',
    ] == told({"running": None, "waiting": NOON + timedelta(hours=1)})


def test_a_database_that_is_away_is_told_too() -> None:
    """The page comes all the same, and says nothing it does not know."""
    assert ["certdesk_database_up 0.0"] == told(ConnectionError("geheim"))
