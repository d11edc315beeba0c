"""
Opening forms on an order: who may not decide is told so before they write anything.

The engine asks again when the form comes back; this is a courtesy, never the lock.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from bot.domain.approvals import Gate
from bot.domain.faults import Refused
from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.policy import check_keeps_gate, check_may_act, check_may_cancel, check_may_decide
from bot.domain.states import MOVES, EventKind, State
from bot.workflow.gates import check_clears
from handlers.blocks.desk_modals import submitted_modal, upload_modal
from handlers.blocks.order_form import NOTHING_TYPED, TypedAhead, order_form
from handlers.blocks.plan_modal import plan_modal
from handlers.blocks.reason_modal import reason_modal
from handlers.headlines import STATES
from handlers.refs import Act, OrderRef
from handlers.rooms import Rooms
from handlers.visit import Visit, home_channel

GATES: Final[Mapping[Act, Gate]] = {
    Act.REJECT: Gate.ISSUE,
    Act.REJECT_PLAN: Gate.INSTALL,
    Act.ROLL_BACK: Gate.ROLL_BACK,
    Act.RETIRE: Gate.RETIRE,
    Act.CLEAR_REQUEST: Gate.CLEAR_REQUEST,
}
"""Acts that are decisions at a gate; the others are for whoever may push the order along."""

EVENTS: Final[Mapping[Act, frozenset[EventKind]]] = {
    Act.REJECT: frozenset({EventKind.REJECT}),
    Act.REJECT_PLAN: frozenset({EventKind.INSTALL_APPROVED}),
    Act.CANCEL: frozenset({EventKind.CANCEL, EventKind.WITHDRAWN}),
    Act.ROLL_BACK: frozenset({EventKind.ROLL_BACK}),
    Act.RETIRE: frozenset({EventKind.RETIRE}),
    Act.KEEP: frozenset({EventKind.KEEP_INSTALLED}),
    Act.CLEAR_REQUEST: frozenset({EventKind.CLEAR_REQUEST}),
    Act.VENDOR_REJECTED: frozenset({EventKind.VENDOR_REJECTED}),
    Act.REKEYED: frozenset({EventKind.REKEYED}),
}
"""What an act makes happen, to see whether it fits the order's state."""


async def load(rooms: Rooms, ref: OrderRef) -> CertificateOrder:
    """The order of a reference, in the version the person saw. Raises `Refused`."""
    order = await asyncio.to_thread(rooms.orders.load, ref.order)
    if ref.version is not None and ref.version != order.version:
        raise Refused(
            "stale",
            f"This card is old: {order.title} is now {STATES[order.state]}. Nothing was changed; "
            f"`/cert status {order.id}` shows it as it is.",
        )
    return order


async def open_request(visit: Visit, rooms: Rooms, typed: TypedAhead = NOTHING_TYPED) -> None:
    """Open the order form, with what was typed already in it."""
    if not rooms.site.hosts or not rooms.site.vendors:
        raise Refused(
            "nothing-configured",
            "No Exchange host or no vendor is configured, so nothing can be asked for. "
            "An administrator has to name them in CertDesk's configuration.",
        )
    await visit.show(order_form(rooms.site, home=home_channel(visit, rooms.site), typed=typed))


async def open_renewal(visit: Visit, rooms: Rooms, order_id: OrderId) -> None:
    """Open the order form with an installed order's wish in it."""
    order = await load(rooms, OrderRef(order=order_id))
    if order.state is not State.INSTALLED or order.renewed_by is not None:
        by = f" and renewed by order {order.renewed_by}" if order.renewed_by else ""
        raise Refused(
            "not-now",
            f"{order.title} is {STATES[order.state]}{by}, so there is nothing to renew. "
            "`/cert renew` lists what can be renewed.",
        )
    home = home_channel(visit, rooms.site)
    await visit.show(order_form(rooms.site, home=home, prefill=order.wish, renews=order.id))


async def open_reason(visit: Visit, rooms: Rooms, ref: OrderRef, act: Act) -> None:
    """Open the form that asks for the reason of an act."""
    order = await load(rooms, ref)
    if act in GATES:
        check_may_decide(rooms.site, order, GATES[act], visit.person)
    elif act is Act.KEEP:
        check_keeps_gate(rooms.site, order, Gate.ROLL_BACK, visit.person)
    elif act is Act.CANCEL:
        check_may_cancel(rooms.site, order, visit.person)
    else:
        check_may_act(rooms.site, order, visit.person)
    _check_fits(order, EVENTS[act])
    if act is Act.CLEAR_REQUEST:
        check_clears(order)
    digest = order.plan.digest() if act is Act.REJECT_PLAN and order.plan else ""
    seen = OrderRef(order=order.id, version=order.version, gate=GATES.get(act), digest=digest)
    await visit.show(reason_modal(order, seen, act))


async def open_submitted(visit: Visit, rooms: Rooms, ref: OrderRef) -> None:
    """Open the form that asks for the vendor's order number."""
    order = await load(rooms, ref)
    check_may_act(rooms.site, order, visit.person)
    _check_fits(order, frozenset({EventKind.SUBMITTED}))
    await visit.show(submitted_modal(order))


async def open_upload(visit: Visit, rooms: Rooms, ref: OrderRef) -> None:
    """Open the form that takes the bundle."""
    order = await load(rooms, ref)
    check_may_act(rooms.site, order, visit.person)
    _check_fits(order, frozenset({EventKind.BUNDLE_UPLOADED}))
    await visit.show(upload_modal(order))


async def open_plan(visit: Visit, rooms: Rooms, ref: OrderRef) -> None:
    """Open the plan for decision."""
    order = await load(rooms, ref)
    check_may_decide(rooms.site, order, Gate.INSTALL, visit.person)
    if order.plan is None or order.state is not State.PROVEN:
        raise Refused(
            "not-now",
            f"There is no plan to decide on: {order.title} is {STATES[order.state]}. "
            f"Nothing was installed; `/cert status {order.id}` shows what it waits for.",
        )
    await visit.show(plan_modal(order, order.plan))


def _check_fits(order: CertificateOrder, events: frozenset[EventKind]) -> None:
    if any((order.state, event) in MOVES for event in events):
        return
    raise Refused(
        "not-now",
        f"That does not fit {order.title}: it is {STATES[order.state]}. Nothing was changed; "
        f"`/cert status {order.id}` shows what it waits for.",
    )
