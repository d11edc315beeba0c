"""A reminder reaches its person alone, over the sandbox's Slack, and stands there once."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.ids import OrderId, PersonId
from bot.domain.messages import Reminder, ReminderMessage
from bot.domain.waiting import Wait
from tests.contract.post import Post, opened
from tests.unit.handlers.scene import NOON


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A workspace, and a notifier on it."""
    async with opened() as opened_post:
        yield opened_post


async def test_a_reminder_is_said_to_the_person_once(post: Post) -> None:
    """Directly; a second attempt finds the first one."""
    person = post.address["users"]["manager"]
    since = NOON - timedelta(days=1)
    reminder = Reminder(
        order_id=OrderId(27), name="mail.example.com", wait=Wait.ISSUE, since=since, number=2
    )
    message = ReminderMessage(to=PersonId(f"T1:{person}"), reminders=(reminder,))
    first = await post.deliver(message, post.order(), row_id="27:r1:U")
    again = await post.deliver(message, post.order(), row_id="27:r1:U", attempt=1)

    assert first is not None
    assert first == again
    [told] = await post.messages(first.channel)
    assert "Order 27 (`mail.example.com`) waits for you." == told["text"]
    assert "(reminder 2)" in str(told["blocks"])
