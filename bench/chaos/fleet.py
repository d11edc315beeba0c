"""The bot's processes, each started again as soon as it is dead; who is killed and when is decided elsewhere."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PAUSE_S = 0.2
STOP_WITHIN_S = 15.0


class Member:
    """One process: what it is started with, and how often it died by our hand and by its own."""

    def __init__(self, name: str, words: tuple[str, ...], settings: Mapping[str, str]) -> None:
        self.name = name
        self.words = words
        self.settings = settings
        self.killed = 0
        self.died = 0
        self.process: asyncio.subprocess.Process | None = None
        self._ours = False

    def kill(self) -> bool:
        """SIGKILL, now; False when it is dead already."""
        process = self.process
        if process is None or process.returncode is not None:
            return False
        self._ours = True
        os.kill(process.pid, signal.SIGKILL)
        self.killed += 1
        return True

    async def live(self, environment: Mapping[str, str], log: Path) -> None:
        """Start, wait for the end, start again, until cancelled."""
        own = {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "CERTDESK_"))}
        while True:
            with log.open("ab") as out:
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "bot", *self.words,
                    env={**own, **environment, **self.settings}, cwd=PROJECT,
                    stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                )  # fmt: skip
            await self.process.wait()
            self.died += not self._ours
            self._ours = False
            await asyncio.sleep(PAUSE_S)


def members(kind: str) -> tuple[Member, ...]:
    """One process on SQLite; on PostgreSQL the doors and three workers."""
    if kind == "sqlite":
        return (Member("bot", ("run",), {}),)
    workers = [
        Member(f"worker {n}", ("worker",), {"CERTDESK_EXECUTOR_ID": f"certdesk-{n}"})
        for n in (1, 2, 3)
    ]
    return (Member("doors", ("run", "--no-worker"), {}), *workers)


class Fleet:
    """All processes of one town."""

    def __init__(
        self, environment: Mapping[str, str], folder: Path, crew: tuple[Member, ...]
    ) -> None:
        self.crew = crew
        self._environment = environment
        self._folder = folder
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start every process and keep it alive."""
        for member in self.crew:
            log = self._folder / f"{member.name.replace(' ', '-')}.log"
            self._keepers.append(asyncio.create_task(member.live(self._environment, log)))
            # The first one brings the database up to date before the others look at it.
            await asyncio.sleep(1.0)

    async def stop(self) -> None:
        """End every process in good order."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers.clear()
        alive = [m.process for m in self.crew if m.process and m.process.returncode is None]
        for process in alive:
            process.terminate()
        for process in alive:
            try:
                await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
            except TimeoutError:
                process.kill()
                await process.wait()
