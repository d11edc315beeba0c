"""
When people may be reminded, and when the next time comes: growing intervals, quiet hours, free days.

Pure arithmetic on moments; a zone is a value. Nothing here knows an order or a person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from bot.domain.ids import PersonId

REQUESTER: Final = "requester"
"""How the policy calls whoever asked for an order; the other readers are called by their role."""

_DAYS_AHEAD: Final = 9
_WEEKDAYS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminding:
    """
    The rules of reminding.

    Args:
        gate_hours: hours between reminders of a decision; the last one repeats. They never shrink.
        desk_hours: the same for what the requester does at the vendor's desk.
        quiet_from: wall time of the reader from which nobody is told anything; equal to ``quiet_until``: never.
        free_days: weekdays without reminders, Monday 0.
        gap_hours: a person gets one message in so many hours, however many orders wait.
        zone: the site's, for people whose own is not known.
    """

    gate_hours: tuple[int, ...] = (4, 24, 48, 96)
    desk_hours: tuple[int, ...] = (24, 48, 96)
    quiet_from: time = time(18)
    quiet_until: time = time(8)
    free_days: frozenset[int] = frozenset({5, 6})
    gap_hours: int = 4
    zone: tzinfo = UTC

    @property
    def gap(self) -> timedelta:
        """The least time between two messages to one person."""
        return timedelta(hours=self.gap_hours)

    @property
    def longest(self) -> timedelta:
        """No next moment lies further ahead than this, free days and quiet hours included."""
        hours = max(*self.gate_hours, *self.desk_hours)
        return timedelta(hours=hours, days=_DAYS_AHEAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """
    Whom else to tell when nobody acts.

    Args:
        after: so many reminders go to those who can act alone; each later one reaches one group more.
        groups: by `REQUESTER` or the role that is waited for, one group after the other.
    """

    after: int = 2
    groups: Mapping[str, tuple[tuple[PersonId, ...], ...]] = field(default_factory=dict)

    def told(
        self, who: str, *, number: int, is_active: Callable[[PersonId], bool]
    ) -> tuple[tuple[PersonId, ...], ...]:
        """
        The groups that hear the so-manieth reminder, counted from 1, besides those who can act.

        A group in which no account is active is no step: the next one hears in its place.
        """
        return self.living(who, is_active=is_active)[: max(0, number - self.after)]

    def living(
        self, who: str, *, is_active: Callable[[PersonId], bool]
    ) -> tuple[tuple[PersonId, ...], ...]:
        """The groups with somebody to tell, in their order, each without the accounts that are not active."""
        groups = (tuple(p for p in group if is_active(p)) for group in self.groups.get(who, ()))
        return tuple(group for group in groups if group)


def is_awake(rule: Reminding, at: datetime, zone: tzinfo) -> bool:
    """Whether somebody in this zone may be told something at this moment."""
    local = at.astimezone(zone)
    if local.weekday() in rule.free_days:
        return False
    clock, begin, end = local.time(), rule.quiet_from, rule.quiet_until
    if begin <= end:
        return not begin <= clock < end
    return end <= clock < begin


def next_awake(rule: Reminding, at: datetime, zone: tzinfo) -> datetime:
    """The first moment from this one on at which somebody in this zone may be told something, aware UTC."""
    if is_awake(rule, at, zone):
        return at.astimezone(UTC)
    today = at.astimezone(zone).date()
    moments = (
        # A wall time that a change of the clocks leaves out is read as one hour later, which is awake as well.
        datetime.combine(today + timedelta(days=ahead), clock, tzinfo=zone).astimezone(UTC)
        for ahead in range(_DAYS_AHEAD)
        for clock in sorted({time(0), rule.quiet_until})
    )
    return next(m for m in moments if m >= at and is_awake(rule, m, zone))


def next_due(rule: Reminding, hours: tuple[int, ...], *, given: int, at: datetime) -> datetime:
    """
    When the next reminder is due, after so many were given, the last one at this moment (or the wait's beginning).

    Counted from now and not from where the last one should have been: a late one is given once, and the next
    keeps its distance.
    """
    interval = timedelta(hours=hours[min(given, len(hours) - 1)])
    return next_awake(rule, at + interval, rule.zone)


def never_awake(free_days: frozenset[int]) -> bool:
    """Whether no day is left on which anybody could be told."""
    return len(free_days) >= _WEEKDAYS
