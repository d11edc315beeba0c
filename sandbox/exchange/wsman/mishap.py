"""What the fault plan does to a message instead of, before, or after its answer."""

import threading
from collections.abc import Callable

from sandbox.exchange.trouble import Trouble
from sandbox.exchange.wsman.faults import failure


class Mishap(Exception):
    """Something that is no answer: an HTTP status without SOAP, or a connection cut by RST or FIN."""

    def __init__(self, *, status: int = 0, reset: bool = True) -> None:
        super().__init__(f"HTTP {status}" if status else "connection cut")
        self.status = status
        self.reset = reset


def spoil_before(trouble: Trouble | None, reboot: Callable[[float], None]) -> Mishap | None:
    """
    Do what a rule wants before the work; gives back what shall happen after it.

    Raises:
        Mishap: instead of the work.
        WsmanFault: the rule's fault.
    """
    match trouble:
        case None:
            return None
        case Trouble(do="delay"):
            threading.Event().wait(trouble.seconds)
            return None
        case Trouble(do="executed_then_lost"):
            return Mishap()
        case Trouble(do="fault"):
            raise failure(trouble.code)
        case Trouble(do="reboot"):
            reboot(trouble.seconds)
            raise Mishap
        case Trouble(do="401"):
            raise Mishap(status=401)
        case Trouble(do="status"):
            raise Mishap(status=trouble.status)
        case Trouble(do="fin"):
            raise Mishap(reset=False)
        case _:
            raise Mishap
