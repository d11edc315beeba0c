"""Two managers in the same millisecond, and the same click delivered twice: one effect, and an answer to everyone."""

import asyncio
from typing import Any

import aiohttp

from bench.chaos.ledger import Ledger, OrderRow
from bench.chaos.people import Customer
from bench.chaos.verdict import Verdict
from sandbox.parts import Addresses
from sandbox.person import Message, Person, find_button

ANSWER_WITHIN_S = 15.0


class Races:
    """
    Races over orders that wait for an approval, one after the other.

    In odd ones two managers press Approve at once; in even ones Slack delivers one press twice at once.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        addresses: Addresses,
        customer: Customer,
        ledger: Ledger,
        verdict: Verdict,
    ) -> None:
        self._session = session
        self._control = addresses["slack"]["control"]
        self._requests = addresses["slack"]["channels"]["cert-requests"]
        self._approvals = addresses["slack"]["channels"]["cert-approvals"]
        self._host = addresses["exchange"][0]["name"]
        self._customer = customer
        self._ledger = ledger
        self._verdict = verdict

    async def run(self, number: int) -> None:
        """Place an order, race for it, count what came of it."""
        name = f"race{number}.example.com"
        order = await self._placed(name)
        card = await self._customer.max.wait_for(
            self._approvals, f"rder {order.id} ", button="Approve order"
        )
        before = await self._whispers()
        if number % 2:
            people = (self._customer.max, self._customer.mia)
        else:
            people = (self._customer.max,)
            await self._trouble("duplicate")
        answers = await asyncio.gather(*(self._press(person, card) for person in people))
        await self._until(lambda: "approve" in self._ledger.said(order.id))
        effects = self._ledger.said(order.id).count("approve")
        self._verdict.races += 1
        if effects != 1:
            self._verdict.double_effects += abs(effects - 1)
            self._verdict.why.append(f"race {number}: {effects} approvals of order {order.id}")
        if not all(answer.get("ok") for answer in answers):
            self._verdict.unanswered += 1
            self._verdict.why.append(f"race {number}: Slack got no answer: {answers}")
        # Whoever was second is told so in a message of their own.
        if not await self._told_more(before):
            self._verdict.unanswered += 1
            self._verdict.why.append(
                f"race {number}: nobody told the second press what became of it"
            )

    async def _placed(self, name: str) -> OrderRow:
        while True:
            order = await asyncio.to_thread(self._ledger.order, name)
            if order is not None:
                return order
            await self._customer.ask(name, [self._host])
            await self._until(lambda: self._ledger.order(name) is not None)

    async def _press(self, person: Person, card: Message) -> dict[str, Any]:
        button = find_button(card["blocks"], "Approve order") or {}
        body = {
            "as": person.user, "channel": self._approvals, "message_ts": card["ts"], "stale": True, **button,
        }  # fmt: skip
        async with self._session.post(f"{self._control}/action", json=body) as answer:
            told: dict[str, Any] = await answer.json()
            return told

    async def _trouble(self, do: str) -> None:
        fault = {"delivery": "block_actions", "do": do}
        async with self._session.post(f"{self._control}/trouble", json=fault) as answer:
            answer.raise_for_status()

    async def _whispers(self) -> int:
        """How many messages only one of the managers sees."""
        count = 0
        for person in (self._customer.max, self._customer.mia):
            seen = await person.messages(self._approvals)
            count += sum(bool(message["ephemeral"]) for message in seen)
        return count

    async def _told_more(self, before: int) -> bool:
        end = asyncio.get_running_loop().time() + ANSWER_WITHIN_S
        while asyncio.get_running_loop().time() < end:
            if await self._whispers() > before:
                return True
            await asyncio.sleep(0.1)
        return False

    async def _until(self, happened: Any) -> None:
        end = asyncio.get_running_loop().time() + ANSWER_WITHIN_S
        while not await asyncio.to_thread(happened) and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.05)
