"""The door of deleted messages: Slack tells of each, whoever deleted it and whosever it was."""

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.domain.messages import Posted
from bot.workflow.deleted_cards import show_again
from handlers.rooms import Rooms


def deleted_place(event: Mapping[str, Any]) -> Posted | None:
    """
    Where the message stood that an event tells the end of; None for any other event.

    One that heads a thread is not deleted but becomes a tombstone: an edit, as Slack tells it.
    """
    channel, ts = event.get("channel"), None
    match event.get("subtype"):
        case "message_deleted":
            ts = event.get("deleted_ts")
        case "message_changed":
            message = event.get("message")
            if isinstance(message, Mapping) and message.get("subtype") == "tombstone":
                ts = message.get("ts")
    if not (isinstance(channel, str) and isinstance(ts, str) and channel and ts):
        return None
    return Posted(channel=channel, ts=ts)


async def take_deletion(rooms: Rooms, gone: Posted) -> None:
    """Post a card of ours anew that an order needs."""
    await asyncio.to_thread(show_again, rooms.orders, rooms.outbox, rooms.clock, gone)
