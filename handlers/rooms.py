"""What the doors may reach: one value, built once by the wiring."""

from dataclasses import dataclass

from bot.domain.site import Site
from bot.ports import Audit, Clock, ExchangeHosts, Orders, Outbox, Prober, VendorDesk
from bot.workflow.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """
    The rooms behind the doors. All of them block, so doors call them by `asyncio.to_thread`.

    Args:
        team_id: the one workspace whose people are served.
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
    team_id: str
