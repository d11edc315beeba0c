"""The bot is killed and started again; the order goes on and nothing runs twice on the host."""

import asyncio

import pytest

from sandbox.story import Story, play
from tests.story.conftest import LiveTown, OpenTown

pytestmark = pytest.mark.story

STEPS = 9
"""After the tenth step there is nothing left to kill for."""
CHANGES = 7
"""What an order changes on a host over WinRM, the CSR included."""


async def test_the_story_has_the_steps_the_kills_count_on() -> None:
    """A story that grows a step gets a kill for it."""
    story = Story.__new__(Story)

    assert len(story.steps()) - 1 == STEPS


async def test_a_kill_after_every_step_loses_nothing(open_town: OpenTown) -> None:
    """SIGKILL after each step of one order: still INSTALLED, each mutating operation once."""
    async with open_town() as live:
        done = 0

        async def between(_: str) -> None:
            nonlocal done
            done += 1
            if done <= STEPS:
                await kill_and_wait(live)

        await play(live.addresses, tell=print, between=between)

        assert await live.run_twice() == []
        assert live.demo.bot.deaths == STEPS


async def test_a_kill_right_behind_every_operation_loses_nothing(open_town: OpenTown) -> None:
    """SIGKILL as soon as the host has executed each of its changes: still INSTALLED, each change once."""
    async with open_town() as live:
        await live.play_killed_behind(*range(1, CHANGES + 1))

        assert await live.run_twice() == []
        assert live.demo.bot.deaths == len(await live.operations()) == CHANGES


async def kill_and_wait(live: LiveTown) -> None:
    """Kill the bot; go on once Slack sees it again."""
    deaths = live.demo.bot.deaths
    live.kill_bot()
    while live.demo.bot.deaths == deaths:
        await asyncio.sleep(0.05)
    await live.demo.wait_until_connected()
