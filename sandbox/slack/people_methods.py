"""auth.test, users.* and usergroups.*: who is who."""

from typing import Final

from sandbox.slack.api_error import ApiError
from sandbox.slack.arguments import needed
from sandbox.slack.ids import BOT_ID, BOT_USER_ID, TEAM_ID, Json
from sandbox.slack.method import Method, known_user
from sandbox.slack.payloads import user_json
from sandbox.slack.workspace import TEAM_NAME, Workspace


def _auth_test(ws: Workspace, args: Json) -> Json:
    return {
        "url": f"{ws.base_url}/",
        "team": TEAM_NAME,
        "user": ws.users[BOT_USER_ID].name,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def _info(ws: Workspace, args: Json) -> Json:
    return {"user": user_json(known_user(ws, args))}


def _list(ws: Workspace, args: Json) -> Json:
    members = [user_json(user) for user in ws.users.values()]
    return {"members": members, "response_metadata": {"next_cursor": ""}}


def _group_members(ws: Workspace, args: Json) -> Json:
    members = ws.usergroups.get(needed(args, "usergroup"))
    if members is None:
        raise ApiError("no_such_subteam")
    return {"users": list(members)}


METHODS: Final = {
    "auth.test": Method(run=_auth_test),
    "users.info": Method(run=_info, scopes=("users:read",)),
    "users.list": Method(run=_list, scopes=("users:read",)),
    "usergroups.users.list": Method(run=_group_members, scopes=("usergroups:read",)),
}
