"""The Notifier's contract, over the sandbox's Slack: posted once, edited in place, found again, posted anew."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from slack_sdk import WebClient

from bot.chat_ports import DeliveryFault
from bot.domain.ids import OrderId
from bot.domain.messages import Card, CardMessage, LineMessage, Place
from bot.domain.order import CertificateOrder
from bot.domain.states import State
from handlers.words import LINES
from tests.contract.post import Post, opened
from tests.unit.handlers import scene


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A workspace, and a notifier on it."""
    async with opened() as office:
        yield office


STATUS = CardMessage(card=Card.STATUS)


async def test_a_card_is_posted_once_and_edited_in_place(post: Post) -> None:
    """The second word on a card changes the message that stands there."""
    first = await post.deliver(STATUS, post.order())
    second = await post.deliver(STATUS, post.order(State.APPROVED), row_id="27:4:1")
    assert first is not None
    (message,) = await post.messages(first.channel)

    assert first == second
    assert "approved, the CSR is being made" in message["text"]


async def test_a_deleted_card_is_posted_anew(post: Post) -> None:
    """A card that somebody deleted comes back."""
    first = await post.deliver(STATUS, post.order())
    assert first is not None
    client = WebClient(token=post.address["bot_token"], base_url=post.address["api_url"])
    await asyncio.to_thread(client.chat_delete, channel=first.channel, ts=first.ts)
    second = await post.deliver(STATUS, post.order(State.APPROVED))

    assert second is not None
    assert second.ts != first.ts


async def test_lines_and_the_csr_stand_in_the_orders_thread(post: Post) -> None:
    """Everything said about an order stands under its status card."""
    top = await post.deliver(STATUS, post.order(State.CSR_READY))
    assert top is not None
    line = LineMessage(code="csr-made", place=Place.THREAD)
    await post.deliver(line, post.order(State.CSR_READY), row_id="27:4:2")
    await post.deliver(CardMessage(card=Card.CSR), post.order(State.CSR_READY), row_id="27:4:3")
    thread = await post.messages(top.channel, ts=top.ts)

    assert [m["metadata"]["event_payload"]["row"] for m in thread] == ["27:3:1", "27:4:2", "27:4:3"]


async def test_a_direct_message_reaches_its_person(post: Post) -> None:
    """A line to somebody opens a conversation and names the order."""
    posted = await post.deliver(post.direct(), post.order())

    assert posted is not None
    assert posted.channel.startswith("D")


async def test_a_row_begun_before_is_looked_for_first(post: Post) -> None:
    """A kill between Slack's taking a message and our noting it posts nothing twice."""
    for message, order in (
        (STATUS, post.order()),
        (post.direct(), post.order()),
        (LineMessage(code="csr-made", place=Place.THREAD), post.order(State.CSR_READY)),
    ):
        row = f"27:3:{message}"[:60]
        first = await post.deliver(message, order, row_id=row)
        post.memory.cards.pop((OrderId(27), Card.STATUS), None) if message is STATUS else None
        again = await post.deliver(message, order, row_id=row, attempt=1)

        assert first == again


async def test_a_lost_answer_is_a_passing_fault(post: Post) -> None:
    """When Slack took the post and the answer never came, the next try finds it."""
    post.trouble({"method": "chat.postMessage", "do": "drop_after_commit", "times": 1})
    with pytest.raises(DeliveryFault) as lost:
        await post.deliver(STATUS, post.order())
    found = await post.deliver(STATUS, post.order(), attempt=1)
    assert found is not None

    assert not lost.value.final
    assert len(await post.messages(found.channel)) == 1


async def test_slacks_pause_is_kept(post: Post) -> None:
    """A 429 is a passing fault with Slack's own waiting time."""
    post.trouble(
        {"method": "chat.postMessage", "do": "status", "status": 429, "seconds": 7, "times": 1}
    )
    with pytest.raises(DeliveryFault) as fault:
        await post.deliver(STATUS, post.order())

    assert not fault.value.final
    assert fault.value.retry_after_s > 0


@pytest.mark.parametrize(
    ("card", "order"),
    [
        (Card.CSR, scene.order(State.CANCELLED)),
        (Card.PLAN, scene.order(State.CANCELLED)),
        (Card.PLAN, scene.order(State.PROVEN, plan=None)),
        (Card.RENEWAL, scene.order(State.INSTALLED)),
    ],
)
async def test_a_card_with_nothing_to_show_is_not_posted(
    post: Post, card: Card, order: CertificateOrder
) -> None:
    """An event that only touches a card does not bring it into the world."""
    assert await post.deliver(CardMessage(card=card), order) is None


async def test_slack_takes_every_card_in_every_state(post: Post) -> None:
    """No state of an order has a card that Slack refuses."""
    renewing = {State.INSTALLED: {"renewal_asked_at": scene.NOON}}
    for state in State:
        order = post.order(state, **renewing.get(state, {}))
        for card in Card:
            post.memory.cards.pop((OrderId(27), card), None)
            message = CardMessage(card=card)
            await post.deliver(message, order, steps=scene.steps(), row_id=f"{state}:{card}")
            await post.deliver(message, order, steps=scene.steps(), row_id=f"{state}:{card}+")


async def test_slack_takes_every_line(post: Post) -> None:
    """Every sentence is one that Slack posts, in the thread and directly."""
    await post.deliver(STATUS, post.order())
    facts = {"by": scene.MAX, "reason": "It <!channel> ends.", "host": "EX01", "file": "a.zip",
             "code": "host-busy", "reference": "GD", "successor": "31", "proof": "a\nb"}  # fmt: skip
    for number, code in enumerate(LINES):
        line = LineMessage(code=code, place=Place.THREAD, facts=facts)
        await post.deliver(line, post.order(State.ISSUED), row_id=f"27:3:{number}")
