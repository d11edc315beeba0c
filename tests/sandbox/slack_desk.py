"""A desk in front of the sandbox's Slack: people who act by the control API, apps that are real Bolt apps."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aiohttp import ClientSession, web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.server import MANIFEST, SlackWorkspace

Json = dict[str, Any]
Register = Callable[[AsyncApp], None]
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A running workspace with everything a test asks of it."""

    workspace: SlackWorkspace
    address: Json
    http: ClientSession
    client: AsyncWebClient

    @property
    def requests(self) -> str:
        return str(self.address["channels"]["cert-requests"])

    @property
    def approvals(self) -> str:
        return str(self.address["channels"]["cert-approvals"])

    def user(self, role: str = "requester") -> str:
        return str(self.address["users"][role])

    async def get(self, path: str, **query: str) -> Json:
        async with self.http.get(f"{self.address['control']}/{path}", params=query) as reply:
            return dict(await reply.json())

    async def do(self, path: str, role: str = "requester", **wish: Any) -> Json:
        body = {"as": self.user(role), "channel": self.requests, **wish}
        async with self.http.post(f"{self.address['control']}/{path}", json=body) as reply:
            return dict(await reply.json())

    async def command(self, text: str = "", **wish: Any) -> Json:
        return await self.do("command", command="/cert", text=text, **wish)

    async def messages(self, role: str = "requester", **query: str) -> list[Json]:
        query = {"as": self.user(role), "channel": self.requests, **query}
        return list((await self.get("messages", **query))["messages"])

    async def views(self, role: str = "requester") -> list[Json]:
        return list((await self.get("views", **{"as": self.user(role)}))["views"])

    async def upload(self, data: bytes, name: str = "bundle.zip", **query: str) -> Json:
        query = {"as": self.user(), "channel": self.requests, "filename": name, **query}
        url = f"{self.address['control']}/upload"
        async with self.http.post(url, params=query, data=data) as reply:
            return dict(await reply.json())

    async def trouble(self, **wish: Any) -> Json:
        return await self.do("trouble", **wish)

    async def advance(self, seconds: float) -> None:
        await self.do("clock", advance_s=seconds)

    async def deliveries(self, what: str) -> list[Json]:
        listed = (await self.get("deliveries"))["deliveries"]
        return [each for each in listed if each["what"] == what]

    async def call(self, method: str, **args: Any) -> Json:
        """A Web API call by the real client; refusals come back as their body."""
        try:
            answer = await self.client.api_call(method, json=args)
        except SlackApiError as err:
            answer = err.response
        assert isinstance(answer.data, dict)
        return answer.data


@asynccontextmanager
async def desk(**options: Any) -> AsyncIterator[Desk]:
    """A workspace of one's own; closed however the test ends."""
    workspace = SlackWorkspace(**options)
    address = await workspace.start()
    try:
        async with ClientSession() as http:
            client = AsyncWebClient(
                token=address["bot_token"],
                base_url=address["api_url"],
                session=http,
                retry_handlers=[],
            )
            yield Desk(workspace=workspace, address=address, http=http, client=client)
    finally:
        await workspace.stop()


@asynccontextmanager
async def socket_app(at: Desk, register: Register) -> AsyncIterator[AsyncSocketModeHandler]:
    """A real Bolt app, connected by Socket Mode."""
    app = AsyncApp(client=at.client, signing_secret=at.address["signing_secret"])
    register(app)
    handler = AsyncSocketModeHandler(app, at.address["app_token"], ping_interval=1)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it bare
    await until(lambda: connected(at))
    try:
        yield handler
    finally:
        client = handler.client
        tasks = [client.message_processor, client.message_receiver, client.current_session_monitor]
        await handler.close_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it bare
        running = [each for each in tasks if each is not None]
        await asyncio.gather(*running, return_exceptions=True)


async def connected(at: Desk) -> bool:
    """Whether the workspace has a live link to an app."""
    return bool((await at.get("workspace"))["app"]["connected"])


@asynccontextmanager
async def http_desk(register: Register, **options: Any) -> AsyncIterator[Desk]:
    """A workspace and a real Bolt app behind a request URL, signatures and all."""
    holder: list[AsyncApp] = []

    async def receive(request: web.Request) -> web.Response:
        headers: dict[str, str | Sequence[str]] = dict(request.headers)
        bolt = AsyncBoltRequest(body=await request.text(), headers=headers)
        answer = await holder[0].async_dispatch(bolt)
        kind = (answer.headers.get("content-type") or ["text/plain"])[0].partition(";")[0]
        return web.Response(status=answer.status, text=answer.body, content_type=kind)

    async with listener(receive) as url, desk(events_url=url, **options) as at:
        app = AsyncApp(client=at.client, signing_secret=at.address["signing_secret"])
        register(app)
        holder.append(app)
        yield at


@asynccontextmanager
async def listener(
    handle: Callable[[web.Request], Awaitable[web.Response]],
) -> AsyncIterator[str]:
    """A request URL on loopback, answered by one function."""
    app = web.Application()
    app.router.add_post("/slack/events", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


async def until(true: Callable[[], Awaitable[object]]) -> None:
    """Wait until it is so; a test that waits in vain fails here."""
    async with asyncio.timeout(PATIENCE_S):
        while not await true():
            await asyncio.sleep(0.02)


def manifest_with(
    folder: Path, *, scopes: tuple[str, ...] = (), less: tuple[str, ...] = ()
) -> Path:
    """The app's own manifest with scopes added or taken away."""
    raw = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    kept = [each for each in raw["oauth_config"]["scopes"]["bot"] if each not in less]
    raw["oauth_config"]["scopes"]["bot"] = [*kept, *scopes]
    path = folder / "manifest.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    return path


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def modal(**more: Any) -> Json:
    """A modal with one required text field."""
    return {
        "type": "modal",
        "callback_id": "order",
        "title": plain("Order"),
        "submit": plain("Send"),
        "blocks": [
            {
                "type": "input",
                "block_id": "name",
                "label": plain("Name"),
                "element": {"type": "plain_text_input", "action_id": "text"},
            }
        ],
        **more,
    }


def button(value: str = "1", **more: Any) -> Json:
    """An actions block with one button."""
    element = {"type": "button", "action_id": "go", "text": plain("Go"), "value": value, **more}
    return {"type": "actions", "block_id": "choice", "elements": [element]}
