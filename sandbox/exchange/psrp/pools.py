"""
Runspace pools and their pipelines: the state machine of psrpcore, a thread for each pipeline, mailboxes for Receive.

No SOAP here, and nothing of what a cmdlet does.
"""

import threading
import uuid
from collections.abc import Callable
from typing import Any, Final

import psrpcore
from psrpcore import types as ps

from sandbox.exchange.engine.errors import ErrorRecord
from sandbox.exchange.psrp.mailbox import Mailbox
from sandbox.exchange.psrp.question import Question, Unanswered
from sandbox.exchange.wsman.faults import MAX_SHELLS, UNKNOWN_SHELL, failure
from sandbox.exchange.wsman.service import Principal

_PIECE: Final = 100_000  # raw bytes of one Receive, so that its base64 fits the smallest envelope
_PATIENCE_S: Final = 120.0
MAX_POOLS: Final = 18


class Pipeline:
    """One pipeline: what it writes goes to its mailbox, what it asks goes to the client."""

    def __init__(self, pool: "Pool", pipeline_id: uuid.UUID) -> None:
        self.mailbox = Mailbox()
        self.commands: list[psrpcore.Command] = []
        self.has_host = False
        self._pool = pool
        self._wire = psrpcore.ServerPipeline(pool.wire, pipeline_id)
        self._question: Question | None = None
        self._is_ended = False

    def begin(self, asked: psrpcore.PowerShell, run: Callable[["Pipeline"], None]) -> None:
        """Start working on what the client asked for."""
        host = self._pool.wire.host if asked.host.UseRunspaceHost else asked.host
        self.commands = list(asked.commands)
        self.has_host = host is not None and not host.IsHostNull and not host.IsHostUINull
        self._wire.start()
        threading.Thread(target=run, args=(self,), name="pipeline", daemon=True).start()

    def output(self, value: Any) -> None:
        """One object."""
        self._tell(lambda: self._wire.write_output(value))

    def warn(self, text: str) -> None:
        """One warning."""
        self._tell(lambda: self._wire.write_warning(text))

    def error(self, record: ErrorRecord, activity: str) -> None:
        """An error after which the pipeline goes on, which is how Exchange's cmdlets end."""
        about = _category(record, activity)
        self._tell(
            lambda: self._wire.write_error(
                ps.NETException(Message=record.message),
                about,
                fully_qualified_error_id=record.error_id,
            )
        )

    def complete(self) -> None:
        """The end."""
        self._tell(self._wire.complete)
        self.mailbox.finish()

    def fail(self, record: ErrorRecord, activity: str) -> None:
        """The end, by an error that terminated it."""
        told = ps.ErrorRecord(
            Exception=ps.NETException(Message=record.message),
            CategoryInfo=_category(record, activity),
            FullyQualifiedErrorId=record.error_id,
        )
        # psrpcore has a public way to complete and to stop, and none to fail.
        self._tell(lambda: self._wire._change_state(ps.PSInvocationState.Failed, told))  # noqa: SLF001
        self.mailbox.finish()

    def ask(self, text: str) -> bool:
        """
        Have the client choose.

        Raises:
            Unanswered: it is gone, or has said nothing for long.
        """
        question = self._question = Question(text)
        method = ps.HostMethodIdentifier.PromptForChoice
        self._tell(lambda: self._wire.host_call(method, question.parameters()))
        try:
            return question.wait(_PATIENCE_S)
        finally:
            self._question = None

    def answer(self, index: object) -> None:
        """The client's choice, for the question that waits."""
        if self._question is not None:
            self._question.answer(index)

    def end(self) -> None:
        """Stop it: it writes nothing more, and its question stays without an answer."""
        self._is_ended = True
        if self._question is not None:
            self._question.give_up()
        self.mailbox.finish()

    def _tell(self, say: Callable[[], object]) -> None:
        with self._pool.lock:
            if self._is_ended:
                raise Unanswered
            say()
            self._pool.drain()


