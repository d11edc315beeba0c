"""The whole order as a newcomer walks it: three tabs of a real browser, nothing but looking and clicking."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from sandbox.demo import Demo
from sandbox.town import Town
from tests.browser.walk_camera import HEIGHT, WIDTH, Camera, folder_for_pictures
from tests.browser.walk_tabs import WAIT_MS, SlackTab
from tests.story.conftest import PATIENT_S

pytestmark = [pytest.mark.browser, pytest.mark.story]

_FORM = {
    "Common name (CN)": "mail.example.com",
    "More names, one a line": "autodiscover.example.com\nex01.corp.example.com",
    "Organisation (O)": "Example Corp",
    "Town (L)": "Redmond",
    "State or province (ST)": "Washington",
    "Country (C)": "US",
    "Reason": "The certificate of the mail servers ends on the 20th of next month.",
}
_BAD = {
    "Common name (CN)": "mail server",
    "More names, one a line": "autodiscover.example.com\n10.0.0.5\nexample",
    "Country (C)": "U1",
    "Reason": "The certificate ends next month.",
}
"""What people write at first: a blank in a name, an address, a name without a dot, a wrong country."""


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """A town with the real bot in it."""
    demo = Demo(Town(folder=tmp_path / "town", slack_patience_s=PATIENT_S))
    try:
        yield await demo.start()
    finally:
        await demo.stop()


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    """Pictures into docs/img when they are wanted, else into the test's own folder."""
    return Camera(folder_for_pictures(tmp_path))


@pytest.fixture
async def window(browser: Browser, camera: Camera) -> AsyncIterator[BrowserContext]:
    """A browser window of a person in Europe, whose clipboard may be used."""
    context = await browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        timezone_id="UTC",
        locale="en-GB",
        permissions=["clipboard-read", "clipboard-write"],
        accept_downloads=True,
    )
    context.set_default_timeout(WAIT_MS)
    camera.watch(context)
    yield context
    await context.close()


