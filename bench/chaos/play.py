"""One run: orders are raced for, played and killed, all of it is seen to its end, and then it is counted."""

import asyncio
import itertools
import json
import random
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.chaos.autopsy import Coroner, Finding, Tally
from bench.chaos.crowd import HOSTS, CrowdedTown, Waiting
from bench.chaos.fleet import PROJECT, Fleet, Member, members
from bench.chaos.killer import Killer
from bench.chaos.ledger import Ledger
from bench.chaos.outage import Outage
from bench.chaos.people import ENDS, Customer
from bench.chaos.races import Races
from bench.chaos.verdict import Verdict, judge
from sandbox.parts import SLACK_PATIENCE_S, Addresses
from tests.postgres.cluster import Cluster

CUSTOMERS = {"sqlite": 5, "postgres": 8}
"""Groups of people with an order each at a time; a short run has fewer, whose orders it sees to their end."""
FEWEST_CUSTOMERS = 3
KILLS_A_CUSTOMER = 5
BETWEEN_S = {"sqlite": 0.8, "postgres": 0.5}
"""The mean pause between two kills, before the next moment is waited for."""
SETTLE_S = 420.0
DELIVER_S = 120.0
CALL_OFF_S = 3.0
"""What one order that is called off adds to both, for chat takes a message a second in the approvals channel."""
LOOKS_AT_ONCE = 30
"""As many as the ledger has connections."""
TOLD_EVERY_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a run is to be; 0 minutes are no limit, and `between` of 0 is the database's own pause between kills."""

    kills: int
    races: int
    db: str
    seed: int
    outages: int = 0
    between: float = 0.0
    minutes: float = 0.0
    doors: int = 1
    patience_s: float = SLACK_PATIENCE_S


