"""
A process of its own for work on hostile bytes, ended when it takes too long or too much.

The child gets bytes, gives bytes, and shares nothing else; a crash in it is an answer like any other.
"""

import multiprocessing
import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

MEMORY_BYTES = 2 * 1024**3


class TookTooLong(Exception):
    """The work was ended before it was done; nothing of it remains."""


def run_guarded(function: Callable[..., Any], *args: Any, wall_s: float) -> Any:
    """
    Run a module-level function in a fresh process.

    Args:
        wall_s: after so many seconds the process is ended.

    Raises:
        TookTooLong: it was ended, or died without an answer.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, function, args), daemon=True)
    process.start()
    sender.close()
    try:
        if not receiver.poll(wall_s):
            raise TookTooLong
        return receiver.recv()
    except EOFError:
        raise TookTooLong from None
    finally:
        receiver.close()
        process.kill()
        process.join()
        process.close()


def _child(sender: Connection, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    sender.send(function(*args))
    sender.close()
