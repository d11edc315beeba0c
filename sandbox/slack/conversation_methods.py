"""conversations.*: opening, looking up and reading channels."""

import base64
import binascii
import math
from typing import Final, TypeVar

from sandbox.slack.api_error import ApiError
from sandbox.slack.arguments import flag, names, needed, number, word
from sandbox.slack.guesses import HISTORY_PAGE
from sandbox.slack.ids import BOT_USER_ID, Json
from sandbox.slack.messages import is_parent
from sandbox.slack.method import Method, joined_channel, need_scope, scope_for, seen_channel
from sandbox.slack.model import Message
from sandbox.slack.payloads import channel_json, message_json
from sandbox.slack.workspace import Workspace

MOST_IN_A_PAGE = 999
_READ: Final = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY: Final = ("channels:history", "groups:history", "im:history", "mpim:history")
Item = TypeVar("Item")


def _open(ws: Workspace, args: Json) -> Json:
    people = names(args, "users")
    if not people:
        return {"channel": {"id": seen_channel(ws, args).id}, "no_op": True, "already_open": True}
    if len(people) > 1:
        need_scope(ws, "mpim:write")
    user = ws.users.get(people[0])
    if user is None:
        raise ApiError("user_not_found")
    if user.deleted:
        raise ApiError("user_disabled")
    if user.is_bot:
        raise ApiError("cannot_dm_bot")
    channel = ws.open_dm(user.id)
    shown = channel_json(channel) if flag(args, "return_im") else {"id": channel.id}
    return {"channel": shown}


def _info(ws: Workspace, args: Json) -> Json:
    channel = seen_channel(ws, args)
    need_scope(ws, scope_for(channel, "read"))
    return {"channel": channel_json(channel)}


def _list(ws: Workspace, args: Json) -> Json:
    wanted = names(args, "types") or ["public_channel"]
    found = []
    for channel in ws.channels.values():
        kind = "im" if channel.is_im else "private" if channel.is_private else "public"
        member = BOT_USER_ID in channel.members
        if any(each.startswith(kind) for each in wanted) and (kind == "public" or member):
            need_scope(ws, scope_for(channel, "read"))
            found.append(channel_json(channel))
    page, more = _page(found, args)
    return {"channels": page, **more}


def _members(ws: Workspace, args: Json) -> Json:
    channel = seen_channel(ws, args)
    need_scope(ws, scope_for(channel, "read"))
    page, more = _page(channel.members, args)
    return {"members": page, **more}


def _join(ws: Workspace, args: Json) -> Json:
    channel = seen_channel(ws, args)
    if channel.is_private or channel.is_im:
        raise ApiError("method_not_supported_for_channel_type")
    if BOT_USER_ID not in channel.members:
        channel.members.append(BOT_USER_ID)
        ws.changed("channels", channel=channel.id)
    return {"channel": channel_json(channel)}


def _history(ws: Workspace, args: Json) -> Json:
    channel = joined_channel(ws, args)
    need_scope(ws, scope_for(channel, "history"))
    kept = [each for each in ws.messages[channel.id] if is_parent(each)]
    return _read(ws, args, list(reversed(kept)))


def _replies(ws: Workspace, args: Json) -> Json:
    channel = joined_channel(ws, args)
    need_scope(ws, scope_for(channel, "history"))
    thread = needed(args, "ts")
    kept = [each for each in ws.messages[channel.id] if thread in (each.ts, each.thread_ts)]
    if not any(each.ephemeral_to is None for each in kept):
        raise ApiError("thread_not_found")
    return _read(ws, args, kept)


def _read(ws: Workspace, args: Json, found: list[Message]) -> Json:
    """A page of messages between oldest and latest; whispers are never part of it."""
    oldest = _moment(args, "oldest", default=0)
    latest = _moment(args, "latest", default=math.inf)
    edges = (oldest, latest) if flag(args, "inclusive") else ()
    kept = [
        each
        for each in found
        if each.ephemeral_to is None
        and (oldest < float(each.ts) < latest or float(each.ts) in edges)
    ]
    page, more = _page(kept, args)
    wants = flag(args, "include_all_metadata")
    return {
        "messages": [message_json(ws, each, metadata=wants) for each in page],
        "has_more": bool(more["response_metadata"]["next_cursor"]),
        "pin_count": 0,
        **more,
    }


def _moment(args: Json, name: str, *, default: float) -> float:
    try:
        return float(word(args, name) or default)
    except ValueError as err:
        raise ApiError(f"invalid_ts_{name}") from err


def _page(items: list[Item], args: Json) -> tuple[list[Item], Json]:
    limit = number(args, "limit", int(HISTORY_PAGE.value))
    if not 1 <= limit <= MOST_IN_A_PAGE:
        raise ApiError("invalid_limit")
    start = _start(word(args, "cursor"))
    cursor = ""
    if start + limit < len(items):
        cursor = base64.b64encode(f"next:{start + limit}".encode()).decode()
    return items[start : start + limit], {"response_metadata": {"next_cursor": cursor}}


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("next:"))
    except (binascii.Error, ValueError) as err:
        raise ApiError("invalid_cursor") from err


METHODS: Final = {
    "conversations.open": Method(run=_open, scopes=("im:write", "mpim:write", "groups:write")),
    "conversations.info": Method(run=_info, scopes=_READ),
    "conversations.list": Method(run=_list, scopes=_READ),
    "conversations.members": Method(run=_members, scopes=_READ),
    "conversations.join": Method(run=_join, scopes=("channels:join",)),
    "conversations.history": Method(run=_history, scopes=_HISTORY),
    "conversations.replies": Method(run=_replies, scopes=_HISTORY),
}
