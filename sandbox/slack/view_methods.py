"""views.* and blocks.validate."""

from typing import Any, Final

from sandbox.slack import views
from sandbox.slack.api_error import ApiError, refuse_faults
from sandbox.slack.arguments import needed, word
from sandbox.slack.block_check import check_blocks, check_view
from sandbox.slack.form import state_values
from sandbox.slack.handles import spend_trigger
from sandbox.slack.ids import Json
from sandbox.slack.method import Method
from sandbox.slack.model import View
from sandbox.slack.payloads import view_json
from sandbox.slack.workspace import Workspace


def _open(ws: Workspace, args: Json) -> Json:
    spec = _view_argument(args)
    trigger = spend_trigger(ws, needed(args, "trigger_id"))
    return _shown(views.open_modal(ws, trigger.user, spec))


def _push(ws: Workspace, args: Json) -> Json:
    spec = _view_argument(args)
    trigger = spend_trigger(ws, needed(args, "trigger_id"))
    return _shown(views.push_modal(ws, trigger.user, spec))


def _update(ws: Workspace, args: Json) -> Json:
    spec = _view_argument(args)
    view = ws.find_view(word(args, "view_id"), word(args, "external_id"))
    if view is None:
        raise ApiError("not_found")
    return _shown(views.replace_view(ws, view, spec, word(args, "hash")))


def _publish(ws: Workspace, args: Json) -> Json:
    user = needed(args, "user_id")
    if user not in ws.users:
        raise ApiError("user_not_found")
    return _shown(views.publish_home(ws, user, _view_argument(args), word(args, "hash")))


def _validate(ws: Workspace, args: Json) -> Json:
    given = [name for name in ("blocks", "message", "view") if args.get(name) is not None]
    if len(given) != 1:
        raise ApiError("invalid_arguments")
    value: Any = args[given[0]]
    match given[0]:
        case "view":
            faults = check_view(value)
        case "message":
            inside = value.get("blocks", []) if isinstance(value, dict) else value
            faults = check_blocks(inside, at="/message/blocks")
        case _:
            faults = check_blocks(value)
    refuse_faults("invalid_blocks", faults)
    return {}


def _view_argument(args: Json) -> Any:
    if args.get("view") is None:
        needed(args, "view")
    return args["view"]


def _shown(view: View) -> Json:
    values = state_values(view.spec["blocks"], view.values, file_of=lambda file_id: {"id": file_id})
    return {"view": view_json(view, values)}


METHODS: Final = {
    "views.open": Method(run=_open),
    "views.push": Method(run=_push),
    "views.update": Method(run=_update),
    "views.publish": Method(run=_publish),
    "blocks.validate": Method(run=_validate),
}
