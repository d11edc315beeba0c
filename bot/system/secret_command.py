"""
A secret that another program hands out: a password manager, a vault's client.

No shell, no input, a time limit, and nothing the program says is ever repeated: its answer is a secret, and its
complaint may quote one. It is started without CertDesk's own secrets, and those it was told of, in its environment.
"""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import IO, Final

LIMIT_S: Final = 15.0
LIMIT_BYTES: Final = 4096
_OURS: Final = ("CERTDESK_", "SLACK_")
_DATABASE_S: Final = frozenset({"PGPASSWORD"})
"""Read by PostgreSQL's library, so no setting names it."""


class NoSecret(Exception):
    """The program gave no secret; the sentence names the program and nothing it said."""


def secret_of(
    command: Sequence[str], *, hidden: Collection[str] = (), limit_s: float = LIMIT_S
) -> str:
    """
    Run a program and take its output as the secret, without the line end.

    Args:
        command: the program and its arguments, as they are; a name without a slash is looked for in PATH.
        hidden: names of environment variables that hold other secrets; the program does not get them.

    Raises:
        NoSecret: it cannot be started, fails, is too slow, or answers nothing usable.
    """
    name = command[0]
    try:
        # Its own session, so that what it starts ends with it.
        process = subprocess.Popen(  # noqa: S603 - the administrator's own argv, never a shell
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(hidden),
            start_new_session=True,
        )
    except (OSError, ValueError) as fault:
        raise NoSecret(f"{name!r} cannot be started ({type(fault).__name__}).") from None
    try:
        answer = _answer(process, time.monotonic() + limit_s)
    except (TimeoutError, subprocess.TimeoutExpired):
        raise NoSecret(f"{name!r} did not answer within {limit_s:g} seconds.") from None
    finally:
        _end(process)
    if len(answer) > LIMIT_BYTES:
        raise NoSecret(f"{name!r} answered more than {LIMIT_BYTES} bytes, which is no password.")
    if process.returncode != 0:
        raise NoSecret(f"{name!r} ended with code {process.returncode}.")
    return _text(name, answer)


def _environment(hidden: Collection[str]) -> dict[str, str]:
    secrets = _DATABASE_S.union(hidden)
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_OURS) and name not in secrets
    }


def _answer(process: "subprocess.Popen[bytes]", deadline: float) -> bytes:
    """Read to the end, to a byte too much, or to the deadline."""
    answer = b""
    if process.stdout is None:
        raise AssertionError("the program was started with a pipe")
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while len(answer) <= LIMIT_BYTES:
            if not waiting.select(max(deadline - time.monotonic(), 0)):
                raise TimeoutError
            piece = os.read(process.stdout.fileno(), LIMIT_BYTES + 1)
            if not piece:
                process.wait(max(deadline - time.monotonic(), 0))
                break
            answer += piece
    return answer


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the program and whatever it started and left behind."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    _close(process.stdout)


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        pipe.close()


def _text(name: str, answer: bytes) -> str:
    try:
        text = answer.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise NoSecret(f"{name!r} answered something that is not UTF-8 text.") from None
    if not text:
        raise NoSecret(f"{name!r} answered nothing.")
    if "\n" in text or "\0" in text:
        raise NoSecret(f"{name!r} answered more than one line.")
    return text
