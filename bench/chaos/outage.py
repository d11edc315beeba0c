"""PostgreSQL goes away as in a crash, with everything under way, and comes back."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from tests.postgres.cluster import Cluster


class Outage:
    """
    Stops a server and starts it again, in a thread of its own.

    Never in one of the loop's: everybody who looks into the database waits there for the server to come back, and
    with all of them taken nobody would be left to start it.
    """

    def __init__(self, server: Cluster) -> None:
        self._server = server
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outage")

    async def strike(self, away_s: float) -> None:
        """Stop it, wait so long, start it; it answers again when this returns."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._server.halt)
        await asyncio.sleep(away_s)
        await loop.run_in_executor(self._thread, self._server.begin)
