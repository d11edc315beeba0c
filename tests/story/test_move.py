"""Two orders wait at the vendor's desk on SQLite, everything moves to PostgreSQL, and both are installed from there."""

import json
from pathlib import Path

import pytest

from bot.domain.states import State
from tests.story.stage import Scene, Stage, staged

pytestmark = [pytest.mark.story, pytest.mark.postgres]


async def test_orders_that_wait_go_on_after_the_move(
    tmp_path: Path, empty_postgres_url: str
) -> None:
    """The bot stops, the verb moves, the bot starts at the new address: cards, threads and audit go on."""
    async with staged(tmp_path) as stage:
        first, second = stage.scene(), stage.scene()
        for scene in (first, second):
            await scene.until("submit")
        assert first.order != second.order
        await move(stage, empty_postgres_url)
        for scene in (first, second):
            await play_on(scene, "vendor_issues")

        code, told = await stage.certdesk("orders", "list", "--json")
        assert code == 0, told
        states = {order["id"]: order["state"] for order in json.loads(told)["orders"]}
        assert set(states.values()) <= {State.INSTALLED.value, State.SUPERSEDED.value}
        assert await stage.ran("Import-ExchangeCertificate") == 2


async def move(stage: Stage, target: str) -> None:
    """Stop the bot, move, and start it again at the target."""
    source = stage.town.environment["CERTDESK_DATABASE_URL"]
    await stage.demo.bot.stop()
    code, told = await stage.certdesk("move", "--from", source, "--to", target, "--json")
    assert code == 0, told
    assert json.loads(told)["tables"]["orders"]["rows"] == 2
    stage.town.environment["CERTDESK_DATABASE_URL"] = target
    await stage.demo.bot.start()
    await stage.demo.wait_until_connected()


async def play_on(scene: Scene, first: str) -> None:
    """Play the rest of the story from this step on."""
    names = [step.__name__ for _, step in scene.steps()]
    for _, step in scene.steps()[names.index(first) :]:
        await step()
