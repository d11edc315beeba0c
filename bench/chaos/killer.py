"""Who is killed, and at which moment: random ones, and those at which a kill is the most dangerous."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

import aiohttp

from bench.chaos.autopsy import Running, Tally
from bench.chaos.crowd import Waiting
from bench.chaos.fleet import Member
from bench.chaos.ledger import Ledger

WATCH_S: Final = 3.0
"""So long a moment is waited for; then whoever is at work is killed."""
RARE_S: Final = 1.5
"""So long the rarer kind of work is waited for, then any."""
WORN_OUT: Final = 12
"""
A run of work taken up so often is let through first: the durable engine gives up after 20 times, for a crash loop's
sake, and every kill of a process counts for all that it had under way.
"""
LET_THROUGH_S: Final = 60.0
BREATH_S: Final = 0.2
LOOK_S: Final = 0.01
DOORS_SHARE: Final = 0.1
"""How often the doors are killed where they are a process of their own."""

MISSED: Final = "a step, the moment having been missed"

OPERATING: Final = ("make_csr", "install")
"""The kinds of work that change something on a host in every order."""

MOMENTS: Final = {
    "any moment": 2,
    "a start": 1,
    "a step": 4,
    "an intent": 3,
    "a command on a host": 3,
    "an answer from a host": 2,
}
"""Each with its share of the kills."""


class Killer:
    """
    Chooses a victim and a moment, waits for it and kills.

    Work that was hit less often than other work is preferred, so that a short run too reaches all of it.

    Args:
        between_s: mean pause before the next moment is waited for, so that work gets ahead in between.
    """

    def __init__(
        self,
        crew: Sequence[Member],
        ledger: Ledger,
        waiting: Waiting,
        hosts: Sequence[str],
        dice: random.Random,
        tally: Tally,
        *,
        between_s: float,
    ) -> None:
        self._workers = [member for member in crew if member.executor]
        self._doors = [member for member in crew if member.doors and not member.executor]
        self._ledger = ledger
        self._waiting = waiting
        self._hosts = hosts
        self._dice = dice
        self._tally = tally
        self._between_s = between_s
        self._waits: dict[str, Callable[[aiohttp.ClientSession], Awaitable[Member | None]]] = {
            "any moment": self._any_moment,
            "a start": self._a_start,
            "a step": self._a_step,
            "an intent": self._an_intent,
            "a command on a host": self._a_command,
            "an answer from a host": self._an_answer,
        }

    async def next(self, session: aiohttp.ClientSession) -> tuple[str, Member]:
        """Wait for the next moment; its name, and who is to die in it."""
        await asyncio.sleep(self._dice.expovariate(1 / self._between_s))
        await self._let_through()
        if self._doors and self._dice.random() < DOORS_SHARE:
            await self._until(self._a_click_waits)
            return "a click", self._dice.choice(self._doors)
        moment = self._dice.choices(list(MOMENTS), weights=list(MOMENTS.values()))[0]
        victim = await self._waits[moment](session)
        if victim is None:
            moment, victim = MISSED, await self._until(self._at_work)
        return moment, victim or self._dice.choice(self._workers)

    async def _let_through(self) -> None:
        end = time.monotonic() + LET_THROUGH_S
        while await asyncio.to_thread(self._ledger.most_taken_up) >= WORN_OUT:
            if time.monotonic() > end:
                return
            await asyncio.sleep(BREATH_S)

    async def _any_moment(self, _: aiohttp.ClientSession) -> Member:
        await asyncio.sleep(self._dice.expovariate(1 / self._between_s))
        return self._dice.choice(self._workers)

    async def _a_start(self, _: aiohttp.ClientSession) -> Member | None:
        """While a process takes up what the one before has left."""
        youngest = min(self._workers, key=lambda member: member.age_s)
        await asyncio.sleep(self._dice.uniform(0, 1.5))
        return youngest

    async def _a_step(self, _: aiohttp.ClientSession) -> Member | None:
        victim = await self._until(self._at_work)
        await asyncio.sleep(self._dice.choice((0.0, self._dice.uniform(0, 0.05))))
        return victim

    async def _an_intent(self, _: aiohttp.ClientSession) -> Member | None:
        """An operation is noted: before it is sent, while it is, or just behind it."""
        victim = await self._at_an_operation(heard=False)
        await asyncio.sleep(self._dice.choice((0.0, self._dice.uniform(0, 0.08))))
        return victim

    async def _a_command(self, session: aiohttp.ClientSession) -> Member | None:
        """A host has executed one more command, and the answer is on its way."""
        before = await self._executed(session)
        victim = await self._at_an_operation(heard=False)
        end = time.monotonic() + RARE_S
        while time.monotonic() < end and await self._executed(session) == before:
            await asyncio.sleep(LOOK_S)
        return victim

    async def _an_answer(self, _: aiohttp.ClientSession) -> Member | None:
        """The host's answer is noted, and what it brought about is not seen yet."""
        return await self._at_an_operation(heard=True)

    async def _at_an_operation(self, *, heard: bool) -> Member | None:
        """Who works on an order that has come to a point which it had not reached before; of rarer work first."""
        before = await asyncio.to_thread(self._intents, heard=heard)
        rare = min(OPERATING, key=self._tally.hits_of)
        for works, patience_s in (({rare}, RARE_S), (OPERATING, WATCH_S - RARE_S)):
            found = await self._until(
                lambda works=works: self._with(self._intents(heard=heard) - before, works),  # type: ignore[misc]  # mypy cannot type a default in a lambda
                patience_s,
            )
            if found is not None:
                return found
        return None

    async def _executed(self, session: aiohttp.ClientSession) -> int:
        total = 0
        for control in self._hosts:
            async with session.get(f"{control}/counts") as answer:
                total += sum(sum(one.values()) for one in (await answer.json()).values())
        return total

    async def _until(
        self, look: Callable[[], Member | None], patience_s: float = WATCH_S
    ) -> Member | None:
        end = time.monotonic() + patience_s
        while (found := await asyncio.to_thread(look)) is None and time.monotonic() < end:
            await asyncio.sleep(LOOK_S)
        return found

    def _a_click_waits(self) -> Member | None:
        return self._doors[0] if self._waiting.clicks else None

    def _at_work(self) -> Member | None:
        """Who is in a step of the work that was hit the least."""
        busy = [
            (self._tally.hits_of(one.work), self._dice.random(), member)
            for member in self._workers
            for one in self._steps_of(member)
        ]
        return min(busy)[2] if busy else None

    def _steps_of(self, member: Member) -> list[Running]:
        now = time.time()
        running = self._ledger.running(member.executor)
        return [one for one in running if not one.is_of_the_calendar and one.is_in_a_step(now)]

    def _intents(self, *, heard: bool) -> frozenset[str]:
        """Orders with an operation that was begun, and heard of or not."""
        return frozenset(
            op.key.split("/")[0] for op in self._ledger.open_intents() if bool(op.heard) == heard
        )

    def _with(self, orders: frozenset[str], works: Collection[str]) -> Member | None:
        """Who does work of these kinds for one of these orders."""
        for member in self._workers if orders else ():
            if any(one.order in orders and one.work in works for one in self._steps_of(member)):
                return member
        return None
