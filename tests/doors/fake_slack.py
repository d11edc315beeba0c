"""A Slack of a few lines on loopback: it answers what the doors call, and remembers every call."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.web.async_client import AsyncWebClient

TOKEN = "xoxb-doors"


async def until(happened: Callable[[], object]) -> None:
    """Wait until something has happened; a minute at the most."""
    async with asyncio.timeout(60):
        while not happened():
            await asyncio.sleep(0.001)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Web API."""

    method: str
    args: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class File:
    """
    A file as Slack keeps it; what Slack says of it may be true or not.

    Args:
        moved: Slack answers with a redirect to its sign-in page.
    """

    data: bytes
    name: str = "mail.zip"
    size: int | None = None
    type_: str = "application/zip"
    moved: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


class FakeSlack:
    """What the doors did to Slack: `calls`, `responses` to response addresses, and the files it holds."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.responses: list[dict[str, Any]] = []
        self.files: dict[str, File] = {}
        self.errors: dict[str, str] = {}
        self.response_status = 200
        self.download_tokens: list[str] = []
        self.url = ""

    def client(self) -> AsyncWebClient:
        """A real client of this Slack."""
        return AsyncWebClient(token=TOKEN, base_url=f"{self.url}/api/")

    def called(self, method: str) -> list[dict[str, Any]]:
        """The arguments of every call of a method."""
        return [call.args for call in self.calls if call.method == method]

    async def told(self) -> dict[str, Any]:
        """The first answer to a response address, which may come after the acknowledgement."""
        await until(lambda: bool(self.responses))
        return self.responses[0]

    async def api(self, request: web.Request) -> web.Response:
        """Answer a call of the Web API."""
        method = request.match_info["method"]
        args: dict[str, Any] = dict(request.query)
        if request.content_type == "application/json" and request.can_read_body:
            args |= await request.json()
        elif request.can_read_body:
            args |= dict(await request.post())
        self.calls.append(Call(method, args))
        if method in self.errors:
            return web.json_response({"ok": False, "error": self.errors[method]})
        return web.json_response({"ok": True, **self._answer(method, args)})

    async def respond(self, request: web.Request) -> web.Response:
        """Take an answer to a response address."""
        if self.response_status != 200:
            return web.Response(status=self.response_status, text="used_url")
        self.responses.append(json.loads(await request.text()))
        return web.Response(text="ok")

    async def download(self, request: web.Request) -> web.Response:
        """Hand out a file."""
        self.download_tokens.append(request.headers.get("Authorization", ""))
        file = self.files[request.match_info["file"]]
        if file.moved:
            raise web.HTTPFound(f"{self.url}/files/F-sign-in")
        return web.Response(body=file.data, content_type=file.type_)

    def _answer(self, method: str, args: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "auth.test":
                return {"team_id": "T1", "user_id": "UBOT", "bot_id": "BBOT", "url": self.url}
            case "files.info":
                return {"file": self._file(str(args["file"]))}
            case "conversations.open":
                return {"channel": {"id": f"D{args['users']}"}}
            case "views.open" | "views.update" | "views.publish":
                return {"view": {"id": "V1"}}
            case _:
                return {"channel": args.get("channel", ""), "ts": f"{len(self.calls)}.000100"}

    def _file(self, file_id: str) -> dict[str, Any]:
        file = self.files[file_id]
        size = len(file.data) if file.size is None else file.size
        url = f"{self.url}/files/{file_id}"
        return {
            "id": file_id, "name": file.name, "size": size, "url_private_download": url, **file.extra,
        }  # fmt: skip


@asynccontextmanager
async def running() -> AsyncIterator[FakeSlack]:
    """A fake Slack that listens until the end."""
    slack = FakeSlack()
    app = web.Application()
    app.router.add_route("*", "/api/{method}", slack.api)
    app.router.add_post("/respond", slack.respond)
    app.router.add_get("/files/{file}", slack.download)
    server = TestServer(app)
    await server.start_server()
    slack.url = str(server.make_url("")).rstrip("/")
    try:
        yield slack
    finally:
        await server.close()
