"""
The constant scripts this host knows by their SHA-256; it runs a twin of them and nothing else.

No PowerShell exists for the machines the sandbox runs on, so a script is recognised, never executed.
A hash is that of the script's text in UTF-8 with LF line ends: exactly the file's bytes.
"""

from typing import Final

BOOTSTRAP_BY_NAME: Final[dict[str, str]] = {
    "bootstrap.ps1": "aa386d1a24566aea7a6bbf39cc16bac719e21ac10b94e7ad45e94ff37c0d7d46",
}
RUNNER_BY_NAME: Final[dict[str, str]] = {
    "runner.ps1": "48885e9ab20dda9b6b93335cd227d22e56b1dc9e8192178b30f8efb037dd6ac2",
}

KNOWN_BOOTSTRAP_SHA256: Final[frozenset[str]] = frozenset(BOOTSTRAP_BY_NAME.values())
KNOWN_RUNNER_SHA256: Final[frozenset[str]] = frozenset(RUNNER_BY_NAME.values())
