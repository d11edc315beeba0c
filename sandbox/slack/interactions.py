"""What people do in the client, brought to the app, and what its ack does to what they see."""

from sandbox.slack import views
from sandbox.slack.api_error import ApiError
from sandbox.slack.block_check import check_options
from sandbox.slack.delivery import Answer, Courier
from sandbox.slack.form import FormError, field_value, missing_answers, state_values
from sandbox.slack.handles import new_response_url
from sandbox.slack.ids import BOT_USER_ID, Json
from sandbox.slack.manifest import Command, Shortcut
from sandbox.slack.model import Channel, Message, User, View
from sandbox.slack.payloads import (
    channel_name,
    file_json,
    interaction,
    message_json,
    slash_command,
    view_json,
)
from sandbox.slack.replies import say
from sandbox.slack.workspace import Workspace

BAD_ACK = "invalid_ack"


class Interactions:
    """Commands, shortcuts, clicks, modals and the home tab, each until its ack (or the lack of it)."""

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
        return _outcome(answer)

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
        return _outcome(await self._courier.interact("interactive", payload))

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
            state={"values": self.values(message.blocks, typed)},
            actions=[action],
            **self._message_place(user, message),
        )
        if message.ephemeral_to:
            del payload["message"]
        return _outcome(await self._courier.interact("interactive", payload))

    async def click_view(self, user: User, view: View, action: Json, typed: Json) -> Json:
        """Touch an element of a modal or the home tab: no channel, no response_url."""
        view.values = _merged(view.values, typed)
        payload = interaction(
            "block_actions",
            user,
            container={"type": "view", "view_id": view.id},
            trigger_id=self._ws.new_trigger(user.id),
            view=self._view(view),
            actions=[action],
        )
        return _outcome(await self._courier.interact("interactive", payload))

    async def suggest(
        self, user: User, surface: View | Message, element: Json, asked: Json
    ) -> Json:
        """Type into an external select: the app is asked for options within the ack window."""
        place: Json
        if isinstance(surface, View):
            container: Json = {"type": "view", "view_id": surface.id}
            place = {"view": self._view(surface)}
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
            return _outcome(answer)
        return _offer(answer.payload or {})

    async def submit(self, user: User, view: View, typed: Json) -> Json:
        """Press a modal's submit button; empty required fields never leave the client."""
        view.values = _merged(view.values, typed)
        values = self.values(view.spec["blocks"], view.values)
        if errors := missing_answers(view.spec["blocks"], values):
            return self._show_errors(view, errors)
        payload = interaction(
            "view_submission",
            user,
            trigger_id=self._ws.new_trigger(user.id),
            view=view_json(view, values),
            response_urls=[],
        )
        answer = await self._courier.interact("interactive", payload)
        if not answer.acked:
            return _outcome(answer)
        try:
            return self._apply_ack(view, answer.payload or {})
        except ApiError:
            return {"ok": False, "error": BAD_ACK}

    def close(self, user: User, view: View, *, everything: bool) -> Json:
        """Press X: on one modal, or on the whole stack."""
        clears = everything or bool(view.spec.get("clear_on_close"))
        stack = list(self._ws.stacks.get(user.id) or ())
        gone = stack if clears else stack[stack.index(view) :]
        if clears:
            views.close_all(self._ws, user.id)
        else:
            views.close_view(self._ws, view)
        for each in gone:
            if each.spec.get("notify_on_close"):
                payload = interaction("view_closed", user, view=self._view(each), is_cleared=clears)
                # Nobody waits for this ack: the modal is gone from the screen already.
                self._courier.spawn(self._courier.interact("interactive", payload))
        return {"ok": True}

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
            event["view"] = self._view(home)
        self._ws.emit(event)

    def values(self, blocks: list[Json], typed: Json) -> Json:
        """
        The state of these blocks, presets and all.

        Raises:
            FormError: a value no client could produce.
        """
        return state_values(blocks, typed, file_of=self._file)

    def action(self, element: Json, block_id: str, given: Json) -> Json:
        """
        The entry of actions[] for touching this element.

        Raises:
            FormError: a choice the element does not offer.
        """
        action: Json = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block_id,
            "action_ts": self._ws.stamp(),
        }
        match element["type"]:
            case "button" | "icon_button" | "workflow_button":
                action["text"] = element.get("text")
                if element.get("value") is not None:
                    action["value"] = element["value"]
                return action
            case "overflow":
                chooser = element | {"type": "static_select"}
                chosen = field_value(chooser, given, file_of=self._file)["selected_option"]
                return action | {"selected_option": chosen}
            case "feedback_buttons":
                return action | {"value": given.get("value")}
            case _:
                return action | field_value(element, given, file_of=self._file)

    def _apply_ack(self, view: View, ack: Json) -> Json:
        match ack.get("response_action"):
            case None:
                views.close_view(self._ws, view)
            case "clear":
                views.close_all(self._ws, view.user)
            case "update":
                views.replace_view(self._ws, view, ack.get("view"))
            case "push":
                views.push_modal(self._ws, view.user, ack.get("view"))
            case "errors":
                return self._show_errors(view, ack.get("errors") or {}, from_app=True)
            case _:
                raise ApiError(BAD_ACK)
        return {"ok": True}

    def _show_errors(self, view: View, errors: Json, *, from_app: bool = False) -> Json:
        inputs = {each["block_id"] for each in view.spec["blocks"] if each["type"] == "input"}
        if from_app and (not errors or not set(errors) <= inputs):
            raise ApiError(BAD_ACK)
        view.errors = {block_id: str(said) for block_id, said in errors.items()}
        self._ws.changed("views", users=[view.user])
        return {"ok": False, "errors": view.errors}

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

    def _view(self, view: View) -> Json:
        return view_json(view, self.values(view.spec["blocks"], view.values))

    def _file(self, file_id: str) -> Json:
        file = self._ws.files.get(file_id)
        if file is None:
            raise FormError(f"There is no file {file_id[:40]!r}. Upload it first, with private=1.")
        return file_json(self._ws, file)


def _offer(ack: Json) -> Json:
    """The options of an ack; one over the limit and the client shows none at all."""
    offered: Json = {name: ack[name] for name in ("options", "option_groups") if name in ack}
    if not offered or any(check_options(name, value) for name, value in offered.items()):
        return {"ok": False, "error": BAD_ACK}
    return {"ok": True, **offered}


def _outcome(answer: Answer) -> Json:
    return {"ok": True} if answer.acked else {"ok": False, "error": answer.failure}


def _speaks(ack: Json) -> bool:
    return bool(ack.get("text") or ack.get("blocks") or ack.get("attachments"))


def _merged(before: Json, typed: Json) -> Json:
    return before | {block: {**before.get(block, {}), **fields} for block, fields in typed.items()}
