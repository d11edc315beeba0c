"""
The constant scripts this host knows by their SHA-256; it runs a twin of them and nothing else.

No PowerShell exists for the machines the sandbox runs on, so a script is recognised, never executed.
A hash is that of the script's text in UTF-8 with LF line ends: exactly the file's bytes.
"""

from typing import Final

BOOTSTRAP_BY_NAME: Final[dict[str, str]] = {
    "bootstrap.ps1": "6de298238042c02131908adb4e469a7d8fb76df0025df80908c64b117fd602a8",
}
RUNNER_BY_NAME: Final[dict[str, str]] = {
    "runner.ps1": "0dd3e5a967c9bc351daca9bd29121e661acdb79005fa5418c88f2a2be0d73d6f",
}

KNOWN_BOOTSTRAP_SHA256: Final[frozenset[str]] = frozenset(BOOTSTRAP_BY_NAME.values())
KNOWN_RUNNER_SHA256: Final[frozenset[str]] = frozenset(RUNNER_BY_NAME.values())
