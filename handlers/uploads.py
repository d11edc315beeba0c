"""The doors of files: a zip dropped into an order's thread, or put into a form."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.faults import Refused
from bot.domain.ids import OrderId, PersonId
from bot.domain.messages import Posted
from handlers.blocks.text import MESSAGE_TEXT_LIMIT, cut_markup
from handlers.boundary import Trouble
from handlers.fetch import fetch_file, file_info
from handlers.headlines import refusal_title
from handlers.rooms import Rooms
from handlers.seen import Seen
from handlers.visit import check_account, permalink

_log = logging.getLogger(__name__)
_NAME_LIMIT = 200


async def hand_in_file(
    rooms: Rooms, client: AsyncWebClient, file_id: str, *, order_id: OrderId, by: PersonId
) -> None:
    """
    Fetch a file from Slack and hand it in for an order; the file that is being checked already is no fault.

    Raises:
        Refused: whatever is wrong with the file, the person or the moment; nothing was kept then.
    """
    info = await file_info(client, file_id)
    data = await fetch_file(client, info)
    name = str(info.get("name") or "bundle")[:_NAME_LIMIT]
    try:
        await asyncio.to_thread(rooms.engine.hand_in, order_id, name=name, data=data, by=by)
    except Refused:
        if not await asyncio.to_thread(_is_handed_in, rooms, order_id, data, by):
            raise


def _is_handed_in(rooms: Rooms, order_id: OrderId, data: bytes, by: PersonId) -> bool:
    # Slack tells of one upload several times, and each telling may reach another process.
    order = rooms.orders.load(order_id)
    if order.upload_id is None or order.uploader != by:
        return False
    return rooms.orders.upload(order.upload_id).sha256 == hashlib.sha256(data).hexdigest()


class ThreadUploads:
    """
    Files dropped into order threads.

    Slack tells of one upload twice, as a message and as ``file_shared``, in any order and perhaps again; the
    second word on a file is ignored here, and in a second process by what the order holds.
    """

    def __init__(self, rooms: Rooms, client: AsyncWebClient) -> None:
        self._rooms = rooms
        self._client = client
        self._seen = Seen(limit=2000)

    async def message(self, event: Mapping[str, Any]) -> None:
        """Take a message that brought files; others are not for us."""
        thread, channel = str(event.get("thread_ts") or ""), str(event.get("channel") or "")
        files = [f for f in event.get("files") or [] if isinstance(f, dict) and f.get("id")]
        if not files or not thread or event.get("bot_id"):
            return
        for file in files:
            await self._take(str(file["id"]), channel, thread, str(event.get("user") or ""))

    async def regret(self, event: Mapping[str, Any], trouble: Trouble) -> None:
        """Tell who dropped the files that something broke on the way; in other threads nobody waits for it."""
        place = Posted(
            channel=str(event.get("channel") or ""), ts=str(event.get("thread_ts") or "")
        )
        if await asyncio.to_thread(self._rooms.outbox.order_at, place) is not None:
            await self._tell(place, str(event.get("user") or ""), trouble)

    async def shared(self, event: Mapping[str, Any]) -> None:
        """Take a ``file_shared`` event: where it was shared stands in ``files.info`` only."""
        file_id, channel = str(event.get("file_id") or ""), str(event.get("channel_id") or "")
        if not file_id or file_id in self._seen:
            return
        try:
            info = await file_info(self._client, file_id)
        except Refused as refused:
            _log.info("A shared file is not for us: %s", refused.code)
            return
        user = str(event.get("user_id") or "")
        for thread in _threads(info, channel):
            await self._take(file_id, channel, thread, user)

    async def _take(self, file_id: str, channel: str, thread: str, user: str) -> None:
        place = Posted(channel=channel, ts=thread)
        order_id = await asyncio.to_thread(self._rooms.outbox.order_at, place)
        if order_id is None or not self._seen.add(file_id):
            return
        by = PersonId(f"{self._rooms.team_id}:{user}")
        rooms = self._rooms.asked_at(permalink(self._rooms.workspace_url, place))
        try:
            check_account(await asyncio.to_thread(self._rooms.people.find, by))
            await hand_in_file(rooms, self._client, file_id, order_id=order_id, by=by)
        except Refused as refused:
            trouble = Trouble(refusal_title(refused.code), refused.sentence)
            await self._tell(place, user, trouble)

    async def _tell(self, place: Posted, user: str, trouble: Trouble) -> None:
        told = f"*{trouble.title}.* {trouble.told}"
        try:
            await self._client.chat_postEphemeral(
                channel=place.channel, user=user, thread_ts=place.ts,
                text=cut_markup(told, MESSAGE_TEXT_LIMIT),
            )  # fmt: skip
        except SlackApiError as fault:
            # The person may have left; the file was not taken, and the card still asks for it.
            _log.warning("A refusal reached nobody: %s", fault.response.get("error"))


def _threads(info: Mapping[str, Any], channel: str) -> list[str]:
    shares = info.get("shares") or {}
    places = [
        share
        for kind in ("public", "private")
        for share in (shares.get(kind) or {}).get(channel) or []
    ]
    return [str(share["thread_ts"]) for share in places if share.get("thread_ts")]
