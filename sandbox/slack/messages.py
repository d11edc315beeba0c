"""Posting, editing, deleting and reading messages, with the events each of them causes."""

import re
from dataclasses import replace

from sandbox.slack.ids import BOT_USER_ID, TEAM_ID, Json
from sandbox.slack.model import Channel, Message, StoredFile
from sandbox.slack.payloads import message_json, replies_to
from sandbox.slack.stored_blocks import stored
from sandbox.slack.workspace import Workspace

_LOOSE_AMPERSAND = re.compile(r"&(?!amp;|lt;|gt;)")
_DELETED_TEXT = "This message was deleted."
_SLACKBOT = "USLACKBOT"
_CHANNEL_TYPES = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}


def channel_type(channel: Channel) -> str:
    """What events call this kind of conversation."""
    if channel.is_im:
        return "im"
    return "group" if channel.is_private else "channel"


def post(ws: Workspace, draft: Message) -> Message:
    """Keep the message, show it to people, and send the message event. Blocks get their ids."""
    draft.blocks = stored(draft.blocks)
    ws.messages[draft.channel].append(draft)
    if draft.ephemeral_to:
        ws.changed("messages", channel=draft.channel, users=[draft.ephemeral_to])
        return draft
    ws.read_up_to[draft.user, draft.channel] = draft.ts
    ws.changed("messages", channel=draft.channel)
    _emit(ws, draft.channel, message_json(ws, draft))
    return draft


def edit(ws: Workspace, message: Message, changes: Message) -> None:
    """Replace text, blocks, attachments and metadata; the old blocks stay for stale clicks."""
    before = message_json(ws, message)
    message.earlier_blocks.append(message.blocks)
    message.text, message.metadata = changes.text, changes.metadata
    message.blocks, message.attachments = stored(changes.blocks), changes.attachments
    if message.ephemeral_to:
        ws.changed("messages", channel=message.channel, users=[message.ephemeral_to])
        return
    message.edited_ts = ws.stamp()
    ws.changed("messages", channel=message.channel)
    _emit(ws, message.channel, _change(ws, message, before))


def _change(ws: Workspace, message: Message, before: Json) -> Json:
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": message_json(ws, message),
        "previous_message": before,
        "hidden": True,
        "ts": ws.stamp(),
    }


def delete(ws: Workspace, message: Message) -> None:
    """Take the message away; one that heads a thread leaves a tombstone, and Slack calls that an edit."""
    if replies_to(ws, message):
        _bury(ws, message)
        return
    gone = message_json(ws, message)
    ws.messages[message.channel].remove(message)
    ws.changed("messages", channel=message.channel)
    if message.ephemeral_to:
        return
    event = {
        "type": "message",
        "subtype": "message_deleted",
        "deleted_ts": message.ts,
        "previous_message": gone,
        "hidden": True,
        "ts": ws.stamp(),
    }
    _emit(ws, message.channel, event)


def _bury(ws: Workspace, message: Message) -> None:
    before = message_json(ws, message)
    message.subtype, message.text, message.user = "tombstone", _DELETED_TEXT, _SLACKBOT
    message.blocks, message.attachments, message.files = [], [], []
    message.metadata, message.from_app, message.edited_ts = None, False, None
    ws.changed("messages", channel=message.channel)
    _emit(ws, message.channel, _change(ws, message, before))


def share_files(ws: Workspace, files: list[StoredFile], draft: Message) -> Message:
    """Show files in a channel: one file_share message, then a file_shared event for each."""
    for file in files:
        file.settled = True
        file.shares[draft.channel] = draft.ts
    draft = replace(draft, subtype="file_share", files=[file.id for file in files])
    message = post(ws, draft)
    for file in files:
        announce_file(ws, file, draft.channel)
    return message


def announce_file(ws: Workspace, file: StoredFile, channel: str) -> None:
    """The file_shared event: ids only, the app asks files.info for the rest."""
    if "file_shared" not in ws.manifest.events or BOT_USER_ID not in ws.channels[channel].members:
        return
    ws.emit(
        {
            "type": "file_shared",
            "channel_id": channel,
            "file_id": file.id,
            "user_id": file.user,
            "file": {"id": file.id},
            "event_ts": ws.stamp(),
        }
    )


def visible(ws: Workspace, channel: str, user: str) -> list[Message]:
    """Every message this person may see there, whispers to them included, oldest first."""
    return [each for each in ws.messages[channel] if each.ephemeral_to in (None, user)]


def is_parent(message: Message) -> bool:
    """Whether the message stands in the channel itself, not only in a thread."""
    return message.thread_ts in (None, message.ts) or message.broadcast


def client_text(text: str) -> str:
    """What a client makes of typed text: & < > become entities; entities already there stay."""
    safe = _LOOSE_AMPERSAND.sub("&amp;", text)
    return safe.replace("<", "&lt;").replace(">", "&gt;")


def _emit(ws: Workspace, channel_id: str, event: Json) -> None:
    channel = ws.channels[channel_id]
    kind = channel_type(channel)
    if BOT_USER_ID not in channel.members or _CHANNEL_TYPES[kind] not in ws.manifest.events:
        return
    ws.emit(
        event
        | {
            "channel": channel_id,
            "channel_type": kind,
            "event_ts": event["ts"],
            "team": TEAM_ID,
        }
    )
