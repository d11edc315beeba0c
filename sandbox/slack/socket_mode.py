"""Socket Mode, the server's side: tickets, sockets, envelopes and their acks."""

import asyncio
import contextlib
import json
import random
import secrets
from collections.abc import Callable
from typing import Any, Literal

from aiohttp import WSMsgType, web

from sandbox.slack.clock import SandboxClock
from sandbox.slack.delivery import TIMED_OUT, Answer, Try
from sandbox.slack.guesses import PING_EVERY_S, SOCKET_LIFE_S, TICKET_LIFE_S, WARNING_AHEAD_S
from sandbox.slack.ids import APP_ID, Json

MOST_SOCKETS = 10


class SocketModeLink:
    """Up to ten sockets; each payload goes to one of them, which one is anybody's guess."""

    mode: Literal["socket"] = "socket"

    def __init__(
        self, *, clock: SandboxClock, ack_window_s: float, on_change: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._ack_window_s = ack_window_s
        self._tickets: dict[str, float] = {}
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Answer]] = {}

    @property
    def connected(self) -> bool:
        """Whether any socket is open."""
        return bool(self._sockets)

    def new_ticket(self) -> str:
        """A one-use ticket for the websocket address."""
        ticket = secrets.token_urlsafe(16)
        self._tickets[ticket] = self._clock.now()
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The websocket endpoint: hello, then acks until the socket closes."""
        issued = self._tickets.pop(request.query.get("ticket", ""), None)
        if issued is None or self._clock.now() - issued > TICKET_LIFE_S.value:
            return web.Response(status=401, text="This ticket is unknown, used or too old.")
        socket = web.WebSocketResponse(heartbeat=PING_EVERY_S.value)
        await socket.prepare(request)
        if len(self._sockets) >= MOST_SOCKETS:
            await socket.send_json(_disconnect("too_many_websockets"))
            await socket.close()
            return socket
        self._sockets.append(socket)
        self._on_change()
        try:
            await socket.send_json(self._hello())
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take_ack(message.data)
        except ConnectionError:
            pass  # the app went away in the middle of a word; its acks are then missing
        finally:
            if socket in self._sockets:
                self._sockets.remove(socket)
            self._on_change()
        return socket

    async def deliver(self, attempt: Try) -> Answer:
        """One envelope to one socket, until its ack or the end of the window."""
        if not self._sockets:
            return Answer(failure="dispatch_failed")
        envelope_id = secrets.token_hex(16)
        acked: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = acked
        try:
            async with asyncio.timeout(self._ack_window_s):
                await random.choice(self._sockets).send_json(_envelope(envelope_id, attempt))
                return await acked
        except TimeoutError:
            return TIMED_OUT
        except ConnectionError:
            return Answer(failure="dispatch_failed")
        finally:
            self._waiting.pop(envelope_id, None)

    async def disconnect_all(self, reason: str) -> None:
        """Tell every socket to go, then close it: what Slack does every few hours."""
        leaving, self._sockets = self._sockets, []
        for socket in leaving:
            with contextlib.suppress(ConnectionError):
                await socket.send_json(_disconnect(reason))
        await asyncio.sleep(WARNING_AHEAD_S.value)
        for socket in leaving:
            await socket.close()

    async def close(self) -> None:
        """Close every socket; the client sees that the server is going away."""
        leaving, self._sockets = self._sockets, []
        for socket in leaving:
            await socket.close(code=1001, message=b"the workspace is closing")

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._sockets),
            "debug_info": {
                "host": "sandbox",
                "build_number": 1,
                "approximate_connection_time": int(SOCKET_LIFE_S.value),
            },
            "connection_info": {"app_id": APP_ID},
        }

    def _take_ack(self, data: str) -> None:
        try:
            ack: Any = json.loads(data)
        except ValueError:
            return
        waiting = self._waiting.get(ack.get("envelope_id", "")) if isinstance(ack, dict) else None
        if waiting is None or waiting.done():
            return
        payload = ack.get("payload")
        waiting.set_result(Answer(payload=payload if isinstance(payload, dict) else None))


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}


def _envelope(envelope_id: str, attempt: Try) -> Json:
    found: Json = {
        "envelope_id": envelope_id,
        "type": attempt.envelope,
        "payload": attempt.payload,
        "accepts_response_payload": attempt.envelope != "events_api",
    }
    if attempt.envelope == "events_api":
        found["retry_attempt"] = attempt.retry_attempt
        # Slack names the reason "timeout" here and http_timeout in HTTP mode's header.
        found["retry_reason"] = attempt.retry_reason.removeprefix("http_")
    return found