class Chaos:
    """One run in one town."""

    def __init__(self, wish: Wish, folder: Path, url: str | None, server: Cluster | None) -> None:
        self._wish = wish
        self._began = time.monotonic()
        self._dice = random.Random(wish.seed)
        customers = min(CUSTOMERS[wish.db], max(FEWEST_CUSTOMERS, wish.kills // KILLS_A_CUSTOMER))
        self._town = CrowdedTown(
            customers=customers,
            folder=folder,
            hosts=HOSTS,
            database_url=url,
            slack_patience_s=wish.patience_s,
        )
        self._crew = members(wish.db, doors=wish.doors)
        self._verdict = Verdict()
        self._tally = Tally()
        self._waiting = Waiting()
        self._killing = bool(wish.kills)
        self._called_off = 0
        self._outage = Outage(server) if server else None
        share = max(wish.kills // (wish.outages + 1), 1)
        self._outages = {share * (n + 1) for n in range(wish.outages)} if server else set()

    async def run(self) -> Verdict:
        """Play, kill, settle, count; told to end, everything that was started is ended."""
        me = asyncio.current_task()
        assert me is not None
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, me.cancel)
        # Python's own choice is six threads on two cores: a look would wait for another one's.
        loop.set_default_executor(ThreadPoolExecutor(max_workers=LOOKS_AT_ONCE))
        try:
            addresses = await self._town.start()
            ledger = Ledger(self._town.environment["CERTDESK_DATABASE_URL"])
            coroner = Coroner(ledger)

            def look(member: Member, *, by_us: bool) -> Finding:
                if not by_us:
                    # It may have died because the database is away: nobody waits for that before starting it anew.
                    coroner.miss(member.executor)
                    return Finding()
                # Which of several doors had the click that waits, nobody knows: it counts for none of them.
                clicks = self._waiting.clicks if member.doors and self._wish.doors == 1 else 0
                return coroner.look(member.executor, clicks)

            fleet = Fleet(self._town.environment, self._town.folder, self._crew, look)
            try:
                await fleet.start()
                await self._connected()
                async with aiohttp.ClientSession() as session:
                    await self._play(session, addresses, ledger)
                    await self._settle(ledger)
                    await judge(self._verdict, session, addresses, ledger)
                await self._verify_audit()
            finally:
                await fleet.stop()
                ledger.close()
        finally:
            await self._town.stop()
        self._verdict.own_deaths = sum(member.died for member in self._crew)
        self._verdict.hits = dict(sorted(self._tally.lines.items()))
        return self._verdict

    async def _play(
        self, session: aiohttp.ClientSession, addresses: Addresses, ledger: Ledger
    ) -> None:
        people = [
            Customer(
                session, addresses, group, ledger,
                dice=random.Random(self._dice.random()), waiting=self._waiting,
            )
            for group in self._town.groups
        ]  # fmt: skip
        races = Races(session, addresses, ledger, self._verdict)
        began = time.monotonic()
        await races.run(people, self._wish.races, goes_on=self._has_time)
        self._verdict.races_per_minute = _a_minute(self._verdict.races, began)
        names = (f"mail{number}.example.com" for number in itertools.count(1))
        # What the races have approved is seen through as well, by whoever asked for it.
        raced = await asyncio.to_thread(ledger.orders)
        shops = [
            asyncio.create_task(
                self._shop(
                    one,
                    names,
                    [order.name for order in raced if one.asked_for(order)],
                    old=bool(n % 2),
                )
            )
            for n, one in enumerate(people)
        ]
        began = time.monotonic()
        await self._kill(session, addresses, ledger, shops)
        self._verdict.kills_per_minute = _a_minute(self._verdict.kills, began)
        await self._finish(shops)
        await self._call_off_the_rest(people, ledger)
        await asyncio.to_thread(races.recount)

    async def _shop(
        self, customer: Customer, names: Iterator[str], raced: list[str], *, old: bool
    ) -> None:
        """One order after the other, new ones and raced ones in turn, until the killing is over."""
        while self._killing:
            name = raced.pop() if old and raced else next(names)
            await customer.see_through(name, goes_on=lambda: self._killing)
            old = not old

    async def _kill(
        self,
        session: aiohttp.ClientSession,
        addresses: Addresses,
        ledger: Ledger,
        shops: list[asyncio.Task[None]],
    ) -> None:
        between_s = self._wish.between or BETWEEN_S[self._wish.db]
        hosts = [host["control"] for host in addresses["exchange"]]
        killer = Killer(
            self._crew, ledger, self._waiting, hosts, self._dice, self._tally, between_s=between_s
        )  # fmt: skip
        told = time.monotonic()
        while self._verdict.kills < self._wish.kills and self._has_time():
            moment, victim = await killer.next(session)
            finding = await victim.kill()
            if finding is None:
                continue
            self._tally.add(moment, finding)
            for shop in shops:
                if shop.done():
                    # While there is killing only a fault ends it; without orders the kills would never end.
                    shop.result()
            if not finding.counts:
                self._verdict.idle_kills += 1
                continue
            self._verdict.kills += 1
            if self._verdict.kills in self._outages:
                await self._strike()
            if time.monotonic() - told > TOLD_EVERY_S:
                told = time.monotonic()
                print(f"{self._verdict.kills} kills", file=sys.stderr, flush=True)
        self._killing = False

    async def _strike(self) -> None:
        assert self._outage is not None
        await self._outage.strike(self._dice.uniform(1, 6))
        self._verdict.outages += 1

    def _has_time(self) -> bool:
        return not self._wish.minutes or time.monotonic() < self._began + 60 * self._wish.minutes

    async def _finish(self, shops: list[asyncio.Task[None]]) -> None:
        patience_s = SETTLE_S + CALL_OFF_S * self._called_off
        done, late = await asyncio.wait(shops, timeout=patience_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for task in done:
            task.result()

    async def _call_off_the_rest(self, people: list[Customer], ledger: Ledger) -> None:
        """Orders that nobody took to the vendor, and what a person asked for twice: cancelled by who asked."""
        orders = [one for one in await asyncio.to_thread(ledger.orders) if one.state not in ENDS]

        async def clear(customer: Customer) -> None:
            for order in orders:
                if customer.asked_for(order):
                    await customer.call_off(order)

        self._called_off = len(orders)
        tasks = [asyncio.create_task(clear(customer)) for customer in people]
        await self._finish(tasks)

    async def _settle(self, ledger: Ledger) -> None:
        """Until no work is left and every message is out, or for so long."""
        end = time.monotonic() + DELIVER_S + CALL_OFF_S * self._called_off
        while await asyncio.to_thread(ledger.is_busy) and time.monotonic() < end:
            await asyncio.sleep(0.2)

    async def _connected(self) -> None:
        async with asyncio.timeout(120):
            while not await self._town.app_is_connected():
                await asyncio.sleep(0.2)

    async def _verify_audit(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "audit", "verify", "--json",
            env={**self._town.environment, "PATH": "/usr/bin:/bin"}, cwd=PROJECT,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        told, _ = await process.communicate()
        if process.returncode or not json.loads(told)["ok"]:
            self._verdict.broken_audit = 1
            self._verdict.why.append(f"the audit does not verify: {told.decode()[:200]}")


def _a_minute(number: int, since: float) -> float:
    return round(60 * number / (time.monotonic() - since), 1)
