"""
The town with the bot living in it: a child process, restarted when it dies, stopped by its pid.

Never here: an import of the bot. It is started like a stranger would start it.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.parts import Addresses, SandboxFault
from sandbox.town import Town

PROJECT = Path(__file__).resolve().parent.parent
BOT_COMMAND = (sys.executable, "-m", "bot", "run")
LOG_FILE = "bot.log"
CONNECT_WITHIN_S = 90.0
STOP_WITHIN_S = 10.0
LONGEST_PAUSE_S = 30.0
# a bot that dies so often before it was ever connected will not get better by waiting
DEATHS_TO_GIVE_UP = 3


class BotProcess:
    """
    A process kept alive: `start` it, read `deaths`, `stop` it; what it prints goes to a file.

    Each death of its own in a row lengthens the pause before the next life; one by `kill` does not.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        log: Path,
        command: tuple[str, ...] = BOT_COMMAND,
        first_pause_s: float = 1.0,
    ) -> None:
        self.deaths = 0
        self.own_deaths = 0
        self.log = log
        self._environment = environment
        self._command = command
        self._first_pause_s = first_pause_s
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._was_killed = False

    @property
    def pid(self) -> int | None:
        """The living process, or None between two lives."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Start the process and keep it alive from now on."""
        self._process = await self._spawn()
        self._keeper = asyncio.create_task(self._keep())

    def kill(self) -> None:
        """SIGKILL, by the pid we started; such a death says nothing about the bot. Nothing between two lives."""
        process = self._process
        if process is not None and process.returncode is None:
            self._was_killed = True
            process.kill()

    async def stop(self) -> None:
        """Ask it to end, insist after ten seconds; safe to call twice."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        if self._process is not None:
            await _end(self._process)
            self._process = None

    def last_words(self, *, lines: int = 15) -> str:
        """The end of what it printed."""
        if not self.log.exists():
            return ""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    async def _keep(self) -> None:
        while self._process is not None:
            await self._process.wait()
            self.deaths += 1
            self.own_deaths = 0 if self._was_killed else self.own_deaths + 1
            self._was_killed = False
            pause = self._first_pause_s * 2 ** max(self.own_deaths - 1, 0)
            await asyncio.sleep(min(pause, LONGEST_PAUSE_S))
            self._process = await self._spawn()

    async def _spawn(self) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *self._command,
                env={**_own_environment(), **self._environment},
                cwd=PROJECT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # a Ctrl-C in the terminal is for us; we end it in our own order
                start_new_session=True,
            )


class Demo:
    """A town with its bot; `start` returns when Slack sees the app."""

    def __init__(self, town: Town, *, command: tuple[str, ...] = BOT_COMMAND) -> None:
        self._town = town
        self._command = command
        self._bot: BotProcess | None = None

    @property
    def bot(self) -> BotProcess:
        """The bot's process. Only between `start` and `stop`."""
        if self._bot is None:
            raise SandboxFault("The bot has not been started.")
        return self._bot

    async def wait_until_connected(self) -> None:
        """Wait until Slack sees the bot (again)."""
        await self._wait_until_connected(self.bot)

    async def start(self) -> Addresses:
        """The town's addresses, with the bot's pid and log file under `bot`."""
        addresses = await self._town.start()
        log = self._town.folder / LOG_FILE
        log.unlink(missing_ok=True)
        self._bot = BotProcess(self._town.environment, log=log, command=self._command)
        await self._bot.start()
        await self._wait_until_connected(self._bot)
        return {**addresses, "bot": {"pid": self._bot.pid, "log": str(log)}}

    async def stop(self) -> None:
        """The bot first, then the town under it."""
        if self._bot is not None:
            await self._bot.stop()
        await self._town.stop()

    async def _wait_until_connected(self, bot: BotProcess) -> None:
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                while not await self._town.app_is_connected():
                    if bot.own_deaths >= DEATHS_TO_GIVE_UP:
                        raise SandboxFault(_never_came(bot, "it ended again and again"))
                    await asyncio.sleep(0.2)
        except TimeoutError as error:
            why = f"Slack did not see it within {CONNECT_WITHIN_S:.0f} seconds"
            raise SandboxFault(_never_came(bot, why)) from error


def _never_came(bot: BotProcess, why: str) -> str:
    return (
        f"The bot did not connect: {why}. The town was closed again. "
        f"Read {bot.log}; its last lines:\n{bot.last_words()}"
    )


def _own_environment() -> dict[str, str]:
    """Ours without anything meant for a bot elsewhere: a real token must not reach the sandbox."""
    mine = os.environ.items()
    return {key: value for key, value in mine if not key.startswith(("SLACK_", "CERTDESK_"))}


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
    except TimeoutError:
        process.kill()
        await process.wait()
