"""Control API, what a person sees: the workspace, channels, messages, modals, home, news of change."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.slack.control_request import ControlError, actor, channel_seen_by
from sandbox.slack.file_routes import attachment
from sandbox.slack.ids import BOT_USER_ID, TEAM_ID, Json
from sandbox.slack.messages import is_parent, visible
from sandbox.slack.model import Channel, Message, User, View
from sandbox.slack.payloads import replies_to
from sandbox.slack.workspace import TEAM_NAME, Workspace


class Sights:
    """The reading half of the control API. Reading a channel's messages marks them read."""

    def __init__(
        self, ws: Workspace, *, app_state: Callable[[], Json], links: list[dict[str, str]]
    ) -> None:
        self._ws = ws
        self._app_state = app_state
        self._links = links
        self._streams: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        """Where the sights are found."""
        return [
            web.get("/control/workspace", self.workspace),
            web.get("/control/channels", self.channels),
            web.get("/control/messages", self.messages),
            web.get("/control/views", self.views),
            web.get("/control/home", self.home),
            web.get("/control/files/{file_id}", self.file),
            web.get("/control/stream", self.stream),
        ]

    async def workspace(self, request: web.Request) -> web.Response:
        """The team, its people and channels, the app and what it offers, the links."""
        ws = self._ws
        return web.json_response(
            {
                "team": {"id": TEAM_ID, "name": TEAM_NAME},
                "users": [_person(user) for user in ws.users.values()],
                "channels": [
                    _channel(channel) for channel in ws.channels.values() if not channel.is_im
                ],
                "commands": [
                    {
                        "command": each.command,
                        "description": each.description,
                        "usage_hint": each.usage_hint,
                    }
                    for each in ws.manifest.commands
                ],
                "shortcuts": [
                    {"name": each.name, "type": each.type, "callback_id": each.callback_id}
                    for each in ws.manifest.shortcuts
                ],
                "app": {
                    "name": ws.manifest.app_name,
                    "bot_user_id": BOT_USER_ID,
                    **self._app_state(),
                },
                "links": self._links,
            }
        )

    async def channels(self, request: web.Request) -> web.Response:
        """The conversations this person is in, each with its unread count."""
        user = actor(self._ws, request.query)
        mine = [each for each in self._ws.channels.values() if user.id in each.members]
        listed = [_channel(each) | {"unread": self._unread(user, each)} for each in mine]
        return web.json_response({"channels": listed})

    async def messages(self, request: web.Request) -> web.Response:
        """A channel without its replies, or with thread_ts one thread; whispers only to their reader; from oldest on."""
        user = actor(self._ws, request.query)
        channel = channel_seen_by(self._ws, user, request.query)
        thread = request.query.get("thread_ts")
        oldest = request.query.get("oldest", "")
        seen = [each for each in visible(self._ws, channel.id, user.id) if each.ts >= oldest]
        if thread:
            shown = [each for each in seen if thread in (each.ts, each.thread_ts)]
        else:
            shown = [each for each in seen if is_parent(each)]
            self._mark_read(user, channel, seen)
        return web.json_response({"messages": [self._message(user, each) for each in shown]})

    async def views(self, request: web.Request) -> web.Response:
        """The stack of open modals, top last."""
        user = actor(self._ws, request.query)
        stack = self._ws.stacks.get(user.id) or []
        return web.json_response({"views": [_view(each) for each in stack]})

    async def home(self, request: web.Request) -> web.Response:
        """The home tab as the app last published it, or null."""
        view = self._ws.homes.get(actor(self._ws, request.query).id)
        return web.json_response({"view": _view(view) if view else None})

    async def file(self, request: web.Request) -> web.Response:
        """A file for a person who sees it: its owner, or a member of a channel it was shared in."""
        user = actor(self._ws, request.query)
        file = self._ws.files.get(request.match_info["file_id"])
        places = file.shares if file else ()
        mine = any(user.id in self._ws.channels[each].members for each in places)
        if file is None or not (mine or file.user == user.id):
            raise ControlError(f"{user.real_name} sees no such file.")
        return attachment(file)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """A websocket that says what has changed, so that the page need not ask."""
        user = actor(self._ws, request.query)
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        news = self._ws.watch(user.id)
        self._streams.add(socket)
        telling = asyncio.get_running_loop().create_task(_tell(socket, news))
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            self._streams.discard(socket)
            self._ws.unwatch(news)
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        return socket

    async def close(self) -> None:
        """Close the streams that pages still hold."""
        for socket in list(self._streams):
            await socket.close(code=1001, message=b"the workspace is closing")

    def _message(self, user: User, message: Message) -> Json:
        ws = self._ws
        author = ws.users.get(
            message.user
        )  # Slackbot, which signs tombstones, is nobody of this workspace
        return {
            "ts": message.ts,
            "thread_ts": message.thread_ts,
            "user": message.user,
            "user_name": author.real_name if author else "Slackbot",
            "is_bot": author.is_bot if author else True,
            "text": message.text,
            "blocks": message.blocks,
            "files": [self._file(user, each) for each in message.files],
            "ephemeral": message.ephemeral_to is not None,
            "edited": message.edited_ts is not None,
            "reply_count": len(replies_to(ws, message)),
            "reactions": message.reactions,
            "metadata": message.metadata,
        }

    def _file(self, user: User, file_id: str) -> Json:
        file = self._ws.files[file_id]
        return {
            "id": file.id,
            "name": file.name,
            "size": len(file.data),
            "mimetype": file.mimetype,
            "url": f"{self._ws.base_url}/control/files/{file.id}?as={user.id}",
        }

    def _unread(self, user: User, channel: Channel) -> int:
        last = float(self._ws.read_up_to.get((user.id, channel.id), "0"))
        seen = visible(self._ws, channel.id, user.id)
        return sum(
            is_parent(each) and float(each.ts) > last and each.user != user.id for each in seen
        )

    def _mark_read(self, user: User, channel: Channel, seen: list[Message]) -> None:
        if seen and self._unread(user, channel):
            self._ws.read_up_to[user.id, channel.id] = seen[-1].ts
            self._ws.changed("channels", users=[user.id])


async def _tell(socket: web.WebSocketResponse, news: "asyncio.Queue[Json]") -> None:
    try:
        while True:
            await socket.send_json(await news.get())
    except ConnectionError:
        return


def _person(user: User) -> Json:
    return {
        "id": user.id,
        "name": user.name,
        "real_name": user.real_name,
        "title": user.title,
        "is_bot": user.is_bot,
    }


def _channel(channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_private": channel.is_private,
        "is_im": channel.is_im,
        "members": channel.members,
    }


def _view(view: View) -> dict[str, Any]:
    shown: Json = {
        "id": view.id,
        "callback_id": view.spec.get("callback_id", ""),
        "type": view.spec["type"],
        "title": view.spec.get("title"),
        "submit": view.spec.get("submit"),
        "close": view.spec.get("close"),
        "blocks": view.spec["blocks"],
        "private_metadata": view.spec.get("private_metadata", ""),
        "hash": view.hash,
    }
    return shown | {"errors": view.errors} if view.errors else shown
