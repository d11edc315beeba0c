"""A fake Slack and the doors in front of it, for each test anew."""

from collections.abc import AsyncIterator

import pytest

from tests.doors.fake_slack import FakeSlack, running
from tests.doors.lobby import Lobby


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    """A Slack on loopback."""
    async with running() as fake:
        yield fake


@pytest.fixture
def lobby(slack: FakeSlack) -> Lobby:
    """The doors, with no order yet."""
    return Lobby(slack)
