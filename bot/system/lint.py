"""
What a linter of the CA/Browser Forum's rules says about a certificate, as notes: pkilint, where the extra `lint` is installed.

Advice about the vendor's work, never a verdict on ours: it runs after the judge, in a process of its own, and what goes wrong with it
is one more note.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from bot.certs.findings import Finding, note, show
from bot.system.guard import TookTooLong, run_guarded

Linter = Callable[[bytes], tuple[Finding, ...]]
"""From the DER of a leaf to notes."""

WALL_S: Final = 20.0
"""Loading the linter takes about a second, linting a third of one."""

_MOST: Final = 20
_WORTH_TELLING: Final = {
    "WARNING": "advises against it",
    "ERROR": "calls it an error",
    "FATAL": "cannot go on",
}
_WHERE: Final = "lint"


def find_linter() -> Linter:
    """The linter where it is installed, else one that says nothing."""
    return lint if is_installed() else no_lint


def is_installed() -> bool:
    """Whether the extra `lint` is there."""
    return find_spec("pkilint") is not None


def no_lint(_der: bytes) -> tuple[Finding, ...]:
    """Say nothing."""
    return ()


def lint(der: bytes) -> tuple[Finding, ...]:
    """Say what the linter finds in a leaf, in a process that is ended when it takes too long."""
    try:
        told: list[tuple[str, str]] = run_guarded(lint_in_child, der, wall_s=WALL_S)
    except TookTooLong:
        return (_note("The linter did not finish, so nothing is known of its advice."),)
    sentences = [
        f"The linter {_WORTH_TELLING[severity]}: {show(code)}. It changes nothing here."
        for severity, code in told[:_MOST]
    ]
    rest = len(told) - len(sentences)
    return tuple(_note(said) for said in [*sentences, *([f"And {rest} more."] if rest > 0 else [])])


def lint_in_child(der: bytes) -> list[tuple[str, str]]:
    """What the guarded process does: severity and code of everything worth telling, each once."""
    results = _results(der)
    found = {
        (told.finding.severity.name, str(told.finding.code)): None
        for result in results
        for told in result.finding_descriptions
    }
    return [(severity, code) for severity, code in found if severity in _WORTH_TELLING]


def _results(der: bytes) -> Any:
    # By name: the package is optional and has no types.
    loader, filters = import_module("pkilint.loader"), import_module("pkilint.finding_filter")
    serverauth = import_module("pkilint.cabf.serverauth")
    certificate = import_module("pkilint.pkix.certificate")
    document = loader.load_certificate(der, _WHERE)
    kind = serverauth.determine_certificate_type(document)
    validators = certificate.create_pkix_certificate_validator_container(
        serverauth.create_decoding_validators(), serverauth.create_validators(kind)
    )
    chosen = serverauth.create_serverauth_finding_filters(kind)
    results, _ = filters.filter_results(chosen, validators.validate(document.root))
    return results


def _note(said: str) -> Finding:
    return note("lint", _WHERE, said)
