"""What Slack accepts inside a block: text, options, buttons, selects, inputs (limits: Block Kit)."""

from typing import Final

from sandbox.slack.schema import (
    Check,
    anything,
    boolean,
    by_type,
    integer,
    many,
    one_of,
    record,
    string,
)

ACTION_ID: Final = string(255)
URL: Final = string(3_000)


def plain(limit: int) -> Check:
    """A plain_text object of at most so many characters."""
    return by_type({"plain_text": _plain(limit)})


def text(limit: int) -> Check:
    """A plain_text or mrkdwn object of at most so many characters."""
    mrkdwn = record(
        {"type": one_of("mrkdwn"), "text": string(limit, least=1)}, {"verbatim": boolean}
    )
    return by_type({"plain_text": _plain(limit), "mrkdwn": mrkdwn})


def _plain(limit: int) -> Check:
    return record(
        {"type": one_of("plain_text"), "text": string(limit, least=1, plain=True)},
        {"emoji": boolean},
    )


CONFIRM: Final = record(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
OPTION: Final = record(
    {"text": text(75), "value": string(150)}, {"description": text(75), "url": URL}
)
OPTION_GROUP: Final = record({"label": plain(75), "options": many(OPTION, 100)})
SLACK_FILE: Final = record({}, {"id": string(50), "url": URL}, one_needed=("id", "url"))


def _element(
    kind: str,
    required: dict[str, Check],
    optional: dict[str, Check] | None = None,
    *,
    one_needed: tuple[str, ...] = (),
) -> Check:
    return record(
        {"type": one_of(kind), **required},
        {"action_id": ACTION_ID, **(optional or {})},
        one_needed=one_needed,
    )


_ASKING: Final[dict[str, Check]] = {
    "placeholder": plain(150),
    "focus_on_load": boolean,
    "confirm": CONFIRM,
}
_TYPING: Final[dict[str, Check]] = {
    "placeholder": plain(150),
    "focus_on_load": boolean,
    "dispatch_action_config": anything,
    "initial_value": anything,
}
_SOME: Final[dict[str, Check]] = {"max_selected_items": integer}
_CHOICES: Final[dict[str, Check]] = {
    "options": many(OPTION, 100),
    "option_groups": many(OPTION_GROUP, 100),
}
_EITHER: Final = ("options", "option_groups")
_STYLE: Final = one_of("primary", "danger")


def _picker(kind: str, initial: str) -> dict[str, Check]:
    """The single and the multi select over users, channels or conversations."""
    extra: dict[str, Check] = {
        "response_url_enabled": boolean,
        "default_to_current_conversation": boolean,
        "filter": anything,
    }
    single, multi = f"{kind}_select", f"multi_{kind}_select"
    return {
        single: _element(single, {}, {**_ASKING, **extra, f"initial_{initial}": string(50)}),
        multi: _element(
            multi, {}, {**_ASKING, **_SOME, **extra, f"initial_{initial}s": many(string(50), 100)}
        ),
    }


ELEMENTS: Final[dict[str, Check]] = {
    "button": _element(
        "button",
        {"text": plain(75)},
        {
            "value": string(2_000),
            "url": URL,
            "style": _STYLE,
            "confirm": CONFIRM,
            "accessibility_label": string(75),
        },
    ),
    "workflow_button": _element(
        "workflow_button",
        {"text": plain(75), "workflow": anything},
        {"style": _STYLE, "accessibility_label": string(75)},
    ),
    "overflow": _element("overflow", {"options": many(OPTION, 5)}, {"confirm": CONFIRM}),
    "static_select": _element(
        "static_select", {}, {**_ASKING, **_CHOICES, "initial_option": OPTION}, one_needed=_EITHER
    ),
    "multi_static_select": _element(
        "multi_static_select",
        {},
        {**_ASKING, **_SOME, **_CHOICES, "initial_options": many(OPTION, 100)},
        one_needed=_EITHER,
    ),
    "external_select": _element(
        "external_select", {}, {**_ASKING, "initial_option": OPTION, "min_query_length": integer}
    ),
    "multi_external_select": _element(
        "multi_external_select",
        {},
        {
            **_ASKING,
            **_SOME,
            "initial_options": many(OPTION, 100),
            "min_query_length": integer,
        },
    ),
    **_picker("users", "user"),
    **_picker("channels", "channel"),
    **_picker("conversations", "conversation"),
    "checkboxes": _element(
        "checkboxes",
        {"options": many(OPTION, 10)},
        {"initial_options": many(OPTION, 10), "confirm": CONFIRM, "focus_on_load": boolean},
    ),
    "radio_buttons": _element(
        "radio_buttons",
        {"options": many(OPTION, 10)},
        {"initial_option": OPTION, "confirm": CONFIRM, "focus_on_load": boolean},
    ),
    "datepicker": _element("datepicker", {}, {**_ASKING, "initial_date": string(10)}),
    "timepicker": _element(
        "timepicker", {}, {**_ASKING, "initial_time": string(5), "timezone": string(60)}
    ),
    "datetimepicker": _element("datetimepicker", {}, {**_ASKING, "initial_date_time": integer}),
    "plain_text_input": _element(
        "plain_text_input",
        {},
        {**_TYPING, "multiline": boolean, "min_length": integer, "max_length": integer},
    ),
    "email_text_input": _element("email_text_input", {}, _TYPING),
    "url_text_input": _element("url_text_input", {}, _TYPING),
    "number_input": _element(
        "number_input",
        {"is_decimal_allowed": boolean},
        {**_TYPING, "min_value": string(20), "max_value": string(20)},
    ),
    "rich_text_input": _element(
        "rich_text_input", {}, {**_TYPING, "min_lines": integer, "max_lines": integer}
    ),
    "file_input": _element(
        "file_input", {}, {"filetypes": many(string(20), 100), "max_files": integer}
    ),
    "feedback_buttons": _element(
        "feedback_buttons", {"positive_button": anything, "negative_button": anything}
    ),
    "icon_button": _element(
        "icon_button",
        {"icon": string(50), "text": plain(75)},
        {
            "value": string(2_000),
            "accessibility_label": string(75),
            "visible_to_user_ids": many(string(50), 100),
            "confirm": CONFIRM,
        },
    ),
    "image": record(
        {"type": one_of("image"), "alt_text": string(2_000)},
        {"image_url": URL, "slack_file": SLACK_FILE},
        one_needed=("image_url", "slack_file"),
    ),
}

PRESSED: Final = (
    "button",
    "workflow_button",
    "overflow",
    "static_select",
    "multi_static_select",
    "external_select",
    "multi_external_select",
    "users_select",
    "multi_users_select",
    "channels_select",
    "multi_channels_select",
    "conversations_select",
    "multi_conversations_select",
    "checkboxes",
    "radio_buttons",
    "datepicker",
    "timepicker",
    "datetimepicker",
)
TYPED: Final = (
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "file_input",
)
_NOT_ASKED: Final = {"button", "workflow_button", "overflow"}
ASKED: Final = (*(kind for kind in PRESSED if kind not in _NOT_ASKED), *TYPED)
