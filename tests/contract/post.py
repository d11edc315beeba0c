"""A notifier at work on a sandbox workspace, for the suites over delivery into Slack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk import WebClient

from bot.domain.ids import OrderId, PersonId
from bot.domain.messages import CardMessage, LineMessage, Message, OutboxRow, Place, Posted
from bot.domain.order import CertificateOrder, HostStep
from bot.domain.site import Site
from bot.domain.states import State
from bot.vendors.desk import GuidedDesk
from handlers.notifier import SlackNotifier
from sandbox.slack.server import SlackWorkspace
from sandbox.slack.trouble import parse_fault
from tests.fakes.pace import FakePace
from tests.fakes.store import FakeOutbox, Memory
from tests.unit.handlers import scene
from tests.unit.workflow.clock import FakeClock


@dataclass
class Post:
    """A notifier at work on a sandbox workspace, and what people see of it."""

    workspace: SlackWorkspace
    address: dict[str, Any]
    memory: Memory
    site: Site
    notifier: SlackNotifier
    clock: FakeClock

    def order(self, state: State = State.PLACED, **parts: Any) -> CertificateOrder:
        """Order 27, at home in the requests channel."""
        home = self.address["channels"]["cert-requests"]
        return scene.order(state, **({"home": home} | parts))

    async def deliver(
        self,
        message: Message,
        order: CertificateOrder,
        *,
        steps: tuple[HostStep, ...] = (),
        attempt: int = 0,
        row_id: str = "27:3:1",
    ) -> Posted | None:
        """Deliver one row and note where the card stands, as the outbox does."""
        self.clock.forward(1)
        row = OutboxRow(id=row_id, order_id=OrderId(27), message=message, attempt=attempt)
        posted = await asyncio.to_thread(self.notifier.deliver, row, order, steps)
        if posted is not None and isinstance(message, CardMessage):
            self.memory.cards[OrderId(27), message.card] = posted
        return posted

    async def messages(self, channel: str, **query: Any) -> list[dict[str, Any]]:
        """What the app itself reads in a channel or thread."""
        client = WebClient(token=self.address["bot_token"], base_url=self.address["api_url"])
        read: Any = client.conversations_replies if "ts" in query else client.conversations_history
        page = await asyncio.to_thread(read, channel=channel, include_all_metadata=True, **query)
        return list(page["messages"])

    def trouble(self, wish: dict[str, Any]) -> None:
        """Let Slack's next call go wrong."""
        self.workspace.state.trouble.add(parse_fault(wish))

    def direct(self, code: str = "order-placed") -> LineMessage:
        """A line to the requester."""
        to = PersonId(f"{self.address['team_id']}:{self.address['users']['requester']}")
        return LineMessage(code=code, place=Place.DIRECT, to=to)


@asynccontextmanager
async def opened() -> AsyncIterator[Post]:
    """A workspace, and a notifier on it."""
    workspace = SlackWorkspace()
    address = await workspace.start()
    memory, clock = Memory(), FakeClock()
    site = replace(scene.SITE, approvals_channel=address["channels"]["cert-approvals"])
    client = WebClient(token=address["bot_token"], base_url=address["api_url"], timeout=60)
    notifier = SlackNotifier(client, FakeOutbox(memory), FakePace(clock), site, GuidedDesk(site))
    try:
        yield Post(workspace, address, memory, site, notifier, clock)
    finally:
        await workspace.stop()
