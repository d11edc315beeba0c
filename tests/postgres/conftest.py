"""Everything in this folder needs PostgreSQL's server programs."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import certdesk

__all__ = ["certdesk"]

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.postgres)
