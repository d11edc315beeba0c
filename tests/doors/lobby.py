"""The doors with everything behind them in memory, and ways to knock as Slack does: signed, over dispatch."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import urlencode

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

from bot.certs.judge import IssuedCertificate
from bot.domain.faults import HostFault
from bot.domain.ids import HostName, OrderId, PersonId
from bot.domain.messages import Card, Posted
from bot.domain.order import CertificateOrder
from bot.domain.plan import Handshake, Service, Snapshot
from bot.domain.states import State
from bot.domain.surroundings import PendingCertificate
from bot.workflow.engine import Engine
from handlers.app import build_app
from handlers.ids import COMMAND
from handlers.refs import Act, OrderRef, render_ref
from handlers.rooms import Rooms
from tests.doors.fake_slack import TOKEN, FakeSlack
from tests.fakes.people import FakePeople
from tests.fakes.reminders import FakeReminders
from tests.fakes.store import FakeAudit, FakeOrders, FakeOutbox, Memory
from tests.unit.handlers import scene

SECRET = "signing-secret"
_NUMBERS = count(1)


class StoppedClock:
    """It is noon."""

    def now(self) -> datetime:
        """Noon."""
        return scene.NOON


@dataclass
class ReadableHosts:
    """Hosts that can be read, if they answer; nothing else is asked of them by doors."""

    snapshots: dict[HostName, Snapshot] = field(default_factory=dict)
    waiting: tuple[PendingCertificate, ...] = ()
    fault: HostFault | None = None
    before: Callable[[], None] = lambda: None

    def snapshot(self, host: HostName) -> Snapshot:
        """What was put there."""
        self.before()
        if self.fault is not None:
            raise self.fault
        return self.snapshots[host]

    def pending(self, host: HostName) -> tuple[PendingCertificate, ...]:
        """The requests that were put there, whichever the host."""
        return self.waiting if host in self.snapshots else ()


class HonestProber:
    """Every handshake with EX01 is proven."""

    def probe(
        self, host: HostName, certificate: IssuedCertificate, services: tuple[Service, ...]
    ) -> tuple[Handshake, ...]:
        """One proven handshake."""
        print_ = certificate.facts.sha256
        return (
            Handshake(
                service="https", address=f"{host}:443", sha256=print_, proven=True, detail="Fine."
            ),
        )


class ShortDesk:
    """A vendor's desk with one step."""

    def guide(self, order: CertificateOrder) -> tuple[str, ...]:
        """One step."""
        return ("Paste the CSR.",)


