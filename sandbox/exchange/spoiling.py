"""What the trouble plan does to one cmdlet or operation, the same behind both doors. No wire here."""

import threading
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from sandbox.exchange.engine.catalogue import failure_of, warning_of
from sandbox.exchange.engine.errors import CmdletFailure, operation_failed, rpc_down
from sandbox.exchange.engine.exchange import Bend
from sandbox.exchange.engine.values import Argument
from sandbox.exchange.trouble import Trouble

Told = TypeVar("Told")
READER_S: Final = 2.0
"""How long a host that goes down waits for the Receive that is to be lost, in seconds."""


class HostGone(Exception):
    """The host goes down now and is back after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"down for {seconds} s")
        self.seconds = seconds


class ShellKilled(Exception):
    """The process behind the shell dies now."""


def spoil(
    trouble: Trouble,
    *,
    cmdlet: str,
    arguments: Mapping[str, Argument],
    server: str,
    work: Callable[[Bend], Told],
    fail: Callable[[CmdletFailure], Told],
) -> Told:
    """
    Do to a cmdlet what a rule wants.

    Args:
        work: runs it, bent as given.
        fail: makes the answer of one that failed before it did anything.

    Raises:
        HostGone: there is no answer; with `executed_then_lost` the work has been done all the same.
        ShellKilled: there is no answer, and nothing was done.
    """
    match trouble.do:
        case "delay":
            threading.Event().wait(trouble.seconds)
            return work(Bend())
        case "session_drop":
            return work(Bend())
        case "replication_lag":
            return work(Bend(lag_s=trouble.seconds))
        case "prompt_without_ui":
            return work(Bend(unattended=True))
        case "executed_then_lost":
            work(Bend())
            raise HostGone(trouble.seconds)
        case "kill_shell_host":
            raise ShellKilled
        case "catalogue":
            named = _named(cmdlet, arguments, server)
            warning = warning_of(trouble.number, **named)
            if warning:
                return work(Bend(warning=warning))
            return fail(failure_of(trouble.number, **named))
        case "rpc_down" | "access_denied" | "cmdlet_error":
            failure = _failure(trouble, server)
            return (
                work(Bend(failure=failure, after=trouble.after)) if trouble.after else fail(failure)
            )
        case _:
            raise HostGone(trouble.seconds)


def _named(cmdlet: str, arguments: Mapping[str, Argument], server: str) -> dict[str, str]:
    thumbprint = arguments.get("Thumbprint", "")
    text = thumbprint if isinstance(thumbprint, str) else ""
    return {"cmdlet": cmdlet, "thumbprint": text.upper(), "server": server}


def _failure(trouble: Trouble, server: str) -> CmdletFailure:
    match trouble.do:
        case "rpc_down":
            return rpc_down(server)
        case "access_denied":
            return operation_failed(server, "Access is denied.")
        case _:
            return CmdletFailure(
                trouble.message, trouble.category, rpc=False, error_id=trouble.error_id
            )
