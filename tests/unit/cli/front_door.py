"""Calling the front door as a shell does: arguments in, exit code and both outputs out."""

import sys
from dataclasses import dataclass

import pytest

from bot.cli import main


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one call gave back."""

    code: int
    out: str
    err: str


class FrontDoor:
    """`certdesk` in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Told:
        """Run one verb to its end."""
        self._monkeypatch.setattr(sys, "argv", ["certdesk", *map(str, arguments)])
        self._capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        told = self._capsys.readouterr()
        return Told(code=code, out=told.out, err=told.err)
