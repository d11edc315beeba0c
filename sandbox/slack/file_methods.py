"""files.*: the three-step upload and the look at one file."""

import mimetypes
from collections.abc import Callable
from typing import Final

from sandbox.slack import messages
from sandbox.slack.api_error import ApiError
from sandbox.slack.arguments import names, needed, number, word
from sandbox.slack.chat_methods import thread_of
from sandbox.slack.file_payloads import file_json
from sandbox.slack.guesses import SHARE_DELAY_S
from sandbox.slack.ids import BOT_USER_ID, Json, new_id
from sandbox.slack.method import Method, joined_channel
from sandbox.slack.model import Message, StoredFile
from sandbox.slack.workspace import Workspace


def new_file(ws: Workspace, *, name: str, data: bytes, user: str, file_id: str = "") -> StoredFile:
    """Keep bytes as a file of this person; it is shared nowhere yet."""
    file = StoredFile(
        id=file_id or new_id("F"),
        name=name,
        title=name,
        user=user,
        data=data,
        created=int(ws.clock.now()),
        mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
    )
    ws.files[file.id] = file
    return file


def may_read(ws: Workspace, file: StoredFile) -> bool:
    """Whether the bot may see this file: its own, one in a channel it is in, or a modal's."""
    if file.user == BOT_USER_ID or not file.shares:
        return True
    return any(BOT_USER_ID in ws.channels[each].members for each in file.shares)


def _upload_url(ws: Workspace, args: Json) -> Json:
    length = number(args, "length", 0)
    if length <= 0:
        raise ApiError("invalid_arguments")
    file_id = new_id("F")
    ws.uploads[file_id] = (needed(args, "filename"), length)
    return {"upload_url": f"{ws.base_url}/upload/v1/{file_id}", "file_id": file_id}


def _complete(ws: Workspace, args: Json) -> Json:
    wishes = args.get("files")
    if not isinstance(wishes, list) or not wishes:
        raise ApiError("invalid_arguments")
    files = [_uploaded(ws, wish) for wish in wishes]
    places = names(args, "channels") or names(args, "channel_id")
    channels = [joined_channel(ws, {"channel": each}) for each in places]
    for channel in channels:
        draft = Message(
            ts="",
            channel=channel.id,
            user=BOT_USER_ID,
            text=word(args, "initial_comment"),
            thread_ts=thread_of(ws, channel, word(args, "thread_ts")),
            from_app=True,
        )
        ws.later(SHARE_DELAY_S.value, _sharing(ws, files, draft))
    if not channels:
        for file in files:
            file.settled = True
    return {"files": [file_json(ws, file) for file in files]}


def _sharing(ws: Workspace, files: list[StoredFile], draft: Message) -> Callable[[], None]:
    """The share happens after the reply: a real upload has no shares at first either."""

    def share() -> None:
        draft.ts = ws.stamp()
        messages.share_files(ws, files, draft)

    return share


def _uploaded(ws: Workspace, wish: object) -> StoredFile:
    if not isinstance(wish, dict):
        raise ApiError("invalid_arguments")
    file = ws.files.get(str(wish.get("id")))
    if file is None or file.user != BOT_USER_ID:
        raise ApiError("file_not_found")
    file.title = str(wish.get("title") or file.name)
    return file


def _info(ws: Workspace, args: Json) -> Json:
    file = ws.files.get(needed(args, "file"))
    if file is None:
        raise ApiError("file_not_found")
    if not may_read(ws, file):
        raise ApiError("file_not_found")
    return {"file": file_json(ws, file), "comments": [], "response_metadata": {"next_cursor": ""}}


METHODS: Final = {
    "files.getUploadURLExternal": Method(run=_upload_url, scopes=("files:write",)),
    "files.completeUploadExternal": Method(run=_complete, scopes=("files:write",)),
    "files.info": Method(run=_info, scopes=("files:read",)),
}
