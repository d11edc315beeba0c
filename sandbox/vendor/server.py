"""
The vendor's desk on a loopback port: portal, control API and repository over one book of orders.

Never here: what the doors do.
"""

import asyncio
import socket
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from sandbox.vendor.authority import Authority
from sandbox.vendor.clock import DeskClock, wall_clock
from sandbox.vendor.control import Control
from sandbox.vendor.guard import same_machine
from sandbox.vendor.issuance import Issuer
from sandbox.vendor.orders import OrderBook
from sandbox.vendor.portal import Portal
from sandbox.vendor.repository import Repository

MAX_BODY = 64 * 1024


class VendorDesk:
    """
    One vendor: `start` gives its addresses, `stop` closes its port.

    The authority is made at the first start and kept, the orders too, so that a desk that was
    stopped and started again still knows what it issued.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Callable[[], datetime] = wall_clock,
        authority: Authority | None = None,
    ) -> None:
        self._port = port
        self._clock = DeskClock(clock)
        self._authority = authority
        self._book: OrderBook | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> dict[str, str]:
        """
        Listen on 127.0.0.1; the answer has `page`, `control` (both URLs) and `anchors_pem` (text).

        Orders live under `<control>/orders`. Raises OSError when the port is taken.
        """
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        page = f"http://127.0.0.1:{self._port}/"
        if self._authority is None:
            self._authority = await asyncio.to_thread(Authority)
        if self._book is None:
            issuer = Issuer(self._authority, repository=f"{page}repository/")
            self._book = OrderBook(issuer, clock=self._clock)
        self._runner = web.AppRunner(_application(self._book, self._authority, self._clock))
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        return {
            "page": page,
            "anchors_pem": self._authority.anchors_pem(),
            "control": f"{page}control",
        }

    async def stop(self) -> None:
        """Close the port; safe to call twice."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


def _application(book: OrderBook, authority: Authority, clock: DeskClock) -> web.Application:
    application = web.Application(middlewares=[same_machine], client_max_size=MAX_BODY)
    application.add_routes(Portal(book).routes())
    application.add_routes(Control(book, authority, clock).routes())
    application.add_routes(Repository(authority, clock=clock).routes())
    return application
