"""When people may be told: never at night, never on free days, never sooner than the policy says."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import PersonId
from bot.domain.reminding import Escalation, Reminding, is_awake, next_awake, next_due

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
    "Pacific/Apia", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Kiritimati",
)  # fmt: skip
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
CLOCKS = st.times().map(lambda t: t.replace(second=0, microsecond=0))
RULES = st.builds(
    Reminding,
    quiet_from=CLOCKS,
    quiet_until=CLOCKS,
    free_days=st.frozensets(st.integers(0, 6), max_size=6),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    gate_hours=st.lists(st.integers(1, 200), min_size=1, max_size=5).map(
        lambda h: tuple(sorted(h))
    ),
)


@given(RULES, MOMENTS, st.sampled_from(ZONES))
def test_the_next_moment_is_awake_and_is_not_past(rule: Reminding, at: datetime, zone: str) -> None:
    """In every zone, through every change of clocks; and a moment that is awake is its own next one."""
    found = next_awake(rule, at, ZoneInfo(zone))

    assert at <= found <= at + timedelta(days=8)
    assert is_awake(rule, found, ZoneInfo(zone))
    assert found == next_awake(rule, found, ZoneInfo(zone))


@given(RULES, MOMENTS, st.integers(0, 9))
def test_a_reminder_keeps_its_distance(rule: Reminding, at: datetime, number: int) -> None:
    """Never sooner than the interval, never so late that a wrong clock would be suspected."""
    due = next_due(rule, rule.gate_hours, given=number, at=at)
    interval = timedelta(hours=rule.gate_hours[min(number, len(rule.gate_hours) - 1)])

    assert at + interval <= due <= at + rule.longest
    assert is_awake(rule, due, rule.zone)


@given(RULES, MOMENTS)
def test_intervals_grow(rule: Reminding, at: datetime) -> None:
    """Without nights and free days, each wait is at least as long as the one before."""
    bare = Reminding(
        gate_hours=rule.gate_hours, quiet_from=time(0), quiet_until=time(0), free_days=frozenset()
    )
    moments = [at]
    for number in range(8):
        moments.append(next_due(bare, bare.gate_hours, given=number, at=moments[-1]))
    waits = [later - earlier for earlier, later in pairwise(moments)]

    assert waits == sorted(waits)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-27T16:59", "2026-11-27T16:59"),  # Friday, one minute to six
        ("2026-11-27T17:00", "2026-11-30T07:00"),  # six: not before Monday
        ("2026-11-29T12:00", "2026-11-30T07:00"),  # Sunday
        ("2026-11-30T06:59", "2026-11-30T07:00"),
        ("2026-03-27T18:00", "2026-03-30T06:00"),  # over the weekend of summer time
        ("2026-10-23T20:00", "2026-10-26T07:00"),  # and back
    ],
)
def test_quiet_hours_of_berlin(at: str, expected: str) -> None:
    """Eight to six by the wall clock, Monday to Friday, whichever the offset is."""
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    found = next_awake(Reminding(), moment, ZoneInfo("Europe/Berlin"))

    assert datetime.fromisoformat(expected).replace(tzinfo=UTC) == found


def test_a_morning_that_the_clocks_leave_out_still_comes() -> None:
    """Quiet until half past two, on the night in which there is no half past two."""
    rule = Reminding(quiet_from=time(22), quiet_until=time(2, 30), free_days=frozenset())
    night = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)

    assert datetime(2026, 3, 29, 1, 30, tzinfo=UTC) == next_awake(
        rule, night, ZoneInfo("Europe/Berlin")
    )


def test_quiet_hours_within_one_day() -> None:
    """A siesta is quiet, the rest of the day is not."""
    rule = Reminding(quiet_from=time(12), quiet_until=time(14), free_days=frozenset())
    noon = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)

    assert [True, False, True] == [
        is_awake(rule, noon + timedelta(hours=hours), UTC) for hours in (-1, 1, 2)
    ]


def test_groups_are_reached_one_after_the_other() -> None:
    """Two reminders for those who can act, then a group more with each."""
    head, chief = (PersonId("T1:UHEAD"),), (PersonId("T1:UCHIEF"),)
    rule = Escalation(after=2, groups={"approver": (head, chief)})

    def told(who: str, number: int) -> tuple[tuple[PersonId, ...], ...]:
        return rule.told(who, number=number, is_active=lambda _: True)

    assert [(), (), (head,), (head, chief), (head, chief)] == [
        told("approver", number) for number in range(1, 6)
    ]
    assert () == told("operator", 9)
