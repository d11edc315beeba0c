"""
Bringing payloads to the app and learning what came of it, whatever the link.

The links (Socket Mode, HTTP) know one try; retries, trouble and the log of deliveries are here.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from sandbox.slack.guesses import FIRST_REDELIVERY_S
from sandbox.slack.ids import Json
from sandbox.slack.model import Delivery
from sandbox.slack.payloads import event_callback
from sandbox.slack.trouble import Fault
from sandbox.slack.workspace import Workspace

Envelope = Literal["slash_commands", "interactive", "events_api"]
RetryReason = Literal["http_timeout", "connection_failed", "http_error"]
Failure = Literal["operation_timeout", "dispatch_failed"]
REDELIVERY_S = (FIRST_REDELIVERY_S.value, 60.0, 300.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    What came back: an ack with or without a payload, or the way it failed.

    reason: Slack's word for the failure in the next try; retry: whether there is to be one.
    """

    payload: Json | None = None
    failure: Failure | None = None
    reason: RetryReason = "connection_failed"
    retry: bool = True

    @property
    def acked(self) -> bool:
        """Whether the app acknowledged in time."""
        return self.failure is None


TIMED_OUT = Answer(failure="operation_timeout", reason="http_timeout")


def outcome(answer: Answer) -> Json:
    """An answer as the person's client shows it: done, or the reason why not."""
    return {"ok": True} if answer.acked else {"ok": False, "error": answer.failure}


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try to deliver one payload."""

    envelope: Envelope
    payload: Json
    retry_attempt: int = 0
    retry_reason: str = ""

    @property
    def what(self) -> str:
        """The payload's own type: block_actions, view_submission, /cert, message, ..."""
        if self.envelope == "slash_commands":
            return str(self.payload["command"])
        if self.envelope == "events_api":
            return str(self.payload["event"]["type"])
        return str(self.payload["type"])


class Link(Protocol):
    """
    One way to the app.

    deliver makes one try and answers within the ack window: the ack, operation_timeout when none
    came, dispatch_failed when the app could not be reached or answered with an error.
    """

    @property
    def mode(self) -> Literal["socket", "http"]: ...

    @property
    def connected(self) -> bool: ...

    async def deliver(self, attempt: Try) -> Answer: ...

    async def close(self) -> None: ...


class Courier:
    """Carries interactions (once) and events (with redelivery) over the link."""

    def __init__(
        self,
        ws: Workspace,
        link: Link,
        *,
        ack_window_s: float,
        redelivery_s: tuple[float, ...] = REDELIVERY_S,
    ) -> None:
        self._ws = ws
        self.link = link
        self._ack_window_s = ack_window_s
        self._redelivery_s = redelivery_s
        self._tasks: set[asyncio.Task[Any]] = set()

    async def interact(self, envelope: Envelope, payload: Json) -> Answer:
        """Deliver a command or interaction. Never repeated: in Slack the person tries again."""
        return await self._try(Try(envelope=envelope, payload=payload))

    def emit(self, event: Json) -> None:
        """Send an event in the background, again after each failure, with the same event_id."""
        self.spawn(self._deliver_event(event_callback(event, self._ws.clock.now())))

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something in the background until close() at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Stop everything under way, then the link."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.link.close()

    async def _deliver_event(self, payload: Json) -> None:
        answer = await self._try(Try(envelope="events_api", payload=payload))
        for attempt, wait_s in enumerate(self._redelivery_s, start=1):
            if answer.acked or not answer.retry:
                return
            await self._ws.clock.sleep(wait_s)
            answer = await self._try(
                Try(
                    envelope="events_api",
                    payload=payload,
                    retry_attempt=attempt,
                    retry_reason=answer.reason,
                )
            )

    async def _try(self, attempt: Try) -> Answer:
        log = Delivery(
            type=attempt.envelope,
            what=attempt.what,
            retry_attempt=attempt.retry_attempt,
            at=self._ws.clock.now(),
        )
        self._ws.deliveries.append(log)
        loop = asyncio.get_running_loop()
        began = loop.time()
        fault = self._ws.trouble.take("delivery", attempt.envelope, attempt.what)
        answer = await (self._go_wrong(attempt, fault) if fault else self.link.deliver(attempt))
        if answer.acked:
            log.acked, log.ack_ms = True, round((loop.time() - began) * 1000, 1)
        self._ws.changed("app")
        return answer

    async def _go_wrong(self, attempt: Try, fault: Fault) -> Answer:
        match fault.do:
            case "error" | "status":
                return Answer(failure="dispatch_failed", reason="http_error")
            case "drop_after_commit":
                await self.link.deliver(attempt)
                return TIMED_OUT
            case "duplicate":
                self.spawn(self.link.deliver(attempt))
                return await self.link.deliver(attempt)
            case "delay":
                return await self._deliver_late(attempt, fault.seconds)

    async def _deliver_late(self, attempt: Try, seconds: float) -> Answer:
        """The app gets it late; the person's three seconds run all the while."""

        async def later() -> Answer:
            await asyncio.sleep(seconds)
            return await self.link.deliver(attempt)

        sending = self.spawn(later())
        done, _ = await asyncio.wait({sending}, timeout=self._ack_window_s)
        return sending.result() if done else TIMED_OUT
