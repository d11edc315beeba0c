"""
`python -m bench.chaos --kills N --races N --db sqlite|postgres [--seed N]`: the figures as one line of JSON.

Orders are played over real wires (three virtual hosts, several orders at a time, some over two hosts) while the
bot's processes are killed by SIGKILL at random moments: a third of them right behind a host's command. Exit code 0
only if nothing was lost, nothing ran twice, and everyone had an answer. The same seed kills at the same moments
as far as the machine lets it.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from bench.chaos.fleet import PROJECT, Fleet, Member, members
from bench.chaos.ledger import Ledger
from bench.chaos.people import ENDS, HOSTS, CrowdedTown, Customer
from bench.chaos.races import Races
from bench.chaos.verdict import Verdict, judge
from tests.postgres import cluster
from tests.postgres.cluster import Cluster

CUSTOMERS = 3
SETTLE_S = 420.0
BETWEEN_S = {"sqlite": 6.0, "postgres": 3.0}
"""The mean time between two kills; on SQLite the one process has to come up in between."""
BEHIND_A_COMMAND = 1 / 3
WATCH_S = 8.0


class Chaos:
    """One run in one town."""

    def __init__(
        self, options: argparse.Namespace, folder: Path, url: str | None, server: Cluster | None
    ) -> None:
        self._options = options
        self._dice = random.Random(options.seed)
        self._town = CrowdedTown(customers=CUSTOMERS, folder=folder, hosts=HOSTS, database_url=url)
        self._crew = members(options.db)
        self._verdict = Verdict()
        self._killing = True
        self._server = server
        share = max(options.kills // (options.outages + 1), 1)
        self._outages = {share * (n + 1) for n in range(options.outages)} if server else set()

    async def run(self) -> Verdict:
        """Play, kill, settle, count; told to end, everything that was started is ended."""
        me = asyncio.current_task()
        assert me is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
        try:
            addresses = await self._town.start()
            ledger = Ledger(self._town.environment["CERTDESK_DATABASE_URL"])
            fleet = Fleet(self._town.environment, self._town.folder, self._crew)
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
        finally:
            await self._town.stop()
        self._verdict.kills = sum(member.killed for member in self._crew)
        self._verdict.own_deaths = sum(member.died for member in self._crew)
        return self._verdict

    async def _play(self, session: aiohttp.ClientSession, addresses: dict, ledger: Ledger) -> None:
        people = [
            Customer(session, addresses, group, ledger, random.Random(self._dice.random()))
            for group in self._town.people
        ]
        races = Races(session, addresses, people[0], ledger, self._verdict)
        for number in range(self._options.races):
            await races.run(number)
        names = (f"mail{number}.example.com" for number in itertools.count(1))
        # What the races have approved is seen through to its end as well, by whoever asked for it.
        raced = [f"race{number}.example.com" for number in range(self._options.races)]
        queues = [itertools.chain(raced, names), names, names]
        customers = [
            asyncio.create_task(self._shop(customer, queue))
            for customer, queue in zip(people, queues, strict=True)
        ]
        if not self._options.kills:
            self._killing = False
        else:
            await self._kill(session, addresses)
        await self._finish(customers)

    async def _shop(self, customer: Customer, names: Iterator[str]) -> None:
        """One order after the other; those of the races first, and no new one when the killing is over."""
        for name in names:
            if not self._killing and not name.startswith("race"):
                return
            await customer.see_through(name)

    async def _kill(self, session: aiohttp.ClientSession, addresses: dict) -> None:
        mean = self._options.between or BETWEEN_S[self._options.db]
        killed = 0
        while killed < self._options.kills:
            if self._dice.random() < BEHIND_A_COMMAND:
                await self._behind_a_command(session, addresses)
            else:
                await asyncio.sleep(self._dice.expovariate(1 / mean))
            hit = self._victim().kill()
            killed += hit
            if hit and killed in self._outages:
                await self._stop_the_server()
            if hit and not killed % 20:
                print(f"{killed} kills", file=sys.stderr, flush=True)
        self._killing = False

    async def _stop_the_server(self) -> None:
        """PostgreSQL goes away as in a crash, with everything under way, and comes back after some seconds."""
        assert self._server is not None
        await asyncio.to_thread(self._server.halt)
        await asyncio.sleep(self._dice.uniform(1, 6))
        await asyncio.to_thread(self._server.begin)
        self._verdict.outages += 1

    def _victim(self) -> Member:
        return self._dice.choice(self._crew)

    async def _behind_a_command(self, session: aiohttp.ClientSession, addresses: dict) -> None:
        """Wait until a host has executed another command, and a moment more."""
        before = await self._executed(session, addresses)
        end = time.monotonic() + WATCH_S
        while time.monotonic() < end and await self._executed(session, addresses) == before:
            await asyncio.sleep(0.02)
        await asyncio.sleep(self._dice.uniform(0, 0.3))

    async def _executed(self, session: aiohttp.ClientSession, addresses: dict) -> int:
        total = 0
        for host in addresses["exchange"]:
            async with session.get(f"{host['control']}/counts") as answer:
                total += sum(sum(one.values()) for one in (await answer.json()).values())
        return total

    async def _finish(self, customers: list[asyncio.Task[None]]) -> None:
        done, late = await asyncio.wait(customers, timeout=SETTLE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for task in done:
            task.result()

    async def _settle(self, ledger: Ledger) -> None:
        """Until every order has ended and every message is out, or for so long."""
        end = time.monotonic() + 90
        while time.monotonic() < end:
            orders, rows = (
                await asyncio.to_thread(ledger.orders),
                await asyncio.to_thread(ledger.outbox),
            )
            if all(order.state in ENDS for order in orders) and all(row.delivered for row in rows):
                return
            await asyncio.sleep(0.5)

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


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--races", type=int, default=20)
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--outages", type=int, default=0, help="stops of PostgreSQL on the way")
    parser.add_argument("--between", type=float, default=0.0, help="mean seconds between kills")
    parser.add_argument("--folder", type=Path, help="where the town lives; kept afterwards")
    options = parser.parse_args()
    print(f"seed {options.seed}", file=sys.stderr, flush=True)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = options.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="certdesk-chaos-"))
        )
        url = server = None
        if options.db == "postgres":
            server = stack.enter_context(cluster.running())
            url = server.create("chaos")
        verdict = asyncio.run(Chaos(options, folder, url, server).run())
    seconds = round(time.monotonic() - began, 1)
    print(verdict.line(db=options.db, seed=options.seed, seconds=seconds), flush=True)
    return 0 if verdict.holds else 1


if __name__ == "__main__":
    sys.exit(main())
