"""Taking back: the certificates of before serve again, an old one is removed, one in use is not."""

from pathlib import Path

import pytest

from bot.domain.states import State
from sandbox.story import NAMES
from tests.story.stage import Scene, staged

pytestmark = pytest.mark.story


async def test_an_installed_order_is_rolled_back(tmp_path: Path) -> None:
    """Handshakes show the certificates of before, and the default SMTP certificate is what it was."""
    async with staged(tmp_path) as stage:
        scene = stage.scene()
        before, default = await scene.served(), await scene.default_smtp()
        await scene.until("hand_in")
        await install_with_yes(scene)
        await scene.installed()
        installed, taken_over = await scene.served(), await scene.default_smtp()

        await scene.press_status(scene.rita, "Roll back")
        await scene.rita.whisper(scene.requests, "not an operator")
        await scene.press_status(scene.olga, "Roll back")
        await scene.give_reason(scene.olga, "Roll back", "Phones do not trust it.")
        await scene.status(State.ROLLED_BACK)

        assert set(installed.values()).isdisjoint(before.values())
        assert taken_over != default
        assert before == await scene.served()
        assert default == await scene.default_smtp()


async def test_a_certificate_in_use_is_not_removed(tmp_path: Path) -> None:
    """Retiring what still serves: a sentence with every use, nothing removed, and it goes on being watched."""
    async with staged(tmp_path) as stage:
        scene = stage.scene()
        await scene.until("look")
        serving = await scene.served()

        await scene.press_status(scene.max, "Retire certificate")
        view = await scene.max.view("Retire")
        wrong = await scene.max.submit(view, {"Why": "Tidy up.", "Type": "other.example.com"})
        await scene.give_reason(scene.max, "Retire", "Tidy up.", Type=NAMES[0])
        await scene.in_thread("still used", "Nothing was removed")

        assert list(wrong) == [f"Type {NAMES[0]} to confirm"]
        assert serving == await scene.served()
        assert await stage.ran("Remove-ExchangeCertificate") == 0
        await scene.status(State.INSTALLED, "still used")


async def install_with_yes(scene: Scene) -> None:
    """As the story's own step, with the other answer."""
    card = await scene.olga.wait_for(
        scene.approvals, f"rder {scene.order}", button="Review and install"
    )
    await scene.olga.click(scene.approvals, card, "Review and install")
    view = await scene.olga.view("nstall")
    assert await scene.olga.submit(view, {"EX01: overwrite": "Yes"}) == {}
