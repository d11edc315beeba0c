"""Control API, what a test bench needs: calls, deliveries, trouble, the clock, more people and rooms."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from typing import Final

from aiohttp import web

from sandbox.slack.control_request import ControlError, read_json, text_of
from sandbox.slack.ids import BOT_USER_ID, Json, new_id
from sandbox.slack.model import Channel, User
from sandbox.slack.trouble import parse_fault
from sandbox.slack.workspace import Workspace

_FLAGS: Final = tuple(
    each.name for each in fields(User) if each.type == "bool" or each.type is bool
)


class Bench:
    """What people cannot do in Slack, and tests must."""

    def __init__(self, ws: Workspace, *, disconnect: Callable[[str], Awaitable[None]]) -> None:
        self._ws = ws
        self._disconnect = disconnect

    def routes(self) -> list[web.RouteDef]:
        """Where the bench is found."""
        return [
            web.get("/control/calls", self.calls),
            web.get("/control/deliveries", self.deliveries),
            web.post("/control/trouble", self.trouble),
            web.delete("/control/trouble", self.calm),
            web.post("/control/clock", self.clock),
            web.post("/control/user", self.user),
            web.post("/control/channel", self.channel),
        ]

    async def calls(self, request: web.Request) -> web.Response:
        """The app's Web API calls in order, all or those of one method."""
        method = request.query.get("method")
        listed = [asdict(each) for each in self._ws.calls if method in (None, each.method)]
        return web.json_response({"calls": listed})

    async def deliveries(self, request: web.Request) -> web.Response:
        """What was sent to the app, with the outcome and latency of each."""
        return web.json_response({"deliveries": [asdict(each) for each in self._ws.deliveries]})

    async def trouble(self, request: web.Request) -> web.Response:
        """Set a fault for later, or disconnect the app at once (error names the reason)."""
        wish = await read_json(request)
        if wish.get("do") == "disconnect":
            await self._disconnect(text_of(wish, "error") or "refresh_requested")
        else:
            self._ws.trouble.add(parse_fault(wish))
        return web.json_response({"ok": True})

    async def calm(self, request: web.Request) -> web.Response:
        """Forget every fault that is set."""
        self._ws.trouble.clear()
        return web.json_response({"ok": True})

    async def clock(self, request: web.Request) -> web.Response:
        """Skip ahead by advance_s seconds."""
        wish = await read_json(request)
        try:
            self._ws.clock.advance(float(wish.get("advance_s", 0)))
        except (TypeError, ValueError) as err:
            raise ControlError(f"The clock was not moved: {err}") from err
        return web.json_response({"ok": True, "now": self._ws.clock.now()})

    async def user(self, request: web.Request) -> web.Response:
        """Add a person, or change one by "id": name, real_name, title and the is_... flags."""
        wish = await read_json(request)
        user = self._ws.users.get(text_of(wish, "id"))
        if user is None:
            name = text_of(wish, "name") or "someone"
            user = User(id=new_id("U"), name=name, real_name=name.capitalize())
            self._ws.users[user.id] = user
        for name in ("name", "real_name", "title", "team_id", "tz"):
            setattr(user, name, text_of(wish, name) or getattr(user, name))
        for name in _FLAGS:
            setattr(user, name, bool(wish.get(name, getattr(user, name))))
        for channel in self._channels(wish):
            channel.members.append(user.id)
        self._ws.changed("channels")
        return web.json_response({"ok": True, "id": user.id})

    async def channel(self, request: web.Request) -> web.Response:
        """Add a channel, or change one by "id": name, members, is_private, is_archived, with_app."""
        wish = await read_json(request)
        channel = self._ws.channels.get(text_of(wish, "id"))
        if channel is None:
            name = text_of(wish, "name") or "new-channel"
            channel = self._ws.add_channel(Channel(id=new_id("C"), name=name, members=[]))
        self._change(channel, wish)
        self._ws.changed("channels")
        return web.json_response({"ok": True, "id": channel.id})

    def _channels(self, wish: Json) -> list[Channel]:
        wanted = [str(each) for each in wish.get("channels", ())]
        if unknown := [each for each in wanted if each not in self._ws.channels]:
            raise ControlError(f"There is no channel {unknown[0][:40]!r} to join.")
        return [self._ws.channels[each] for each in wanted]

    def _change(self, channel: Channel, wish: Json) -> None:
        unknown = [each for each in wish.get("members", ()) if each not in self._ws.users]
        if unknown:
            raise ControlError(f"There is no user {str(unknown[0])[:40]!r} to put there.")
        if "members" in wish:
            bot = [each for each in channel.members if each == BOT_USER_ID]
            channel.members = [*map(str, wish["members"]), *bot]
        channel.is_private = bool(wish.get("is_private", channel.is_private))
        channel.is_archived = bool(wish.get("is_archived", channel.is_archived))
        if "with_app" in wish:
            people = [each for each in channel.members if each != BOT_USER_ID]
            channel.members = [*people, *([BOT_USER_ID] if wish["with_app"] else [])]
