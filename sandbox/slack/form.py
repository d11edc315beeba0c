"""What the fields of a surface hold: typed, chosen, preset or empty, as Slack reports it."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sandbox.slack.ids import Json
from sandbox.slack.stored_blocks import all_blocks, elements_of

# element type -> (key of its value in state, key of its preset in the element)
FIELDS: Final[dict[str, tuple[str, str]]] = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", ""),
}
_LISTS: Final = frozenset(kind for kind, (key, _) in FIELDS.items() if key.endswith("s"))
_EXTERNAL: Final = frozenset({"external_select", "multi_external_select"})


class FormError(Exception):
    """A value no client could have produced for this field; the sentence says which."""


def state_values(
    blocks: list[Json], typed: Mapping[str, Any], *, file_of: Callable[[str], Json]
) -> Json:
    """
    The state.values of a surface: every field, empty ones as null (or an empty list).

    Args:
        blocks: as stored, ids filled in.
        typed: {block_id: {action_id: {...}}} as the person left the fields; the rest is preset.
        file_of: a file id to the file object of a payload; raises FormError for an unknown one.
    """
    values: Json = {}
    for block_id, element in fields_of(blocks):
        action_id = element["action_id"]
        given = (typed.get(block_id) or {}).get(action_id)
        values.setdefault(block_id, {})[action_id] = field_value(element, given, file_of=file_of)
    return values


def fields_of(blocks: list[Json]) -> Iterator[tuple[str, Json]]:
    """Each element that holds a value, with the id of its block."""
    for block in all_blocks(blocks):
        if block.get("type") in {"container", "carousel"}:
            continue
        for element in elements_of(block):
            if element.get("type") in FIELDS:
                yield block["block_id"], element


def field_value(
    element: Json, given: Mapping[str, Any] | None, *, file_of: Callable[[str], Json]
) -> Json:
    """The {type, value...} entry of one field."""
    kind = element["type"]
    key, preset = FIELDS[kind]
    if given is not None and not isinstance(given, Mapping):
        raise FormError(f"The value of {element['action_id']!r} must be an object with {key!r}.")
    empty: Any = [] if kind in _LISTS else None
    value = element.get(preset, empty) if given is None else given.get(key, empty)
    if value in ("", None):
        value = empty
    if kind in _LISTS and not isinstance(value, list):
        raise FormError(f"{key!r} of {element['action_id']!r} must be a list.")
    if key == "selected_option" and value is not None:
        value = _offered(element, value)
    elif key == "selected_options":
        value = [_offered(element, each) for each in value]
    elif key == "files":
        value = [file_of(each if isinstance(each, str) else str(each.get("id"))) for each in value]
    return {"type": kind, key: value}


def still_fitting(blocks: list[Json], typed: Mapping[str, Any]) -> Json:
    """What of the typed values survives new blocks: same block and action, still a valid value."""
    kept: Json = {}
    for block_id, element in fields_of(blocks):
        action_id = element["action_id"]
        given = (typed.get(block_id) or {}).get(action_id)
        with contextlib.suppress(FormError):
            if given is not None:
                field_value(element, given, file_of=lambda file_id: {"id": file_id})
                kept.setdefault(block_id, {})[action_id] = given
    return kept


def missing_answers(blocks: list[Json], values: Json) -> dict[str, str]:
    """What the client itself refuses before anything is sent: {block_id: sentence}."""
    errors: dict[str, str] = {}
    for block in all_blocks(blocks):
        if block.get("type") != "input":
            continue
        element = block["element"]
        key, _ = FIELDS[element["type"]]
        value = values[block["block_id"]][element["action_id"]][key]
        if said := _refusal(element, value, optional=bool(block.get("optional"))):
            errors[block["block_id"]] = said
    return errors


def _refusal(element: Json, value: Any, *, optional: bool) -> str | None:
    if value in (None, [], ""):
        return None if optional else "Please complete this required field."
    least, most = element.get("min_length", 0), element.get("max_length", 3_000)
    if element["type"] == "plain_text_input" and not least <= len(value) <= most:
        return f"Please write between {least} and {most} characters."
    if element["type"] == "email_text_input" and "@" not in value:
        return "Please enter a valid email address."
    if element["type"] == "file_input" and len(value) > element.get("max_files", 10):
        return f"Please choose at most {element.get('max_files', 10)} files."
    return None


def _offered(element: Json, chosen: Any) -> Json:
    """The option as the element offers it; a bare value is enough to name it."""
    value = chosen.get("value") if isinstance(chosen, dict) else chosen
    options = list(element.get("options") or ())
    for group in element.get("option_groups") or ():
        options.extend(group["options"])
    for option in options:
        if option.get("value") == value:
            return dict(option)
    if element["type"] in _EXTERNAL and isinstance(chosen, dict):
        return dict(chosen)
    raise FormError(f"The field {element['action_id']!r} offers no option {str(value)[:80]!r}.")
