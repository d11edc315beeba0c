"""
The three tabs of the walk: what a newcomer can do with eyes and a mouse, and nothing beyond.

Never here: the order of the steps (`test_walk`), and any door that has no place on a page.
"""

import base64
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Locator, Page, expect

_DROPPED = """([name, body]) => {
  const bytes = Uint8Array.from(atob(body), (char) => char.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: "application/zip" }));
  return data;
}"""
WAIT_MS = 60_000
"""What comes may take this long on a busy machine: the page's own work, a CSR, an installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackTab:
    """The workspace: people, channels, modals, the thread beside the channel."""

    page: Page

    @property
    def channel(self) -> Locator:
        """The messages of the channel."""
        return self.page.locator("main .messages")

    @property
    def thread(self) -> Locator:
        """The thread beside the channel."""
        return self.page.locator("#thread")

    @property
    def newest_reply(self) -> Locator:
        """The thread's last message."""
        return self.thread.locator("article").last

    @property
    def modal(self) -> Locator:
        """The modal on top."""
        return self.page.locator("dialog#modal form.panel").last

    async def act_as(self, name: str) -> None:
        """Look through another person's eyes."""
        person = self.page.get_by_role("radio", name=name)
        await person.click()
        await expect(person).to_have_attribute("aria-checked", "true")

    async def enter(self, place: str) -> None:
        """Choose a channel at the left."""
        await self.page.locator("#sidebar").get_by_role("button", name=place).click()
        await expect(self.page.locator("main h1")).to_have_text(place)

    async def enter_home(self) -> None:
        """Choose the app's own page, at the left."""
        await self.page.locator("#sidebar").get_by_role("button", name="CertDesk Home").click()

    async def read_messages(self) -> None:
        """Choose what the app has written to this person alone."""
        await self.page.locator("#sidebar").get_by_role("button", name="unread").last.click()

    async def command(self, text: str) -> None:
        """Write a slash command into the message box."""
        box = self.page.locator("[data-composer=channel]")
        await box.fill(text)
        await box.press("Enter")

    async def say(self, label: str, text: str) -> None:
        """Write into a field of the modal."""
        await self.modal.get_by_label(label, exact=True).fill(text)

    def button(self, words: str) -> Locator:
        """The newest button in sight that reads so."""
        return self.page.locator("button:visible, a.button:visible").filter(has_text=words).last

    async def press(self, words: str) -> None:
        """Press the newest button that reads so."""
        await self.button(words).click()

    async def open_thread(self, card: Locator) -> None:
        """Open a card's thread."""
        await card.locator("[data-thread]").click()
        await expect(self.thread).to_be_visible()

    async def drop_on_thread(self, path: Path, name: str) -> None:
        """Let a file fall on the thread."""
        body = base64.b64encode(path.read_bytes()).decode()
        data = await self.page.evaluate_handle(_DROPPED, [name, body])
        await self.thread.dispatch_event("dragenter", {"dataTransfer": data})
        await self.thread.dispatch_event("drop", {"dataTransfer": data})

    async def other_tab(self, title: str) -> Page:
        """Follow a link at the top into a tab of its own."""
        async with self.page.context.expect_page() as opening:
            await self.page.locator("#topbar").get_by_role("link", name=title).click()
        tab = await opening.value
        await tab.wait_for_load_state()
        return tab
