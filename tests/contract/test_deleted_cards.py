"""A card that somebody deletes in chat, from Slack's word on it to the new post, with the real store and notifier."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from slack_sdk import WebClient

from bot.domain.ids import OrderId
from bot.domain.messages import Card, CardMessage, Posted
from bot.domain.order import CertificateOrder
from bot.ports import Change
from bot.vendors.desk import GuidedDesk
from bot.workflow.deleted_cards import DELETED, show_again
from bot.workflow.delivery_job import DeliveryJob
from handlers.notifier import SlackNotifier
from tests.contract.post import Post, opened
from tests.contract.samples import NOON, draft, entry, placed
from tests.contract.stores import Store
from tests.fakes.pace import FakePace
from tests.unit.workflow.plain_run import PlainRun

APPROVAL = CardMessage(card=Card.APPROVAL)


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A workspace."""
    async with opened() as office:
        yield office


def deliver(post: Post, store: Store, order_id: OrderId) -> None:
    """Bring what waits into chat."""
    client = WebClient(token=post.address["bot_token"], base_url=post.address["api_url"], timeout=5)
    notifier = SlackNotifier(
        client, store.outbox, FakePace(store.clock), post.site, GuidedDesk(post.site)
    )
    store.clock.forward(60)
    DeliveryJob(store.orders, store.outbox, notifier, lambda message: message, store.clock).run(
        PlainRun(store.clock), order_id
    )


def place_both(post: Post, store: Store) -> CertificateOrder:
    """An order that waits for its approval, with both its cards in chat."""
    home = post.address["channels"]["cert-requests"]

    def told(order: CertificateOrder) -> Change:
        change = placed(order)
        return replace(change, messages=(*change.messages, APPROVAL))

    order = store.orders.place(replace(draft(), home=home), NOON, told)
    deliver(post, store, order.id)
    return order


def stands(store: Store, order: CertificateOrder, card: Card) -> Posted:
    """Where a card stands."""
    found = store.outbox.card_at(order.id, card)
    assert found is not None
    return found


async def delete(post: Post, gone: Posted) -> None:
    """Take a message away, as an administrator of the workspace may."""
    client = WebClient(token=post.address["bot_token"], base_url=post.address["api_url"])
    await asyncio.to_thread(client.chat_delete, channel=gone.channel, ts=gone.ts)


@pytest.mark.parametrize("card", [Card.APPROVAL, Card.STATUS])
@pytest.mark.parametrize("answered", [False, True], ids=["alone", "heads a thread"])
async def test_a_deleted_card_stands_again_before_anything_changes(
    post: Post, sql: Store, card: Card, answered: bool
) -> None:
    """Posted anew and once, whether Slack took the message away or left a tombstone above its thread."""
    order = await asyncio.to_thread(place_both, post, sql)
    gone = stands(sql, order, card)
    if answered:
        client = WebClient(token=post.address["bot_token"], base_url=post.address["api_url"])
        await asyncio.to_thread(
            client.chat_postMessage, channel=gone.channel, thread_ts=gone.ts, text="I saw it."
        )
    await delete(post, gone)
    heard = [show_again(sql.orders, sql.outbox, sql.clock, gone) for _ in range(2)]
    await asyncio.to_thread(deliver, post, sql, order.id)
    there = stands(sql, order, card)
    shown = [one["ts"] for one in await post.messages(gone.channel) if "metadata" in one]

    assert heard == [True, False]
    assert there.ts != gone.ts
    assert (gone.ts in shown, there.ts in shown) == (False, True)
    assert sql.outbox.order_at(there) == sql.outbox.order_at(gone) == order.id
    assert [one.facts["card"] for one in sql.audit.entries(order.id) if one.what == DELETED] == [
        card.value
    ]


async def test_a_card_that_was_posted_anew_meanwhile_is_left_alone(post: Post, sql: Store) -> None:
    """Slack's word came late: the next word on the order was faster."""
    order = await asyncio.to_thread(place_both, post, sql)
    gone = stands(sql, order, Card.APPROVAL)
    await delete(post, gone)
    assert sql.outbox.show_again(order.id, Card.APPROVAL, gone, entry(order.id, DELETED))
    await asyncio.to_thread(deliver, post, sql, order.id)
    there = stands(sql, order, Card.APPROVAL)

    assert not show_again(sql.orders, sql.outbox, sql.clock, gone)
    assert sql.outbox.waiting(order.id) == ()
    assert stands(sql, order, Card.APPROVAL) == there
