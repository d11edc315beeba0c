"""One pipeline from its commands to its end: what is allowed, the engine's answer, and trouble on demand."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from sandbox.exchange.engine.errors import NO_HOST, CmdletFailure
from sandbox.exchange.engine.exchange import STRAIGHT, Bend, Caller, Outcome, VirtualExchange
from sandbox.exchange.psrp.pipeline import Refused, Work, read_pipeline
from sandbox.exchange.psrp.pools import Pipeline
from sandbox.exchange.psrp.question import Unanswered
from sandbox.exchange.psrp.shapes import selected, shown
from sandbox.exchange.spoiling import READER_S, HostGone, ShellKilled, spoil
from sandbox.exchange.trouble import TroublePlan
from sandbox.exchange.wsman.service import Principal


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
        except HostGone as gone:
            pipeline.mailbox.wait_for_reader(READER_S)
            self.reboot(gone.seconds)
        except ShellKilled:
            pipeline.mailbox.die()

    def _outcome(self, pipeline: Pipeline, principal: Principal, work: Work) -> Outcome:
        caller = Caller(
            principal=principal.name, in_session=True, ask=lambda text: self._ask(pipeline, text)
        )

        def invoke(bend: Bend = STRAIGHT) -> Outcome:
            asking = replace(caller, ask=_nobody) if bend.unattended else caller
            return self.exchange.invoke(work.cmdlet, work.arguments, asking, bend)

        trouble = self.plan.take_cmdlet(work.cmdlet, shell="psrp")
        if trouble is None:
            return invoke()
        if trouble.do == "session_drop":
            pipeline.mailbox.end_sessions_with_last()
        return spoil(
            trouble,
            cmdlet=work.cmdlet,
            arguments=work.arguments,
            server=self.exchange.state.name,
            work=invoke,
            fail=lambda failure: self.exchange.fail(work.cmdlet, work.arguments, caller, failure),
        )

    def _ask(self, pipeline: Pipeline, text: str) -> bool:
        """
        Ask the client. The others are let in meanwhile: a real host locks nothing while a person thinks.

        Raises:
            CmdletFailure: the client has nobody to ask (error 29).
        """
        if not pipeline.has_host:
            return _nobody(text)
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


def _nobody(text: str) -> bool:
    """Error 29: a question, and no host to put it to."""
    raise CmdletFailure(
        NO_HOST + text, "NotSpecified", rpc=False, error_id="HostFunctionNotImplemented"
    )
