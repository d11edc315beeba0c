"""
How Slack reaches the doors: a socket we open, or an HTTP address Slack calls.

Nothing is decided here; both ways hand the same requests to the same app.
"""

import asyncio
from collections.abc import Callable

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.socket_mode.aiohttp import SocketModeClient

PING_S = 5.0
"""Short on purpose: NAT time-outs kill idle sockets, and a dead one is noticed by its missing pong."""

LARGEST_BODY = 2 * 1024 * 1024


class SocketDoor:
    """Socket Mode: CertDesk calls Slack; trust comes from the token and TLS."""

    def __init__(self, app: AsyncApp, app_token: str) -> None:
        self._handler = AsyncSocketModeHandler(app, app_token, ping_interval=PING_S)

    async def open(self) -> None:
        """Connect; the client reconnects by itself afterwards."""
        await self._handler.connect_async()  # type: ignore[no-untyped-call]  # untyped in bolt

    async def is_open(self) -> bool:
        """Whether the link is up now."""
        client: SocketModeClient = self._handler.client
        return bool(await client.is_connected())

    async def close(self) -> None:
        """Hang up."""
        await self._handler.close_async()  # type: ignore[no-untyped-call]  # untyped in bolt


class HttpDoor:
    """
    HTTP mode: Slack calls ``/slack/events``; bolt verifies each signature before anything is parsed.

    Args:
        is_ready: whether the bot can do its work now, for ``/readyz``.
        metrics: text and media type of ``/metrics``; it may block.
    """

    def __init__(
        self,
        app: AsyncApp,
        *,
        host: str,
        port: int,
        is_ready: Callable[[], bool],
        metrics: Callable[[], tuple[bytes, str]],
    ) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._is_ready = is_ready
        self._tell = metrics
        self._telling = asyncio.Lock()
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Listen."""
        site = web.Application(client_max_size=LARGEST_BODY)
        site.router.add_post("/slack/events", self._events)
        site.router.add_get("/healthz", self._healthz)
        site.router.add_get("/readyz", self._readyz)
        site.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(site, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()

    async def is_open(self) -> bool:
        """Whether the listener is up."""
        return self._runner is not None

    async def close(self) -> None:
        """Stop listening; requests under way are answered first."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _events(self, request: web.Request) -> web.Response:
        bolt_request = AsyncBoltRequest(
            body=await request.text(),
            query=request.query_string,
            headers={name: [value] for name, value in request.headers.items()},
        )
        answer = await self._app.async_dispatch(bolt_request)
        return web.Response(
            status=answer.status,
            body=answer.body,
            headers=answer.first_headers_without_set_cookie(),
        )

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        ready = self._is_ready()
        return web.Response(
            status=200 if ready else 503, text="ready\n" if ready else "not ready\n"
        )

    async def _metrics(self, _: web.Request) -> web.Response:
        # One at a time: a database that does not answer must not take every thread.
        async with self._telling:
            text, kind = await asyncio.to_thread(self._tell)
        return web.Response(body=text, headers={"Content-Type": kind})
