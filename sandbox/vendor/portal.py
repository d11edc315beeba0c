"""
The portal's doors: read a form, ask the book, answer with a page. No script is needed for any of it.

Never here: markup (the page files) and rules (`orders`, `request`).
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.vendor.bundle import ServerType, pack_bundle
from sandbox.vendor.desk_pages import render_list, render_paste, render_refusal, render_review
from sandbox.vendor.guard import COOKIE, FormGuard
from sandbox.vendor.order_page import render_order
from sandbox.vendor.orders import Order, OrderBook
from sandbox.vendor.refusal import DeskRefused
from sandbox.vendor.request import CertificateRequest, parse_request
from sandbox.vendor.trouble import parse_trouble

_STATIC = Path(__file__).with_name("static")

Door = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Portal:
    """Every page of the desk, over one book of orders."""

    def __init__(self, book: OrderBook) -> None:
        self._book = book
        self._guard = FormGuard()

    def routes(self) -> list[web.RouteDef]:
        """The doors and their addresses."""
        pages = {
            "/": self._list,
            "/style.css": _style,
            "/icon.svg": _icon,
            "/orders/new": self._new,
            "/orders/{id}": self._order,
            "/orders/{id}/rekey": self._rekey_form,
            "/orders/{id}/zip": self._zip,
        }
        forms = {
            "/orders/review": self._review,
            "/orders": self._place,
            "/orders/{id}/confirm": self._confirm,
            "/orders/{id}/reject": self._reject,
            "/orders/{id}/rekey": self._rekey,
            "/orders/{id}/trouble": self._trouble,
        }
        return [
            *(web.get(path, _sentences(door)) for path, door in pages.items()),
            *(web.post(path, _sentences(door)) for path, door in forms.items()),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        return _page(render_list(self._book.all()))

    async def _new(self, request: web.Request) -> web.Response:
        return self._with_form(request, render_paste)

    async def _review(self, request: web.Request) -> web.Response:
        wanted = await self._pasted(request, action="/orders/review", about="")
        if isinstance(wanted, web.Response):
            return wanted
        days = self._book.lifetime_days()
        return self._with_form(request, lambda token: render_review(token, wanted, days=days))

    async def _place(self, request: web.Request) -> web.Response:
        fields = await self._fields(request)
        return _to_order(self._book.place(parse_request(fields.get("csr", ""))))

    async def _order(self, request: web.Request) -> web.Response:
        order = self._book.order(request.match_info["id"])
        return self._with_form(request, lambda token: render_order(token, order))

    async def _confirm(self, request: web.Request) -> web.Response:
        fields = await self._fields(request)
        return _to_order(self._book.confirm(request.match_info["id"], fields.get("name")))

    async def _reject(self, request: web.Request) -> web.Response:
        await self._fields(request)
        return _to_order(self._book.reject(request.match_info["id"]))

    async def _rekey_form(self, request: web.Request) -> web.Response:
        order = self._book.order(request.match_info["id"])
        return self._with_form(
            request,
            lambda token: render_paste(
                token, action=f"/orders/{order.id}/rekey", about=order.number
            ),
        )

    async def _rekey(self, request: web.Request) -> web.Response:
        order = self._book.order(request.match_info["id"])
        wanted = await self._pasted(request, action=f"/orders/{order.id}/rekey", about=order.number)
        if isinstance(wanted, web.Response):
            return wanted
        return _to_order(self._book.rekey(order.id, wanted))

    async def _trouble(self, request: web.Request) -> web.Response:
        fields = await self._fields(request)
        trouble = parse_trouble(fields.get("next", ""))
        return _to_order(self._book.spoil(request.match_info["id"], trouble))

    async def _zip(self, request: web.Request) -> web.Response:
        order = self._book.order(request.match_info["id"])
        return zip_response(order, request.query.get("server", ServerType.EXCHANGE))

    async def _pasted(
        self, request: web.Request, *, action: str, about: str
    ) -> CertificateRequest | web.Response:
        """The request in the form, or the form again with the sentence why not."""
        fields = await self._fields(request)
        csr = fields.get("csr", "")
        try:
            return parse_request(csr)
        except DeskRefused as refused:
            sentence = str(refused)
        shown = "" if "PRIVATE KEY" in csr else csr
        return self._with_form(
            request,
            lambda token: render_paste(
                token, action=action, about=about, refused=sentence, csr=shown
            ),
            status=400,
        )

    async def _fields(self, request: web.Request) -> dict[str, str]:
        # not request.post(): it believes the sender's charset and boundary, and fails on odd ones
        body = (await request.read()).decode("utf-8", errors="replace")
        fields = dict(parse_qsl(body, keep_blank_values=True))
        self._guard.check(request, fields)
        return fields

    def _with_form(
        self, request: web.Request, render: Callable[[str], str], *, status: int = 200
    ) -> web.Response:
        visit = self._guard.visit(request)
        response = _page(render(self._guard.token(visit)), status=status)
        response.set_cookie(COOKIE, visit, httponly=True, samesite="Strict")
        return response


def zip_response(order: Order, server: str) -> web.Response:
    """The newest certificate's zip as a download named by its serial."""
    try:
        kind = ServerType(server)
    except ValueError as error:
        raise DeskRefused(
            f"There is no packing for the server type {server[:40]!r}. Choose exchange or other."
        ) from error
    issued = order.newest()
    name = f'attachment; filename="{issued.serial_hex}.zip"'
    return web.Response(
        body=pack_bundle(issued, server=kind),
        content_type="application/zip",
        headers={"Content-Disposition": name},
    )


async def _style(request: web.Request) -> web.Response:
    return _static("style.css", "text/css")


async def _icon(request: web.Request) -> web.Response:
    return _static("icon.svg", "image/svg+xml")


def _static(name: str, content_type: str) -> web.Response:
    return web.Response(
        text=(_STATIC / name).read_text(encoding="utf-8"), content_type=content_type
    )


def _sentences(door: Door) -> Door:
    """The door, with a refusal shown as a page."""

    @wraps(door)
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await door(request)
        except DeskRefused as refused:
            return _page(render_refusal(str(refused)), status=refused.status)

    return guarded


def _page(source: str, *, status: int = 200) -> web.Response:
    return web.Response(text=source, content_type="text/html", status=status)


def _to_order(order: Order) -> web.Response:
    return web.Response(status=303, headers={"Location": f"/orders/{order.id}"})
