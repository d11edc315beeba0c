"""
The constant scripts this host knows by their SHA-256; it runs a twin of them and nothing else.

No PowerShell exists for the machines the sandbox runs on, so a script is recognised, never executed.
A hash is that of the script's text in UTF-8 with LF line ends: exactly the file's bytes.
"""

from typing import Final

BOOTSTRAP_BY_NAME: Final[dict[str, str]] = {
    "bootstrap.ps1": "9eaf6572aa1b21ea909345409ace5fbebb26908320ac324b6c315330b41a3d3f",
}
RUNNER_BY_NAME: Final[dict[str, str]] = {
    "runner.ps1": "f36cf04bc4d461d16b0405da21facc9e843fc5328d86b1f04538c4afc74034e8",
}

KNOWN_BOOTSTRAP_SHA256: Final[frozenset[str]] = frozenset(BOOTSTRAP_BY_NAME.values())
KNOWN_RUNNER_SHA256: Final[frozenset[str]] = frozenset(RUNNER_BY_NAME.values())
