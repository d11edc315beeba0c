"""
How fast chat may be written to: the arithmetic of a bucket that leaks one message at a time.

Source: Slack, "Rate limits": about one message a second in a channel, with short bursts; edits of one message
at most every two seconds, the last state always shown (its advice for progress).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.messages import Pause

CARD_EVERY_S: Final = 2.0
"""A card is edited at most once in so many seconds."""

POST_EVERY_S: Final = 1.0
POST_BURST: Final = 5
"""So many messages may go into a channel at once when it was quiet."""

LONGEST_S: Final = 900.0
"""A moment further ahead comes from a clock that was set back, or from so many messages that chat is asked anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """
    One message every ``every_s`` seconds, ``burst`` of them at once after a quiet time.

    An ``every_s`` of 0 limits nothing by itself; only a pause that was asked for does.
    """

    every_s: float = 0.0
    burst: int = 1

    @property
    def tolerance(self) -> timedelta:
        """How far the bucket may be filled ahead of time."""
        return timedelta(seconds=self.every_s * (self.burst - 1))


POSTS: Final = Rate(every_s=POST_EVERY_S, burst=POST_BURST)
UNPACED: Final = Rate()


def reserve(filled_until: datetime | None, now: datetime, rate: Rate) -> tuple[datetime, datetime]:
    """
    The moment of the next free slot, and until when the bucket is filled once it is taken.

    Whoever is told a moment has it: slots are given out in the order they are asked for, none twice.
    Source: the generic cell rate algorithm (ITU-T I.371), as virtual scheduling.
    """
    start = now if filled_until is None else max(filled_until, now)
    if start - now > timedelta(seconds=LONGEST_S):
        start = now
    return max(now, start - rate.tolerance), start + timedelta(seconds=rate.every_s)


def paused(filled_until: datetime | None, now: datetime, rate: Rate, *, seconds: float) -> datetime:
    """Until when the bucket counts as filled, so that nobody has a slot before so many seconds are over."""
    until = now + timedelta(seconds=min(seconds, LONGEST_S)) + rate.tolerance
    return until if filled_until is None else max(filled_until, until)


def card_wait_s(shown_at: datetime | None, now: datetime) -> float:
    """Seconds before a card may be edited again; 0 when it may be now. Never longer, whatever a clock did."""
    if shown_at is None:
        return 0.0
    left = CARD_EVERY_S - (now - shown_at).total_seconds()
    return min(max(left, 0.0), CARD_EVERY_S)


def pause_of(
    due_at: datetime | None, shown_at: datetime | None, now: datetime, *, reminds: bool = False
) -> Pause | None:
    """
    Why a message is not to be sent yet; None when it is due.

    Args:
        due_at: until when it was put off, if it was.
        shown_at: when its card was last shown, if it is one.
        reminds: whether it is a reminder.
    """
    if due_at is not None and timedelta() < due_at - now <= timedelta(seconds=LONGEST_S):
        seconds = (due_at - now).total_seconds()
        return Pause(seconds=seconds, for_card=False, for_reminder=reminds)
    left = card_wait_s(shown_at, now)
    return Pause(seconds=left, for_card=True) if left > 0 else None
