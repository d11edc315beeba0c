"""The scripts the sandbox's host knows are the ones that are there."""

import hashlib
from pathlib import Path

from sandbox.exchange.known_scripts import KNOWN_BOOTSTRAP_SHA256, KNOWN_RUNNER_SHA256

_SCRIPTS = Path(__file__).parents[2] / "bot" / "exchange"


def test_the_bootstrap_is_the_known_one() -> None:
    """Change bootstrap.ps1 and this table must follow, on purpose."""
    found = hashlib.sha256((_SCRIPTS / "bootstrap.ps1").read_bytes()).hexdigest()

    assert found in KNOWN_BOOTSTRAP_SHA256, f"sandbox/exchange/known_scripts.py lacks {found}"


def test_the_runner_is_the_known_one() -> None:
    """Change runner.ps1, then look at the twin in sandbox/exchange/runner/ before you change the table."""
    found = hashlib.sha256((_SCRIPTS / "runner.ps1").read_bytes()).hexdigest()

    assert found in KNOWN_RUNNER_SHA256, f"sandbox/exchange/known_scripts.py lacks {found}"
