"""The doors of submitted forms: read what was entered, hand it to the engine, say what is wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, assert_never

from bot.domain import events as ev
from bot.domain.approvals import Gate
from bot.domain.faults import Refused
from bot.domain.ids import OrderId, PersonId
from bot.domain.order import CertificateOrder
from handlers.blocks.desk_modals import REFERENCE_LIMIT
from handlers.blocks.order_form import renewed_order
from handlers.blocks.order_form_reader import FormErrors, read_order_form
from handlers.blocks.plan_modal import open_questions, read_answers, read_note
from handlers.blocks.reason_modal import read_reason, reason_errors
from handlers.blocks.state_reader import chosen, file_ids, typed
from handlers.boundary import FieldErrors, FormReply
from handlers.ids import Callback, Field
from handlers.opening import GATES
from handlers.refs import Act, OrderRef, parse_ref
from handlers.rooms import Rooms
from handlers.uploads import hand_in_file
from handlers.visit import Visit

Door = Callable[[Visit, Rooms], Awaitable[FormReply]]


async def submit_order(visit: Visit, rooms: Rooms) -> FormReply:
    """Place an order; the same form submitted twice is the same order."""
    ref = parse_ref(visit.metadata)
    renews = renewed_order(ref.order)
    wish = read_order_form(visit.state, rooms.site, renews=renews)
    if isinstance(wish, FormErrors):
        return FieldErrors(wish.by_field)
    if renews is not None:
        await asyncio.to_thread(rooms.orders.load, renews)
    key = f"form:{visit.view['id']}"
    await asyncio.to_thread(rooms.engine.place, wish, by=visit.person, home=ref.channel, key=key)
    return None


async def submit_reason(visit: Visit, rooms: Rooms) -> FormReply:
    """Reject, cancel, roll back, retire, or report the vendor's no or a rekey, with the reason given."""
    ref = parse_ref(visit.metadata)
    if ref.act is None:
        raise Refused("bad-reference", "This form does not say what it does; nothing was changed.")
    order = await asyncio.to_thread(rooms.orders.load, ref.order)
    errors = reason_errors(visit.state, order, ref.act)
    if errors:
        return FieldErrors(errors)
    reason = read_reason(visit.state)
    await asyncio.to_thread(_take_reason, rooms, ref, order, visit.person, reason)
    return None


async def submit_reference(visit: Visit, rooms: Rooms) -> FormReply:
    """Report that the CSR is at the vendor."""
    ref = parse_ref(visit.metadata)
    reference = typed(visit.state, Field.REFERENCE)
    wrong = reference_error(reference)
    if wrong:
        return FieldErrors({str(Field.REFERENCE): wrong})
    event = ev.SubmittedToVendor(reference=reference)
    await asyncio.to_thread(
        rooms.engine.report, ref.order, event, by=visit.person, version=ref.version
    )
    return None


async def submit_plan(visit: Visit, rooms: Rooms) -> FormReply:
    """Approve the plan that was read, with an answer to each SMTP question."""
    ref = parse_ref(visit.metadata)
    order = await asyncio.to_thread(rooms.orders.load, ref.order)
    answers = read_answers(visit.state, order.plan) if order.plan else {}
    if order.plan and order.plan.digest() == ref.digest:
        errors = open_questions(order.plan, answers)
        if errors:
            return FieldErrors(errors)
    await asyncio.to_thread(
        rooms.engine.decide, ref.order, Gate.INSTALL, yes=True, by=visit.person,
        version=ref.version, reason=read_note(visit.state), digest=ref.digest, answers=answers,
    )  # fmt: skip
    return None


async def submit_upload(visit: Visit, rooms: Rooms) -> FormReply:
    """Hand in the file of the upload form."""
    return await _hand_in(visit, rooms, parse_ref(visit.metadata).order, Field.FILE)


async def submit_bundle(visit: Visit, rooms: Rooms) -> FormReply:
    """Hand in a message's file for the order chosen."""
    number = chosen(visit.state, Field.BUNDLE_ORDER)
    if not number.isdecimal():
        return FieldErrors({str(Field.BUNDLE_ORDER): "Choose the order the file is for."})
    file_id = parse_ref(visit.metadata).file
    await hand_in_file(rooms, visit.client, file_id, order_id=OrderId(int(number)), by=visit.person)
    return None


def reference_error(reference: str) -> str:
    """What is wrong with a vendor's order number; empty when nothing is."""
    if not reference:
        return "Write the vendor's order number."
    if len(reference) > REFERENCE_LIMIT or not reference.isprintable():
        return f"An order number is one line of {REFERENCE_LIMIT} characters at most."
    return ""


async def _hand_in(visit: Visit, rooms: Rooms, order_id: OrderId, name: Field) -> FormReply:
    files = file_ids(visit.state, name)
    if not files:
        return FieldErrors({str(name): "Choose the file the vendor gave you."})
    await hand_in_file(rooms, visit.client, files[0], order_id=order_id, by=visit.person)
    return None


def _take_reason(
    rooms: Rooms, ref: OrderRef, order: CertificateOrder, by: PersonId, reason: str
) -> CertificateOrder:
    engine, act = rooms.engine, ref.act
    match act:
        case Act.REJECT:
            return engine.decide(
                order.id, Gate.ISSUE, yes=False, by=by, version=ref.version, reason=reason
            )
        case Act.REJECT_PLAN:
            return engine.decide(
                order.id, Gate.INSTALL, yes=False, by=by, version=ref.version, reason=reason,
                digest=ref.digest,
            )  # fmt: skip
        case Act.CANCEL:
            return engine.cancel(order.id, by=by, reason=reason, version=ref.version)
        case Act.KEEP:
            return engine.keep(order.id, by=by, reason=reason, version=ref.version)
        case Act.ROLL_BACK | Act.RETIRE | Act.CLEAR_REQUEST:
            return engine.decide(
                order.id, GATES[act], yes=True, by=by, version=ref.version, reason=reason
            )
        case Act.VENDOR_REJECTED:
            event: ev.Event = ev.VendorRejected(reason=reason)
            return engine.report(order.id, event, by=by, version=ref.version)
        case Act.REKEYED:
            event = ev.Rekeyed(reason=reason)
            return engine.report(order.id, event, by=by, version=ref.version)
        case None:
            raise Refused(
                "bad-reference", "This form does not say what it does; nothing was changed."
            )
        case _:
            assert_never(act)


FORMS: Final[Mapping[Callback, Door]] = {
    Callback.ORDER_FORM: submit_order,
    Callback.REASON_FORM: submit_reason,
    Callback.SUBMITTED_FORM: submit_reference,
    Callback.UPLOAD_FORM: submit_upload,
    Callback.BUNDLE_FORM: submit_bundle,
    Callback.PLAN_FORM: submit_plan,
}
"""Which door a submitted form goes to."""
