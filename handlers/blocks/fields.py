"""
Input fields of modals. Block id and action id are one and the same name, so that state is read by one key.
"""

from collections.abc import Sequence

from handlers.blocks.parts import Block, plain

_LABEL_LIMIT = 200
_HINT_LIMIT = 500
_PLACEHOLDER_LIMIT = 150
MOST_OPTIONS = 100
"""What Slack takes in one list; longer ones are searched instead (`search`)."""


def field(
    name: str, label: str, element: Block, *, hint: str = "", optional: bool = False
) -> Block:
    """A labelled input block around an element."""
    said = {"hint": plain(hint, _HINT_LIMIT)} if hint else {}
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label, _LABEL_LIMIT),
        "element": element | {"action_id": name},
        "optional": optional,
        **said,
    }


def line(initial: str = "", *, most: int, placeholder: str = "", lines: bool = False) -> Block:
    """A text field of one or several lines."""
    shown: Block = {"initial_value": initial} if initial else {}
    if placeholder:
        shown["placeholder"] = plain(placeholder, _PLACEHOLDER_LIMIT)
    return {"type": "plain_text_input", "multiline": lines, "max_length": most, **shown}


def choice(
    options: Sequence[Block],
    *,
    initial: str = "",
    kind: str = "static_select",
) -> Block:
    """One of several: a drop-down list or ``radio_buttons``."""
    shown = list(options[:MOST_OPTIONS])
    picked = next((o for o in shown if o["value"] == initial), None)
    return {"type": kind, "options": shown} | ({"initial_option": picked} if picked else {})


def choices(
    options: Sequence[Block],
    *,
    initial: Sequence[str] = (),
    kind: str = "checkboxes",
) -> Block:
    """Several of several: check boxes or ``multi_static_select``; the initial ones keep their order."""
    shown = list(options[:MOST_OPTIONS])
    by_value = {o["value"]: o for o in shown}
    picked = [by_value[value] for value in initial if value in by_value]
    return {"type": kind, "options": shown} | ({"initial_options": picked} if picked else {})


def search(initial: Sequence[Block], *, most: int) -> Block:
    """Several of more than Slack takes in a list: what is typed is looked up by a door."""
    picked = {"initial_options": list(initial)} if initial else {}
    return {
        "type": "multi_external_select",
        "min_query_length": 1,
        "max_selected_items": most,
        **picked,
    }
