"""What stands in the fields of a message or view right now, and what touching one of them means."""

from collections.abc import Callable

from sandbox.slack.file_payloads import file_json
from sandbox.slack.form import FormError, field_value, state_values
from sandbox.slack.ids import Json
from sandbox.slack.model import View
from sandbox.slack.payloads import view_json
from sandbox.slack.workspace import Workspace


def values_of(ws: Workspace, blocks: list[Json], typed: Json) -> Json:
    """
    The state of these blocks, presets and all.

    Raises:
        FormError: a value no client could produce.
    """
    return state_values(blocks, typed, file_of=_files(ws))


def type_into(ws: Workspace, view: View, typed: Json) -> Json:
    """
    Keep what a person typed into a view; returns the state of all its fields.

    Raises:
        FormError: a value no client could produce; the view keeps what it had.
    """
    before = view.values
    merged = before | {
        block: {**before.get(block, {}), **fields} for block, fields in typed.items()
    }
    values = values_of(ws, view.spec["blocks"], merged)
    view.values = merged
    return values


def view_now(ws: Workspace, view: View) -> Json:
    """The view as payloads show it, with its state."""
    return view_json(view, values_of(ws, view.spec["blocks"], view.values))


def action_of(ws: Workspace, element: Json, block_id: str, given: Json) -> Json:
    """
    The entry of actions[] for touching this element.

    Raises:
        FormError: a choice the element does not offer.
    """
    action: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block_id,
        "action_ts": ws.stamp(),
    }
    match element["type"]:
        case "button" | "icon_button" | "workflow_button":
            named = {"text": element.get("text"), "value": element.get("value")}
            return action | {key: value for key, value in named.items() if value is not None}
        case "overflow":
            chooser = element | {"type": "static_select"}
            chosen = field_value(chooser, given, file_of=_files(ws))
            return action | {"selected_option": chosen["selected_option"]}
        case "feedback_buttons":
            return action | {"value": given.get("value")}
        case _:
            return action | field_value(element, given, file_of=_files(ws))


def _files(ws: Workspace) -> Callable[[str], Json]:
    def file_of(file_id: str) -> Json:
        file = ws.files.get(file_id)
        if file is None:
            raise FormError(f"There is no file {file_id[:40]!r}. Upload it first, with private=1.")
        return file_json(ws, file)

    return file_of
