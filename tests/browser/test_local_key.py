"""The choice of who makes the key, as people see it: in the form, on the approver's card, on the card of the CSR."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from sandbox.demo import Demo
from sandbox.town import HostWish, Town
from tests.browser.walk_camera import HEIGHT, WIDTH, Camera
from tests.browser.walk_tabs import WAIT_MS, SlackTab
from tests.story.conftest import PATIENT_S

pytestmark = [pytest.mark.browser, pytest.mark.story]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """A town with two hosts, for one of which CertDesk may make keys."""
    hosts = (HostWish(local_key=True), HostWish(name="EX02"))
    demo = Demo(Town(folder=tmp_path / "town", hosts=hosts, slack_patience_s=PATIENT_S))
    try:
        yield await demo.start()
    finally:
        await demo.stop()


async def test_who_makes_the_key_is_chosen_and_read(
    town: dict[str, Any], browser: Browser, tmp_path: Path
) -> None:
    """A host that does not allow it is named at the field; the approver reads the day; the page complains of nothing."""
    pictures = tmp_path / "img"
    pictures.mkdir()
    camera = Camera(pictures)
    # Two hosts put a link more at the top than the usual width has room for.
    context = await browser.new_context(
        viewport={"width": WIDTH + 200, "height": HEIGHT}, timezone_id="UTC", locale="en-GB"
    )
    context.set_default_timeout(WAIT_MS)
    camera.watch(context)
    try:
        page = await context.new_page()
        await page.goto(town["page"])
        slack = SlackTab(page=page)
        await slack.act_as("Rita")
        await slack.enter("cert-requests")
        await slack.command("/cert request")
        await slack.modal.locator("summary.field").click()
        for host in ("EX01", "EX02"):
            await slack.modal.get_by_label(host).check()
        await slack.modal.locator("summary.field").click()
        await slack.say("Common name (CN)", "mail.example.com")
        await slack.say("Organisation (O)", "Example Corp")
        await slack.say("Country (C)", "US")
        await slack.say("Reason", "The old certificate ends next month.")
        maker = slack.modal.get_by_label("CertDesk")
        await maker.check()
        await slack.press("Ask for approval")
        await expect(slack.modal).to_contain_text("Not allowed for EX02")
        await maker.scroll_into_view_if_needed()
        await camera.take(page, "form-refused")

        await slack.modal.locator("summary.field").click()
        await slack.modal.get_by_label("EX02").uncheck()
        await slack.modal.locator("summary.field").click()
        await maker.scroll_into_view_if_needed()
        await camera.take(page, "form")
        await slack.press("Ask for approval")
        await expect(page.locator("dialog#modal")).to_be_hidden(timeout=WAIT_MS)

        await slack.act_as("Max")
        await slack.enter("cert-approvals")
        await expect(slack.button("Approve order")).to_be_visible(timeout=WAIT_MS)
        await expect(slack.channel).to_contain_text(
            "The private key is made by CertDesk, kept encrypted until"
        )
        await camera.take(page, "approval")
        await slack.press("Approve order")

        await slack.act_as("Rita")
        await slack.enter("cert-requests")
        await slack.open_thread(slack.channel.locator("article").first)
        await expect(slack.button("I submitted the CSR")).to_be_visible(timeout=WAIT_MS)
        await expect(slack.thread).to_contain_text(
            "was made by CertDesk and is kept encrypted until"
        )
        await camera.take(page, "csr")
    finally:
        await context.close()

    assert [] == camera.complaints
