"""What every control request is asked: its JSON, who acts, and on what. Refusals are sentences."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.slack.ids import Json
from sandbox.slack.model import Channel, Message, User, View
from sandbox.slack.workspace import Workspace


class ControlError(Exception):
    """The request makes no sense here; nothing was done. The sentence says why."""


async def read_json(request: web.Request) -> Json:
    """
    The JSON object of the body.

    Raises:
        ControlError: it is none.
    """
    try:
        value: Any = json.loads(await request.text() or "{}")
    except ValueError as err:
        raise ControlError(f"The body is no JSON: {err}. Nothing was done.") from err
    if not isinstance(value, dict):
        raise ControlError("The body must be a JSON object. Nothing was done.")
    return value


def text_of(wish: Mapping[str, Any], name: str) -> str:
    """The named value as text, or ""."""
    value = wish.get(name)
    return "" if value is None else str(value)


def object_of(wish: Mapping[str, Any], name: str) -> Json:
    """
    The named value as an object of objects; missing is empty.

    Raises:
        ControlError: it has another shape.
    """
    value = wish.get(name) or {}
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise ControlError(f"{name!r} must look like {{block_id: {{action_id: {{...}}}}}}.")
    return value


def actor(ws: Workspace, wish: Mapping[str, Any]) -> User:
    """
    The person who acts.

    Raises:
        ControlError: "as" names nobody, or the app itself.
    """
    user = ws.users.get(text_of(wish, "as"))
    if user is None or user.is_bot:
        raise ControlError(f"'as' must be the id of a person, not {text_of(wish, 'as')[:40]!r}.")
    return user


def channel_seen_by(ws: Workspace, user: User, wish: Mapping[str, Any]) -> Channel:
    """
    The channel named, if this person is in it.

    Raises:
        ControlError: there is no such channel for them.
    """
    channel = ws.channels.get(text_of(wish, "channel"))
    if channel is None or user.id not in channel.members:
        name = text_of(wish, "channel")[:40]
        raise ControlError(f"{user.real_name} is in no channel {name!r}. Use a channel's id.")
    return channel


def message_seen_by(ws: Workspace, user: User, wish: Mapping[str, Any]) -> Message:
    """
    The message named by channel and message_ts, if this person sees it.

    Raises:
        ControlError: they do not.
    """
    channel = channel_seen_by(ws, user, wish)
    message = ws.find_message(channel.id, text_of(wish, "message_ts"))
    if message is None or message.ephemeral_to not in (None, user.id):
        ts = text_of(wish, "message_ts")[:40]
        raise ControlError(f"{user.real_name} sees no message {ts!r} in {channel.id}.")
    return message


def view_of(ws: Workspace, user: User, wish: Mapping[str, Any]) -> View:
    """
    An open modal or the home tab of this person.

    Raises:
        ControlError: it is closed, unknown or somebody else's.
    """
    view = ws.find_view(text_of(wish, "view_id"))
    if view is None or view.user != user.id:
        name = text_of(wish, "view_id")[:40]
        raise ControlError(f"{user.real_name} has no open view {name!r}. It may be closed by now.")
    return view
