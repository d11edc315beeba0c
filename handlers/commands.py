"""The door of `/cert`: the first word picks what happens, the rest says with which order."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from bot.domain import events as ev
from bot.domain.faults import Refused
from bot.domain.states import State
from handlers import opening, reading
from handlers.blocks.help import help_picture
from handlers.blocks.list_view import renewable_list
from handlers.blocks.parts import Picture, picture, section
from handlers.blocks.text import code
from handlers.boundary import Reply, Trouble
from handlers.headlines import refusal_title
from handlers.refs import Act, OrderRef
from handlers.request_words import typed_ahead
from handlers.rooms import Rooms
from handlers.submissions import reference_error
from handlers.typed import nearest, order_in, words_of
from handlers.visit import Visit

Words = tuple[str, ...]
Door = Callable[[Visit, Rooms, Words], Awaitable[Reply]]


async def command(visit: Visit, rooms: Rooms) -> Reply:
    """Do what was typed, or say what was probably meant."""
    words = words_of(visit.value)
    if not words:
        return help_picture()
    door = WORDS.get(words[0].lower())
    if door is None:
        return _unknown(words[0])
    return await door(visit, rooms, words[1:])


async def _request(visit: Visit, rooms: Rooms, words: Words) -> Reply:
    await opening.open_request(visit, rooms, typed_ahead(words))
    return None


async def _renew(visit: Visit, rooms: Rooms, words: Words) -> Reply:
    if words:
        await opening.open_renewal(visit, rooms, order_in(words, "renew ID"))
        return None
    installed = await asyncio.to_thread(rooms.orders.in_states, {State.INSTALLED})
    return renewable_list(tuple(order for order in installed if order.renewed_by is None))


async def _submitted(visit: Visit, rooms: Rooms, words: Words) -> Reply:
    usage = "submitted ID REFERENCE"
    order_id = order_in(words, usage)
    reference = " ".join(words[1:])
    wrong = reference_error(reference)
    if wrong:
        raise Refused("bad-words", f"{wrong} Nothing was changed. Write `/cert {usage}`.")
    event = ev.SubmittedToVendor(reference=reference)
    order = await asyncio.to_thread(rooms.engine.report, order_id, event, by=visit.person)
    return _said(f"{order.title} is submitted under {code(reference)}.")


async def _issued(visit: Visit, rooms: Rooms, words: Words) -> Reply:
    order_id = order_in(words, "issued ID")
    order = await asyncio.to_thread(
        rooms.engine.report, order_id, ev.VendorIssued(), by=visit.person
    )
    return _said(f"{order.title} is issued. Drop the vendor's zip into its thread.")


async def _install(visit: Visit, rooms: Rooms, words: Words) -> Reply:
    await opening.open_plan(visit, rooms, OrderRef(order=order_in(words, "install ID")))
    return None


def _with_reason(act: Act, usage: str) -> Door:
    async def door(visit: Visit, rooms: Rooms, words: Words) -> Reply:
        await opening.open_reason(visit, rooms, OrderRef(order=order_in(words, usage)), act)
        return None

    return door


async def _help(visit: Visit, rooms: Rooms, words: Words) -> Reply:  # noqa: ARG001 - every word's door is called alike
    return help_picture()


def _unknown(word: str) -> Trouble:
    meant = nearest(word, WORDS)
    hint = f"Did you mean `/cert {meant}`?" if meant else "`/cert help` lists what it understands."
    return Trouble(
        refusal_title("bad-words"),
        f"CertDesk does not know {code(word, 60)}, so nothing was done. {hint}",
    )


def _said(told: str) -> Picture:
    return picture(told, [section(told)])


WORDS: Final[Mapping[str, Door]] = {
    "request": _request,
    "renew": _renew,
    "list": reading.list_orders,
    "status": reading.status,
    "csr": reading.csr,
    "submitted": _submitted,
    "issued": _issued,
    "install": _install,
    "rollback": _with_reason(Act.ROLL_BACK, "rollback ID"),
    "retire": _with_reason(Act.RETIRE, "retire ID"),
    "cancel": _with_reason(Act.CANCEL, "cancel ID"),
    "clear": _with_reason(Act.CLEAR_REQUEST, "clear ID"),
    "hosts": reading.hosts,
    "inventory": reading.inventory,
    "probe": reading.probe,
    "audit": reading.audit,
    "help": _help,
}
"""Every word of `/cert`."""
