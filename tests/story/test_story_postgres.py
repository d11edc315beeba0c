"""The whole order on PostgreSQL: the same code, another address."""

from pathlib import Path

import pytest

from sandbox.demo import Demo
from sandbox.story import play
from sandbox.town import HostWish, Town
from tests.story.conftest import PATIENT_S

pytestmark = [pytest.mark.story, pytest.mark.postgres]


async def test_an_order_is_installed_on_postgresql(tmp_path: Path, empty_postgres_url: str) -> None:
    """Orders, audit, outbox and durable work live in PostgreSQL, and the story ends the same."""
    town = Town(
        folder=tmp_path / "town",
        hosts=(HostWish(),),
        database_url=empty_postgres_url,
        slack_patience_s=PATIENT_S,
    )
    demo = Demo(town)
    try:
        order = await play(await demo.start(), tell=print)
    finally:
        await demo.stop()

    assert order == "1"
