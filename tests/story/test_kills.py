"""The bot is killed and started again; the order goes on and nothing runs twice on the host."""

import asyncio
import contextlib

import pytest

from sandbox.story import Story, play
from tests.story.conftest import LiveTown, OpenTown

pytestmark = pytest.mark.story

STEPS = 9
"""After the tenth step there is nothing left to kill for."""


async def test_the_story_has_the_steps_the_kills_count_on() -> None:
    """A story that grows a step gets a kill for it."""
    story = Story.__new__(Story)

    assert len(story.steps()) - 1 == STEPS


@pytest.mark.parametrize("after", range(1, STEPS + 1))
async def test_a_kill_between_two_steps_loses_nothing(open_town: OpenTown, after: int) -> None:
    """SIGKILL after one step: still INSTALLED, each mutating operation once."""
    async with open_town() as live:
        done = 0

        async def between(_: str) -> None:
            nonlocal done
            done += 1
            if done == after:
                await kill_and_wait(live)

        await play(live.addresses, tell=print, between=between)

        assert await live.run_twice() == []


@pytest.mark.parametrize("nth", range(1, 8))
async def test_a_kill_right_behind_an_operation_loses_nothing(
    open_town: OpenTown, nth: int
) -> None:
    """SIGKILL as soon as the host has executed its nth change: still INSTALLED, each change once."""
    async with open_town() as live:
        killer = asyncio.create_task(kill_behind(live, nth))
        try:
            await play(live.addresses, tell=print)
        finally:
            killer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await killer

        assert await live.run_twice() == []
        assert live.demo.bot.deaths == 1


async def kill_and_wait(live: LiveTown) -> None:
    """Kill the bot; go on once Slack sees it again."""
    deaths = live.demo.bot.deaths
    live.kill_bot()
    while live.demo.bot.deaths == deaths:
        await asyncio.sleep(0.05)
    await live.demo.wait_until_connected()


async def kill_behind(live: LiveTown, nth: int) -> None:
    """Watch the host's record and kill the bot when the nth change appears there."""
    while len(await live.operations()) < nth:
        await asyncio.sleep(0.01)
    live.kill_bot()
