"""The two constant scripts that run on a host, and the command line that starts them."""

import base64
from functools import cache
from importlib import resources


@cache
def read_script(name: str) -> bytes:
    """Read a script of this room exactly as it is stored: UTF-8, LF line ends."""
    return resources.files("bot.exchange").joinpath(name).read_bytes()


def command_line(*, old_engine: bool = False) -> str:
    """
    Write the line that starts PowerShell with the bootstrap; it stays under cmd's 8191 characters.

    Args:
        old_engine: start PowerShell as version 2.0, which Exchange 2010 needs on every Windows (exchange.md 1.1).
    """
    text = read_script("bootstrap.ps1").decode("ascii")
    encoded = base64.b64encode(text.encode("utf-16-le")).decode("ascii")
    engine = "-Version 2.0 " if old_engine else ""
    return f"powershell {engine}-NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand {encoded}"


def runner_line() -> bytes:
    """Write the first line the bootstrap reads: the runner in base64, ended by LF."""
    return base64.b64encode(read_script("runner.ps1")) + b"\n"
