"""
Where a secret of the settings comes from: the environment, a file or a program, one of them alone.

No sentence shows a secret, nor anything that was in a file or in a program's answer.
"""

import stat
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bot.system.secret_command import LIMIT_BYTES, NoSecret, secret_of

_STRANGERS: Final = stat.S_IRWXO
"""A container or systemd may hand a file over by its group; nobody needs one that everybody can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSource:
    """
    A secret and where it stands.

    Args:
        name: the setting, an environment variable; its file and its program are named by `_FILE` and `_COMMAND`.
        value: the secret itself; else file or command.
        file: path of a file with the one line; empty without one.
        command: a program and its arguments; empty without one.
    """

    name: str
    value: str = field(default="", repr=False)
    file: str = ""
    command: tuple[str, ...] = ()

    def read(self, *, hidden: Collection[str] = ()) -> str:
        """
        The secret; empty when no source is named.

        Args:
            hidden: environment variables the program must not see, beside CertDesk's own.

        Raises:
            NoSecret: the source that is named has none; the sentence begins with its setting.
        """
        if self.file:
            return _in_file(f"{self.name}_FILE", Path(self.file))
        if self.command:
            try:
                return secret_of(self.command, hidden=hidden)
            except NoSecret as none:
                raise NoSecret(f"{self.name}_COMMAND: {none}") from None
        return self.value


def password_variables(site_file: Path) -> frozenset[str]:
    """
    The environment variables a site file names as passwords of hosts.

    Nothing is checked: a file that cannot be used names none, and is told of where it is loaded.
    """
    try:
        told = tomllib.loads(site_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return frozenset()
    hosts: Any = told.get("hosts")
    names = [
        host.get("password_env")
        for host in (hosts if isinstance(hosts, list) else [])
        if isinstance(host, Mapping)
    ]
    return frozenset(name for name in names if isinstance(name, str) and name)


def _in_file(setting: str, path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise NoSecret(f"{setting}: {path} is no file.")
        if mode & _STRANGERS:
            raise NoSecret(
                f"{setting}: {path} is open to others than its owner and group (mode {stat.S_IMODE(mode):o}); make it 600."
            )
        with path.open("rb") as opened:
            held = opened.read(LIMIT_BYTES + 1)
    except (OSError, ValueError) as fault:
        raise NoSecret(f"{setting}: {path} cannot be read ({type(fault).__name__}).") from None
    if len(held) > LIMIT_BYTES:
        raise NoSecret(
            f"{setting}: {path} holds more than {LIMIT_BYTES} bytes, which is no secret."
        )
    try:
        secret = held.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise NoSecret(f"{setting}: {path} is not UTF-8 text.") from None
    if not secret:
        raise NoSecret(f"{setting}: {path} is empty.")
    if "\n" in secret or "\0" in secret:
        raise NoSecret(f"{setting}: {path} holds more than one line.")
    return secret
