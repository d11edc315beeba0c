"""The linter: notes about the vendor's work, never a verdict."""

from typing import Any

import pytest

from bot.system import lint as lint_module
from bot.system.guard import TookTooLong
from bot.system.lint import find_linter, is_installed, lint, lint_in_child, no_lint
from tests.unit.certs.toyca import der, toy_vendor

LEAF = der(toy_vendor().leaf())


def test_it_says_what_the_rules_say() -> None:
    """The toy vendor writes no policies, which is against the Baseline Requirements."""
    told = lint_in_child(LEAF)

    assert ("ERROR", "cabf.serverauth.subscriber.certificate_policies_extension_absent") in told
    assert len(told) == len(set(told))


def test_everything_it_says_is_a_note() -> None:
    """From its own process; each one a sentence with the rule's name."""
    told = lint(LEAF)

    assert {("lint", "note")} == {(finding.code, finding.severity) for finding in told}
    assert any("certificate_policies_extension_absent" in finding.message for finding in told)


def test_a_linter_that_does_not_finish_is_one_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """It breaks, it hangs: nothing is known of its advice, and nothing else happens."""

    def never(*_: Any, **__: Any) -> Any:
        raise TookTooLong

    monkeypatch.setattr(lint_module, "run_guarded", never)
    [told] = lint(LEAF)

    assert ("note", True) == (told.severity, "did not finish" in told.message)


def test_a_long_list_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads a hundred notes."""
    many = [("ERROR", f"rule.{number}") for number in range(30)]
    monkeypatch.setattr(lint_module, "run_guarded", lambda *_, **__: many)
    told = lint(LEAF)

    assert len(told) == 21
    assert "And 10 more." in told[-1].message


def test_without_the_extra_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is optional."""
    monkeypatch.setattr(lint_module, "find_spec", lambda _: None)

    assert no_lint is find_linter()
    assert not is_installed()
    assert () == no_lint(LEAF)


def test_with_the_extra_it_is_found() -> None:
    """And asked."""
    assert lint is find_linter()
