"""The stop of PostgreSQL in the chaos bench."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import make_url

from bench.chaos.outage import Outage
from tests.postgres.cluster import Cluster

HANG_S = 30.0


async def test_a_server_comes_back_though_everybody_waits_for_it() -> None:
    """Every thread of the loop is taken by a look that ends only when the server is there again."""
    back = threading.Event()
    told: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=2))

    def begin() -> None:
        told.append("begin")
        back.set()

    server = Cluster(
        address=make_url("postgresql://"), halt=lambda: told.append("halt"), begin=begin
    )
    looks = [asyncio.create_task(asyncio.to_thread(back.wait)) for _ in range(4)]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(HANG_S):
            await Outage(server).strike(0.0)
    finally:
        back.set()
        await asyncio.gather(*looks)

    assert ["halt", "begin"] == told
