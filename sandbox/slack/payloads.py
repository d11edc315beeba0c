"""Slack's JSON: users, channels, messages, views, and what is sent to the app about them."""

from typing import Any

from sandbox.slack.file_payloads import file_in_event
from sandbox.slack.ids import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID, Json, new_id
from sandbox.slack.model import Channel, Message, User, View
from sandbox.slack.workspace import TEAM_DOMAIN, Workspace

VERIFICATION_TOKEN = "deprecated-verification-token"


def user_json(user: User) -> Json:
    """A user as users.info gives it (without users:read.email there is no email)."""
    return {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.deleted,
        "tz": user.tz,
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "profile": {
            "title": user.title,
            "real_name": user.real_name,
            "display_name": user.name,
            "team": user.team_id,
        },
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_stranger": user.is_stranger,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 0,
    }


def channel_json(channel: Channel) -> Json:
    """A conversation as conversations.info gives it."""
    shared = {"id": channel.id, "created": channel.created, "is_archived": channel.is_archived}
    if channel.is_im:
        person = next(each for each in channel.members if each != BOT_USER_ID)
        return {**shared, "is_im": True, "user": person, "is_open": True}
    return {
        **shared,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_member": BOT_USER_ID in channel.members,
        "is_general": False,
        "is_shared": False,
        "is_ext_shared": False,
        "num_members": len(channel.members),
    }


def message_json(ws: Workspace, message: Message, *, metadata: bool = False) -> Json:
    """A message as history and events give it; metadata only when asked for."""
    found: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": TEAM_ID,
    }
    if message.subtype:
        found["subtype"] = message.subtype
    if message.from_app:
        found |= {"bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": _bot_profile(ws)}
    if message.thread_ts:
        found["thread_ts"] = message.thread_ts
    if message.blocks:
        found["blocks"] = message.blocks
    if message.attachments:
        found["attachments"] = message.attachments
    if message.files:
        found["files"] = [file_in_event(ws, ws.files[each]) for each in message.files]
        found["upload"] = False
    if message.edited_ts:
        found["edited"] = {"user": message.user, "ts": message.edited_ts}
    if message.metadata and metadata:
        found["metadata"] = message.metadata
    if message.reactions:
        found["reactions"] = [
            {"name": name, "users": users, "count": len(users)}
            for name, users in message.reactions.items()
        ]
    return found | _thread_summary(ws, message)


def replies_to(ws: Workspace, message: Message) -> list[Message]:
    """What everybody sees in the thread under a message, oldest first."""
    return [
        each
        for each in ws.messages[message.channel]
        if each.thread_ts == message.ts and each.ts != message.ts and not each.ephemeral_to
    ]


def _thread_summary(ws: Workspace, message: Message) -> Json:
    replies = replies_to(ws, message)
    if not replies:
        return {}
    people = list(dict.fromkeys(each.user for each in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(people),
        "reply_users": people,
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }


def _bot_profile(ws: Workspace) -> Json:
    return {
        "id": BOT_ID,
        "app_id": APP_ID,
        "name": ws.manifest.bot_name,
        "deleted": False,
        "updated": 0,
        "team_id": TEAM_ID,
    }


def view_json(view: View, values: Json | None = None) -> Json:
    """A view as Web API answers and payloads give it; values are its state, when known."""
    spec = view.spec
    found: Json = {
        "id": view.id,
        "team_id": TEAM_ID,
        "type": spec["type"],
        "blocks": spec["blocks"],
        "private_metadata": spec.get("private_metadata", ""),
        "callback_id": spec.get("callback_id", ""),
        "external_id": spec.get("external_id", ""),
        "state": {"values": values or {}},
        "hash": view.hash,
        "root_view_id": view.root_view_id,
        "previous_view_id": view.previous_view_id,
        "app_id": APP_ID,
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
    }
    for name in ("title", "close", "submit"):
        found[name] = spec.get(name)
    for name in ("clear_on_close", "notify_on_close"):
        found[name] = bool(spec.get(name, False))
    return found


def channel_name(channel: Channel) -> str:
    """The channel_name of a slash command: real only in public channels."""
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def interaction(kind: str, user: User, **rest: Any) -> Json:
    """What all interactive payloads share."""
    return {
        "type": kind,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user.team_id,
        },
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "is_enterprise_install": False,
        **rest,
    }


def slash_command(user: User, channel: Channel, **rest: str) -> Json:
    """A slash command; flags are strings, as in the form it is sent as."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": user.team_id,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        **rest,
    }


def event_callback(event: Json, now: float) -> Json:
    """The wrapper around an event; its event_id stays the same over all redeliveries."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": new_id("Ev"),
        "event_time": int(now),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER_ID,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": new_id("4-"),
    }
