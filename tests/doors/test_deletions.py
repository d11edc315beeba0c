"""A card that somebody deletes while people are waited for."""

import asyncio

from bot.domain.ids import OrderId
from bot.domain.messages import Card, CardMessage, Posted
from bot.domain.states import State
from bot.workflow.deleted_cards import DELETED
from tests.doors.fake_slack import until
from tests.doors.lobby import Lobby
from tests.unit.handlers import scene

APPROVAL = Posted(channel=scene.APPROVALS, ts="1700.000200")
GONE = {
    "type": "message", "subtype": "message_deleted", "channel": APPROVAL.channel,
    "deleted_ts": APPROVAL.ts, "ts": "1800.1", "hidden": True,
    "previous_message": {"type": "message", "user": "UBOT", "bot_id": "BBOT", "ts": APPROVAL.ts},
}  # fmt: skip


def waiting(lobby: Lobby) -> list[object]:
    """What is to be told of order 27."""
    outbox = lobby.rooms.outbox
    begun = [outbox.begin(row) for row in outbox.waiting(OrderId(27))]
    return [getattr(row, "message", row) for row in begun]


async def test_the_card_of_an_order_that_waits_is_posted_anew(lobby: Lobby) -> None:
    """Else nobody could decide; told twice, it is posted once, and the audit has it."""
    lobby.put(scene.order(State.PLACED))
    lobby.memory.cards[OrderId(27), Card.APPROVAL] = APPROVAL
    for _ in range(2):
        assert (await lobby.event(GONE)).status == 200
    await until(lambda: lobby.memory.outbox)

    assert waiting(lobby) == [CardMessage(card=Card.APPROVAL)]
    [told] = lobby.rooms.audit.entries(OrderId(27))
    assert (told.what, told.facts["card"]) == (DELETED, "approval")


async def test_a_thread_that_lost_its_head_is_understood(lobby: Lobby) -> None:
    """Slack leaves a tombstone there, and tells of it as an edit by its own bot."""
    lobby.put(scene.order(State.PLACED))
    head = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": "1700.000100"}
    await lobby.event(
        {
            "type": "message", "subtype": "message_changed", "channel": scene.HOME, "ts": "1800.1",
            "message": head, "previous_message": {"user": "UBOT", "ts": "1700.000100"},
        }
    )  # fmt: skip
    await until(lambda: lobby.memory.outbox)

    assert waiting(lobby) == [CardMessage(card=Card.STATUS)]


async def test_what_nobody_waits_for_stays_deleted(lobby: Lobby) -> None:
    """A channel that somebody tidies up stays tidy; messages of others are nothing to us."""
    lobby.put(scene.order(State.CANCELLED))
    lobby.memory.cards[OrderId(27), Card.APPROVAL] = APPROVAL
    await lobby.event(GONE)
    await lobby.event(GONE | {"deleted_ts": "1700.000999"})
    await asyncio.sleep(0.05)

    assert lobby.memory.outbox == {}
    assert lobby.rooms.audit.entries(OrderId(27)) == ()


async def test_another_workspace_deletes_nothing_of_ours(lobby: Lobby) -> None:
    """Whatever it says."""
    lobby.put(scene.order(State.PLACED))
    lobby.memory.cards[OrderId(27), Card.APPROVAL] = APPROVAL
    await lobby.event(GONE, team_id="T2")
    await asyncio.sleep(0.05)

    assert lobby.memory.outbox == {}
