"""A whole order whose cmdlets run at Exchange's own endpoint: the default SMTP certificate is never another."""

from typing import Any

import aiohttp
import pytest

from sandbox.story import play
from tests.story.conftest import LiveTown, OpenTown

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


async def test_a_kill_right_behind_every_cmdlet_loses_nothing(open_town: OpenTown) -> None:
    """SIGKILL as soon as the endpoint has executed each cmdlet: still INSTALLED, each change once."""
    kills = range(1, len(CMDLETS) + 1)
    async with open_town(door="psrp") as live:
        await live.play_killed_behind(*kills)

        assert await live.run_twice() == []
        assert live.demo.bot.deaths == len(kills)
