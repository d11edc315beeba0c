"""
The folder a town leaves its bot's files in: one town at a time, nothing of an earlier one.

Never here: what the files say (`bot_site`), ports, processes.
"""

import fcntl
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from sandbox.parts import SandboxFault

CONFIG_FILE = "certdesk.toml"
ENVIRONMENT_FILE = "bot.env"
DATABASE_FILE = "certdesk.db"
_LOCK_FILE = "town.lock"


class TownFolder:
    """`take` it before the town starts, `leave` it when the town has ended; files stay for reading."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

    @property
    def config(self) -> str:
        """Where the settings file is."""
        return str(self.path / CONFIG_FILE)

    @property
    def environment(self) -> str:
        """Where the environment file is."""
        return str(self.path / ENVIRONMENT_FILE)

    def take(self) -> None:
        """
        Make the folder and hold it.

        Raises:
            SandboxFault: another town lives there.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = (self.path / _LOCK_FILE).open("w", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise SandboxFault(
                f"another one keeps its files in {self.path}. Nothing was changed there. "
                "End that one, or give this one another --folder."
            ) from error
        self._lock = lock

    def leave(self) -> None:
        """Let another town in; safe to call twice."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def fresh_database(self) -> str:
        """The address of an empty database: one of an earlier town speaks of what is gone."""
        for old in self.path.glob("*.db*"):
            old.unlink()
        return f"sqlite:///{self.path / DATABASE_FILE}"

    def write(self, name: str, text: str) -> None:
        """A file anyone may read."""
        (self.path / name).write_text(text, encoding="utf-8")

    def write_environment(self, environment: Mapping[str, str]) -> None:
        """Lines a shell can read; they hold the town's credentials, so for their owner alone."""
        path = self.path / ENVIRONMENT_FILE
        path.unlink(missing_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        lines = [f"{key}={shlex.quote(value)}\n" for key, value in environment.items()]
        path.write_text("".join(lines), encoding="utf-8")
