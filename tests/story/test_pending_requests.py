"""A private key that an order left on its host: shown, cleared by two people, dropped once, whatever dies."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.domain.states import State
from sandbox.story import NAMES
from tests.story.stage import Scene, Stage, staged

pytestmark = [pytest.mark.story, pytest.mark.asyncio(loop_scope="module")]

REMOVE = "Remove-ExchangeCertificate"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One town for the whole file."""
    async with staged(tmp_path_factory.mktemp("pending")) as opened:
        yield opened


async def waiting(stage: Stage) -> list[str]:
    """The friendly names of the requests that wait on the host."""
    state = await stage.look(stage.host, "state")
    requests: list[dict[str, Any]] = state["stores"]["REQUEST"]
    return [one["FriendlyName"] for one in requests]


async def called_off(stage: Stage) -> Scene:
    """An order whose CSR was made and which its requester calls off."""
    scene = stage.scene()
    await scene.until("receive_csr")
    # The card of the state before has this button too, and a press on it would be a stale one.
    await scene.status(State.CSR_READY)
    await scene.press_status(scene.rita, "Cancel order")
    await scene.give_reason(scene.rita, "Cancel", "Not needed.")
    await scene.status(State.CANCELLED, "may be left on")
    return scene


async def clear(scene: Scene) -> None:
    """An approver has it cleared."""
    await scene.press_status(scene.max, "Clear the pending request")
    await scene.give_reason(scene.max, "Clear", "Tidy up.", Type=NAMES[0])


async def test_a_request_left_behind_is_cleared_by_two_people(stage: Stage) -> None:
    """The requester called off and may not clear; the manager may; the host drops one request, once."""
    scene = await called_off(stage)
    name = f"CertDesk {scene.order}-1 {NAMES[0]}"
    assert name in await waiting(stage)
    ran = await stage.ran(REMOVE)

    await scene.rita.command(scene.requests, "inventory EX01")
    told = await scene.rita.whisper(scene.requests, "Abandoned", name)
    await scene.press_status(scene.rita, "Clear the pending request")
    await scene.rita.whisper(scene.requests, "not an approver")
    assert f"/cert clear {scene.order}" in told
    assert await stage.ran(REMOVE) == ran

    await clear(scene)
    await scene.in_thread("this order is not on", "any more")

    assert name not in await waiting(stage)
    assert await stage.ran(REMOVE) == ran + 1
    await scene.status(State.CANCELLED)


async def test_a_request_that_is_awaited_cannot_be_asked_about(stage: Stage) -> None:
    """While the order waits at the vendor's desk there is nothing to clear, and it is said so."""
    scene = stage.scene()
    await scene.until("receive_csr")
    before = await waiting(stage)

    await scene.max.command(scene.requests, f"clear {scene.order}")
    await scene.max.whisper(scene.requests, "no abandoned pending request")

    assert before == await waiting(stage)


@pytest.mark.parametrize("moment", ["as soon as it was decided", "right behind the removal"])
async def test_a_kill_while_it_is_cleared_drops_it_once(stage: Stage, moment: str) -> None:
    """SIGKILL at either side of the operation: it goes on, and there is one removal."""
    scene = await called_off(stage)
    ran = await stage.ran(REMOVE)
    deaths = stage.demo.bot.deaths

    await clear(scene)
    while moment.startswith("right") and await stage.ran(REMOVE) == ran:
        await asyncio.sleep(0.01)
    stage.demo.bot.kill()
    while stage.demo.bot.deaths == deaths:
        await asyncio.sleep(0.05)
    await stage.demo.wait_until_connected()
    await scene.in_thread("this order is not on", "any more")

    assert f"CertDesk {scene.order}-1 {NAMES[0]}" not in await waiting(stage)
    assert await stage.ran(REMOVE) == ran + 1
