"""The doors of buttons: one function a button, from the reference it carries to the engine or a form."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from bot.domain import events as ev
from bot.domain.approvals import Gate
from handlers import opening
from handlers.boundary import Reply
from handlers.home import refresh_home
from handlers.ids import Action
from handlers.refs import Act, OrderRef, parse_ref
from handlers.rooms import Rooms
from handlers.visit import Visit

Door = Callable[[Visit, Rooms], Awaitable[Reply]]


async def approve(visit: Visit, rooms: Rooms) -> Reply:
    """Count an approver's yes to an order."""
    ref = parse_ref(visit.value)
    await asyncio.to_thread(
        rooms.engine.decide, ref.order, Gate.ISSUE, yes=True, by=visit.person, version=ref.version
    )
    await refresh_home(visit, rooms)
    return None


async def retry(visit: Visit, rooms: Rooms) -> Reply:
    """Take failed work up again."""
    ref = parse_ref(visit.value)
    await asyncio.to_thread(rooms.engine.retry, ref.order, by=visit.person, version=ref.version)
    await refresh_home(visit, rooms)
    return None


async def issued(visit: Visit, rooms: Rooms) -> Reply:
    """Report that the vendor has issued."""
    return await _report(visit, rooms, ev.VendorIssued())


async def replan(visit: Visit, rooms: Rooms) -> Reply:
    """Have the hosts read again and a new plan made."""
    return await _report(visit, rooms, ev.ReplanAsked())


async def approve_renewal(visit: Visit, rooms: Rooms) -> Reply:
    """Open the successor's order and approve it."""
    ref = parse_ref(visit.value)
    await asyncio.to_thread(rooms.engine.renew, ref.order, by=visit.person, version=ref.version)
    await refresh_home(visit, rooms)
    return None


async def postpone_renewal(visit: Visit, rooms: Rooms) -> Reply:
    """Say "not now" to a renewal."""
    ref = parse_ref(visit.value)
    await asyncio.to_thread(
        rooms.engine.postpone_renewal, ref.order, by=visit.person, version=ref.version
    )
    await refresh_home(visit, rooms)
    return None


async def submitted(visit: Visit, rooms: Rooms) -> Reply:
    """Open the form for the vendor's order number."""
    await opening.open_submitted(visit, rooms, parse_ref(visit.value))
    return None


async def upload(visit: Visit, rooms: Rooms) -> Reply:
    """Open the form that takes the bundle."""
    await opening.open_upload(visit, rooms, parse_ref(visit.value))
    return None


async def review_plan(visit: Visit, rooms: Rooms) -> Reply:
    """Open the plan for decision."""
    await opening.open_plan(visit, rooms, parse_ref(visit.value))
    return None


async def renew(visit: Visit, rooms: Rooms) -> Reply:
    """Open the order form with an installed order's wish in it."""
    await opening.open_renewal(visit, rooms, parse_ref(visit.value).order)
    return None


async def request(visit: Visit, rooms: Rooms) -> Reply:
    """Open the empty order form."""
    await opening.open_request(visit, rooms)
    return None


async def csr_more(visit: Visit, rooms: Rooms) -> Reply:
    """Open the form of the rarer act chosen behind the three dots."""
    ref = parse_ref(visit.value)
    await opening.open_reason(visit, rooms, ref, ref.act or Act.CANCEL)
    return None


async def portal(visit: Visit, rooms: Rooms) -> Reply:  # noqa: ARG001 - every door is called alike
    """Nothing: Slack reports a click on a link too, and wants an answer."""
    return None


def _reason(act: Act) -> Door:
    async def door(visit: Visit, rooms: Rooms) -> Reply:
        ref: OrderRef = parse_ref(visit.value)
        await opening.open_reason(visit, rooms, ref, act)
        return None

    return door


async def _report(visit: Visit, rooms: Rooms, event: ev.Event) -> Reply:
    ref = parse_ref(visit.value)
    await asyncio.to_thread(
        rooms.engine.report, ref.order, event, by=visit.person, version=ref.version
    )
    return None


CLICKS: Final[Mapping[Action, Door]] = {
    Action.APPROVE: approve,
    Action.REJECT: _reason(Act.REJECT),
    Action.CANCEL: _reason(Act.CANCEL),
    Action.RETRY: retry,
    Action.ROLL_BACK: _reason(Act.ROLL_BACK),
    Action.RETIRE: _reason(Act.RETIRE),
    Action.KEEP: _reason(Act.KEEP),
    Action.CLEAR_REQUEST: _reason(Act.CLEAR_REQUEST),
    Action.RENEW: renew,
    Action.SUBMITTED: submitted,
    Action.ISSUED: issued,
    Action.UPLOAD: upload,
    Action.CSR_MORE: csr_more,
    Action.PORTAL: portal,
    Action.REVIEW_PLAN: review_plan,
    Action.REJECT_PLAN: _reason(Act.REJECT_PLAN),
    Action.REPLAN: replan,
    Action.APPROVE_RENEWAL: approve_renewal,
    Action.POSTPONE_RENEWAL: postpone_renewal,
    Action.REQUEST: request,
}
"""Which door a clicked element goes to."""
