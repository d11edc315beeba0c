"""Two managers in the same millisecond, and the same click delivered twice: one effect, and an answer to everyone."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp

from bench.chaos.ledger import Ledger, OrderRow
from bench.chaos.people import Customer
from bench.chaos.verdict import EFFECT, Verdict, count_races
from sandbox.parts import Addresses
from sandbox.person import Message, Person, find_button

ANSWER_WITHIN_S = 60.0


class Races:
    """
    Races over orders that wait for an approval; every group of people has its own, and all race side by side.

    In odd ones two managers press Approve at once; in even ones Slack delivers one press twice at once.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        addresses: Addresses,
        ledger: Ledger,
        verdict: Verdict,
    ) -> None:
        self._session = session
        self._control = addresses["slack"]["control"]
        self._host = addresses["exchange"][0]["name"]
        self._ledger = ledger
        self._verdict = verdict
        # Slack's double delivery takes the next press of anybody, so one race presses at a time.
        self._pressing = asyncio.Lock()
        self._raced: dict[int, OrderRow] = {}

    async def run(
        self, customers: list[Customer], races: int, *, goes_on: Callable[[], bool]
    ) -> None:
        """Race so many times, the groups side by side, as long as it goes on."""
        numbers = itertools.takewhile(lambda _: goes_on(), range(races))
        await asyncio.gather(*(self._group(customer, numbers) for customer in customers))

    def recount(self) -> None:
        """Count the effects once more when all is over: a late second one is found too."""
        count_races(
            self._verdict,
            {number: self._ledger.said(order.id) for number, order in self._raced.items()},
        )

    async def _group(self, customer: Customer, numbers: Iterator[int]) -> None:
        for number in numbers:
            await self._race(customer, number)

    async def _race(self, customer: Customer, number: int) -> None:
        """Place an order, race for it, see that everybody had an answer."""
        order = await customer.placed(f"race{number}.example.com", [self._host])
        card = await customer.approval_card(order)
        people = (customer.max, customer.mia) if number % 2 else (customer.max,)
        before = await self._whispers(customer, card)
        async with self._pressing:
            if len(people) == 1:
                await self._deliver_the_next_twice()
            answers = await asyncio.gather(*(self._press(customer, one, card) for one in people))
        await self._until(lambda: EFFECT in self._ledger.said(order.id))
        self._raced[number] = order
        self._verdict.races += 1
        if not all(answer.get("ok") for answer in answers):
            self._verdict.unanswered += 1
            self._verdict.why.append(f"race {number}: Slack got no answer: {answers}")
        # Whoever was second is told so in a message of their own.
        if not await self._told_more(customer, card, before):
            self._verdict.unanswered += 1
            self._verdict.why.append(
                f"race {number}: nobody told the second press what became of it"
            )

    async def _press(self, customer: Customer, person: Person, card: Message) -> dict[str, Any]:
        button = find_button(card["blocks"], "Approve order") or {}
        body = {
            "as": person.user, "channel": customer.approvals, "message_ts": card["ts"], "stale": True, **button,
        }  # fmt: skip
        async with self._session.post(f"{self._control}/action", json=body) as answer:
            told: dict[str, Any] = await answer.json()
            return told

    async def _deliver_the_next_twice(self) -> None:
        fault = {"delivery": "block_actions", "do": "duplicate"}
        async with self._session.post(f"{self._control}/trouble", json=fault) as answer:
            answer.raise_for_status()

    async def _whispers(self, customer: Customer, card: Message) -> int:
        """How many messages only one of the managers sees since the card."""
        count = 0
        for person in (customer.max, customer.mia):
            seen = await person.messages(customer.approvals, oldest=card["ts"])
            count += sum(bool(message["ephemeral"]) for message in seen)
        return count

    async def _told_more(self, customer: Customer, card: Message, before: int) -> bool:
        end = asyncio.get_running_loop().time() + ANSWER_WITHIN_S
        while asyncio.get_running_loop().time() < end:
            if await self._whispers(customer, card) > before:
                return True
            await asyncio.sleep(0.1)
        return False

    async def _until(self, happened: Callable[[], bool]) -> None:
        end = asyncio.get_running_loop().time() + ANSWER_WITHIN_S
        while not await asyncio.to_thread(happened) and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.05)
