"""What Slack accepts as a block, and on which surface (limits: Block Kit reference)."""

from typing import Final

from sandbox.slack.element_rules import ASKED, ELEMENTS, PRESSED, SLACK_FILE, URL, plain, text
from sandbox.slack.model import Surface
from sandbox.slack.schema import (
    Check,
    anything,
    boolean,
    by_type,
    many,
    one_of,
    record,
    string,
)

BLOCK_ID: Final = string(255)


def _block(
    kind: str,
    required: dict[str, Check],
    optional: dict[str, Check] | None = None,
    *,
    one_needed: tuple[str, ...] = (),
) -> Check:
    return record(
        {"type": one_of(kind), **required},
        {"block_id": BLOCK_ID, **(optional or {})},
        one_needed=one_needed,
    )


_PRESSED: Final = by_type(ELEMENTS, PRESSED)
_CONTEXT: Final = by_type(
    {"image": ELEMENTS["image"], **dict.fromkeys(("plain_text", "mrkdwn"), text(3_000))}
)
_RICH: Final = many(anything, 1_000, least=0)
_CELL: Final = by_type(
    {
        "raw_text": record({"type": one_of("raw_text"), "text": string(10_000)}),
        "raw_number": record(
            {"type": one_of("raw_number"), "value": anything}, {"text": string(255)}
        ),
        "rich_text": record(
            {"type": one_of("rich_text"), "elements": _RICH}, {"block_id": BLOCK_ID}
        ),
    }
)
_STATUS: Final = one_of("pending", "in_progress", "complete", "error")
_TASK: Final = _block(
    "task_card",
    {"task_id": string(255), "title": string(255)},
    {
        "status": _STATUS,
        "details": anything,
        "output": anything,
        "sources": many(anything, 50, least=0),
    },
)

BLOCKS: Final[dict[str, Check]] = {
    "header": _block("header", {"text": plain(150)}, {"level": anything}),
    "divider": _block("divider", {}),
    "section": _block(
        "section",
        {},
        {
            "text": text(3_000),
            "fields": many(text(2_000), 10),
            "accessory": by_type(ELEMENTS, (*PRESSED, "image")),
            "expand": boolean,
        },
        one_needed=("text", "fields"),
    ),
    "context": _block("context", {"elements": many(_CONTEXT, 10)}),
    "actions": _block("actions", {"elements": many(_PRESSED, 25)}),
    "context_actions": _block(
        "context_actions",
        {"elements": many(by_type(ELEMENTS, ("feedback_buttons", "icon_button")), 5)},
    ),
    "input": _block(
        "input",
        {"label": plain(2_000), "element": by_type(ELEMENTS, ASKED)},
        {"hint": plain(2_000), "optional": boolean, "dispatch_action": boolean},
    ),
    "image": _block(
        "image",
        {"alt_text": string(2_000)},
        {"image_url": URL, "slack_file": SLACK_FILE, "title": plain(2_000)},
        one_needed=("image_url", "slack_file"),
    ),
    "markdown": _block("markdown", {"text": string(12_000, least=1)}),
    "rich_text": _block("rich_text", {"elements": _RICH}),
    "table": _block(
        "table",
        {"rows": many(many(_CELL, 20), 100)},
        {"column_settings": many(anything, 20)},
    ),
    "alert": _block(
        "alert",
        {"text": text(3_000)},
        {"level": one_of("default", "info", "warning", "error", "success")},
    ),
    "card": _block(
        "card",
        {},
        {
            "title": text(150),
            "subtitle": text(150),
            "body": text(200),
            "icon": anything,
            "hero_image": anything,
            "actions": many(by_type(ELEMENTS, ("button",)), 5),
        },
        one_needed=("title", "body", "hero_image", "actions"),
    ),
    "task_card": _TASK,
    "plan": _block("plan", {"title": string(255)}, {"tasks": many(_TASK, 50, least=0)}),
    "file": _block("file", {"external_id": string(255), "source": one_of("remote")}),
}
BLOCKS["carousel"] = _block("carousel", {"elements": many(BLOCKS["card"], 10)})
BLOCKS["container"] = _block(
    "container",
    {"child_blocks": many(by_type(BLOCKS), 10)},
    {
        "title": text(150),
        "rich_text_title": anything,
        "subtitle": text(150),
        "width": one_of("narrow", "standard", "wide", "full"),
        "icon": anything,
        "is_collapsible": boolean,
        "default_collapsed": boolean,
        "has_header_divider": boolean,
    },
    one_needed=("title", "rich_text_title"),
)

_IN_VIEWS: Final = tuple(kind for kind in BLOCKS if kind not in {"file", "task_card", "plan"})
ON_SURFACE: Final[dict[Surface, tuple[str, ...]]] = {
    "message": tuple(BLOCKS),
    "modal": _IN_VIEWS,
    "home": _IN_VIEWS,
}
MOST_BLOCKS: Final[dict[Surface, int]] = {"message": 50, "modal": 100, "home": 100}
