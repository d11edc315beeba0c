"""
Runspace pools and their pipelines: the state machine of psrpcore, a thread for each pipeline, mailboxes for Receive.

No SOAP here, and nothing of what a cmdlet does.
"""

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import psrpcore
from psrpcore import types as ps

from sandbox.exchange.engine.errors import ErrorRecord
from sandbox.exchange.psrp.mailbox import Mailbox
from sandbox.exchange.psrp.question import Question, Unanswered
from sandbox.exchange.wsman.faults import (
    MAX_SHELLS,
    QUOTA_USER,
    UNKNOWN_SHELL,
    WsmanFault,
    failure,
    fault_of,
)
from sandbox.exchange.wsman.quotas import Quotas
from sandbox.exchange.wsman.service import Principal

PIECE: Final = 100_000  # raw bytes of one Receive, so that its base64 fits the smallest envelope
_PATIENCE_S: Final = 120.0
_TOO_MANY: Final = (
    "This user is allowed a maximum of {limit} concurrent shells, which has been exceeded. Close existing shells "
    "or raise the quota for this user."
)
_TOO_FAST: Final = (
    "The WS-Management service cannot process the request. The user load quota of {limit} requests per {per} "
    "seconds has been exceeded. Send future requests at a slower rate or raise the quota for this user. The "
    "next request from this user will not be approved for at least {wait} milliseconds."
)


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
    """
    One runspace pool of one user.

    Args:
        idle_s: the IdleTimeOut the client asks for; 0 for none.
    """

    def __init__(
        self,
        pool_id: str,
        principal: Principal,
        run: Callable[[Pipeline, Principal], None],
        *,
        idle_s: float = 0.0,
    ) -> None:
        self.id = pool_id
        self.asked_idle_s = idle_s
        self.principal = principal
        self.wire = psrpcore.ServerRunspacePool()
        self.mailbox = Mailbox()
        self.lock = threading.RLock()
        self.pipelines: dict[uuid.UUID, Pipeline] = {}
        self.asked = b""
        self.last_use: datetime | None = None
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
        while (payload := self.wire.data_to_send(PIECE)) is not None:
            to = self.pipelines.get(payload.pipeline_id) if payload.pipeline_id else None
            (to or self).mailbox.put(payload.data)

    def is_listened_to(self) -> bool:
        """True while a Receive waits on it or on one of its pipelines."""
        with self.lock:
            boxes = [self.mailbox, *(one.mailbox for one in self.pipelines.values())]
        return any(box.has_reader() for box in boxes)

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
    """Every pool of a host, and how fast its users may ask. Safe to use from every connection's thread."""

    def __init__(self, quotas: Quotas, now: Callable[[], datetime]) -> None:
        self.quotas = quotas
        self._now = now
        self._pools: dict[str, Pool] = {}
        self._requests: dict[Principal, list[datetime]] = {}
        self._barred: dict[Principal, datetime] = {}
        self._lock = threading.RLock()

    def admit(self, principal: Principal) -> None:
        """Count one request of a user; faults with the wait in milliseconds when they ask too fast."""
        quotas, now = self.quotas, self._now()
        if not quotas.max_requests:
            return
        with self._lock:
            since = now - timedelta(seconds=quotas.per_s)
            recent = [at for at in self._requests.get(principal, []) if at > since]
            self._requests[principal] = [*recent, now]
            if len(recent) >= quotas.max_requests:
                self._barred.setdefault(principal, now + timedelta(seconds=quotas.penalty_s))
            until = self._barred.get(principal)
            if until is not None and until > now:
                self._requests.pop(principal)
                raise self._too_fast((until - now).total_seconds())
            self._barred.pop(principal, None)

    def add(self, pool: Pool) -> None:
        """Keep a new pool; faults when its user has too many."""
        limit = self.quotas.max_sessions
        with self._lock:
            self._expire()
            own = [other for other in self._pools.values() if other.principal == pool.principal]
            if len(own) >= limit:
                text = _TOO_MANY.replace("{limit}", str(limit))
                raise WsmanFault(replace(fault_of(MAX_SHELLS), text=text))
            pool.last_use = self._now()
            self._pools[pool.id] = pool

    def peek(self, pool_id: str) -> Pool | None:
        """A pool as it stands, whoever asks; looking is no use of it."""
        with self._lock:
            return self._pools.get(pool_id.upper())

    def find(self, pool_id: str, principal: Principal) -> Pool:
        """The user's pool; faults when it is gone or somebody else's."""
        with self._lock:
            self._expire()
            pool = self._pools.get(pool_id.upper())
        if pool is None or pool.principal != principal:
            raise failure(UNKNOWN_SHELL)
        pool.last_use = self._now()
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
            self._expire()
            return [
                {"id": pool.id, "owner": pool.principal.name, "pipelines": len(pool.pipelines)}
                for pool in self._pools.values()
            ]

    def _expire(self) -> None:
        """End the pools nobody has used for the idle time."""
        now = self._now()
        for pool in list(self._pools.values()):
            oldest = now - timedelta(seconds=self.quotas.idle_of(pool.asked_idle_s))
            if pool.last_use is not None and pool.last_use < oldest and not pool.is_listened_to():
                self.delete(pool)

    def _too_fast(self, wait_s: float) -> WsmanFault:
        facts = {
            "{limit}": self.quotas.max_requests,
            "{per}": int(self.quotas.per_s),
            "{wait}": int(wait_s * 1000),
        }
        text = _TOO_FAST
        for mark, figure in facts.items():
            text = text.replace(mark, str(figure))
        return WsmanFault(replace(fault_of(QUOTA_USER), text=text))


def _category(record: ErrorRecord, activity: str) -> ps.ErrorCategoryInfo:
    known = {category.name: category for category in ps.ErrorCategory}
    return ps.ErrorCategoryInfo(
        Category=known.get(record.category, ps.ErrorCategory.NotSpecified),
        Activity=activity,
        Reason="InvalidOperationException",
    )
