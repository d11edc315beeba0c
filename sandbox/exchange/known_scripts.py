"""
The constant scripts this host knows by their SHA-256; it runs a twin of them and nothing else.

No PowerShell exists for the machines the sandbox runs on, so a script is recognised, never executed.
A hash is that of the script's text in UTF-8 with LF line ends: exactly the file's bytes.
"""

from typing import Final

BOOTSTRAP_BY_NAME: Final[dict[str, str]] = {}
RUNNER_BY_NAME: Final[dict[str, str]] = {}

KNOWN_BOOTSTRAP_SHA256: Final[frozenset[str]] = frozenset(BOOTSTRAP_BY_NAME.values())
KNOWN_RUNNER_SHA256: Final[frozenset[str]] = frozenset(RUNNER_BY_NAME.values())
