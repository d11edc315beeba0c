"""A whole town stands, knows itself, and leaves everything a bot needs in its folder."""

import shlex
import socket
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from sandbox.demo import Demo
from sandbox.parts import SandboxFault
from sandbox.town import HostWish, Town

LODGER = (sys.executable, "-m", "tests.sandbox.town_lodger")
DIES = (sys.executable, "-c", "import sys; print('no settings'); sys.exit(2)")


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A town of one host, not started; stopped afterwards."""
    town = Town(folder=tmp_path / "var")
    yield town
    await town.stop()


async def fetch(url: str) -> Any:
    """The JSON behind an address."""
    async with ClientSession(raise_for_status=True) as session, session.get(url) as response:
        return await response.json()


async def test_town_leaves_the_bot_s_files(town: Town) -> None:
    """The settings file names what runs; the environment file is for its owner alone."""
    told = await town.start()
    site = tomllib.loads(Path(told["config"]).read_text())
    environment = Path(told["environment"])
    words = shlex.split(environment.read_text())

    assert site["hosts"][0]["winrm"] == town.exchange[0]["wsman_http"]
    assert site["vendors"][0]["page"] == town.vendor["page"]
    assert (town.folder / "anchors.pem").read_text() == town.vendor["anchors_pem"]
    assert dict(word.split("=", 1) for word in words) == town.environment
    assert environment.stat().st_mode & 0o777 == 0o600


async def test_slack_page_links_to_portal_and_host(town: Town) -> None:
    """One page to open; the others are a click away."""
    told = await town.start()
    workspace = await fetch(f"{town.slack['control']}/workspace")

    assert told["page"] == town.slack["page"]
    assert [link["url"] for link in workspace["links"]] == [
        town.vendor["page"],
        town.exchange[0]["page"],
    ]


async def test_host_trusts_the_vendor_s_anchor(town: Town) -> None:
    """The anchor is among the host's roots when the town stands."""
    await town.start()
    state = await fetch(f"{town.exchange[0]['control']}/state")

    assert "Sandbox Root Certificate Authority - G2" in str(state)


async def test_new_town_has_no_memory_of_an_older_one(town: Town) -> None:
    """Databases in the folder are gone, other files are not."""
    town.folder.mkdir()
    (town.folder / "certdesk.db").write_text("old")
    (town.folder / "notes.txt").write_text("mine")
    await town.start()

    assert sorted(path.name for path in town.folder.iterdir()) == [
        "anchors.pem",
        "bot.env",
        "certdesk.toml",
        "notes.txt",
        "town.lock",
    ]


async def test_second_town_in_a_folder_is_turned_away(town: Town) -> None:
    """It would remove the first one's database; nothing of the first one is touched."""
    await town.start()
    before = (town.folder / "bot.env").read_text()
    second = Town(folder=town.folder)
    with pytest.raises(SandboxFault, match="another --folder"):
        await second.start()
    await second.stop()

    assert (town.folder / "bot.env").read_text() == before


async def test_folder_is_free_when_its_town_has_ended(town: Town) -> None:
    """The next town moves in."""
    await town.start()
    await town.stop()

    assert (await town.start())["page"]


async def test_town_may_have_several_hosts_and_a_bot_by_http(tmp_path: Path) -> None:
    """Each host has its password; in HTTP mode the bot gets a port."""
    hosts = (HostWish(name="EX07", version="2007"), HostWish(name="EX02", version="se"))
    town = Town(folder=tmp_path, hosts=hosts, bot_http_port=0)
    try:
        await town.start()
    finally:
        await town.stop()

    assert [host["version"] for host in town.exchange] == ["2007", "se"]
    assert town.environment["CERTDESK_MODE"] == "http"
    assert town.environment["CERTDESK_HTTP_PORT"] != "0"
    assert {"CERTDESK_HOST_EX07_PASSWORD", "CERTDESK_HOST_EX02_PASSWORD"} <= set(town.environment)


async def test_town_that_cannot_start_leaves_nothing_open(tmp_path: Path) -> None:
    """The page's port is taken: the parts started before are stopped again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        town = Town(folder=tmp_path, slack_port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            await town.start()
        await town.stop()

    with pytest.raises(OSError, match=r"refused|Cannot connect"):
        await fetch(f"{town.vendor['control']}/orders")


async def test_demo_returns_when_slack_sees_the_bot(town: Town) -> None:
    """Whoever opens the page finds the app connected; its pid is told."""
    demo = Demo(town, command=LODGER)
    try:
        told = await demo.start()
        connected = await town.app_is_connected()
    finally:
        await demo.stop()

    assert connected
    assert told["bot"]["pid"] > 0


async def test_bot_that_never_comes_is_a_sentence_with_its_last_words(town: Town) -> None:
    """After three deaths waiting makes no sense."""
    demo = Demo(town, command=DIES)
    with pytest.raises(SandboxFault, match="no settings"):
        await demo.start()
    await demo.stop()
