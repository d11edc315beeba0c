"""The two constant scripts: pinned, parseable, old enough, and strict by themselves."""

import base64
import hashlib
import re

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from bot.exchange.scripts import command_line, read_script, runner_line

PINNED = {
    "bootstrap.ps1": "aa386d1a24566aea7a6bbf39cc16bac719e21ac10b94e7ad45e94ff37c0d7d46",
    "runner.ps1": "48885e9ab20dda9b6b93335cd227d22e56b1dc9e8192178b30f8efb037dd6ac2",
}
"""Change a script on purpose, then its hash here, in the bootstrap and in the sandbox's list."""

_NEWER = (
    # PowerShell 3.0 and later
    r"\[pscustomobject\]",
    r"\[ordered\]",
    r"\bConvertTo-Json\b",
    r"\bConvertFrom-Json\b",
    r"\s-(not)?in\s",
    r"\$PSItem\b",
    r"-Raw\b",
    r"\bImport-Certificate\b",
    r"\bExport-Certificate\b",
    r"\bGet-FileHash\b",
    r"::new\(",
    r"\s-sh[lr]\s",
    r"\bclass\s",
    r"\busing\s",
    r"\benum\s",
    r"\.ForEach\(",
    r"\.Where\(",
    r"IsNullOrWhiteSpace",
    r"\$PSCommandPath\b",
    r"\bWhere-Object\s+\w",
    r"-Encoding\s+Byte",
    # what would turn data into code
    r"\bInvoke-Expression\b",
    r"\biex\b",
    r"(?<!Get)-Command\s",
    r"ExpandString",
)


@pytest.fixture(params=sorted(PINNED))
def script(request: pytest.FixtureRequest) -> str:
    """Each script's name."""
    name: str = request.param
    return name


def test_a_script_is_the_one_that_was_reviewed(script: str) -> None:
    """No byte of what runs on a host changes unnoticed."""
    assert _sha256_of(script) == PINNED[script]


def test_a_script_is_plain_ascii_with_unix_line_ends(script: str) -> None:
    """Its hash is the same on every machine, and no code page can spoil it."""
    data = read_script(script)

    assert data.isascii()
    assert b"\r" not in data


def test_a_script_parses(script: str) -> None:
    """An independent parser finds no error in it."""
    parser = Parser(Language(tree_sitter_powershell.language()))
    tree = parser.parse(read_script(script))

    assert _errors(tree.root_node) == []


@pytest.mark.parametrize("pattern", _NEWER)
def test_a_script_needs_nothing_newer_than_powershell_2(script: str, pattern: str) -> None:
    """It runs on the oldest host, and nothing in it makes code of text."""
    assert not re.search(pattern, _code(script), re.IGNORECASE)


def test_the_bootstrap_fits_a_command_line() -> None:
    """cmd.exe takes 8191 characters, so the script may have 3000 (winrm.md 3)."""
    assert len(read_script("bootstrap.ps1")) <= 3000
    assert len(command_line(old_engine=True)) < 8191


def test_the_bootstrap_knows_the_runner_by_its_hash() -> None:
    """Another runner is refused by the bootstrap on the host."""
    assert f"$expected = '{_sha256_of('runner.ps1')}'" in _code("bootstrap.ps1")


def test_the_command_line_carries_the_bootstrap_and_nothing_else() -> None:
    """What starts is the constant, in UTF-16 as PowerShell wants it."""
    *words, encoded = command_line().split(" ")

    assert base64.b64decode(encoded).decode("utf-16-le").encode() == read_script("bootstrap.ps1")
    assert " ".join(words) == (
        "powershell -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand"
    )


def test_the_old_engine_is_asked_for_where_it_is_needed() -> None:
    """Exchange 2010 needs PowerShell 2.0 on every Windows."""
    assert command_line(old_engine=True).startswith("powershell -Version 2.0 -NoProfile ")


def test_line_one_is_the_runner() -> None:
    """The first line is the runner's bytes, so that the host can check them."""
    line = runner_line()

    assert line.endswith(b"\n")
    assert base64.b64decode(line[:-1]) == read_script("runner.ps1")


def test_the_runner_refuses_every_store_but_the_intermediates() -> None:
    """Both ways to change a store pass the one check, and that check knows CA alone."""
    code = _code("runner.ps1")
    changing = re.findall(r"function global:(Invoke-Cd1Store(?:Add|Remove)).*?\n}", code, re.DOTALL)
    bodies = re.findall(r"function global:Invoke-Cd1Store(?:Add|Remove).*?\n}", code, re.DOTALL)

    assert len(changing) == 2
    assert all("if (-not (Test-Cd1Writable $prefix $values)) { return }" in one for one in bodies)
    assert all("Open-Cd1Store 'CA' 'ReadWrite'" in one for one in bodies)
    assert code.count("'ReadWrite'") == 2
    assert "if ($values['Store'] -ceq 'CA') { return $true }" in code


def test_the_runner_runs_only_what_is_on_its_list() -> None:
    """The one place that calls a cmdlet by name comes after the check."""
    code = _code("runner.ps1")
    body = code[code.index("function global:Invoke-Cd1Cmdlet") :]

    assert code.count("& $") == 1
    assert body.index("Test-Cd1Listed $prefix $name") < body.index("& $name @values")


def _sha256_of(script: str) -> str:
    return hashlib.sha256(read_script(script)).hexdigest()


def _code(script: str) -> str:
    """A script without its comments."""
    lines = read_script(script).decode("ascii").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def _errors(node: Node) -> list[str]:
    found = [f"{node.start_point}: {node.type}"] if node.is_error or node.is_missing else []
    return found + [error for child in node.children for error in _errors(child)]
