"""
The control API: everything the portal can do, for programs. JSON in, JSON out.

Refusals are `{"ok": false, "error": "<sentence>"}` with status 400, 404 or 409.
Never here: markup.
"""

import json
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from aiohttp import web

from sandbox.vendor.authority import Authority
from sandbox.vendor.bundle import ServerType
from sandbox.vendor.clock import DeskClock
from sandbox.vendor.orders import Order, OrderBook, Status
from sandbox.vendor.portal import zip_response
from sandbox.vendor.refusal import DeskRefused
from sandbox.vendor.request import parse_request
from sandbox.vendor.trouble import parse_trouble

Door = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """The doors under /control."""

    def __init__(self, book: OrderBook, authority: Authority, clock: DeskClock) -> None:
        self._book = book
        self._clock = clock
        self._authority = authority

    def routes(self) -> list[web.RouteDef]:
        """The doors and their addresses."""
        reading = {
            "/control/orders": self._orders,
            "/control/orders/{id}": self._order,
            "/control/orders/{id}/zip": self._zip,
            "/control/anchors": self._anchors,
        }
        changing = {
            "/control/orders": self._place,
            "/control/orders/{id}/confirm": self._confirm,
            "/control/orders/{id}/reject": self._reject,
            "/control/orders/{id}/rekey": self._rekey,
            "/control/trouble": self._trouble,
            "/control/clock": self._move,
        }
        return [
            *(web.get(path, _sentences(door)) for path, door in reading.items()),
            *(web.post(path, _sentences(door)) for path, door in changing.items()),
        ]

    async def _orders(self, request: web.Request) -> web.Response:
        return web.json_response({"orders": [_told(order) for order in self._book.all()]})

    async def _place(self, request: web.Request) -> web.Response:
        csr = await _word(request, "csr")
        return web.json_response(_told(self._book.place(parse_request(csr))))

    async def _order(self, request: web.Request) -> web.Response:
        return web.json_response(_told(self._book.order(request.match_info["id"])))

    async def _confirm(self, request: web.Request) -> web.Response:
        name = await _word(request, "name", missing="")
        order = self._book.confirm(request.match_info["id"], name or None)
        return web.json_response(_told(order))

    async def _reject(self, request: web.Request) -> web.Response:
        return web.json_response(_told(self._book.reject(request.match_info["id"])))

    async def _rekey(self, request: web.Request) -> web.Response:
        wanted = parse_request(await _word(request, "csr"))
        return web.json_response(_told(self._book.rekey(request.match_info["id"], wanted)))

    async def _zip(self, request: web.Request) -> web.Response:
        order = self._book.order(request.match_info["id"])
        return zip_response(order, request.query.get("server", ServerType.EXCHANGE))

    async def _trouble(self, request: web.Request) -> web.Response:
        trouble = parse_trouble(await _word(request, "next", missing=""))
        self._book.next_trouble = trouble
        return web.json_response({"ok": True, "next": trouble})

    async def _move(self, request: web.Request) -> web.Response:
        seconds = (await _body(request)).get("advance_s")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool):
            raise DeskRefused("The clock was not moved: the body needs the number 'advance_s'.")
        self._clock.advance(seconds)
        return web.json_response({"ok": True, "now": self._clock().isoformat()})

    async def _anchors(self, request: web.Request) -> web.Response:
        return web.Response(
            text=self._authority.anchors_pem(), content_type="application/x-pem-file"
        )


async def _word(request: web.Request, field: str, *, missing: str | None = None) -> str:
    """The text under `field` in the body; `missing` stands in for it, None makes it a must."""
    value = (await _body(request)).get(field, missing)
    if not isinstance(value, str):
        raise DeskRefused(f"The body needs the text field {field!r}. Nothing was done.")
    return value


async def _body(request: web.Request) -> dict[str, Any]:
    """The JSON object sent; none sent is an empty one, as is a bare null."""
    raw = await request.read()
    try:
        body: Any = json.loads(raw or b"{}")
    except (ValueError, RecursionError) as error:
        raise DeskRefused(
            "The body is not JSON. Nothing was done. Send one JSON object."
        ) from error
    if body is not None and not isinstance(body, dict):
        raise DeskRefused("The body is not a JSON object. Nothing was done.")
    return body or {}


def _told(order: Order) -> dict[str, Any]:
    issued = order.issued[-1] if order.status is Status.ISSUED else None
    return {
        "id": order.id,
        "number": order.number,
        "status": order.status.value,
        "placed_at": order.placed_at.isoformat(),
        "ends_at": order.ends_at.isoformat(),
        "names": [
            {
                "name": domain.name,
                "confirmed": domain.confirmed,
                "txt": {"name": domain.record_name, "value": domain.token},
            }
            for domain in order.domains
        ],
        "serial_hex": issued.serial_hex if issued else None,
        "not_after": issued.leaf.not_valid_after_utc.isoformat() if issued else None,
        "certificates": [each.serial_hex for each in order.issued],
    }


def _sentences(door: Door) -> Door:
    """The door, with a refusal told as JSON."""

    @wraps(door)
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await door(request)
        except DeskRefused as refused:
            return web.json_response({"ok": False, "error": str(refused)}, status=refused.status)

    return guarded
