"""
The bot's processes, each started again as soon as it is dead; who is killed and when is decided elsewhere.

They are forks of one process that has the imports behind it (`zygote`), each with a pid, a session and a life of
its own, and each ended by a SIGKILL to that pid.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.chaos.autopsy import Finding

PROJECT = Path(__file__).resolve().parents[2]
STOP_WITHIN_S = 15.0
PAUSE_S = 0.05
"""Between a death and the next start; longer after a death of its own, or a broken bot would spin."""
OWN_DEATH_PAUSE_S = 1.0


class Look(Protocol):
    """Looks at what a dead member has left behind."""

    def __call__(self, member: "Member", *, by_us: bool) -> Finding:
        """What it was doing; `by_us` says whether we killed it. Of another death nothing is asked, and nothing waited for."""
        ...


@dataclass(slots=True, kw_only=True)
class Child:
    """One started process; `ended` has its exit code when it is dead."""

    pid: int
    ended: asyncio.Future[int]
    since: float = field(default_factory=time.monotonic)

    def kill(self) -> None:
        """SIGKILL, now, to this one process."""
        os.kill(self.pid, signal.SIGKILL)


class Nursery:
    """Asks the zygote for processes and hears from it of their deaths."""

    def __init__(self) -> None:
        self._zygote: asyncio.subprocess.Process | None = None
        self._asking = asyncio.Lock()
        self._started: asyncio.Queue[Child] = asyncio.Queue()
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._listener: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start the zygote, which takes its time to import."""
        self._zygote = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.chaos.zygote", cwd=PROJECT, env=_bare(),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._listener = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """End the zygote; what still runs is killed by it."""
        if self._zygote is not None and self._zygote.stdin is not None:
            self._zygote.stdin.close()
            await self._zygote.wait()
        if self._listener is not None:
            await self._listener

    async def start(
        self, words: tuple[str, ...], environment: Mapping[str, str], log: Path
    ) -> Child:
        """Start one process."""
        zygote = self._zygote
        assert zygote is not None
        assert zygote.stdin is not None
        wish = {"words": words, "environment": {**_bare(), **environment}, "log": str(log)}
        async with self._asking:
            zygote.stdin.write(json.dumps(wish).encode() + b"\n")
            return await self._started.get()

    async def _listen(self) -> None:
        assert self._zygote is not None
        assert self._zygote.stdout is not None
        async for line in self._zygote.stdout:
            told = json.loads(line)
            if "started" in told:
                pid = told["started"]
                self._ends[pid] = asyncio.get_running_loop().create_future()
                self._started.put_nowait(Child(pid=pid, ended=self._ends[pid]))
            else:
                self._ends.pop(told["ended"]).set_result(told["code"])


class Member:
    """
    One process: what it is started with, and how often it died by our hand and by its own.

    Args:
        executor: the id its work is marked with; empty when it does no machine work.
        doors: whether it answers Slack.
    """

    def __init__(
        self, name: str, words: tuple[str, ...], *, executor: str = "", doors: bool = False
    ) -> None:
        self.name = name
        self.words = words
        self.executor = executor
        self.doors = doors
        self.killed = 0
        self.died = 0
        self._child: Child | None = None
        self._finding: asyncio.Future[Finding] | None = None

    @property
    def age_s(self) -> float:
        """For how long its process has lived; 0 while there is none."""
        child = self._child
        return 0.0 if child is None or child.ended.done() else time.monotonic() - child.since

    async def kill(self) -> Finding | None:
        """SIGKILL, now; what it was doing, None when it was dead already."""
        child = self._child
        if child is None or child.ended.done() or self._finding is not None:
            return None
        self._finding = asyncio.get_running_loop().create_future()
        child.kill()
        self.killed += 1
        return await self._finding

    async def live(
        self, nursery: Nursery, environment: Mapping[str, str], log: Path, look: Look
    ) -> None:
        """Start, wait for the end, look at what is left, start again, until cancelled."""
        own = {"CERTDESK_EXECUTOR_ID": self.executor} if self.executor else {}
        while True:
            self._child = await nursery.start(self.words, {**environment, **own}, log)
            await self._child.ended
            asked, self._finding = self._finding, None
            try:
                finding = await asyncio.to_thread(look, self, by_us=asked is not None)
            except Exception as fault:
                if asked is not None:
                    asked.set_exception(fault)
                raise
            if asked is None:
                self.died += 1
                await asyncio.sleep(OWN_DEATH_PAUSE_S)
            else:
                asked.set_result(finding)
                await asyncio.sleep(PAUSE_S)

    async def stop(self) -> None:
        """End in good order."""
        child = self._child
        if child is None or child.ended.done():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(child.ended), STOP_WITHIN_S)


def members(kind: str, *, doors: int) -> tuple[Member, ...]:
    """One process on SQLite; on PostgreSQL three workers and so many that answer Slack, which asks any of them."""
    if kind == "sqlite":
        return (Member("bot", ("run",), executor="certdesk-1", doors=True),)
    workers = [Member(f"worker {n}", ("worker",), executor=f"certdesk-{n}") for n in (1, 2, 3)]
    open_doors = (
        Member(f"doors {n + 1}", ("run", "--no-worker"), doors=True) for n in range(doors)
    )
    return (*open_doors, *workers)


class Fleet:
    """All processes of one town."""

    def __init__(
        self, environment: Mapping[str, str], folder: Path, crew: tuple[Member, ...], look: Look
    ) -> None:
        self.crew = crew
        self._environment = environment
        self._folder = folder
        self._look = look
        self._nursery = Nursery()
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start every process and keep it alive; the first of them migrates, the others find it done or wait."""
        await self._nursery.open()
        for member in self.crew:
            log = self._folder / f"{member.name.replace(' ', '-')}.log"
            keeping = member.live(self._nursery, self._environment, log, self._look)
            self._keepers.append(asyncio.create_task(keeping))

    async def stop(self) -> None:
        """End every process in good order; raises what went wrong in the keeping of one."""
        for keeper in self._keepers:
            keeper.cancel()
        ends = await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers.clear()
        await asyncio.gather(*(member.stop() for member in self.crew))
        await self._nursery.close()
        for fault in ends:
            if isinstance(fault, Exception):
                raise fault


def _bare() -> dict[str, str]:
    """Our environment without what would speak to the bot."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "CERTDESK_"))}
