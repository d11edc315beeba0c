"""
A process that works and is killed: ``python -m tests.contract.durable_victim URL LOG between|inside|frozen|stopped|full|never``.

Its job has three steps, each of which writes a line into the log; `between` kills the process after the first step
was kept, `inside` in the middle of the second one, `frozen` stops it there until it is told to go on, and `stopped`
ends the worker in good order while the job is between them. `full` lets no file grow from the first step on, for some
seconds, and `full_and_killed` until the end. `asleep` kills it while the job sleeps, which it does in the modes whose
names speak of it only; `asleep_set` sets the wall clock in the first step, by as many seconds as SET_BY says, and
`slept_set` before anything. Without any of it the process ends when the job has.
"""

import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path

from bot.domain.ids import OrderId
from bot.domain.states import Work
from bot.store.beside import Beside
from bot.store.database import is_away
from bot.system.stopwatch import BootStopwatch
from bot.workflow.durable import CONNECTIONS, Worker
from bot.workflow.jobs import Jobs
from bot.workflow.outcome import Done, Run, TryLater
from tests.contract.engine_room import NO_LOOKS, PATIENCE_S, WORKS

LOOK_S = 0.05
FROZEN_LOOKS = 100
FULL_S = 1.5
SLEEP_S = 1.5


def set_clock() -> None:
    """Somebody sets the clock that the library reads."""
    right, by = time.time, float(os.environ["SET_BY"])
    time.time = lambda: right() + by


def let_nothing_grow(url: str) -> None:
    """The database's log cannot get longer than it is; Python ignores the signal that comes with it."""
    log = Path(f"{url.removeprefix('sqlite:///')}-wal")
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, most))


def let_everything_grow() -> None:
    """There is room again."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def main(url: str, log: Path, dies: str) -> None:
    """Work until the job is done, or until death."""
    reached, stopped, woken = threading.Event(), threading.Event(), threading.Event()
    if dies == "slept_set":
        set_clock()

    def write(line: str) -> Done:
        with log.open("a", encoding="utf-8") as out:
            out.write(f"{line}\n")
        return Done(line)

    def first() -> TryLater:
        write("one")
        if dies == "asleep_set":
            set_clock()
        if dies.startswith("full"):
            let_nothing_grow(url)
        if dies == "full":
            threading.Timer(2 * FULL_S, let_everything_grow).start()
        if dies == "full_and_killed":
            threading.Timer(FULL_S, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return TryLater("code", "sentence", 1.5, counts=False)

    def second() -> Done:
        write("two begins")
        if dies == "inside":
            os.kill(os.getpid(), signal.SIGKILL)
        if dies.startswith("frozen"):
            # To this thread: sent to the process, another thread may take it, and this one goes on until it has.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
            woken.set()
        if dies == "frozen_breaks":
            raise LookupError("the job breaks")
        return write("two ends")

    def job(run: Run, order_id: OrderId, version: int) -> None:
        kept = run.step("one", first)
        if dies == "asleep":
            threading.Timer(SLEEP_S / 3, os.kill, (os.getpid(), signal.SIGKILL)).start()
        if "sle" in dies:
            run.sleep(SLEEP_S)
        if dies == "between":
            os.kill(os.getpid(), signal.SIGKILL)
        if dies == "stopped":
            reached.set()
            stopped.wait(PATIENCE_S)
        run.step("two", second)
        run.step("three", lambda: write(f"three {order_id}/{version} {kept}"))

    def apologize(order_id: OrderId, _incident: str, _work: Work) -> None:
        write(f"sorry {order_id}")

    jobs = Jobs(
        by_work=dict.fromkeys(WORKS, job),
        deliver=lambda *_: 0.0,
        sweeps=(),
        reconcile=lambda: None,
        apologize=apologize,
        let_go=lambda *_: None,
    )
    library = Beside(url, connections=CONNECTIONS)
    worker = Worker(
        database_url=url,
        executor_id="victim-1",
        jobs=jobs,
        is_away=is_away,
        own_engine=library.engine,
        stopwatch=BootStopwatch(),
        **NO_LOOKS,
    )
    worker.start()
    if dies == "stopped":
        assert reached.wait(PATIENCE_S)
        worker.stop()
        stopped.set()
        return
    if dies.startswith("frozen"):
        woken.wait()
    # Looks are counted and not seconds: a process that stood still is awake for all of them.
    looks = FROZEN_LOOKS if dies.startswith("frozen") else int(PATIENCE_S / LOOK_S)
    while "three" not in (log.read_text(encoding="utf-8") if log.exists() else ""):
        looks -= 1
        if looks < 0:
            raise SystemExit(f"nothing came of it in {PATIENCE_S:.0f} seconds")
        threading.Event().wait(LOOK_S)
    worker.stop()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
