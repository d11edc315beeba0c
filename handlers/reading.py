"""The words of `/cert` that only read: orders, hosts, certificates, handshakes, the audit."""

import asyncio

from bot.domain.approvals import Role
from bot.domain.faults import Refused
from bot.domain.ids import HostName
from bot.domain.order import CertificateOrder
from bot.domain.plan import Handshake
from bot.domain.states import State
from bot.domain.waiting import UNDER_WAY, UNDER_WAY_WAITS
from bot.workflow.pending_requests import pending_requests
from handlers.blocks.csr_card import csr_card
from handlers.blocks.list_view import COUNTED_TO, SHOWN, order_list
from handlers.blocks.parts import Picture
from handlers.blocks.readings import audit_picture, hosts_picture, inventory_picture, probe_picture
from handlers.blocks.status_card import status_card
from handlers.blocks.text import code
from handlers.boundary import Reply
from handlers.rooms import Rooms
from handlers.typed import nearest, order_in
from handlers.visit import Visit
from handlers.waits import waits_of

Words = tuple[str, ...]


async def list_orders(_: Visit, rooms: Rooms, __: Words) -> Reply:
    """The orders under way, on whom each waits, and what is overdue."""
    return await asyncio.to_thread(list_picture, rooms)


def list_picture(rooms: Rooms) -> Picture:
    """The list as it stands; reads no more orders than it shows, however many there are."""
    found = rooms.orders.worklist(UNDER_WAY, UNDER_WAY_WAITS, limit=SHOWN, count_to=COUNTED_TO)
    return order_list(found, waits_of(rooms, found.orders))


async def status(_: Visit, rooms: Rooms, words: Words) -> Reply:
    """One order's status card, as it stands."""
    order_id = order_in(words, "status ID")
    order = await asyncio.to_thread(rooms.orders.load, order_id)
    steps = await asyncio.to_thread(rooms.orders.steps, order_id)
    return status_card(order, steps, rooms.site)


async def csr(_: Visit, rooms: Rooms, words: Words) -> Reply:
    """One order's CSR card."""
    order = await asyncio.to_thread(rooms.orders.load, order_in(words, "csr ID"))
    if not order.csr_pem:
        raise Refused(
            "not-now",
            f"{order.title} has no CSR. `/cert status {order.id}` shows what it waits for.",
        )
    return csr_card(order, rooms.site, rooms.vendor_desk.guide(order))


async def hosts(_: Visit, rooms: Rooms, __: Words) -> Reply:
    """The configured hosts."""
    installed = await asyncio.to_thread(rooms.orders.in_states, {State.INSTALLED})
    return hosts_picture(rooms.site, installed)


async def inventory(_: Visit, rooms: Rooms, words: Words) -> Reply:
    """The certificates on one host, what hangs on them and the pending requests, read now."""
    host = _host(rooms, words)
    snapshot = await asyncio.to_thread(rooms.hosts.snapshot, host)
    pending = await asyncio.to_thread(pending_requests, rooms.hosts, rooms.orders, host)
    return inventory_picture(snapshot, pending=pending)


async def probe(_: Visit, rooms: Rooms, words: Words) -> Reply:
    """Handshakes with the hosts of what is installed for a host or a name."""
    if not words:
        raise Refused("bad-words", "A host or a name is missing. Write `/cert probe NAME`.")
    wanted = words[0].lower()
    installed = await asyncio.to_thread(rooms.orders.in_states, {State.INSTALLED})
    shakes = await asyncio.to_thread(_probe, rooms, installed, wanted)
    if not shakes:
        raise Refused(
            "nothing-installed",
            f"CertDesk has installed nothing for {code(words[0], 100)}, so it does not know what to "
            "expect there. `/cert hosts` shows what is installed.",
        )
    return probe_picture(words[0], shakes)


async def audit(visit: Visit, rooms: Rooms, words: Words) -> Reply:
    """One order's audit, for its requester and for whoever has a role."""
    order = await asyncio.to_thread(rooms.orders.load, order_in(words, "audit ID"))
    if visit.person != order.requester and not rooms.site.roles_of(visit.person):
        raise Refused(
            f"not-{Role.AUDITOR.value}",
            f"The audit of {order.title} is for its requester and for people with a role. "
            "Ask one of them.",
        )
    return audit_picture(order.id, await asyncio.to_thread(rooms.audit.entries, order.id))


def _probe(
    rooms: Rooms, installed: tuple[CertificateOrder, ...], wanted: str
) -> tuple[Handshake, ...]:
    shakes: list[Handshake] = []
    for order in installed:
        if order.certificate is None or not _concerns(order, wanted):
            continue
        for host in order.wish.hosts:
            if wanted == host.lower() or wanted in order.wish.names:
                shakes += rooms.prober.probe(host, order.certificate, order.wish.services)
    return tuple(shakes)


def _concerns(order: CertificateOrder, wanted: str) -> bool:
    return wanted in order.wish.names or wanted in [host.lower() for host in order.wish.hosts]


def _host(rooms: Rooms, words: Words) -> HostName:
    names = [host.name for host in rooms.site.hosts]
    host = rooms.site.host(HostName(words[0])) if words else None
    if host is not None:
        return host.name
    if not words:
        raise Refused("bad-words", "A host is missing. Write `/cert inventory HOST`.")
    meant = {name.lower(): name for name in names}.get(nearest(words[0], map(str.lower, names)), "")
    hint = f"Did you mean {meant}?" if meant else "`/cert hosts` lists them."
    raise Refused(
        "unknown-host", f"{code(words[0], 100)} is no configured host; nothing was read. {hint}"
    )
