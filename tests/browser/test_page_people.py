"""Whose eyes the page looks through: the switch, links, unread marks, whispers, the home tab."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Desk
from tests.browser.tiny_app import TinyApp

pytestmark = pytest.mark.browser


async def test_whisper_is_shown_to_one_person_only(desk: Desk, app: TinyApp) -> None:
    """An ephemeral answer says so, and another person does not see it."""
    await desk.visit("requester")
    await desk.type("/cert whisper")
    whisper = desk.page.locator("[data-ephemeral]")
    await expect(whisper).to_contain_text("Only visible to you")
    await expect(whisper.locator("strong", has_text="this")).to_be_visible()
    await desk.act_as("manager")
    await expect(desk.page.locator(".guide")).to_be_visible()

    await expect(whisper).to_have_count(0)


async def test_unread_dot_comes_and_goes(desk: Desk, app: TinyApp) -> None:
    """A message elsewhere puts a number on its channel; reading it takes the number away."""
    await desk.visit("manager", "cert-approvals")
    entry = desk.page.locator(f"nav [data-channel={desk.channels['cert-requests']}]")
    await app.post("Order 27")
    await expect(entry).to_have_attribute("data-unread", "1")
    await entry.click()

    await expect(desk.page.locator("[data-block-id=words]")).to_have_text("Order 27")
    await expect(entry).to_have_attribute("data-unread", "0")


async def test_reply_in_a_thread_stays_in_the_thread(desk: Desk, app: TinyApp) -> None:
    """A reply shows in the thread pane; the channel shows only that there is one."""
    ts = await app.post("Order 27")
    await desk.visit("requester")
    await desk.page.locator(f"[data-message-ts='{ts}']").hover()
    await desk.page.locator(f"[data-reply='{ts}']").click()
    await desk.type("thank you", where="thread")

    await expect(desk.page.locator("#thread [data-message-ts]")).to_have_count(2)
    await expect(desk.page.locator("main [data-message-ts]")).to_have_count(1)
    await expect(desk.page.locator("main [data-thread]")).to_have_text("1 reply")


async def test_what_is_written_before_the_replies_have_come_is_kept(
    desk: Desk, app: TinyApp
) -> None:
    """The thread opens at once; its messages come late, and the words typed meanwhile stay and are sent there."""
    ts = await app.post("Order 27")
    await desk.visit("requester")
    come = asyncio.Event()

    async def late(route: Route) -> None:
        await come.wait()
        await route.continue_()

    await desk.page.route("**/control/messages?*thread_ts=*", late)
    await desk.page.locator(f"[data-message-ts='{ts}']").hover()
    await desk.page.locator(f"[data-reply='{ts}']").click()
    box = desk.page.locator("[data-composer=thread]")
    await box.fill("thank you")
    come.set()

    await expect(desk.page.locator("#thread [data-message-ts]")).to_have_count(1)
    await expect(box).to_have_value("thank you")
    await box.press("Enter")
    await expect(desk.page.locator("#thread [data-message-ts]")).to_have_count(2)


async def test_home_tab_is_published_for_the_person_who_opens_it(desk: Desk, app: TinyApp) -> None:
    """Opening the home tells the app, whose view then stands there."""
    await desk.visit("operator")
    await desk.page.locator("nav [data-channel=home]").click()

    await expect(desk.page.locator("[data-block-id=hello]")).to_have_text("Home of @Olga Operator")


async def test_everything_can_be_reached_by_keyboard(desk: Desk, app: TinyApp) -> None:
    """Arrow keys switch the person; Enter presses a card's button."""
    await app.post("Order 27")
    await desk.visit("requester")
    await desk.page.locator("[role=radio][aria-checked=true]").focus()
    await desk.page.keyboard.press("ArrowRight")
    await expect(desk.page.locator("[role=radio][aria-checked=true]")).to_contain_text("Manager")
    await desk.page.locator("[data-action-id=approve]").focus()
    await desk.page.keyboard.press("Enter")

    await expect(desk.page.locator("[data-block-id=words]")).to_contain_text("Approved by")


async def test_permalink_in_a_message_opens_in_place(desk: Desk, app: TinyApp) -> None:
    """A permalink of this workspace moves this page, and one stays whom one acts as."""
    ts = await app.post("Order 27")
    link = (await app.client.chat_getPermalink(channel=app.channel, message_ts=ts))["permalink"]
    await app.client.chat_postMessage(channel=desk.channels["cert-approvals"], text=f"<{link}|It>")
    await desk.visit("operator", "cert-approvals")
    await desk.page.get_by_role("link", name="It").click()

    await expect(desk.page.locator(f"#thread [data-message-ts='{ts}']")).to_be_visible()
    await expect(desk.page.locator("[role=radio][aria-checked=true]")).to_contain_text("Operator")


async def test_link_opens_the_page_where_it_points(desk: Desk, app: TinyApp) -> None:
    """An address with channel, person and thread shows just that."""
    ts = await app.post("Order 27")
    channel, auditor = desk.channels["cert-requests"], desk.users["auditor"]
    await desk.page.goto(f"{desk.address}#/{channel}?as={auditor}&thread={ts}")

    await expect(desk.page.locator(f"#thread [data-message-ts='{ts}']")).to_be_visible()
    await expect(desk.page.locator("[role=radio][aria-checked=true]")).to_contain_text("Auditor")
