"""Files as Slack's JSON: whole in files.info, settled or not, and as stubs from elsewhere."""

from sandbox.slack.ids import TEAM_ID, Json
from sandbox.slack.model import StoredFile
from sandbox.slack.workspace import Workspace


def file_json(ws: Workspace, file: StoredFile) -> Json:
    """A file as files.info gives it; unsettled right after an upload, without type and shares."""
    name = file.name
    found: Json = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": name,
        "title": file.title,
        "user": file.user,
        "user_team": file.user_team,
        "size": len(file.data),
        "mode": "hosted",
        "is_external": False,
        "is_public": any(ws.channels[each].id.startswith("C") for each in file.shares),
        "file_access": "visible",
        "editable": False,
        "url_private": f"{ws.base_url}/files-pri/{TEAM_ID}-{file.id}/file",
        "url_private_download": f"{ws.base_url}/files-pri/{TEAM_ID}-{file.id}/download/file",
        "permalink": f"{ws.base_url}/files/{file.user}/{file.id}",
        "channels": [],
        "groups": [],
        "ims": [],
        "shares": {},
    }
    if file.settled:
        kind = name.rpartition(".")[2].lower() if "." in name else "binary"
        found |= {"mimetype": file.mimetype, "filetype": kind, "pretty_type": kind.capitalize()}
        found |= _shares(ws, file)
    return found


def _shares(ws: Workspace, file: StoredFile) -> Json:
    places: Json = {"channels": [], "groups": [], "ims": [], "shares": {}}
    for channel_id, ts in file.shares.items():
        channel = ws.channels[channel_id]
        where = "ims" if channel.is_im else "groups" if channel.is_private else "channels"
        places[where].append(channel_id)
        access = "private" if channel.is_private or channel.is_im else "public"
        message = ws.find_message(channel_id, ts)
        share: Json = {"ts": ts, "channel_name": channel.name, "team_id": TEAM_ID}
        if message and message.thread_ts:
            share["thread_ts"] = message.thread_ts
        places["shares"].setdefault(access, {})[channel_id] = [share]
    return places


def file_in_event(ws: Workspace, file: StoredFile) -> Json:
    """A file inside a message; one from another organisation is a stub that says: ask files.info."""
    if file.user_team != TEAM_ID:
        return {
            "id": file.id,
            "created": 0,
            "timestamp": 0,
            "name": "",
            "user": "",
            "mode": "file_access",
            "file_access": "check_file_info",
        }
    return file_json(ws, file)
