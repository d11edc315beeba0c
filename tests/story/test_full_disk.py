"""The disk is full under the bot's own database, in the middle of an order: people are told, and it goes on by itself."""

import resource
from pathlib import Path

import pytest

from bot.domain.states import State
from tests.story.stage import Stage, staged

pytestmark = pytest.mark.story


def let_files_grow(stage: Stage, *, to: int | None = None) -> None:
    """Limit the bot's process, and no other, to files of so many bytes, or as before; the kernel refuses every write beyond."""
    pid = stage.demo.bot.pid
    assert pid is not None
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if to is None else to, most))


async def test_an_order_waits_for_room_and_goes_on(tmp_path: Path) -> None:
    """The click is answered and not done, nothing fails, and the same click is done when there is room again."""
    async with staged(tmp_path) as stage:
        scene = stage.scene()

        async def missed_a_beat() -> bool | None:
            return "no beat of this worker" in stage.log() or None

        await scene.ask()
        card = await scene.approval()
        [log] = stage.town.folder.glob("*.db-wal")
        let_files_grow(stage, to=log.stat().st_size)
        await scene.max.click(scene.approvals, card, "Approve order")
        await scene.max.whisper(scene.approvals, "The database cannot be used", "certdesk doctor")
        await scene.status(State.PLACED)
        await scene.rita.patiently(missed_a_beat, "a beat of the worker that finds no room")
        let_files_grow(stage)

        await scene.max.click(scene.approvals, card, "Approve order")
        await scene.receive_csr()
        assert 0 == stage.demo.bot.deaths
        assert 1 == await stage.ran("New-ExchangeCertificate")
