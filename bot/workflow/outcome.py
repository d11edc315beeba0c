"""
How one piece of machine work can end, apart from the order's stored state.

    Done          the end state was seen
    TryLater      nothing is known to be wrong that time will not mend
    NeedsPerson   an operator must act; the sentence says what happened and what was not done
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol, assert_never

from bot.domain.faults import TRANSIENT, HostFault

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Done:
    """The end state was seen; a few words on it."""

    seen: str = ""


@dataclass(frozen=True, slots=True)
class TryLater:
    """
    Again after this many seconds; 0 leaves the wait to the runner.

    Args:
        counts: whether this was a try. False for a wait that ends by itself at a known moment.
    """

    code: str
    sentence: str
    after_s: float = 0.0
    counts: bool = True


@dataclass(frozen=True, slots=True)
class NeedsPerson:
    """Stop here; a person decides."""

    code: str
    sentence: str


OVERTAKEN = NeedsPerson(
    "overtaken", "The order has moved on, so this run of its work stopped. It did nothing more."
)
"""How a run ends whose order no longer means it; nobody is told."""

Outcome = Done | TryLater | NeedsPerson
End = Done | NeedsPerson


class Run(Protocol):
    """
    A durable run of one job.

    1. `step` runs a function and keeps its outcome; after a kill a kept step is not run again, and one that
       was under way is run again from its start. 2. `sleep` waits durably.
    The body of a job does nothing but call these two: no clock, no random, no store.
    """

    def step(self, name: str, function: Callable[[], Outcome]) -> Outcome:
        """Run one step, or recall how it ended."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; a restart goes on with what is left of it."""
        ...


def until_done(run: Run, name: str, function: Callable[[], Outcome], *, tries: int) -> End:
    """
    Run a step until it is done or a person is needed, waiting longer each time.

    Args:
        tries: how many times at the most; then the last reason becomes a person's business.
    """
    wait_s = FIRST_WAIT_S
    tried = 0
    for number in count(1):
        outcome = run.step(f"{name} #{number}", function)
        if not isinstance(outcome, TryLater):
            return outcome
        tried += outcome.counts
        if tried >= tries:
            return NeedsPerson(outcome.code, f"{outcome.sentence} Tried {tries} times.")
        run.sleep(outcome.after_s or wait_s)
        if outcome.counts:
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
    raise AssertionError("counting does not end")


def outcome_of(fault: HostFault) -> TryLater | NeedsPerson:
    """Sort a host's fault: passing ones are tried again, a refused sign-in never is."""
    if fault.kind in TRANSIENT:
        return TryLater(fault.kind.value, fault.sentence, fault.retry_after_s or 0.0)
    return NeedsPerson(fault.kind.value, fault.sentence)


def to_plain(outcome: Outcome) -> dict[str, Any]:
    """Write an outcome as plain JSON values, as a durable engine keeps it; it holds no secrets."""
    match outcome:
        case Done(seen=seen):
            return {"end": "done", "seen": seen}
        case TryLater(code=code, sentence=sentence, after_s=after_s, counts=counts):
            return {
                "end": "later",
                "code": code,
                "sentence": sentence,
                "after_s": after_s,
                "counts": counts,
            }
        case NeedsPerson(code=code, sentence=sentence):
            return {"end": "person", "code": code, "sentence": sentence}
        case _:
            assert_never(outcome)


def from_plain(plain: dict[str, Any]) -> Outcome:
    """Read back what `to_plain` wrote."""
    match plain["end"]:
        case "done":
            return Done(plain["seen"])
        case "later":
            return TryLater(plain["code"], plain["sentence"], plain["after_s"], plain["counts"])
        case _:
            return NeedsPerson(plain["code"], plain["sentence"])
