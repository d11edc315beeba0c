"""HTTP mode: signatures, shapes, retries with headers, and failures told apart."""

import asyncio
import json
import socket
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from tests.sandbox.slack_desk import desk, listener, until


async def test_http_requests_are_signed_and_shaped_as_slack_does() -> None:
    """Commands are forms, interactions a form with one JSON field, events JSON; all verify."""
    seen: list[tuple[str, dict[str, str], str]] = []

    async def receive(request: web.Request) -> web.Response:
        seen.append((request.content_type, dict(request.headers), await request.text()))
        return web.Response()

    async with listener(receive) as url, desk(events_url=url) as at:
        await at.command("list <all> & more")
        await at.do("shortcut", callback_id="order.request")
        await at.do("message", text="x")
        await until(lambda: _enough(seen, 3))
        verifier = SignatureVerifier(at.address["signing_secret"])
        valid = [verifier.is_valid_request(body, headers) for _, headers, body in seen]

    assert valid == [True, True, True]
    form = "application/x-www-form-urlencoded"
    assert [kind for kind, *_ in seen] == [form, form, "application/json"]
    assert parse_qs(seen[0][2])["text"] == ["list <all> & more"]
    shortcut = json.loads(parse_qs(seen[1][2])["payload"][0])
    assert shortcut["callback_id"] == "order.request"
    assert json.loads(seen[2][2])["event"]["text"] == "x"


async def _enough(seen: list[Any], count: int) -> bool:
    return len(seen) >= count


async def test_http_events_are_retried_with_headers_until_told_not_to() -> None:
    """A 500 brings a retry with number and reason; X-Slack-No-Retry ends it."""
    numbers: list[str | None] = []
    reasons: list[str | None] = []

    async def receive(request: web.Request) -> web.Response:
        numbers.append(request.headers.get("X-Slack-Retry-Num"))
        reasons.append(request.headers.get("X-Slack-Retry-Reason"))
        enough = {"X-Slack-No-Retry": "1"} if len(numbers) == 3 else {}
        return web.Response(status=500, headers=enough)

    times = (0.0, 0.05, 0.05)
    async with listener(receive) as url, desk(events_url=url, redelivery_s=times) as at:
        command = await at.command()
        numbers.clear()
        reasons.clear()
        await at.do("message", text="x")
        await until(lambda: _enough(numbers, 3))
        await asyncio.sleep(0.2)

    assert command == {"ok": False, "error": "dispatch_failed"}
    assert numbers == [None, "1", "2"]
    assert reasons[1] == "http_error"


async def test_http_timeouts_and_absence_are_told_apart() -> None:
    """A slow app is operation_timeout, a closed port dispatch_failed; the page sees it is away."""

    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(0.5)
        return web.Response()

    async with listener(slow) as url, desk(events_url=url, ack_window_s=0.1) as at:
        late = await at.command()
        opened = await at.client.api_call("auth.test")
        refused = await at.http.post(
            at.address["api_url"] + "apps.connections.open",
            headers={"Authorization": f"Bearer {at.address['app_token']}"},
        )
        socket_error = (await refused.json())["error"]
    with socket.socket() as held:  # bound, so nobody else gets it; not listening, so it refuses
        held.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{held.getsockname()[1]}/slack/events"
        async with desk(events_url=nowhere) as at:
            away = await at.command()
            app = (await at.get("workspace"))["app"]

    assert opened["ok"]
    assert socket_error == "socket_mode_disabled"
    assert (late["error"], away["error"]) == ("operation_timeout", "dispatch_failed")
    assert (app["connected"], app["mode"]) == (False, "http")
