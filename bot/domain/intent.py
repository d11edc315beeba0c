"""What is known of a remote operation that was begun; the journal keeps one for each."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.plan import Caution


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """
    The moment from which on a command that was begun must not be able to run any more.

    Args:
        whole_s: how far away it was when it was noted.
        begun: when that was, as a mark of the stopwatch (`bot/workflow/stopwatch.py`): no clock that is set moves it.
    """

    whole_s: float
    begun: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """
    A remote operation that was begun.

    Args:
        deadline: until then the operation may still be running on the host, as long as nobody sets a clock.
        was_done: its end state was seen before it was begun, so seeing it proves nothing.
        confirmed: what was seen afterwards; empty while unknown.
        answered: the answer to this attempt came; where it did not, nobody knows what the host warned of.
        warnings: what the host warned of in that answer.
        begun: a mark of a stopwatch at that moment (`bot/workflow/stopwatch.py`); empty where none was kept.
    """

    key: str
    attempt: int
    deadline: datetime
    was_done: bool
    confirmed: str = ""
    answered: bool = False
    warnings: tuple[Caution, ...] = ()
    begun: str = ""
