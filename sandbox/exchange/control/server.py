"""The control door: JSON under /control, the page under /. On a loopback port of its own, never on WinRM's."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler
from typing import Final

from sandbox.exchange import guesses
from sandbox.exchange.clock import HostClock
from sandbox.exchange.control.changes import (
    add_anchors,
    changed_quotas,
    move_clock,
    pin_connector,
    set_host,
    set_revocation,
)
from sandbox.exchange.control.describe import describe
from sandbox.exchange.control.page import render_page
from sandbox.exchange.control.trouble_page import read_form, render_trouble_page
from sandbox.exchange.engine.exchange import VirtualExchange
from sandbox.exchange.net.doorman import Guest
from sandbox.exchange.trouble import TroublePlan, parse_trouble
from sandbox.exchange.wsman.quotas import Quotas

_JSON: Final = "application/json"
_HTML: Final = "text/html; charset=utf-8"
_OUR_NAMES: Final = frozenset({"127.0.0.1", "localhost"})
_LONGEST_BODY: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What the control door can reach. `requests` counts the wire; `quotas` reads them, `allow` sets them."""

    exchange: VirtualExchange
    plan: TroublePlan
    clock: HostClock
    requests: Callable[[], dict[str, object]]
    quotas: Callable[[], Quotas]
    allow: Callable[[Quotas], None]

    def serve(self, guest: Guest) -> None:
        """Attend to one connection."""
        control = self

        class Connection(_Connection):
            def setup(self) -> None:
                self.control = control
                super().setup()

        # The handler wants a server object and never uses it but to hand it on.
        Connection(guest.socket, ("127.0.0.1", 0), None)  # type: ignore[arg-type] # see above


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together
    control: Control

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Nothing: this door is asked often."""

    def do_GET(self) -> None:
        if not self._is_for_us():
            return
        control = self.control
        answers: dict[str, Callable[[], object]] = {
            "/control/state": lambda: describe(control.exchange),
            "/control/operations": control.exchange.journal.listed,
            "/control/counts": control.exchange.journal.counts,
            "/control/requests": control.requests,
            "/control/trouble": control.plan.listed,
            "/control/quotas": lambda: asdict(control.quotas()),
            "/control/guesses": guesses.listed,
        }
        if self.path == "/":
            page = render_page(describe(control.exchange), control.exchange.journal.listed())
            self._answer(200, page.encode(), _HTML)
        elif self.path == "/trouble":
            self._trouble_page(200)
        elif self.path in answers:
            self._json(200, answers[self.path]())
        else:
            self._json(404, {"error": "There is nothing here; begin at /control/state."})

    def do_POST(self) -> None:
        if not self._is_for_us():
            return
        size = int(self.headers.get("Content-Length") or 0)
        if size > _LONGEST_BODY:
            self.close_connection = True
            self._json(413, {"error": "The body is larger than one megabyte."})
            return
        body = self.rfile.read(size)
        if self.path.startswith("/trouble"):
            self._take_form(body)
            return
        try:
            told = self._change(body)
        except ValueError as bad:
            self._json(400, {"error": str(bad)})
        else:
            self._json(200 if told is not None else 404, {"ok": told is not None, **(told or {})})

    def _take_form(self, body: bytes) -> None:
        """A person's rule, or all of them forgotten; then the page again."""
        try:
            if self.path == "/trouble/clear":
                self.control.plan.clear()
            else:
                self.control.plan.add(read_form(body))
        except ValueError as bad:
            self._trouble_page(400, str(bad))
            return
        self.send_response(303)
        self.send_header("Location", "/trouble")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _trouble_page(self, status: int, complaint: str = "") -> None:
        name, rules = self.control.exchange.state.name, self.control.plan.listed()
        self._answer(status, render_trouble_page(name, rules, complaint).encode(), _HTML)

    def do_DELETE(self) -> None:
        if not self._is_for_us():
            return
        if self.path == "/control/trouble":
            self.control.plan.clear()
            self._json(200, {"ok": True})
        else:
            self._json(404, {"error": "Only /control/trouble can be deleted."})

    def _is_for_us(self) -> bool:
        """
        False, and answered, when a web page elsewhere sends a browser here.

        Such a page either comes under a host name of its own or tells its origin.
        """
        name = (self.headers.get("Host") or "").rpartition(":")[0]
        origin = self.headers.get("Origin")
        if name in _OUR_NAMES and origin in {None, f"http://{self.headers.get('Host')}"}:
            return True
        self.close_connection = True
        self._json(403, {"error": "This door is for programs and people on this machine only."})
        return False

    def _change(self, body: bytes) -> dict[str, object] | None:
        """Do what a POST wants; None when there is no such path."""
        control = self.control
        match self.path:
            case "/control/trouble":
                control.plan.add(parse_trouble(json.loads(body)))
            case "/control/anchors":
                return {"added": add_anchors(control.exchange, body)}
            case "/control/clock":
                move_clock(control.clock, json.loads(body))
            case "/control/revocation":
                set_revocation(control.exchange, json.loads(body))
            case "/control/quotas":
                control.allow(changed_quotas(control.quotas(), json.loads(body)))
            case "/control/connectors":
                pin_connector(control.exchange, json.loads(body))
            case "/control/host":
                set_host(control.exchange, json.loads(body))
            case _:
                return None
        return {}

    def _json(self, status: int, value: object) -> None:
        self._answer(status, json.dumps(value, indent=1).encode(), _JSON)

    def _answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)
