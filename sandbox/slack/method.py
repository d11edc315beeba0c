"""A row of the Web API: what runs, which scopes it asks, and the look-ups that methods share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from sandbox.slack.api_error import ApiError
from sandbox.slack.arguments import word
from sandbox.slack.ids import BOT_USER_ID, Json
from sandbox.slack.model import Channel, User
from sandbox.slack.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method; scopes means any one of them. It returns the body, to which ok: true is added."""

    run: Callable[[Workspace, Json], Json]
    scopes: tuple[str, ...] = ()
    token: Literal["bot", "app"] = "bot"


def need_scope(ws: Workspace, *any_of: str) -> None:
    """
    Check the app's scopes.

    Raises:
        ApiError: missing_scope, naming what is needed and what is provided.
    """
    if not ws.has_scope(*any_of):
        raise ApiError(
            "missing_scope", needed=",".join(any_of), provided=",".join(ws.manifest.scopes)
        )


def scope_for(channel: Channel, verb: Literal["read", "history"]) -> str:
    """The scope that reads this kind of conversation."""
    kind = "im" if channel.is_im else "groups" if channel.is_private else "channels"
    return f"{kind}:{verb}"


def seen_channel(ws: Workspace, args: Mapping[str, object], name: str = "channel") -> Channel:
    """
    A channel the bot can see, by id: public ones, and those it is in.

    Raises:
        ApiError: channel_not_found; names are never looked up.
    """
    channel = ws.channels.get(word(args, name))
    if channel is None:
        raise ApiError("channel_not_found")
    hidden = channel.is_private or channel.is_im
    if hidden and BOT_USER_ID not in channel.members:
        raise ApiError("channel_not_found")
    return channel


def joined_channel(ws: Workspace, args: Mapping[str, object], name: str = "channel") -> Channel:
    """
    A channel the bot is a member of, and which is not archived.

    Raises:
        ApiError: channel_not_found, not_in_channel or is_archived.
    """
    channel = seen_channel(ws, args, name)
    if BOT_USER_ID not in channel.members:
        raise ApiError("not_in_channel")
    if channel.is_archived:
        raise ApiError("is_archived")
    return channel


def known_user(ws: Workspace, args: Mapping[str, object], error: str = "user_not_found") -> User:
    """
    A user by id.

    Raises:
        ApiError: with the given code when there is none.
    """
    user = ws.users.get(word(args, "user"))
    if user is None:
        raise ApiError(error)
    return user
