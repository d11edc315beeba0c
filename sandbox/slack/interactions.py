"""What people do in the client, brought to the app, and what its ack does to what they see."""

from sandbox.slack.api_error import ApiError
from sandbox.slack.block_check import check_options
from sandbox.slack.delivery import Courier, outcome
from sandbox.slack.handles import new_response_url
from sandbox.slack.ids import BOT_USER_ID, Json
from sandbox.slack.manifest import Command, Shortcut
from sandbox.slack.model import Channel, Message, User, View
from sandbox.slack.payloads import (
    channel_name,
    interaction,
    message_json,
    slash_command,
)
from sandbox.slack.replies import say
from sandbox.slack.surfaces import type_into, values_of, view_now
from sandbox.slack.workspace import Workspace


class Interactions:
    """Commands, shortcuts, clicks and the home tab, each until its ack (or the lack of it)."""

    def __init__(self, ws: Workspace, courier: Courier) -> None:
        self._ws = ws
        self._courier = courier

    async def command(self, user: User, channel: Channel, command: Command, text: str) -> Json:
        """Run a slash command; an answer in the ack is shown at once."""
        payload = slash_command(
            user,
            channel,
            command=command.command,
            text=text,
            response_url=new_response_url(self._ws, user=user.id, channel=channel.id),
            trigger_id=self._ws.new_trigger(user.id),
        )
        answer = await self._courier.interact("slash_commands", payload)
        if answer.acked and answer.payload and _speaks(answer.payload):
            try:
                say(self._ws, answer.payload, channel=channel.id, user=user.id)
            except ApiError as err:
                return {"ok": False, "error": err.error}
        return outcome(answer)

    async def shortcut(
        self, user: User, shortcut: Shortcut, message: Message | None = None
    ) -> Json:
        """Choose a shortcut, from the menu or on a message."""
        shared: Json = {
            "callback_id": shortcut.callback_id,
            "trigger_id": self._ws.new_trigger(user.id),
            "action_ts": self._ws.stamp(),
        }
        if message is None:
            payload = interaction("shortcut", user, **shared)
        else:
            payload = interaction(
                "message_action",
                user,
                **shared,
                **self._message_place(user, message),
                message_ts=message.ts,
            )
        return outcome(await self._courier.interact("interactive", payload))

    async def click_message(self, user: User, message: Message, action: Json, typed: Json) -> Json:
        """Touch an element of a message."""
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": message.ephemeral_to is not None,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        payload = interaction(
            "block_actions",
            user,
            container=container,
            trigger_id=self._ws.new_trigger(user.id),
            state={"values": values_of(self._ws, message.blocks, typed)},
            actions=[action],
            **self._message_place(user, message),
        )
        if message.ephemeral_to:
            del payload["message"]
        return outcome(await self._courier.interact("interactive", payload))

    async def click_view(self, user: User, view: View, action: Json, typed: Json) -> Json:
        """Touch an element of a modal or the home tab: no channel, no response_url."""
        type_into(self._ws, view, typed)
        payload = interaction(
            "block_actions",
            user,
            container={"type": "view", "view_id": view.id},
            trigger_id=self._ws.new_trigger(user.id),
            view=view_now(self._ws, view),
            actions=[action],
        )
        return outcome(await self._courier.interact("interactive", payload))

    async def suggest(
        self, user: User, surface: View | Message, element: Json, asked: Json
    ) -> Json:
        """Type into an external select: the app is asked for options within the ack window."""
        place: Json
        if isinstance(surface, View):
            container: Json = {"type": "view", "view_id": surface.id}
            place = {"view": view_now(self._ws, surface)}
        else:
            container = {"type": "message", "message_ts": surface.ts}
            place = self._message_place(user, surface)
            del place["response_url"]
        payload = interaction(
            "block_suggestion",
            user,
            container=container,
            action_id=element["action_id"],
            block_id=str(asked.get("block_id")),
            value=str(asked.get("value", "")),
            **place,
        )
        answer = await self._courier.interact("interactive", payload)
        if not answer.acked:
            return outcome(answer)
        return _offer(answer.payload or {})

    def open_home(self, user: User, tab: str = "home") -> None:
        """Open the app's home or messages tab: an event, so nothing is waited for."""
        if "app_home_opened" not in self._ws.manifest.events:
            return
        event: Json = {
            "type": "app_home_opened",
            "user": user.id,
            "channel": self._ws.open_dm(user.id).id,
            "tab": tab,
            "event_ts": self._ws.stamp(),
        }
        home = self._ws.homes.get(user.id)
        if home is not None and tab == "home":
            event["view"] = view_now(self._ws, home)
        self._ws.emit(event)

    def _message_place(self, user: User, message: Message) -> Json:
        channel = self._ws.channels[message.channel]
        return {
            "channel": {"id": channel.id, "name": channel_name(channel)},
            "message": message_json(self._ws, message),
            "response_url": new_response_url(
                self._ws,
                user=user.id,
                channel=channel.id,
                message_ts=message.ts if message.user == BOT_USER_ID else None,
                thread_ts=message.thread_ts,
            ),
        }


def _offer(ack: Json) -> Json:
    """The options of an ack; one over the limit and the client shows none at all."""
    offered: Json = {name: ack[name] for name in ("options", "option_groups") if name in ack}
    if not offered or any(check_options(name, value) for name, value in offered.items()):
        return {"ok": False, "error": "invalid_ack"}
    return {"ok": True, **offered}


def _speaks(ack: Json) -> bool:
    return bool(ack.get("text") or ack.get("blocks") or ack.get("attachments"))
