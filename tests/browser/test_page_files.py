"""Files on the page: dropped on a thread, attached, and given in a form."""

import pytest
from playwright.async_api import FilePayload, expect

from tests.browser.conftest import Desk
from tests.browser.tiny_app import TinyApp

pytestmark = pytest.mark.browser

_ZIP: FilePayload = {
    "name": "mail_example_com.zip",
    "mimeType": "application/zip",
    "buffer": b"PK\x03\x04zip",
}

_DATA = """() => {
  const data = new DataTransfer();
  data.items.add(new File(["PK..zip"], "dropped.zip", { type: "application/zip" }));
  return data;
}"""


async def test_file_dropped_on_a_thread_reaches_the_app_in_that_thread(
    desk: Desk, app: TinyApp
) -> None:
    """A drop on the thread pane is a file of that thread, and the app can look it up."""
    ts = await app.post("Order 27")
    await desk.visit("requester")
    await desk.page.locator(f"[data-message-ts='{ts}']").hover()
    await desk.page.locator(f"[data-reply='{ts}']").click()
    thread = desk.page.locator("#thread")
    await expect(thread.locator(f"[data-message-ts='{ts}']")).to_be_visible()
    data = await desk.page.evaluate_handle(_DATA)
    await thread.dispatch_event("dragenter", {"dataTransfer": data})
    await expect(thread.locator(".dropveil")).to_be_visible()
    await thread.dispatch_event("drop", {"dataTransfer": data})

    await expect(thread.locator("[data-file-id]")).to_contain_text("dropped.zip")
    await expect(desk.page.locator(f"main [data-thread='{ts}']")).to_have_text("1 reply")
    await app.heard("file", ("dropped.zip", 7))
    await app.heard("message", ("", ts))


async def test_attached_file_stands_in_the_channel_and_can_be_saved(
    desk: Desk, app: TinyApp
) -> None:
    """The clip button puts a file into the channel; its card gives the same bytes back."""
    await desk.visit("requester")
    await desk.page.locator("[data-attach=channel]").set_input_files(files=[_ZIP])
    card = desk.page.locator("[data-file-id]")
    await expect(card).to_contain_text("mail_example_com.zip")
    async with desk.page.expect_download() as saving:
        await card.click()
    saved = await (await saving.value).path()

    assert saved.read_bytes() == _ZIP["buffer"]


async def test_file_of_a_form_goes_with_its_submission(desk: Desk, app: TinyApp) -> None:
    """A file field uploads privately; the submission names the file, no channel shows it."""
    await desk.visit("requester")
    await desk.type("/cert request")
    await desk.page.locator("[data-input='form.names']").fill("mail.example.com")
    await desk.page.locator("[data-input='form.bundle']").set_input_files(files=[_ZIP])
    await expect(desk.page.locator("dialog [data-file-id]")).to_contain_text(_ZIP["name"])
    await desk.page.locator("[data-submit]").click()
    await expect(desk.page.locator("[data-action-id=approve]")).to_be_visible()

    files = dict(app.seen)["submitted"]["bundle"]["form.bundle"]["files"]
    assert [each["name"] for each in files] == [_ZIP["name"]]
    await expect(desk.page.locator("main [data-file-id]")).to_have_count(0)
