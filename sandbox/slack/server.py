"""
The sandbox's Slack as one thing to start and stop.

This is the only file of the room that knows all the others; it binds to loopback only.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from sandbox.slack.api_error import ApiError
from sandbox.slack.clock import SandboxClock
from sandbox.slack.control_acts import Acts
from sandbox.slack.control_bench import Bench
from sandbox.slack.control_request import ControlError
from sandbox.slack.control_sights import Sights
from sandbox.slack.delivery import REDELIVERY_S, Courier
from sandbox.slack.file_routes import FileRoutes
from sandbox.slack.form import FormError
from sandbox.slack.http_delivery import HttpLink
from sandbox.slack.ids import (
    TEAM_ID,
    Json,
    new_app_token,
    new_bot_token,
    new_signing_secret,
)
from sandbox.slack.manifest import load_manifest
from sandbox.slack.method import Method
from sandbox.slack.model import Credentials
from sandbox.slack.replies import ReplyRoute
from sandbox.slack.socket_mode import SocketModeLink
from sandbox.slack.trouble import TroubleError
from sandbox.slack.web_api import WebApi
from sandbox.slack.workspace import PEOPLE, TRIGGER_LIFE_S, Workspace

LOOPBACK: Final = "127.0.0.1"
ACK_WINDOW_S: Final = 3.0
MOST_BYTES: Final = 200 * 1024 * 1024
MANIFEST: Final = Path(__file__).parents[2] / "deploy" / "slack" / "manifest.yaml"
STATIC: Final = Path(__file__).parent / "static"
_LOCAL_NAMES: Final = {"127.0.0.1", "localhost"}


class SlackWorkspace:
    """
    A workspace with the app of one manifest installed.

    Ids of the team, its people and channels are always the same; tokens are new for each workspace
    unless given. The app may leave and come back as often as it likes while the workspace runs.

    Args:
        port: 0 picks a free one.
        manifest: what the app may do; see manifest.py.
        events_url: the app's request URL makes this HTTP mode; None is Socket Mode.
        clock: the sandbox's time, which /control/clock moves.
        bot_token, app_token, signing_secret: credentials to use instead of new ones.
        ack_window_s: how long Slack waits for an ack. 3 s; tests of slowness may shorten it.
        trigger_life_s: how long a trigger_id opens a window. 3 s as well.
        redelivery_s: the waits before the redeliveries of an event.
        links: third-party pages the workspace's page should link to, {"title", "url"} each.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        manifest: Path = MANIFEST,
        events_url: str | None = None,
        clock: SandboxClock | None = None,
        bot_token: str | None = None,
        app_token: str | None = None,
        signing_secret: str | None = None,
        ack_window_s: float = ACK_WINDOW_S,
        trigger_life_s: float = TRIGGER_LIFE_S,
        redelivery_s: tuple[float, ...] = REDELIVERY_S,
        links: list[dict[str, str]] | None = None,
    ) -> None:
        self.clock = clock or SandboxClock()
        self.links = links if links is not None else []
        self._port = port
        credentials = Credentials(
            bot_token=bot_token or new_bot_token(),
            app_token=app_token or new_app_token(),
            signing_secret=signing_secret or new_signing_secret(),
        )
        self.state = Workspace(
            manifest=load_manifest(manifest), credentials=credentials, clock=self.clock
        )
        self.state.trigger_life_s = trigger_life_s
        self._sockets = SocketModeLink(
            clock=self.clock,
            ack_window_s=ack_window_s,
            on_change=lambda: self.state.changed("app"),
        )
        link = self._sockets if events_url is None else _http(events_url, credentials, ack_window_s)
        self._courier = Courier(
            self.state, link, ack_window_s=ack_window_s, redelivery_s=redelivery_s
        )
        self.state.emit = self._courier.emit
        self.state.later = self._later
        self._sights = Sights(self.state, app_state=self._app_state, links=self.links)
        self._runner: web.AppRunner | None = None

    async def start(self) -> dict[str, Any]:
        """
        Listen on loopback; returns addresses, credentials and ids as one JSON-able dict.

        Keys: api_url, bot_token, app_token, signing_secret, page, control, team_id,
        users {role: id}, channels {name: id}.
        """
        self._runner = web.AppRunner(
            self._application(), access_log=None, handle_signals=False, shutdown_timeout=1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._port).start()
        self._port = self._runner.addresses[0][1]
        self.state.base_url = f"http://{LOOPBACK}:{self._port}"
        return self._addresses()

    async def stop(self) -> None:
        """Close sockets, streams and the listener; what was under way is dropped."""
        await self._courier.close()
        await self._sockets.close()
        await self._sights.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def _addresses(self) -> dict[str, Any]:
        state = self.state
        channels = [each for each in state.channels.values() if not each.is_im]
        return {
            "api_url": f"{state.base_url}/api/",
            "bot_token": state.credentials.bot_token,
            "app_token": state.credentials.app_token,
            "signing_secret": state.credentials.signing_secret,
            "page": f"{state.base_url}/",
            "control": f"{state.base_url}/control",
            "team_id": TEAM_ID,
            "users": {role: user_id for role, user_id, *_ in PEOPLE},
            "channels": {each.name: each.id for each in channels},
        }

    def _application(self) -> web.Application:
        state = self.state
        app = web.Application(client_max_size=MOST_BYTES, middlewares=[_loopback_only, _in_words])
        api = WebApi(state, {"apps.connections.open": self._connection_method()})
        files, replies = FileRoutes(state), ReplyRoute(state)
        app.add_routes(
            [
                web.route("GET", "/api/{method}", api.handle),
                web.route("POST", "/api/{method}", api.handle),
                web.get("/link", self._sockets.serve),
                web.post("/upload/v1/{file_id}", files.upload),
                web.get("/files-pri/{place}/{name:.*}", files.download),
                web.post("/response/{team}/{secret}", replies.handle),
                web.get("/archives/{channel}/{ts}", _show_in_page),
                web.get("/", _page),
                web.static("/static", STATIC),
                *self._sights.routes(),
                *Acts(state, self._courier).routes(),
                *Bench(state, disconnect=self._sockets.disconnect_all).routes(),
            ]
        )
        return app

    def _connection_method(self) -> Method:
        """apps.connections.open: a websocket address with a ticket for one use."""

        def run(ws: Workspace, args: Json) -> Json:
            if self._courier.link.mode != "socket":
                raise ApiError("socket_mode_disabled")
            host = ws.base_url.removeprefix("http://")
            return {"url": f"ws://{host}/link?ticket={self._sockets.new_ticket()}"}

        return Method(run=run, token="app")

    def _app_state(self) -> Json:
        return {"connected": self._courier.link.connected, "mode": self._courier.link.mode}

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            action()

        self._courier.spawn(wait())


def _http(url: str, credentials: Credentials, ack_window_s: float) -> HttpLink:
    return HttpLink(url=url, signing_secret=credentials.signing_secret, ack_window_s=ack_window_s)


async def _page(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(STATIC / "index.html")


async def _show_in_page(request: web.Request) -> web.StreamResponse:
    """A permalink: to the page, at that channel."""
    raise web.HTTPFound(f"/#/{request.match_info['channel']}")


_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _loopback_only(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Refuse pages of other origins: a browser would carry their requests to us."""
    host = request.host.partition(":")[0]
    origin = request.headers.get("Origin")
    if host not in _LOCAL_NAMES or origin not in (None, f"http://{request.host}"):
        raise web.HTTPForbidden(text="Only this machine's own page may talk to the sandbox.")
    return await handler(request)


@web.middleware
async def _in_words(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Refusals of the control API as HTTP 400 with a sentence."""
    try:
        return await handler(request)
    except (ControlError, FormError, TroubleError) as err:
        return web.json_response({"ok": False, "error": str(err)}, status=400)
