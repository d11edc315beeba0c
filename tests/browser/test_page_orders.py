"""The way of one order on the page: command, form, card, click."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.tiny_app import TinyApp

pytestmark = pytest.mark.browser


async def test_bad_field_shows_its_sentence_at_the_field(desk: Desk, app: TinyApp) -> None:
    """What the app refuses stands under the field it is about; the typed text stays."""
    await desk.visit("requester")
    await desk.type("/cert request")
    await desk.page.locator("[data-input='form.names']").fill("mail")
    await desk.page.locator("[data-submit]").click()

    await expect(desk.page.locator("[data-block-id=names] .b-error")).to_have_text(
        "'mail' is not a full name."
    )
    await expect(desk.page.locator("[data-input='form.names']")).to_have_value("mail")


async def test_required_field_is_asked_for_before_anything_is_sent(
    desk: Desk, app: TinyApp
) -> None:
    """An empty required field never reaches the app; typing takes the error away."""
    await desk.visit("requester")
    await desk.type("/cert request")
    await desk.page.locator("[data-submit]").click()

    await expect(desk.page.locator("[data-block-id=names] .b-error")).to_have_text(
        "Please complete this required field."
    )
    assert [kind for kind, _ in app.seen] == ["command"]
    await desk.page.locator("[data-input='form.names']").fill("m")
    await expect(desk.page.locator("[data-block-id=names] .b-error")).to_be_empty()


async def test_submitted_form_becomes_a_card_and_a_click_updates_it(
    desk: Desk, app: TinyApp
) -> None:
    """Command, form, card, approval by another person: each shows without a reload."""
    await desk.visit("requester")
    await desk.type("/cert request")
    await desk.page.locator("[data-input='form.names']").fill("mail.example.com")
    await desk.page.locator("[data-input='form.vendor']").select_option("second")
    await expect(desk.page.locator("[data-block-id=note]")).to_be_visible()
    await desk.page.get_by_label("SMTP").check()
    await desk.page.locator("[data-submit]").click()
    await expect(desk.page.locator("dialog#modal")).to_be_hidden()
    await desk.act_as("manager")
    await desk.page.locator("[data-action-id=approve]").click()

    await expect(desk.page.locator("[data-block-id=words]")).to_have_text(
        "Approved by @Max Manager"
    )
    await expect(desk.page.locator("[data-action-id=approve]")).to_have_count(0)
    values = dict(app.seen)["submitted"]
    assert values["vendor"]["form.vendor"]["selected_option"]["value"] == "second"
    assert [each["value"] for each in values["services"]["form.services"]["selected_options"]] == [
        "smtp"
    ]
    await app.heard("approve", desk.users["manager"])


async def test_confirm_is_asked_and_no_sends_nothing(desk: Desk, app: TinyApp) -> None:
    """A button with a confirm dialog reaches the app only after a yes."""
    await app.post("Order 27")
    await desk.visit("manager")
    reject = desk.page.locator("[data-action-id=reject]")
    await reject.click()
    await desk.page.locator("[data-confirm=no]").click()
    after_no = list(app.seen)
    await reject.click()
    await desk.page.locator("[data-confirm=yes]").click()
    await app.heard("reject", "27")

    assert after_no == []


async def test_typed_text_survives_a_modal_on_top(desk: Desk, app: TinyApp) -> None:
    """A pushed modal covers the form; going back finds what was typed."""
    await desk.visit("requester")
    await desk.type("/cert request")
    await desk.page.locator("[data-input='form.names']").fill("half a na")
    await desk.page.locator("[data-action-id='form.more']").click()
    await expect(desk.page.locator("dialog h2")).to_have_text("Explained")
    await desk.page.keyboard.press("Escape")

    await expect(desk.page.locator("dialog h2")).to_have_text("Ask")
    await expect(desk.page.locator("[data-input='form.names']")).to_have_value("half a na")


async def test_typed_text_survives_an_update_of_the_form(desk: Desk, app: TinyApp) -> None:
    """When a choice makes the app redraw the form, everything typed so far stays."""
    await desk.visit("requester")
    await desk.type("/cert request")
    await desk.page.locator("[data-input='form.names']").fill("half a na")
    await desk.page.locator("[data-input='form.vendor']").select_option("second")

    await expect(desk.page.locator("[data-block-id=note]")).to_have_text("second it is.")
    await expect(desk.page.locator("[data-input='form.names']")).to_have_value("half a na")
    await expect(desk.page.locator("[data-input='form.vendor']")).to_have_value("second")


async def test_shortcuts_open_from_the_menu_and_on_a_message(desk: Desk, app: TinyApp) -> None:
    """The global shortcut opens its form; the message one tells the app which message."""
    ts = await app.post("the zip of order 27")
    await desk.visit("requester")
    message = desk.page.locator(f"[data-message-ts='{ts}']")
    await message.hover()
    await message.locator("[data-more]").click()
    await desk.page.locator("[data-shortcut='bundle.use']").click()
    await desk.page.get_by_role("button", name="Shortcuts").click()
    await desk.page.locator("[data-shortcut='order.request']").click()

    await expect(desk.page.locator("dialog h2")).to_have_text("By shortcut")
    await app.heard("use", "the zip of order 27")


async def test_commands_complete_from_the_manifest(desk: Desk, app: TinyApp) -> None:
    """Tab takes the first completion, so a newcomer need not know the words."""
    await desk.visit("requester")
    box = desk.page.locator("[data-composer=channel]")
    await box.fill("/c")
    await box.press("Tab")
    await expect(desk.page.locator("[data-completion='/cert request']")).to_be_visible()
    await box.press_sequentially("sta")
    await box.press("Tab")

    await expect(box).to_have_value("/cert status ")
