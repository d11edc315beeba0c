"""The doors of shortcuts: ask for a certificate from anywhere, use a message's file as a bundle."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from bot.domain.faults import Refused
from bot.domain.messages import Posted
from bot.domain.states import State
from handlers import opening
from handlers.blocks.desk_modals import bundle_modal
from handlers.boundary import Reply
from handlers.ids import Callback
from handlers.rooms import Rooms
from handlers.visit import Visit

Door = Callable[[Visit, Rooms], Awaitable[Reply]]


async def request_certificate(visit: Visit, rooms: Rooms) -> Reply:
    """Open the empty order form."""
    await opening.open_request(visit, rooms)
    return None


async def use_as_bundle(visit: Visit, rooms: Rooms) -> Reply:
    """Ask for which order the message's file is; the order of the thread comes first."""
    files = [file for file in visit.message.get("files") or [] if file.get("id")]
    if not files:
        raise Refused("not-an-order", "This message has no file, so nothing was handed in.")
    orders = await asyncio.to_thread(
        rooms.orders.in_states, {State.SUBMITTED, State.ISSUED}, limit=100
    )
    if not orders:
        raise Refused(
            "not-now", "No order waits for a bundle, so nothing was handed in. See `/cert list`."
        )
    thread = Posted(channel=visit.channel, ts=str(visit.message.get("thread_ts") or ""))
    own = await asyncio.to_thread(rooms.outbox.order_at, thread)
    ranked = tuple(sorted(orders, key=lambda order: order.id != own))
    name = str(files[0].get("name") or "bundle")
    await visit.show(bundle_modal(ranked, str(files[0]["id"]), name))
    return None


SHORTCUTS: Final[Mapping[Callback, Door]] = {
    Callback.REQUEST_SHORTCUT: request_certificate,
    Callback.BUNDLE_SHORTCUT: use_as_bundle,
}
"""Which door a shortcut goes to."""
