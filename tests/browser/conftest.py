"""The real workspace, a small real app and a real Chromium, each fresh for every test."""

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Error, Page, async_playwright, expect

from sandbox.slack.server import SlackWorkspace
from tests.browser.tiny_app import TinyApp
from tests.browser.walk_tabs import WAIT_MS

_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy")


@dataclass(slots=True, kw_only=True)
class Desk:
    """A page on a running workspace, and what the page complained about."""

    page: Page
    slack: SlackWorkspace
    address: str
    users: dict[str, str]
    channels: dict[str, str]
    complaints: list[str] = field(default_factory=list)

    async def visit(self, role: str, channel: str = "cert-requests") -> None:
        """Open the page as this role in this channel, and wait until it stands."""
        await self.page.goto(f"{self.address}#/{self.channels[channel]}?as={self.users[role]}")
        await self.page.locator("main[data-ready]").wait_for()

    async def type(self, text: str, *, where: str = "channel") -> None:
        """Write into the message box and press Enter."""
        box = self.page.locator(f"[data-composer={where}]")
        await box.fill(text)
        await box.press("Enter")

    async def act_as(self, role: str) -> None:
        """Use the switch at the top."""
        await self.page.locator(f"[data-act-as={self.users[role]}]").click()
        await self.page.locator(f"[data-act-as={self.users[role]}][aria-checked=true]").wait_for()


@pytest.fixture
async def slack(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[tuple[SlackWorkspace, dict[str, Any]]]:
    """The workspace with what its start() gives. Proxies are off: the SDK would use them."""
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
    workspace = SlackWorkspace(
        links=[{"title": "Vendor portal", "url": "http://127.0.0.1:9/portal"}],
        ack_window_s=5,
        trigger_life_s=30,
    )
    given = await workspace.start()
    yield workspace, given
    await workspace.stop()


@pytest.fixture
async def app(slack: tuple[SlackWorkspace, dict[str, Any]]) -> AsyncIterator[TinyApp]:
    """A small Bolt app, connected by Socket Mode."""
    _, given = slack
    tiny = TinyApp(given)
    await tiny.start()
    yield tiny
    await tiny.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium; where there is none CI fails, and a person sees a skip."""
    expect.set_options(timeout=WAIT_MS)
    program = next(filter(None, map(shutil.which, _CHROMIUMS)), None)
    if program is None and os.environ.get("CI") == "true":
        pytest.fail("No Chromium on this machine: install it, CI must see the page.")
    if program is None:
        pytest.skip("No Chromium on this machine: the page was not looked at.")
    async with async_playwright() as play:
        running = await play.chromium.launch(executable_path=program, args=_ARGS)
        yield running
        await running.close()


@pytest.fixture
async def desk(
    slack: tuple[SlackWorkspace, dict[str, Any]], browser: Browser
) -> AsyncIterator[Desk]:
    """A page; at the end it must have complained about nothing, not even once."""
    workspace, given = slack
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(WAIT_MS)
    found = Desk(
        page=page,
        slack=workspace,
        address=given["page"],
        users=given["users"],
        channels=given["channels"],
    )

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            found.complaints.append(message.text)

    def hear_error(error: Error) -> None:
        found.complaints.append(str(error))

    page.on("console", hear)
    page.on("pageerror", hear_error)
    yield found
    await page.close()
    assert found.complaints == []
