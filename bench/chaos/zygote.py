"""
A process that has imported the bot and done nothing else: every process of the bot is forked from it.

It has no thread, no connection and no event loop, so what it forks is what a start from scratch would be, less the
two seconds of importing. On stdin comes one JSON object a line, ``words``, ``environment`` and ``log`` of a process
to start; on stdout goes one a line, ``started`` with its pid, in the order asked, and ``ended`` with pid and code.
When stdin ends, what still runs is killed.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

PRELOADED = (
    "bot.cli",
    "bot.service",
    "bot.system.logs",
    "dbos._sys_db_postgres",
    "dbos._sys_db_sqlite",
)
"""What the bot imports until it is up, also what it imports late."""
LEFT_OUT = "pkilint"
"""
The extra ``lint`` counts as not installed: it only adds advice to a bundle, and costs two seconds of processor time for each
look at one, which is started anew after every kill.
"""
_STDIN, _STDOUT, _STDERR = range(3)
_MOST_OPEN = 1024


class NotAlone(Exception):
    """The imports have started something that a fork would not take along."""


def main() -> None:
    """Serve until stdin ends; in a fork, be the bot."""
    for name in PRELOADED:
        importlib.import_module(name)
    if threading.active_count() != 1:
        raise NotAlone(f"Threads run before the first fork: {threading.enumerate()}.")
    gc.collect()
    gc.freeze()
    role = _Zygote().serve()
    if role is not None:
        role()


class _Zygote:
    def __init__(self) -> None:
        self._children: set[int] = set()
        self._wake, self._ring = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._ring, False)
        signal.set_wakeup_fd(self._ring)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> Callable[[], None] | None:
        """Fork on demand; None when all is over, what to be in a fork."""
        begun = b""
        while True:
            ready, _, _ = select.select([_STDIN, self._wake], [], [])
            if self._wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake, 4096)
                self._reap()
            if _STDIN not in ready:
                continue
            more = os.read(_STDIN, 65536)
            if not more:
                self._end()
                return None
            *lines, begun = (begun + more).split(b"\n")
            for line in lines:
                wish = json.loads(line)
                pid = os.fork()
                if not pid:
                    return lambda wish=wish: _become(wish)  # type: ignore[misc]  # mypy cannot type a default in a lambda
                self._children.add(pid)
                _tell(started=pid)

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            self._children.discard(pid)
            _tell(ended=pid, code=os.waitstatus_to_exitcode(status))

    def _end(self) -> None:
        for pid in self._children:
            # Reaped by nobody but us, so the pid is still this child's.
            os.kill(pid, signal.SIGKILL)


def _become(wish: dict[str, Any]) -> None:
    """Be a process as a shell would have started it."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    log = os.open(wish["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for mine, standard in ((null, _STDIN), (log, _STDOUT), (log, _STDERR)):
        os.dup2(mine, standard)
    os.closerange(_STDERR + 1, _MOST_OPEN)
    os.environ.clear()
    os.environ.update(wish["environment"])
    # How Python marks what cannot be imported; the bot looks before it tries.
    sys.modules[LEFT_OUT] = None  # type: ignore[assignment]  # the documented value for it
    sys.argv = ["certdesk", *wish["words"]]
    importlib.import_module("bot.cli").main()


def _tell(**what: Any) -> None:
    os.write(_STDOUT, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
