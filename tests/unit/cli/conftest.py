"""The front door, in an empty folder and with nothing in the environment."""

import os
from pathlib import Path

import pytest

from tests.unit.cli.front_door import FrontDoor


@pytest.fixture
def certdesk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> FrontDoor:
    """`certdesk` as somebody calls it who has set up nothing."""
    for name in list(os.environ):
        if name.startswith(("CERTDESK_", "SLACK_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    return FrontDoor(monkeypatch, capsys)
