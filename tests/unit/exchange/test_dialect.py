"""Versions of Exchange: recognised by build, spoken to as they want."""

import pytest

from bot.domain.plan import Answer, Service
from bot.exchange.dialect import (
    DIALECTS,
    UnknownVersion,
    dialect_of_build,
    dialect_of_word,
)


@pytest.mark.parametrize(
    ("build", "version"),
    [
        ("8.3.83.6", "2007"),
        ("14.3.123.4", "2010"),
        ("15.0.1497.2", "2013"),
        ("15.1.2507.6", "2016"),
        ("15.2.1118.7", "2019"),
        ("15.2.1748.10", "2019"),
        ("15.2.2562.17", "se"),
        ("15.2.2600", "se"),
    ],
)
def test_the_build_decides(build: str, version: str) -> None:
    """Every line of builds has its version."""
    assert dialect_of_build(build).version == version


@pytest.mark.parametrize("build", ["", "6.5.7638", "15", "15.3.1.1", "16.0.1.1", "x.y", "1" * 500])
def test_an_unknown_build_is_refused(build: str) -> None:
    """Nothing is guessed about a version that nobody has looked at."""
    with pytest.raises(UnknownVersion) as caught:
        dialect_of_build(build)

    assert len(str(caught.value)) < 120


def test_every_version_word_is_understood_in_any_case() -> None:
    """The configuration's six words, and no other."""
    assert [dialect_of_word(f" {word.upper()} ") for word in DIALECTS] == [*DIALECTS.values()]
    with pytest.raises(UnknownVersion, match="2003"):
        dialect_of_word("2003")


_TABLE = {
    # version: CSR as, import by, UM there, transport cmdlet, Force known, proposal
    "2007": ("file", "path", True, "Get-TransportServer", False, None),
    "2010": ("text", "file_data", True, "Get-TransportServer", True, Answer.NO),
    "2013": ("text", "file_data", True, "Get-TransportService", True, Answer.NO),
    "2016": ("text", "file_data", True, "Get-TransportService", True, Answer.NO),
    "2019": ("text", "file_data", False, "Get-TransportService", True, Answer.NO),
    "se": ("text", "file_data", False, "Get-TransportService", True, Answer.NO),
}


def test_each_version_has_its_ways() -> None:
    """The table of exchange.md 2 and 3, whole."""
    found = {
        version: (
            dialect.csr_as,
            dialect.import_by,
            Service.UM in dialect.services,
            dialect.transport_cmdlet,
            dialect.knows_force,
            dialect.smtp_default,
        )
        for version, dialect in DIALECTS.items()
    }

    assert found == _TABLE
