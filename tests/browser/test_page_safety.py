"""Hostile text on the page stays text; trouble is shown where the person looks."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.tiny_app import TinyApp, card

pytestmark = pytest.mark.browser

_MARKUP = "<script>document.title='taken'</script><img src=x onerror=alert(1)>"


async def test_markup_in_a_persons_message_stays_text(desk: Desk, app: TinyApp) -> None:
    """Tags, and things that look like links or mentions, are shown as they were typed."""
    await desk.visit("requester")
    typed = f"{_MARKUP} <!channel> <javascript:alert(1)|click> *"
    await desk.type(typed)

    message = desk.page.locator("[data-message-ts] .text")
    await expect(message).to_have_text(typed)
    await expect(message.locator("a, script, img, .mention")).to_have_count(0)
    assert "taken" not in await desk.page.title()


async def test_markup_in_the_apps_blocks_stays_text(desk: Desk, app: TinyApp) -> None:
    """Unescaped tags and foreign link schemes in mrkdwn never become elements."""
    hostile = f"{_MARKUP} <javascript:alert(1)|click me> <data:text/html,x|or me>"
    await app.post(hostile, card(hostile))
    await desk.visit("manager")

    words = desk.page.locator("[data-block-id=words]")
    await expect(words).to_contain_text("<script>")
    await expect(words.locator("a, script, img")).to_have_count(0)
    assert "taken" not in await desk.page.title()


async def test_mrkdwn_shows_as_slack_shows_it(desk: Desk, app: TinyApp) -> None:
    """Bold, code, mention, link, date and entities are drawn; a link opens elsewhere, safely."""
    user = desk.users["requester"]
    text = (
        f"*bold* `a&amp;b` <@{user}> <https://example.com/?a=1&amp;b=2|the page> "
        "<!date^0^no such {token}|in spring> &lt;b&gt;"
    )
    await app.post(text, card(text))
    await desk.visit("manager")

    words = desk.page.locator("[data-block-id=words]")
    await expect(words).to_have_text("bold a&b @Rita Requester the page in spring <b>")
    await expect(words.locator("strong")).to_have_text("bold")
    link = words.locator("a")
    await expect(link).to_have_attribute("href", "https://example.com/?a=1&b=2")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")


async def test_command_without_an_app_says_so(desk: Desk) -> None:
    """With no app connected the person reads that nothing happened, and their text is kept."""
    await desk.visit("requester")
    await desk.type("/cert request")

    await expect(desk.page.locator(".composer-line[data-kind=problem]")).to_contain_text(
        "dispatch_failed"
    )
    await expect(desk.page.locator("[data-composer=channel]")).to_have_value("/cert request")


async def test_click_nobody_answers_is_marked_at_the_button(desk: Desk, app: TinyApp) -> None:
    """A button without an ack gets a warning sign that says what happened."""
    await app.post("Order 27")
    await desk.visit("manager")
    await desk.page.locator("[data-action-id=silent]").click()

    await expect(desk.page.locator("[data-missed]")).to_contain_text("operation_timeout")


async def test_submit_nobody_answers_shows_the_trouble_banner(desk: Desk, app: TinyApp) -> None:
    """The modal stays, keeps its text, and says that there was trouble connecting."""
    await desk.visit("requester")
    await desk.type("/cert request")
    await desk.page.locator("[data-input='form.names']").fill("mail.example.com")
    await app.stop()
    await desk.page.locator("[data-submit]").click()

    await expect(desk.page.locator(".panel-banner")).to_have_text(
        "We had some trouble connecting. Try again?"
    )
    await expect(desk.page.locator("[data-input='form.names']")).to_have_value("mail.example.com")


async def test_unknown_blocks_are_seen(desk: Desk, app: TinyApp) -> None:
    """A block this page cannot draw leaves a box with its type, not a hole."""
    ts = await app.post("Order 27")
    message = desk.slack.state.find_message(app.channel, ts)
    assert message is not None
    message.blocks.append({"type": "hologram", "block_id": "new"})
    await desk.visit("manager")

    await expect(desk.page.locator(".unknown")).to_contain_text("hologram")


async def test_trouble_panel_orders_a_fault_and_shows_the_wires(desk: Desk, app: TinyApp) -> None:
    """The curious can lose an answer and see that the message was posted all the same."""
    await desk.visit("requester")
    await desk.page.locator("[data-trouble] summary").click()
    await desk.page.locator("[data-fault='chat.postMessage drop_after_commit']").click()
    await expect(desk.page.locator(".trouble-state")).to_contain_text("Ordered")
    posting = asyncio.create_task(app.post("Order 27"))

    await expect(desk.page.locator("[data-block-id=words]").first).to_contain_text("Order 27")
    await expect(desk.page.locator(".wires")).to_contain_text("chat.postMessage")
    await asyncio.gather(posting, return_exceptions=True)
