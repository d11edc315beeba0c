"""The outside contract of the command line: every verb others drive is there, and answers programs as JSON."""

import json

import pytest

from tests.unit.cli.front_door import FrontDoor

SPEAK_JSON = [
    "migrate", "move", "reopen", "doctor", "bundle inspect", "csr inspect", "csr command", "probe", "inventory", "orders list",
    "orders show", "evidence", "audit verify", "audit checkpoint", "watch now", "vault list", "vault rotate",
]  # fmt: skip
SPEAK_OTHERWISE = {
    "run": "--no-worker",
    "worker": "Usage",
    "audit export": "JSON line",
    "audit key": "public key",
    "vault-key": "CERTDESK_VAULT_KEY",
    "states": "docs/states.md",
}
"""Verbs that stay, or whose whole answer is lines, a key or a page."""


@pytest.mark.parametrize("verb", SPEAK_JSON)
def test_every_verb_of_the_contract_answers_programs(certdesk: FrontDoor, verb: str) -> None:
    """It exists and takes --json."""
    told = certdesk(*verb.split(), "--help")

    assert 0 == told.code
    assert "--json" in told.out


@pytest.mark.parametrize(("verb", "says"), SPEAK_OTHERWISE.items())
def test_the_other_verbs_are_there_too(certdesk: FrontDoor, verb: str, says: str) -> None:
    """They exist and say what they give."""
    told = certdesk(*verb.split(), "--help")

    assert 0 == told.code
    assert says in " ".join(told.out.split())


def test_command_for_people_answers_programs(certdesk: FrontDoor) -> None:
    """The line as one JSON object, and what is wrong with the wish as another: exit 0 and 2."""
    asked = ("csr", "command", "--host-version", "2019", "--name", "mail.example.com", "--json")
    good = certdesk(*asked, "--subject", "CN=mail.example.com")
    bad = certdesk(*asked, "--subject", "X=mail.example.com")

    assert (0, True) == (good.code, json.loads(good.out)["ok"])
    assert "New-ExchangeCertificate" in json.loads(good.out)["command"]
    assert (2, False) == (bad.code, json.loads(bad.out)["ok"])
    assert "is not one of" in json.loads(bad.out)["fault"]
