"""Control API, what a person does: write, command, click, submit, close, open home, upload."""

from collections.abc import Iterator

from aiohttp import web

from sandbox.slack import messages
from sandbox.slack.control_request import (
    ControlError,
    actor,
    channel_seen_by,
    message_seen_by,
    object_of,
    read_json,
    text_of,
    view_of,
)
from sandbox.slack.delivery import Courier
from sandbox.slack.file_methods import new_file
from sandbox.slack.file_payloads import file_json
from sandbox.slack.ids import STRANGER_TEAM_ID, Json
from sandbox.slack.interactions import Interactions
from sandbox.slack.manifest import Command, Shortcut
from sandbox.slack.modals import Modals
from sandbox.slack.model import Channel, Message, User, View
from sandbox.slack.stored_blocks import find_element
from sandbox.slack.surfaces import action_of
from sandbox.slack.workspace import Workspace


class Acts:
    """The doing half of the control API; each answers when Slack's client would know the outcome."""

    def __init__(self, ws: Workspace, courier: Courier) -> None:
        self._ws = ws
        self._do = Interactions(ws, courier)
        self._modals = Modals(ws, courier)

    def routes(self) -> list[web.RouteDef]:
        """Where the acts are found."""
        return [
            web.post("/control/message", self.message),
            web.post("/control/command", self.command),
            web.post("/control/shortcut", self.shortcut),
            web.post("/control/action", self.action),
            web.post("/control/options", self.options),
            web.post("/control/view/submit", self.submit),
            web.post("/control/view/close", self.close),
            web.post("/control/home", self.home),
            web.post("/control/upload", self.upload),
        ]

    async def message(self, request: web.Request) -> web.Response:
        """Write a message, in a thread with thread_ts."""
        wish = await read_json(request)
        user = actor(self._ws, wish)
        channel = channel_seen_by(self._ws, user, wish)
        if not text_of(wish, "text"):
            raise ControlError("A message needs some text. Nothing was posted.")
        draft = self._draft(user, channel, wish, messages.client_text(text_of(wish, "text")))
        return web.json_response({"ok": True, "ts": messages.post(self._ws, draft).ts})

    async def command(self, request: web.Request) -> web.Response:
        """Run a slash command of the manifest."""
        wish = await read_json(request)
        user = actor(self._ws, wish)
        channel = channel_seen_by(self._ws, user, wish)
        command = self._command(text_of(wish, "command"))
        return web.json_response(
            await self._do.command(user, channel, command, text_of(wish, "text").strip())
        )

    async def shortcut(self, request: web.Request) -> web.Response:
        """Choose a shortcut: global, or with message_ts one on a message."""
        wish = await read_json(request)
        user = actor(self._ws, wish)
        message = message_seen_by(self._ws, user, wish) if wish.get("message_ts") else None
        shortcut = self._shortcut(text_of(wish, "callback_id"), on_message=message is not None)
        return web.json_response(await self._do.shortcut(user, shortcut, message))

    async def action(self, request: web.Request) -> web.Response:
        """
        Touch an element. With "stale": true also one that an edit has taken away since.

        The last is what a client does whose screen has not caught up.
        """
        wish = await read_json(request)
        user = actor(self._ws, wish)
        typed = object_of(wish, "state")
        if wish.get("view_id"):
            view = view_of(self._ws, user, wish)
            action = self._touched([view.spec["blocks"]], wish)
            return web.json_response(await self._do.click_view(user, view, action, typed))
        message = message_seen_by(self._ws, user, wish)
        surfaces = [message.blocks]
        if wish.get("stale"):
            surfaces.extend(reversed(message.earlier_blocks))
        action = self._touched(surfaces, wish)
        return web.json_response(await self._do.click_message(user, message, action, typed))

    async def options(self, request: web.Request) -> web.Response:
        """Type "value" into an external select and get the options the app offers."""
        wish = await read_json(request)
        user = actor(self._ws, wish)
        surface: View | Message
        if wish.get("view_id"):
            surface = view_of(self._ws, user, wish)
            blocks = surface.spec["blocks"]
        else:
            surface = message_seen_by(self._ws, user, wish)
            blocks = surface.blocks
        element = self._element([blocks], wish)
        return web.json_response(await self._do.suggest(user, surface, element, wish))

    async def submit(self, request: web.Request) -> web.Response:
        """Press the submit button of an open modal."""
        wish = await read_json(request)
        user = actor(self._ws, wish)
        view = self._modal(user, wish)
        if not view.spec.get("submit"):
            raise ControlError("This modal has no submit button. Nothing was sent.")
        return web.json_response(await self._modals.submit(user, view, object_of(wish, "values")))

    async def close(self, request: web.Request) -> web.Response:
        """Press X on a modal, with "all" on the whole stack."""
        wish = await read_json(request)
        user = actor(self._ws, wish)
        view = self._modal(user, wish)
        return web.json_response(self._modals.close(user, view, everything=bool(wish.get("all"))))

    async def home(self, request: web.Request) -> web.Response:
        """Open the app: its home tab, or with "tab" its messages."""
        wish = await read_json(request)
        tab = "messages" if text_of(wish, "tab") == "messages" else "home"
        self._do.open_home(actor(self._ws, wish), tab)
        return web.json_response({"ok": True})

    async def upload(self, request: web.Request) -> web.Response:
        """Raw bytes become a file; shared unless private=1; connect=1: from another organisation."""
        wish = dict(request.query)
        user = actor(self._ws, wish)
        private = text_of(wish, "private") == "1"
        channel = None if private else channel_seen_by(self._ws, user, wish)
        name = text_of(wish, "filename") or "file"
        file = new_file(self._ws, name=name, data=await request.read(), user=user.id)
        if text_of(wish, "connect") == "1":
            file.user_team = STRANGER_TEAM_ID
        found: Json = {"ok": True, "file": file_json(self._ws, file)}
        if channel is not None:
            draft = self._draft(user, channel, wish, "")
            found["ts"] = messages.share_files(self._ws, [file], draft).ts
            found["file"] = file_json(self._ws, file)
        return web.json_response(found)

    def _draft(self, user: User, channel: Channel, wish: Json, text: str) -> Message:
        thread_ts = text_of(wish, "thread_ts")
        parent = self._ws.find_message(channel.id, thread_ts) if thread_ts else None
        if thread_ts and parent is None:
            raise ControlError(f"There is no message {thread_ts[:40]!r} to answer. Nothing posted.")
        return Message(
            ts=self._ws.stamp(),
            channel=channel.id,
            user=user.id,
            text=text,
            thread_ts=(parent.thread_ts or parent.ts) if parent else None,
        )

    def _command(self, name: str) -> Command:
        for command in self._ws.manifest.commands:
            if command.command == name:
                return command
        raise ControlError(f"{name[:40]!r} is not a valid command. The manifest does not list it.")

    def _shortcut(self, callback_id: str, *, on_message: bool) -> Shortcut:
        kind = "message" if on_message else "global"
        for shortcut in self._ws.manifest.shortcuts:
            if shortcut.callback_id == callback_id and shortcut.type == kind:
                return shortcut
        raise ControlError(f"The manifest lists no {kind} shortcut {callback_id[:40]!r}.")

    def _modal(self, user: User, wish: Json) -> View:
        view = view_of(self._ws, user, wish)
        if view.spec["type"] != "modal":
            raise ControlError("The home tab can be neither submitted nor closed.")
        return view

    def _touched(self, surfaces: list[list[Json]], wish: Json) -> Json:
        element = self._element(surfaces, wish)
        return action_of(self._ws, element, text_of(wish, "block_id"), wish)

    def _element(self, surfaces: list[list[Json]], wish: Json) -> Json:
        block_id, action_id = text_of(wish, "block_id"), text_of(wish, "action_id")
        for element in _found(surfaces, block_id, action_id):
            return element
        raise ControlError(
            f"Nothing with block_id {block_id[:60]!r} and action_id {action_id[:60]!r} is shown "
            "there. Nothing was clicked."
        )


def _found(surfaces: list[list[Json]], block_id: str, action_id: str) -> Iterator[Json]:
    for blocks in surfaces:
        element = find_element(blocks, block_id, action_id)
        if element is not None:
            yield element
