"""One pipeline from its commands to its end: what is allowed, the engine's answer, and trouble on demand."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sandbox.exchange.engine.errors import CmdletFailure, operation_failed, rpc_down
from sandbox.exchange.engine.exchange import Caller, Outcome, VirtualExchange
from sandbox.exchange.psrp.pipeline import Refused, Work, read_pipeline
from sandbox.exchange.psrp.pools import Pipeline
from sandbox.exchange.psrp.question import NO_HOST, Unanswered
from sandbox.exchange.psrp.shapes import selected, shown
from sandbox.exchange.trouble import Trouble, TroublePlan
from sandbox.exchange.wsman.service import Principal

_READER_S: Final = 2.0
_LOST: Final = frozenset({"executed_then_lost", "not_executed_and_lost", "reboot"})


class _HostGone(Exception):
    """The host goes down now and is back after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"down for {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What every pipeline of one host works with."""

    exchange: VirtualExchange
    plan: TroublePlan
    cmdlets_of: Callable[[Principal], Iterable[str]]
    reboot: Callable[[float], None]

    def run(self, pipeline: Pipeline, principal: Principal) -> None:
        """Work on a pipeline until it has ended, one way or another."""
        activity = pipeline.commands[0].command_text[:80]
        try:
            work = read_pipeline(pipeline.commands, self.cmdlets_of(principal))
            self._tell(self._outcome(pipeline, principal, work), work, pipeline)
        except Refused as refused:
            pipeline.fail(refused.record, activity)
        except Unanswered:
            # The client hung up: there is nobody to tell, and what was done stays done.
            return
        except _HostGone as gone:
            pipeline.mailbox.wait_for_reader(_READER_S)
            self.reboot(gone.seconds)

    def _outcome(self, pipeline: Pipeline, principal: Principal, work: Work) -> Outcome:
        caller = Caller(
            principal=principal.name, in_session=True, ask=lambda text: self._ask(pipeline, text)
        )

        def invoke() -> Outcome:
            return self.exchange.invoke(work.cmdlet, work.arguments, caller)

        trouble = self.plan.take_cmdlet(work.cmdlet)
        if trouble is None:
            return invoke()
        if trouble.do == "delay":
            threading.Event().wait(trouble.seconds)
            return invoke()
        if trouble.do == "executed_then_lost":
            invoke()
        if trouble.do in _LOST:
            raise _HostGone(trouble.seconds)
        failure = _failure(trouble, self.exchange.state.name)
        return self.exchange.fail(work.cmdlet, work.arguments, caller, failure)

    def _ask(self, pipeline: Pipeline, text: str) -> bool:
        """
        Ask the client. The others are let in meanwhile: a real host locks nothing while a person thinks.

        Raises:
            CmdletFailure: the client has nobody to ask (error 29).
        """
        if not pipeline.has_host:
            raise CmdletFailure(
                NO_HOST + text, "NotSpecified", rpc=False, error_id="HostFunctionNotImplemented"
            )
        self.exchange.lock.release()
        try:
            return pipeline.ask(text)
        finally:
            self.exchange.lock.acquire()

    def _tell(self, outcome: Outcome, work: Work, pipeline: Pipeline) -> None:
        fqdn = self.exchange.state.fqdn
        for thing in outcome.objects:
            is_selected = work.selected is not None and bool(thing.properties)
            pipeline.output(
                selected(thing, work.selected or ()) if is_selected else shown(thing, fqdn)
            )
        for warning in outcome.warnings:
            pipeline.warn(warning)
        for error in outcome.errors:
            pipeline.error(error, work.cmdlet)
        pipeline.complete()


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
