"""The page of situations is true: every row names a source and a test that exists and is collected."""

import re
import subprocess
import sys
from pathlib import Path

HOUSE = Path(__file__).parents[1]
PAGE = (HOUSE / "docs/exchange-scenarios.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| (?P<what>[^|]+) \| (?P<source>[^|]+) \| (?P<does>[^|]+) \| `(?P<test>[^`|]+)` \|$",
    re.MULTILINE,
)
ASKED_FOR = 30


def test_there_are_rows_enough_and_each_is_whole() -> None:
    """No line of a table falls through the reading of this test, and no situation is told twice."""
    lines = [
        line
        for line in PAGE.splitlines()
        if line.startswith("| ") and not line.startswith("| situation |")
    ]
    rows = [match.groupdict() for match in ROW.finditer(PAGE)]

    assert len(rows) == len(lines)
    assert len(rows) >= ASKED_FOR
    assert len(rows) == len({row["what"] for row in rows}) == len({row["test"] for row in rows})
    assert all(re.search(r"\d", row["source"]) for row in rows)


def test_every_named_test_is_collected() -> None:
    """Pytest itself finds each of them, so none is skipped over or misspelt."""
    named = {row["test"] for row in ROW.finditer(PAGE)}
    files = sorted({f"tests/{test.partition('::')[0]}" for test in named})
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:randomly", *files],
        capture_output=True, check=False, cwd=HOUSE, text=True,
    )  # fmt: skip
    collected = {
        line.removeprefix("tests/").partition("[")[0]
        for line in told.stdout.splitlines()
        if "::" in line
    }

    assert told.returncode == 0, told.stdout[-2000:]
    assert named - collected == set()


def test_every_file_of_scenarios_is_used() -> None:
    """A file of situations that no row names would be a situation nobody reads of."""
    files = {f"scenarios/{path.name}" for path in (HOUSE / "tests/scenarios").glob("test_*.py")}

    assert {row["test"].partition("::")[0] for row in ROW.finditer(PAGE)} >= files
