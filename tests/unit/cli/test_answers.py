"""What the command line prints never speaks to the terminal."""

import json

import pytest

from bot.cli.answers import explain, say, say_json
from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import HostName

HOSTILE = "CN=a\x1b]0;gone\x07\x9b2J\u202emoc.elpmaxe\ud800"


def test_hostile_names_are_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences, turned writing and half characters come out as text."""
    say(f"{HOSTILE}\tx\nnext")

    shown = capsys.readouterr().out
    assert shown == "CN=a\\x1b]0;gone\\x07\\x9b2J\\u202emoc.elpmaxe\\ud800\tx\nnext\n"


def test_json_is_the_same_value_and_plain_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    """Programs read back what was there; a terminal that shows it obeys nothing."""
    say_json({"subject": HOSTILE})

    shown = capsys.readouterr().out
    assert json.loads(shown) == {"subject": HOSTILE}
    assert shown.isascii()


def test_a_host_s_words_in_a_fault_are_harmless_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Errors go to the same terminal."""
    assert 3 == explain(
        HostFault(FaultKind.CMDLET_ERROR, HostName("EX01"), "\x1b[2Jgone", executed="no")
    )
    assert "\\x1b[2Jgone\n" == capsys.readouterr().err
