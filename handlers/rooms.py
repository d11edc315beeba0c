"""What the doors may reach: one value, built once by the wiring."""

from dataclasses import dataclass, replace

from bot.chase_ports import People, Reminders
from bot.chat_ports import Outbox
from bot.domain.site import Site
from bot.ports import Audit, Clock, ExchangeHosts, Orders, Prober, VendorDesk
from bot.workflow.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """
    The rooms behind the doors. All of them block, so doors call them by `asyncio.to_thread`.

    Args:
        team_id: the one workspace whose people are served.
        workspace_url: its address, with a slash at the end, for links to messages; empty where nobody asked Slack.
    """

    engine: Engine
    orders: Orders
    outbox: Outbox
    audit: Audit
    site: Site
    hosts: ExchangeHosts
    prober: Prober
    vendor_desk: VendorDesk
    clock: Clock
    people: People
    reminders: Reminders
    team_id: str
    workspace_url: str = ""

    def asked_at(self, link: str | None) -> "Rooms":
        """The same rooms, with an engine that writes this place in chat into the audit."""
        return replace(self, engine=self.engine.asked_at(link))
