"""chat.*: posting, changing, deleting, whispering."""

import json
from typing import Final

from sandbox.slack import messages
from sandbox.slack.api_error import ApiError, refuse_faults
from sandbox.slack.arguments import flag, needed, word
from sandbox.slack.block_check import check_blocks, too_long_together
from sandbox.slack.guesses import METADATA_BYTES
from sandbox.slack.ids import BOT_USER_ID, Json
from sandbox.slack.method import Method, joined_channel, seen_channel
from sandbox.slack.model import Channel, Message
from sandbox.slack.payloads import message_json
from sandbox.slack.workspace import Workspace

POST_LIMIT = 40_000
UPDATE_LIMIT = 4_000
MOST_ATTACHMENTS = 100


def app_message(ws: Workspace, channel: Channel, args: Json, *, limit: int = POST_LIMIT) -> Message:
    """
    The message these arguments describe, checked, not yet posted.

    Raises:
        ApiError: no_text, msg_too_long, invalid_blocks, msg_blocks_too_long, ...
    """
    blocks = args.get("blocks") or []
    attachments = args.get("attachments") or []
    text = word(args, "text")
    if markdown := word(args, "markdown_text"):
        if text or blocks:
            raise ApiError("markdown_text_conflict")
        text, blocks = markdown, [{"type": "markdown", "text": markdown}]
    if not (text or blocks or attachments):
        raise ApiError("no_text")
    if len(text) > limit:
        raise ApiError("msg_too_long")
    refuse_faults("invalid_blocks", check_blocks(blocks))
    if too_long_together(blocks):
        raise ApiError("msg_blocks_too_long")
    if not isinstance(attachments, list) or len(attachments) > MOST_ATTACHMENTS:
        raise ApiError("too_many_attachments")
    return Message(
        ts=ws.stamp(),
        channel=channel.id,
        user=BOT_USER_ID,
        text=text,
        blocks=blocks,
        attachments=attachments,
        metadata=_metadata(args),
        thread_ts=thread_of(ws, channel, word(args, "thread_ts")),
        broadcast=flag(args, "reply_broadcast"),
        from_app=True,
    )


def _metadata(args: Json) -> Json | None:
    metadata = args.get("metadata")
    if metadata is None or metadata == "":
        return None
    shaped = isinstance(metadata, dict) and isinstance(metadata.get("event_payload"), dict)
    if not shaped or not isinstance(metadata.get("event_type"), str):
        raise ApiError("invalid_metadata_format")
    if len(json.dumps(metadata)) > METADATA_BYTES.value:
        raise ApiError("metadata_too_large")
    return dict(metadata)


def thread_of(ws: Workspace, channel: Channel, thread_ts: str) -> str | None:
    """
    The ts of the thread's parent, also for the ts of a reply; None when no thread is meant.

    Raises:
        ApiError: thread_not_found.
    """
    if not thread_ts:
        return None
    parent = ws.find_message(channel.id, thread_ts)
    if parent is None or parent.ephemeral_to:
        raise ApiError("thread_not_found")
    return parent.thread_ts or parent.ts


def _post(ws: Workspace, args: Json) -> Json:
    if word(args, "channel") in ws.users:
        args = args | {"channel": ws.open_dm(word(args, "channel")).id}
    channel = joined_channel(ws, args)
    message = messages.post(ws, app_message(ws, channel, args))
    shown = message_json(ws, message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


def _own_message(ws: Workspace, args: Json, error: str) -> Message:
    channel = seen_channel(ws, args)
    message = ws.find_message(channel.id, needed(args, "ts"))
    if message is None or message.ephemeral_to:
        raise ApiError("message_not_found")
    if not message.from_app:
        raise ApiError(error)
    return message


def _update(ws: Workspace, args: Json) -> Json:
    message = _own_message(ws, args, "cant_update_message")
    channel = ws.channels[message.channel]
    if channel.is_archived:
        raise ApiError("is_inactive")
    given = {name: value for name, value in args.items() if value is not None}
    kept: Json = {"attachments": message.attachments, "metadata": message.metadata}
    if "markdown_text" not in given:
        kept |= {"text": message.text, "blocks": message.blocks}
    changes = app_message(ws, channel, kept | given | {"thread_ts": ""}, limit=UPDATE_LIMIT)
    messages.edit(ws, message, changes)
    shown = message_json(ws, message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


def _delete(ws: Workspace, args: Json) -> Json:
    message = _own_message(ws, args, "cant_delete_message")
    messages.delete(ws, message)
    return {"channel": message.channel, "ts": message.ts}


def _post_ephemeral(ws: Workspace, args: Json) -> Json:
    channel = joined_channel(ws, args)
    if needed(args, "user") not in channel.members:
        raise ApiError("user_not_in_channel")
    whisper = app_message(ws, channel, args)
    whisper.ephemeral_to = word(args, "user")
    return {"message_ts": messages.post(ws, whisper).ts}


def _permalink(ws: Workspace, args: Json) -> Json:
    channel = seen_channel(ws, args)
    message = ws.find_message(channel.id, needed(args, "message_ts"))
    if message is None:
        raise ApiError("message_not_found")
    place = f"{ws.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        place += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": place}


def _react(ws: Workspace, args: Json) -> Json:
    channel = joined_channel(ws, args)
    message = ws.find_message(channel.id, needed(args, "timestamp"))
    if message is None or message.ephemeral_to:
        raise ApiError("message_not_found")
    people = message.reactions.setdefault(needed(args, "name"), [])
    if BOT_USER_ID in people:
        raise ApiError("already_reacted")
    people.append(BOT_USER_ID)
    ws.changed("messages", channel=channel.id)
    return {}


METHODS: Final = {
    "chat.postMessage": Method(run=_post, scopes=("chat:write",)),
    "chat.update": Method(run=_update, scopes=("chat:write",)),
    "chat.delete": Method(run=_delete, scopes=("chat:write",)),
    "chat.postEphemeral": Method(run=_post_ephemeral, scopes=("chat:write",)),
    "chat.getPermalink": Method(run=_permalink),
    "reactions.add": Method(run=_react, scopes=("reactions:write",)),
}
