"""What the trouble plan does to a message instead of, before, or after its answer."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from sandbox.exchange.engine.catalogue import session_text
from sandbox.exchange.trouble import Levers, Trouble
from sandbox.exchange.wsman.faults import RPC_FAILED, WsmanFault, failure, fault_of

Way = Literal["", "rst", "fin", "half_close", "truncate", "drip", "wrong_relates_to"]
_SESSION_FAULTS = {31: 2150858819, 32: 2150858793, 33: 2150858811, 41: 2150859173}


class Mishap(Exception):
    """
    Something that is no proper answer.

    Args:
        status: an HTTP status without SOAP; 0 for none.
        way: what else becomes of the connection or of the answer.
        pause_s: between the pieces of an answer that drips.
    """

    def __init__(self, way: Way = "rst", *, status: int = 0, pause_s: float = 0.0) -> None:
        super().__init__(f"HTTP {status}" if status else way)
        self.status = status
        self.way = way
        self.pause_s = pause_s


def spoil_before(
    trouble: Trouble | None, levers: Levers, *, kill_shell: Callable[[], None], machine: str
) -> Mishap | None:
    """
    Do what a rule wants before the work; gives back what shall happen after it.

    Raises:
        Mishap: instead of the work.
        WsmanFault: the rule's fault.
    """
    if trouble is None:
        return None
    match trouble.do:
        case "delay":
            threading.Event().wait(trouble.seconds)
            return None
        case "stale_time":
            levers.set_back(trouble.seconds)
            return None
        case "executed_then_lost":
            return Mishap("rst")
        case "truncate" | "drip" | "wrong_relates_to" as way:
            return Mishap(way, pause_s=trouble.seconds)
        case _:
            raise _instead(trouble, levers, kill_shell, machine)


def _instead(
    trouble: Trouble, levers: Levers, kill_shell: Callable[[], None], machine: str
) -> Mishap | WsmanFault:
    match trouble.do:
        case "fault":
            return WsmanFault(fault_of(trouble.code), as_wmi=trouble.form == "wmi")
        case "catalogue":
            text = session_text(trouble.number, machine)
            return WsmanFault(replace(fault_of(_SESSION_FAULTS[trouble.number]), text=text))
        case "kill_shell_host":
            kill_shell()
            return failure(RPC_FAILED)
        case "reboot":
            levers.reboot(trouble.seconds)
            return Mishap("rst")
        case "401":
            return Mishap(status=401)
        case "status":
            return Mishap(status=trouble.status)
        case "fin" | "half_close" as way:
            return Mishap(way)
        case _:
            return Mishap("rst")