class Lobby:
    """The doors of a site, with one order in memory."""

    def __init__(self, slack: FakeSlack, *, patience_s: float = 60.0) -> None:
        self.slack = slack
        self.memory = Memory()
        self.orders = FakeOrders(self.memory)
        self.hosts = ReadableHosts()
        self.people = FakePeople()
        clock = StoppedClock()
        self.rooms = Rooms(
            engine=Engine(self.orders, scene.SITE, clock),
            orders=self.orders,
            outbox=FakeOutbox(self.memory),
            audit=FakeAudit(self.memory),
            site=scene.SITE,
            hosts=self.hosts,  # type: ignore[arg-type]  # doors only read
            prober=HonestProber(),
            vendor_desk=ShortDesk(),
            clock=clock,
            people=self.people,
            reminders=FakeReminders(self.memory),
            team_id=scene.TEAM,
            workspace_url=scene.WORKSPACE,
        )
        self.app: AsyncApp = build_app(
            self.rooms, token=TOKEN, signing_secret=SECRET, client=slack.client(),
            patience_s=patience_s,
        )  # fmt: skip

    def put(self, order: CertificateOrder) -> CertificateOrder:
        """Put an order into the store as it is, with its status card posted."""
        self.memory.orders[order.id] = order
        self.memory.cards[order.id, Card.STATUS] = Posted(channel=order.home, ts="1700.000100")
        return order

    def order(self, order_id: int = 27) -> CertificateOrder:
        """The order as it stands now."""
        return self.orders.load(OrderId(order_id))

    async def command(self, by: PersonId, text: str, **parts: str) -> BoltResponse:
        """Type `/cert` and the text."""
        body = {
            "command": COMMAND, "text": text, "team_id": scene.TEAM, "user_id": user(by),
            "channel_id": scene.HOME, "trigger_id": "trigger", "api_app_id": "A1",
            "response_url": f"{self.slack.url}/respond", "is_enterprise_install": "false", **parts,
        }  # fmt: skip
        return await self.knock(urlencode(body))

    async def click(self, by: PersonId, action: str, value: str, **parts: Any) -> BoltResponse:
        """Click a button of a message in the approvals channel."""
        pressed = {"type": "button", "action_id": action, "block_id": "b", "value": value}
        return await self.interact(
            by, "block_actions", actions=[pressed], channel={"id": scene.APPROVALS},
            container={"type": "message"}, message={"ts": "1.1"},
            response_url=f"{self.slack.url}/respond", **parts,
        )  # fmt: skip

    async def submit(
        self, by: PersonId, callback: str, values: Mapping[Any, Any], metadata: str = ""
    ) -> BoltResponse:
        """Submit a modal."""
        view = {
            "id": "VFORM", "type": "modal", "callback_id": callback, "private_metadata": metadata,
            "state": {"values": {name: {name: value} for name, value in values.items()}},
        }  # fmt: skip
        return await self.interact(by, "view_submission", view=view)

    async def interact(self, by: PersonId, kind: str, **parts: Any) -> BoltResponse:
        """Send an interaction."""
        body = {
            "type": kind, "team": {"id": scene.TEAM}, "user": {"id": user(by), "team_id": scene.TEAM},
            "api_app_id": "A1", "trigger_id": "trigger", "is_enterprise_install": False, **parts,
        }  # fmt: skip
        return await self.knock(urlencode({"payload": json.dumps(body)}))

    async def search(self, by: PersonId, field: str, typed: str) -> BoltResponse:
        """Type into a field that is searched."""
        return await self.interact(
            by, "block_suggestion", action_id=field, block_id=field, value=typed,
            view={"id": "VFORM", "type": "modal"},
        )  # fmt: skip

    async def event(self, event: dict[str, Any], event_id: str = "", **parts: Any) -> BoltResponse:
        """Send an event."""
        body = {
            "type": "event_callback", "team_id": scene.TEAM, "api_app_id": "A1", "event": event,
            "event_id": event_id or f"Ev{next(_NUMBERS)}", "event_time": 1, **parts,
        }  # fmt: skip
        return await self.knock(json.dumps(body), content_type="application/json")

    async def knock(
        self,
        body: str,
        *,
        content_type: str = "application/x-www-form-urlencoded",
        secret: str = SECRET,
    ) -> BoltResponse:
        """Send a signed request."""
        now = str(int(time.time()))
        signature = SignatureVerifier(secret).generate_signature(timestamp=now, body=body)
        headers: dict[str, str | Sequence[str]] = {
            "content-type": [content_type],
            "x-slack-signature": [signature or ""],
            "x-slack-request-timestamp": [now],
        }
        return await self.app.async_dispatch(AsyncBoltRequest(body=body, headers=headers))


def user(person: PersonId) -> str:
    """A person's id within the workspace."""
    return person.rpartition(":")[2]


def ref(version: int | None = 3, **parts: Any) -> str:
    """The value of a button on order 27's card."""
    return render_ref(OrderRef(order=OrderId(27), version=version, **parts))


def answer(response: BoltResponse) -> dict[str, Any]:
    """The body of an acknowledgement; Bolt sends a bare text as it is."""
    body = response.body
    if not body.startswith("{"):
        return {"text": body}
    return dict(json.loads(body))


def reason(text: str = "Because.") -> dict[str, Any]:
    """A filled reason form."""
    return {"reason_form.reason": {"type": "plain_text_input", "value": text}}


__all__ = ["Act", "Lobby", "State", "answer", "reason", "ref", "user"]
