"""A whole order whose cmdlets run at Exchange's own endpoint: the default SMTP certificate is never another."""

import asyncio
import contextlib
from typing import Any

import aiohttp
import pytest

from sandbox.story import play
from tests.story.conftest import LiveTown, OpenTown
from tests.story.test_kills import kill_behind

pytestmark = pytest.mark.story

CMDLETS = [
    "New-ExchangeCertificate",
    "store.add",
    "store.add",
    "Import-ExchangeCertificate",
    "Enable-ExchangeCertificate",
    "Enable-ExchangeCertificate",
]
"""CSR; issuing and cross certificate; leaf; IIS, IMAP and POP; SMTP with its question answered."""


async def _default_smtp(live: LiveTown) -> str:
    address = f"{live.addresses['exchange'][0]['control']}/state"
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        state: dict[str, Any] = await answer.json()
    return str(state["default_smtp"])


@pytest.mark.parametrize("version", ["2019", "2013", "2010"])
async def test_an_order_is_installed_at_the_endpoint(open_town: OpenTown, version: str) -> None:
    """With No nothing is forced and nothing given back: the default is at every moment what it was."""
    async with open_town(version=version, door="psrp") as live:
        before = await _default_smtp(live)
        await play(live.addresses, tell=print)
        operations = await live.operations()
        after = await _default_smtp(live)

    assert [op["cmdlet"] for op in operations] == CMDLETS
    assert not [op for op in operations if "Force" in op["parameters"]]
    assert after == before


@pytest.mark.parametrize("nth", [1, 4, 5, 6])
async def test_a_kill_right_behind_a_cmdlet_loses_nothing(open_town: OpenTown, nth: int) -> None:
    """SIGKILL as soon as the endpoint has executed a cmdlet: still INSTALLED, each change once."""
    async with open_town(door="psrp") as live:
        killer = asyncio.create_task(kill_behind(live, nth))
        try:
            await play(live.addresses, tell=print)
        finally:
            killer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await killer

        assert await live.run_twice() == []
        assert live.demo.bot.deaths == 1
