"""What the HTTP door answers beside Slack: is it alive, can it work, what does it measure."""

from typing import cast

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp

from handlers.serving import HttpDoor
from sandbox.loopback import unused_port


@pytest.mark.parametrize(("ready", "status"), [(True, 200), (False, 503)])
async def test_the_door_tells_supervisors_what_they_ask(ready: bool, status: int) -> None:
    """Three pages, none of which reaches Slack's app."""
    port = unused_port()
    door = HttpDoor(
        cast(AsyncApp, None), host="127.0.0.1", port=port, is_ready=lambda: ready,
        metrics=lambda: (b"certdesk_database_up 1.0", "text/plain; version=1.0.0"),
    )  # fmt: skip
    await door.open()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            told = {}
            for path in ("/healthz", "/readyz", "/metrics"):
                async with session.get(path) as answer:
                    told[path] = (answer.status, await answer.text())
                    kind = answer.headers["Content-Type"]
    finally:
        await door.close()

    assert {
        "/healthz": (200, "ok\n"),
        "/readyz": (status, "ready\n" if ready else "not ready\n"),
        "/metrics": (200, "certdesk_database_up 1.0"),
    } == told
    assert "text/plain; version=1.0.0" == kind
