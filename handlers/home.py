"""The app's home tab: published when somebody opens it, and after what they do on it."""

import asyncio
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.approvals import Gate
from bot.domain.ids import PersonId
from bot.domain.lifetime import renewal_due
from bot.domain.order import CertificateOrder
from bot.domain.policy import keeps_gate, may_decide
from bot.domain.states import State
from bot.domain.waiting import UNDER_WAY
from handlers.blocks.home import HomeFacts, home_view
from handlers.blocks.list_view import overdue_first
from handlers.rooms import Rooms
from handlers.visit import Visit
from handlers.waits import waits_of


async def publish_home(client: AsyncWebClient, rooms: Rooms, user: str) -> None:
    """Publish the home of one person, from the orders as they stand."""
    person = PersonId(f"{rooms.team_id}:{user}")
    told = await asyncio.to_thread(home_facts, rooms, person)
    await client.views_publish(user_id=user, view=home_view(told))


async def refresh_home(visit: Visit, rooms: Rooms) -> None:
    """Publish the home again after a click on it; elsewhere there is nothing to refresh."""
    if visit.surface == "home":
        await publish_home(visit.client, rooms, visit.user)


def home_facts(rooms: Rooms, person: PersonId) -> HomeFacts:
    """Gather what a person's home shows; reads the store."""
    under_way = rooms.orders.in_states(UNDER_WAY)
    installed = rooms.orders.in_states({State.INSTALLED})
    shown = (*under_way, *installed)
    waits = waits_of(rooms, shown)
    roles = sorted(role.value for role in rooms.site.roles_of(person))
    return HomeFacts(
        role=", ".join(roles) or "requester",
        to_decide=overdue_first((o for o in shown if _waits_for(rooms, o, person)), waits),
        mine=overdue_first((order for order in under_way if order.requester == person), waits),
        expiring=_expiring(rooms, installed, rooms.clock.now()),
        waits=waits,
    )


def _waits_for(rooms: Rooms, order: CertificateOrder, person: PersonId) -> bool:
    gate = _open_gate(order)
    if gate is None:
        return False
    may = may_decide if order.state in (State.PLACED, State.PROVEN) else keeps_gate
    return may(rooms.site, order, gate, person)


def _open_gate(order: CertificateOrder) -> Gate | None:
    match order.state:
        case State.PLACED:
            return Gate.ISSUE
        case State.PROVEN if order.plan is not None:
            return Gate.INSTALL
        case State.FAILED:
            return Gate.ROLL_BACK
        case State.INSTALLED if order.renewal_asked_at is not None:
            return Gate.ISSUE
        case _:
            return None


def _expiring(
    rooms: Rooms, installed: tuple[CertificateOrder, ...], now: datetime
) -> tuple[CertificateOrder, ...]:
    share = rooms.site.policy.renew_at
    ends = [
        (order.certificate.facts.not_after, order)
        for order in installed
        if order.certificate is not None
        and order.renewed_by is None
        and renewal_due(
            order.certificate.facts.not_before, order.certificate.facts.not_after, share=share
        )
        <= now
    ]
    return tuple(order for _, order in sorted(ends, key=lambda pair: pair[0]))
