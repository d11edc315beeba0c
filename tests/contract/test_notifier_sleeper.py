"""A worker that stands still between looking and posting, with the real store, the real notifier and the sandbox's Slack."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from slack_sdk import WebClient

from bot.chat_ports import Overtaken
from bot.domain.messages import Card, OutboxRow
from bot.domain.order import CertificateOrder
from bot.domain.pacing import Rate
from bot.vendors.desk import GuidedDesk
from bot.workflow.delivery_job import DeliveryJob
from handlers.notifier import SlackNotifier
from tests.contract.post import Post, opened
from tests.contract.samples import NOON, draft, placed
from tests.contract.stores import Store
from tests.fakes.pace import FakePace
from tests.unit.workflow.plain_run import PlainRun


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A workspace."""
    async with opened() as office:
        yield office


class Standstill(FakePace):
    """Stands still once, right before a message leaves."""

    def __init__(self, store: Store, act: Callable[[], object]) -> None:
        super().__init__(store.clock)
        self._act = [act]

    def slot(self, key: str, rate: Rate) -> float:
        """Let others go by."""
        if key.startswith("post:") and self._act:
            self._act.pop()()
        return super().slot(key, rate)


def order_at_home(post: Post, store: Store) -> CertificateOrder:
    """An order of the requests channel."""
    home = post.address["channels"]["cert-requests"]
    return store.orders.place(replace(draft(), home=home), NOON, placed)


def notifier(post: Post, store: Store, pace: FakePace) -> SlackNotifier:
    """A worker's notifier over the store."""
    client = WebClient(
        token=post.address["bot_token"], base_url=post.address["api_url"], timeout=60
    )
    return SlackNotifier(client, store.outbox, pace, post.site, GuidedDesk(post.site))


def deliver(store: Store, order: CertificateOrder, by: SlackNotifier) -> None:
    """One worker's delivery."""
    job = DeliveryJob(store.orders, store.outbox, by, lambda message: message, store.clock)
    job.run(PlainRun(store.clock), order.id)


async def test_the_post_of_a_worker_that_wakes_behind_its_successor_is_taken_back(
    post: Post, sql: Store
) -> None:
    """One card stands, the one that the store knows of."""
    order = order_at_home(post, sql)
    successor = notifier(post, sql, FakePace(sql.clock))
    pace = Standstill(sql, lambda: deliver(sql, order, successor))
    await asyncio.to_thread(deliver, sql, order, notifier(post, sql, pace))

    stands = sql.outbox.card_at(order.id, Card.STATUS)
    assert stands is not None
    assert [stands.ts] == [one["ts"] for one in await post.messages(order.home)]
    assert sql.outbox.order_at(stands) == order.id


async def test_a_worker_that_wakes_before_it_posts_posts_nothing(post: Post, sql: Store) -> None:
    """It asks whether the row is still its own."""
    order = order_at_home(post, sql)
    row = sql.outbox.begin("1:1:1")
    assert isinstance(row, OutboxRow)
    sql.outbox.begin("1:1:1")
    sleeper = notifier(post, sql, FakePace(sql.clock))

    with pytest.raises(Overtaken):
        await asyncio.to_thread(sleeper.deliver, row, order, ())
    assert [] == await post.messages(order.home)


async def test_a_message_that_is_gone_needs_no_taking_back(post: Post, sql: Store) -> None:
    """Taken back twice, after a kill, is as well."""
    order = order_at_home(post, sql)
    worker = notifier(post, sql, FakePace(sql.clock))
    await asyncio.to_thread(deliver, sql, order, worker)
    stands = sql.outbox.card_at(order.id, Card.STATUS)
    assert stands is not None
    await asyncio.to_thread(worker.take_back, stands)
    await asyncio.to_thread(worker.take_back, stands)

    assert [] == await post.messages(order.home)
