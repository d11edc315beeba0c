"""Looks that are taken one after the other, of which none depends on another."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from bot.domain.faults import DatabaseAway

log = logging.getLogger(__name__)
One = TypeVar("One")


class LookFailed(Exception):
    """A look went to its end, and some of what it looked at broke; each is in the log under its incident."""

    def __init__(self, incidents: tuple[str, ...]) -> None:
        self.incidents = incidents
        super().__init__(
            f"The look was taken to its end, and {len(incidents)} of what it looked at failed; nothing is known of "
            f"those until the next look. In the log: {', '.join(incidents[:5])}."
        )


def each(ones: Iterable[One], look: Callable[[One], object], *, named: Callable[[One], str]) -> int:
    """
    Look at one after the other; one that breaks keeps no other from its turn.

    Args:
        named: what the incident of one is called, ``look-`` before it.

    Returns:
        at how many of them the look answered True.

    Raises:
        LookFailed: when all had their turn; what broke is logged with its traceback.
        DatabaseAway: at once, since the others would meet it too.
    """
    incidents, count = [], 0
    for one in ones:
        try:
            count += look(one) is True
        except DatabaseAway:
            raise
        except Exception:
            incidents.append(f"look-{named(one)}")
            log.exception("incident %s: the look goes on with the next", incidents[-1])
    if incidents:
        raise LookFailed(tuple(incidents))
    return count


def in_turn(*looks: Callable[[], object]) -> Callable[[], None]:
    """
    One look after the other, the weightiest first; each has its turn, whatever became of those before it.
    What a look counts interests the command line only.

    Raises:
        Exception: the first fault, when all have looked; the engine keeps and logs it. Others are logged here.
    """

    def look() -> None:
        faults = []
        for one in looks:
            try:
                one()
            except Exception as fault:  # noqa: BLE001 - none is swallowed, see below
                faults.append(fault)
        for other in faults[1:]:
            log.error("another look of the same round failed too", exc_info=other)
        if faults:
            raise faults[0]

    return look
