"""The bot's process is kept alive while it is wanted, and is gone when it is not."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sandbox.demo import BotProcess

WAITS = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
DIES = "import sys; print('no settings'); sys.exit(2)"


@asynccontextmanager
async def running(tmp_path: Path, script: str, **environment: str) -> AsyncIterator[BotProcess]:
    """A kept process that runs this script."""
    process = BotProcess(
        environment,
        log=tmp_path / "bot.log",
        command=(sys.executable, "-c", script),
        first_pause_s=0.01,
    )
    await process.start()
    try:
        yield process
    finally:
        await process.stop()


async def until(true: Callable[[], bool]) -> None:
    """Wait for it, a minute at most."""
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether a process of that id exists."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def test_process_that_dies_is_started_again(tmp_path: Path) -> None:
    """Each death is counted, each life prints into the same file."""
    async with running(tmp_path, DIES) as process:
        await until(lambda: process.deaths >= 3)

    assert process.last_words().splitlines()[:2] == ["no settings", "no settings"]


async def test_killed_process_comes_back_with_another_pid(tmp_path: Path) -> None:
    """SIGKILL is survived."""
    async with running(tmp_path, WAITS) as process:
        await until(lambda: process.last_words() == "up")
        first = process.pid
        assert first is not None
        os.kill(first, 9)
        await until(lambda: process.last_words() == "up\nup")

        assert process.pid not in {None, first}


async def test_stop_ends_the_process_for_good(tmp_path: Path) -> None:
    """Nothing is left, and nothing starts again."""
    async with running(tmp_path, WAITS) as process:
        await until(lambda: process.last_words() == "up")
        pid = process.pid
        await process.stop()

    assert process.pid is None
    assert pid is not None
    assert not is_alive(pid)


async def test_process_that_will_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM unheard is followed by SIGKILL."""
    monkeypatch.setattr("sandbox.demo.STOP_WITHIN_S", 0.05)
    async with running(tmp_path, STUBBORN) as process:
        await until(lambda: process.last_words() == "up")
        pid = process.pid

    assert pid is not None
    assert not is_alive(pid)


async def test_real_tokens_never_reach_the_sandbox_s_bot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables of the bot that stand in our own environment are left out; the town's are there."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "real")
    monkeypatch.setenv("CERTDESK_VAULT_KEY", "real")
    show = "import os; print(os.environ.get('SLACK_BOT_TOKEN'), os.environ['CERTDESK_WORLD'])"
    async with running(tmp_path, show, CERTDESK_WORLD="sandbox") as process:
        await until(lambda: process.deaths >= 1)

    assert process.last_words(lines=1) == "None sandbox"