class Walk:
    """The people's steps, in order; each leaves what the next one needs on the screen."""

    def __init__(self, slack: SlackTab, camera: Camera, folder: Path) -> None:
        self._slack = slack
        self._camera = camera
        self._zip = folder / "bundle.zip"
        self._zip_name = ""
        self._number = ""
        self._portal: Page | None = None

    def steps(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """The walk, first step first."""
        return (
            self.ask_badly,
            self.ask_well,
            self.see_what_waits,
            self.approve,
            self.take_the_csr,
            self.paste_it_at_the_vendor,
            self.report_the_submission,
            self.fetch_the_zip,
            self.drop_the_zip,
            self.review_the_plan,
            self.see_it_installed,
            self.look_at_the_host,
            self.read_the_messages,
        )

    async def ask_badly(self) -> None:
        """Rita asks; every wrong field says so, at its own place, all at once."""
        slack = self._slack
        await slack.act_as("Rita")
        await slack.enter("cert-requests")
        await self._camera.take(slack.page, "first-look")
        await slack.command("/cert request")
        await slack.modal.locator("summary.field").click()
        await slack.modal.get_by_label("EX01").check()
        await slack.modal.locator("summary.field").click()
        for label, text in _BAD.items():
            await slack.say(label, text)
        await slack.press("Ask for approval")
        await expect(slack.modal.locator(".b-input.has-error")).to_have_count(3)
        await self._camera.take(slack.page, "what-is-wrong")

    async def ask_well(self) -> None:
        """Rita mends the form; her order stands in the channel."""
        slack = self._slack
        for label, text in _FORM.items():
            await slack.say(label, text)
        for service in ("IMAP", "POP"):
            await slack.modal.get_by_label(service).check()
        await slack.modal.locator(".panel-body").evaluate("(body) => (body.scrollTop = 0)")
        await self._camera.take(slack.page, "request")
        await slack.press("Ask for approval")
        await expect(slack.page.locator("dialog#modal")).to_be_hidden(timeout=WAIT_MS)
        await expect(slack.channel).to_contain_text(_FORM["Common name (CN)"])
        await self._camera.take(slack.page, "order-placed")

    async def see_what_waits(self) -> None:
        """Max sees at the app's home that somebody waits for him."""
        slack = self._slack
        await slack.act_as("Max")
        await slack.enter_home()
        await expect(slack.button("Approve order")).to_be_visible(timeout=WAIT_MS)
        await self._camera.take(slack.page, "home")

    async def approve(self) -> None:
        """Max approves in the approvals channel."""
        slack = self._slack
        await slack.enter("cert-approvals")
        await expect(slack.button("Approve order")).to_be_visible()
        await self._camera.take(slack.page, "approval")
        await slack.press("Approve order")
        await expect(slack.button("Approve order")).to_be_hidden()
        await self._camera.take(slack.page, "approved")

    async def take_the_csr(self) -> None:
        """Rita finds the CSR in her order's thread, and copies it."""
        slack = self._slack
        await slack.act_as("Rita")
        await slack.enter("cert-requests")
        await slack.open_thread(slack.channel.locator("article").first)
        await expect(slack.button("I submitted the CSR")).to_be_visible(timeout=WAIT_MS)
        csr = slack.thread.locator(".pre-frame").filter(has_text="CERTIFICATE REQUEST")
        card = slack.thread.locator("article").filter(has_text="CERTIFICATE REQUEST")
        await card.evaluate("(card) => card.scrollIntoView()")
        await self._camera.take(slack.page, "csr")
        await csr.get_by_role("button", name="Copy").click()

    async def paste_it_at_the_vendor(self) -> None:
        """The portal in a second tab: paste, check, place the order."""
        tab = await self._slack.other_tab("Vendor's portal")
        self._portal = tab
        await tab.get_by_role("link", name="New certificate").first.click()
        await tab.get_by_label("Certificate signing request").focus()
        await tab.keyboard.press("Control+v")
        await tab.keyboard.press("Control+Home")
        await self._camera.take(tab, "vendor-paste")
        await tab.get_by_role("button", name="Continue").click()
        await expect(tab.locator("[data-names]")).to_contain_text("ex01.corp.example.com")
        await self._camera.take(tab, "vendor-check")
        await tab.get_by_role("button", name="Place the order").click()
        heading = await tab.get_by_role("heading", level=1).inner_text()
        self._number = heading.removeprefix("Order").strip()
        await self._camera.take(tab, "vendor-domains")

    async def report_the_submission(self) -> None:
        """Back in Slack: the order number goes into a small form."""
        slack = self._slack
        await slack.page.bring_to_front()
        await slack.press("I submitted the CSR")
        await slack.say("The vendor's order number", self._number)
        await self._camera.take(slack.page, "submitted")
        await slack.press("Report submission")
        await expect(slack.newest_reply).to_contain_text(self._number)
        await self._camera.take(slack.page, "waiting-for-the-vendor")

    async def fetch_the_zip(self) -> None:
        """Domain control is confirmed; the certificate is issued and its zip is saved."""
        tab = self._portal
        assert tab is not None
        await tab.bring_to_front()
        await tab.get_by_role("button", name="Confirm every name").click()
        await expect(tab.get_by_text("Your certificate")).to_be_visible()
        await self._camera.take(tab, "vendor-issued")
        async with tab.expect_download() as saving:
            await tab.get_by_role("button", name="Download zip").click()
        saved = await saving.value
        self._zip_name = saved.suggested_filename
        await saved.save_as(self._zip)

    async def drop_the_zip(self) -> None:
        """Rita reports the issuance and drops the zip into the thread; it is proven."""
        slack = self._slack
        await slack.page.bring_to_front()
        await slack.press("Certificate is issued")
        await expect(slack.button("Certificate is issued")).to_be_hidden()
        await slack.drop_on_thread(self._zip, self._zip_name)
        await expect(slack.newest_reply).to_contain_text("an operator", timeout=WAIT_MS)
        await expect(slack.button("Review and install")).to_be_visible(timeout=WAIT_MS)
        await self._camera.take(slack.page, "zip-proven")

    async def review_the_plan(self) -> None:
        """Olga reads the plan, answers the question Exchange would ask, and lets it run."""
        slack = self._slack
        await slack.act_as("Olga")
        await slack.enter("cert-approvals")
        await expect(slack.button("Review and install")).to_be_visible()
        await self._camera.take(slack.page, "plan")
        await slack.press("Review and install")
        question = slack.modal.get_by_role("radiogroup")
        await expect(question).to_be_visible()
        await self._camera.take(slack.page, "review")
        await question.scroll_into_view_if_needed()
        await question.get_by_role("radio", name=re.compile("^No")).check()
        await slack.modal.locator(".panel-body").evaluate(
            "(body) => (body.scrollTop = body.scrollHeight)"
        )
        await self._camera.take(slack.page, "question")
        await slack.press("Install now")
        await expect(slack.page.locator("dialog#modal")).to_be_hidden(timeout=WAIT_MS)

    async def see_it_installed(self) -> None:
        """The status card counts the steps until everything is installed and proven."""
        slack = self._slack
        await slack.act_as("Rita")
        await slack.enter("cert-requests")
        await expect(slack.button("Roll back")).to_be_visible(timeout=WAIT_MS)
        await self._camera.take(slack.page, "installed")

    async def look_at_the_host(self) -> None:
        """The Exchange host's own page in a third tab shows what was done to it."""
        tab = await self._slack.other_tab("Host EX01")
        own = tab.get_by_role("table").first
        await expect(own).to_contain_text("autodiscover.example.com")
        await self._camera.take(tab, "host")

    async def read_the_messages(self) -> None:
        """What the app told Rita alone while she was away."""
        slack = self._slack
        await slack.page.bring_to_front()
        await slack.read_messages()
        await expect(slack.channel).to_contain_text("Nothing is left to do until the renewal")
        await self._camera.take(slack.page, "messages")


async def test_newcomer_walks_an_order_from_wish_to_handshake(
    town: dict[str, Any], window: BrowserContext, camera: Camera, tmp_path: Path
) -> None:
    """From the slash command to the proven certificate, without a word on any console."""
    page = await window.new_page()
    await page.goto(town["page"])
    await page.locator("main[data-ready]").wait_for()
    walk = Walk(SlackTab(page=page), camera, tmp_path)
    for step in walk.steps():
        await step()

    assert camera.complaints == []
