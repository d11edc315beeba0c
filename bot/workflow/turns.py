"""Looks that are taken one after the other, of which none depends on another."""

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


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
