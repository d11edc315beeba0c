"""One look at what is due, in a process that is killed after so many milliseconds."""

import os
import signal
import sys
import threading

from tests.contract.stores import sql_store
from tests.postgres.test_reminder_races import MONDAY, chaser
from tests.unit.workflow.clock import FakeClock


def main(url: str, after_ms: int) -> None:
    """Look again and again until the end comes."""
    clock = FakeClock(MONDAY)
    clock.forward(3600 * 5)
    with sql_store(url) as store:
        look = chaser(store, clock)
        timer = threading.Timer(after_ms / 1000, os.kill, (os.getpid(), signal.SIGKILL))
        timer.start()
        while True:
            look()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
