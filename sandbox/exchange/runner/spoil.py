"""What the fault plan does to one operation of the runner."""

import threading

from sandbox.exchange.engine.errors import CmdletFailure, ErrorRecord, operation_failed, rpc_down
from sandbox.exchange.runner.operations import RunnerSession, answer, refuse
from sandbox.exchange.runner.protocol import RunnerRequest
from sandbox.exchange.trouble import Trouble


class HostGone(Exception):
    """The host goes down now and is back after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"down for {seconds} s")
        self.seconds = seconds


def spoiled_answer(trouble: Trouble, request: RunnerRequest, session: RunnerSession) -> bytes:
    """
    The answer a rule leaves of an operation.

    Raises:
        HostGone: there is none; with `executed_then_lost` the work has been done all the same.
    """
    server = session.exchange.state.name
    match trouble.do:
        case "delay":
            threading.Event().wait(trouble.seconds)
            return answer(request, session)
        case "executed_then_lost":
            answer(request, session)
            raise HostGone(trouble.seconds)
        case "rpc_down":
            return _fail(request, session, rpc_down(server))
        case "access_denied":
            return _fail(request, session, operation_failed(server, "Access is denied."))
        case "cmdlet_error":
            failure = CmdletFailure(
                trouble.message, trouble.category, rpc=False, error_id=trouble.error_id
            )
            return _fail(request, session, failure)
        case _:
            raise HostGone(trouble.seconds)


def _fail(request: RunnerRequest, session: RunnerSession, failure: CmdletFailure) -> bytes:
    if request.op != "cmdlet":
        record = ErrorRecord(
            message=failure.text, category=failure.category, error_id=failure.error_id or "Trouble"
        )
        return refuse(request, record)
    outcome = session.exchange.fail(request.name, request.arguments, session.caller(), failure)
    return refuse(request, outcome.errors[0])
