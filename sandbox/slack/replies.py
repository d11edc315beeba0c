"""What the app says outside the Web API: in a command's ack and at a response_url."""

import json
from typing import Any

from aiohttp import web

from sandbox.slack import messages
from sandbox.slack.api_error import ApiError
from sandbox.slack.arguments import flag
from sandbox.slack.chat_methods import app_message
from sandbox.slack.handles import spend_reply
from sandbox.slack.ids import Json
from sandbox.slack.model import Message, ReplyHandle
from sandbox.slack.workspace import Workspace


def say(
    ws: Workspace, said: Json, *, channel: str, user: str, thread_ts: str | None = None
) -> Message:
    """
    Post an answer: a whisper to the person unless it says response_type in_channel.

    Raises:
        ApiError: as chat.postMessage; membership is not asked for.
    """
    given = said if said.get("thread_ts") else said | {"thread_ts": thread_ts}
    message = app_message(ws, ws.channels[channel], given)
    if said.get("response_type", "ephemeral") != "in_channel":
        message.ephemeral_to = user
    return messages.post(ws, message)


class ReplyRoute:
    """/response/TEAM/SECRET: five posts in thirty minutes, no token."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws

    async def handle(self, request: web.Request) -> web.Response:
        """One post; 404 used_url or expired_url when the address is spent."""
        try:
            handle = spend_reply(self._ws, request.match_info["secret"])
        except ApiError as err:
            return web.json_response(err.body, status=404)
        try:
            self._apply(handle, _parse(await request.text()))
        except ApiError as err:
            return web.json_response(err.body, status=400)
        return web.Response(text="ok")

    def _apply(self, handle: ReplyHandle, said: Json) -> None:
        original = self._original(handle)
        if original is not None and flag(said, "delete_original"):
            messages.delete(self._ws, original)
            return
        if original is not None and flag(said, "replace_original", default=True):
            changes = app_message(self._ws, self._ws.channels[handle.channel], said)
            messages.edit(self._ws, original, changes)
            return
        say(
            self._ws,
            said,
            channel=handle.channel,
            user=handle.user,
            thread_ts=handle.thread_ts,
        )

    def _original(self, handle: ReplyHandle) -> Message | None:
        if handle.message_ts is None:
            return None
        return self._ws.find_message(handle.channel, handle.message_ts)


def _parse(text: str) -> Json:
    try:
        said: Any = json.loads(text)
    except ValueError as err:
        raise ApiError("invalid_payload") from err
    if not isinstance(said, dict):
        raise ApiError("invalid_payload")
    return said
