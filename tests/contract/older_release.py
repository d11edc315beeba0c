"""
A worker as an earlier release had it, killed in the middle of its work: ``python -m tests.contract.older_release URL LOG``.

It names the durable library itself, with the names and the version that stand in the rows of users, and sleeps as that
release slept; nothing of today's seam is in between.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, StepOptions


def main(url: str, log: Path) -> None:
    """Work until the second step has begun."""
    first_step = threading.Lock()

    def write(line: str) -> dict[str, str]:
        with log.open("a", encoding="utf-8") as out:
            out.write(f"{line}\n")
        return {"end": "done", "seen": line}

    def dies() -> None:
        write("old two begins")
        # The other run's first step is kept by now, or has not begun: what it wrote says which.
        first_step.acquire()
        os.kill(os.getpid(), signal.SIGKILL)

    DBOS(
        config=DBOSConfig(
            name="certdesk",
            system_database_url=url,
            application_version="1",
            executor_id="room-1",
            serializer=DBOSPortableJSONSerializer(),
            enable_otlp=False,
        )
    )

    @DBOS.workflow(name="install", max_recovery_attempts=20)
    def install(order_id: int, version: int) -> None:
        with first_step:
            DBOS.run_step(StepOptions(name="one"), write, f"old one {order_id}/{version}")
        DBOS.sleep(0.2)
        DBOS.run_step(StepOptions(name="two"), dies)

    DBOS.launch()
    DBOS.register_queue("hosts", partition_concurrency=16, global_concurrency=64)
    threading.Event().wait(120)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