class Pool:
    """One runspace pool of one user."""

    def __init__(
        self, pool_id: str, principal: Principal, run: Callable[[Pipeline, Principal], None]
    ) -> None:
        self.id = pool_id
        self.principal = principal
        self.wire = psrpcore.ServerRunspacePool()
        self.mailbox = Mailbox()
        self.lock = threading.RLock()
        self.pipelines: dict[uuid.UUID, Pipeline] = {}
        self._run = run

    def create_pipeline(self, pipeline_id: uuid.UUID) -> None:
        """Make room for a pipeline; what it shall do comes with the data."""
        with self.lock:
            self.pipelines[pipeline_id] = Pipeline(self, pipeline_id)

    def pipeline(self, pipeline_id: uuid.UUID) -> Pipeline:
        """One pipeline; faults when there is none."""
        with self.lock:
            found = self.pipelines.get(pipeline_id)
        if found is None:
            raise failure(UNKNOWN_SHELL)
        return found

    def feed(self, data: bytes) -> None:
        """Take fragments from the client; each message is acted on as soon as it is whole."""
        with self.lock:
            self.wire.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, None))
            while (event := self.wire.next_event()) is not None:
                self._take(event)
                self.drain()

    def drain(self) -> None:
        """Move what the state machine wants to say into the mailboxes. The caller holds the lock."""
        while (payload := self.wire.data_to_send(_PIECE)) is not None:
            to = self.pipelines.get(payload.pipeline_id) if payload.pipeline_id else None
            (to or self).mailbox.put(payload.data)

    def end_pipeline(self, pipeline_id: uuid.UUID) -> None:
        """Terminate and forget."""
        with self.lock:
            self.pipeline(pipeline_id).end()
            del self.pipelines[pipeline_id]

    def end(self) -> None:
        """End the pool and everything in it."""
        with self.lock:
            for pipeline in self.pipelines.values():
                pipeline.end()
        self.mailbox.finish()

    def lose(self) -> None:
        """The host goes down: whoever waits is cut off."""
        with self.lock:
            for pipeline in self.pipelines.values():
                pipeline.end()
                pipeline.mailbox.lose()
        self.mailbox.lose()

    def _take(self, event: psrpcore.PSRPEvent[Any, Any]) -> None:
        match event:
            case psrpcore.CreatePipelineEvent(pipeline=psrpcore.PowerShell() as asked):
                pipeline = self.pipelines[event.pipeline_id]
                pipeline.begin(asked, lambda started: self._run(started, self.principal))
            case psrpcore.PipelineHostResponseEvent():
                self.pipelines[event.pipeline_id].answer(event.result)
            case _:
                return


class Pools:
    """Every pool of a host. Safe to use from every connection's thread."""

    def __init__(self) -> None:
        self._pools: dict[str, Pool] = {}
        self._lock = threading.RLock()

    def add(self, pool: Pool) -> None:
        """Keep a new pool; faults when its user has too many."""
        with self._lock:
            own = [other for other in self._pools.values() if other.principal == pool.principal]
            if len(own) >= MAX_POOLS:
                raise failure(MAX_SHELLS, limit=MAX_POOLS)
            self._pools[pool.id] = pool

    def find(self, pool_id: str, principal: Principal) -> Pool:
        """The user's pool; faults when it is gone or somebody else's."""
        with self._lock:
            pool = self._pools.get(pool_id.upper())
        if pool is None or pool.principal != principal:
            raise failure(UNKNOWN_SHELL)
        return pool

    def delete(self, pool: Pool) -> None:
        """End a pool."""
        with self._lock:
            self._pools.pop(pool.id, None)
        pool.end()

    def lose_all(self) -> None:
        """The host goes down."""
        with self._lock:
            lost = list(self._pools.values())
            self._pools.clear()
        for pool in lost:
            pool.lose()

    def listed(self) -> list[dict[str, object]]:
        """The living pools, for people and tests."""
        with self._lock:
            return [
                {"id": pool.id, "owner": pool.principal.name, "pipelines": len(pool.pipelines)}
                for pool in self._pools.values()
            ]


def _category(record: ErrorRecord, activity: str) -> ps.ErrorCategoryInfo:
    known = {category.name: category for category in ps.ErrorCategory}
    return ps.ErrorCategoryInfo(
        Category=known.get(record.category, ps.ErrorCategory.NotSpecified),
        Activity=activity,
        Reason="InvalidOperationException",
    )
