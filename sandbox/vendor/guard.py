"""
Who may talk to the desk: this machine's browser on this desk's own pages, and clients without a page.

Loopback alone keeps no web page out: a page from anywhere can post to 127.0.0.1, and a name of its own
can be made to point there. So the Host and the Origin are checked for every request, forms carry a token,
and every answer forbids scripts. Never here: what a door does.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from sandbox.vendor.frame import CSRF_FIELD
from sandbox.vendor.refusal import DeskRefused

COOKIE = "sandbox_vendor_visit"
_VISIT = re.compile(r"[0-9a-f]{32}")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # not no-referrer: browsers would then send "Origin: null" with our own forms
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def same_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away other hosts' names and other pages' requests; add the headers to what is served."""
    own = {f"127.0.0.1:{_port(request)}", f"localhost:{_port(request)}"}
    origin = request.headers.get("Origin")
    if request.host not in own or (origin and origin not in {f"http://{name}" for name in own}):
        return web.Response(status=403, text="This desk answers on its own address alone.\n")
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.headers.update(_HEADERS)
        raise
    response.headers.update(_HEADERS)
    return response


class FormGuard:
    """Ties each form to the visit of one browser."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def visit(self, request: web.Request) -> str:
        """The browser's visit as its cookie says, or a new one."""
        given = request.cookies.get(COOKIE, "")
        return given if _VISIT.fullmatch(given) else secrets.token_hex(16)

    def token(self, visit: str) -> str:
        """What this visit's forms must carry."""
        return hmac.new(self._secret, visit.encode(), hashlib.sha256).hexdigest()

    def check(self, request: web.Request, fields: Mapping[str, str]) -> None:
        """Raise DeskRefused unless the fields come from a form this visit was given."""
        expected = self.token(self.visit(request))
        if not hmac.compare_digest(expected.encode(), fields.get(CSRF_FIELD, "").encode()):
            raise DeskRefused(
                "This form is too old or came from another page. Nothing was done. "
                "Open the page again and repeat what you wanted."
            )


def _port(request: web.Request) -> int:
    transport = request.transport
    return int(transport.get_extra_info("sockname")[1]) if transport is not None else 0
