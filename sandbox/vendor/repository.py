"""
What certificates point to: the issuing CA's certificate and its list of revoked serials, as DER.

Never here: private keys, orders.
"""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.vendor.authority import Authority


class Repository:
    """The doors under /repository; their names are those written in each leaf."""

    def __init__(self, authority: Authority, *, clock: Callable[[], datetime]) -> None:
        self._authority = authority
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """The doors and their addresses."""
        return [
            web.get("/repository/dv-r1v1.crt", self._issuer),
            web.get("/repository/dv-r1v1.crl", self._revoked),
        ]

    async def _issuer(self, request: web.Request) -> web.Response:
        der = self._authority.issuing.public_bytes(Encoding.DER)
        return web.Response(body=der, content_type="application/pkix-cert")

    async def _revoked(self, request: web.Request) -> web.Response:
        der = self._authority.revocation_list(at=self._clock())
        return web.Response(body=der, content_type="application/pkix-crl")
