"""
The camera of the walk: a picture of a page, and the faults a picture alone might not show.

Pictures go to docs/img when CERTDESK_PICTURES=1 asks for them, else into the test's own folder.
"""

import asyncio
import os
import shutil
import subprocess
from itertools import count
from pathlib import Path

from playwright.async_api import BrowserContext, ConsoleMessage, Page, WebError

WIDTH, HEIGHT = 1440, 900
_ASIDE = (2, 2)
_DOCS = Path(__file__).resolve().parents[2] / "docs" / "img"

_OVERFLOW = """() => {
  const named = (node) => `${node.tagName.toLowerCase()}.${node.className || "-"}`;
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth} wide`);
  for (const node of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    const isShown = node.checkVisibility() && box.width > 1 && box.height > 1;
    if (!isShown || style.display === "inline" || style.textOverflow === "ellipsis") continue;
    const spills = node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0;
    if (spills && ["visible", "hidden", "clip"].includes(style.overflowX))
      faults.push(`${named(node)} spills: ${node.textContent.trim().slice(0, 60)}`);
  }
  return faults;
}"""
"""Names each element whose content is wider than itself and can be neither scrolled nor shortened."""


def folder_for_pictures(tmp_path: Path) -> Path:
    """Where the pictures of this run belong; those of an earlier walk are removed there."""
    wanted = os.environ.get("CERTDESK_PICTURES") == "1"
    chosen = _DOCS if wanted else tmp_path / "img"
    chosen.mkdir(parents=True, exist_ok=True)
    for old in chosen.glob("[0-9][0-9]-*.png"):
        old.unlink()
    return chosen


class Camera:
    """Takes numbered pictures into a folder, and keeps what the pages complained about meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.complaints: list[str] = []
        self._folder = folder
        self._numbers = count(1)

    def watch(self, context: BrowserContext) -> None:
        """Hear the console and the errors of every tab of this browser window."""
        context.on("console", self._hear)
        context.on("weberror", self._hear_error)

    async def take(self, page: Page, name: str) -> None:
        """Picture what a person sees now, the mouse put aside; note what spills over its place."""
        await page.mouse.move(*_ASIDE)
        found: list[str] = await page.evaluate(_OVERFLOW)
        self.complaints += [f"{name}: {fault}" for fault in found]
        shot = await page.screenshot(animations="disabled", caret="hide")
        place = self._folder / f"{next(self._numbers):02d}-{name}.png"
        place.write_bytes(await asyncio.to_thread(_packed, shot))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"console: {message.text} ({message.location})")

    def _hear_error(self, error: WebError) -> None:
        self.complaints.append(f"page error: {error.error}")


def _packed(png: bytes) -> bytes:
    """The same picture with 256 colours, where pngquant is installed: flat colours need no more."""
    program = shutil.which("pngquant")
    if program is None:
        return png
    return subprocess.run(
        [program, "256", "--nofs", "-"], input=png, capture_output=True, check=True
    ).stdout
