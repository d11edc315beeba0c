"""
Reading what a person entered in a modal: ``state.values`` as Slack sends it.

Outside data: every missing, null or oddly shaped value reads as "nothing entered".
"""

from collections.abc import Mapping

State = Mapping[str, Mapping[str, object]]
"""Block id to action id to what was entered; our block and action ids are the same."""


def typed(state: State, name: str) -> str:
    """The text of a field, without blanks around it; empty when nothing was typed."""
    value = _entry(state, name).get("value")
    return value.strip() if isinstance(value, str) else ""


def chosen(state: State, name: str) -> str:
    """The value of the one option chosen; empty when none was."""
    return _option(_entry(state, name).get("selected_option"))


def chosen_all(state: State, name: str) -> tuple[str, ...]:
    """The values of the options chosen, in Slack's order, each once."""
    options = _entry(state, name).get("selected_options")
    values = [_option(one) for one in options] if isinstance(options, list) else []
    return tuple(dict.fromkeys(value for value in values if value))


def file_ids(state: State, name: str) -> tuple[str, ...]:
    """Slack's ids of the files put into a file field."""
    files = _entry(state, name).get("files")
    ids = [f.get("id") for f in files if isinstance(f, dict)] if isinstance(files, list) else []
    return tuple(value for value in ids if isinstance(value, str) and value)


def _entry(state: State, name: str) -> Mapping[str, object]:
    entry = (state.get(name) or {}).get(name)
    return entry if isinstance(entry, dict) else {}


def _option(option: object) -> str:
    value = option.get("value") if isinstance(option, dict) else None
    return value if isinstance(value, str) else ""
