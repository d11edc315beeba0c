"""
The pieces pictures are made of: Block Kit as plain data, each piece within Slack's limits.

No picture lives here, and nothing that knows an order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from handlers.blocks.budget import fit
from handlers.blocks.text import (
    FIELD_LIMIT,
    HEADER_LIMIT,
    MESSAGE_TEXT_LIMIT,
    SECTION_LIMIT,
    clip,
    cut_markup,
    outside,
)

Block = dict[str, Any]
"""One block or element as Slack takes it; nothing reads it back."""

_FIELDS_PER_SECTION = 10
_LABEL_LIMIT = 75
_OPTION_LIMIT = 75
_PREFORMATTED_LIMIT = 6000
_TITLE_LIMIT = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """
    A message ready to be sent.

    Args:
        text: a whole sentence that stands alone, for screen readers and notifications.
    """

    text: str
    blocks: tuple[Block, ...]


def picture(text: str, blocks: Iterable[Block], *, whole: frozenset[str] = frozenset()) -> Picture:
    """
    Join the fallback sentence, in mrkdwn, and the blocks, within the budget of one message.

    Args:
        whole: ids of blocks that must not be cut.
    """
    return Picture(text=cut_markup(text, MESSAGE_TEXT_LIMIT), blocks=fit(list(blocks), whole=whole))


def plain(text: str, limit: int) -> Block:
    """A plain_text object; colons stay colons."""
    return {"type": "plain_text", "text": outside(text, limit), "emoji": False}


def mrkdwn(text: str, limit: int = SECTION_LIMIT) -> Block:
    """A mrkdwn object of our own words; outside words in it went through `text.code` before."""
    return {"type": "mrkdwn", "text": cut_markup(text, limit) or "-", "verbatim": True}


def header(text: str) -> Block:
    """A heading, which screen readers jump to."""
    return {"type": "header", "text": plain(text, HEADER_LIMIT)}


def section(text: str) -> Block:
    """A paragraph of our own words in mrkdwn."""
    return {"type": "section", "text": mrkdwn(text)}


def outside_section(text: str) -> Block:
    """A paragraph of somebody else's words; no markup is read in it."""
    return {"type": "section", "text": plain(text, SECTION_LIMIT)}


def with_button(text: str, element: Block) -> Block:
    """A paragraph with one button beside it."""
    return {"type": "section", "text": mrkdwn(text), "accessory": element}


def facts(pairs: Sequence[tuple[str, str]]) -> Block:
    """Label and value (mrkdwn) side by side, ten at most."""
    shown = [
        mrkdwn(f"*{label}*\n{value}", FIELD_LIMIT) for label, value in pairs[:_FIELDS_PER_SECTION]
    ]
    return {"type": "section", "fields": shown}


def context(*texts: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [mrkdwn(text, FIELD_LIMIT) for text in texts]}


def divider() -> Block:
    """A line between parts."""
    return {"type": "divider"}


def labelled(label: str, text: str, limit: int = SECTION_LIMIT) -> Block:
    """A label in bold, and under it somebody else's words; no markup is read in them."""
    words = {"type": "text", "text": "\n" + outside(text, limit)}
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [_bold(label), words]}],
    }


def preformatted(
    label: str, text: str, limit: int = _PREFORMATTED_LIMIT, *, block_id: str = ""
) -> Block:
    """A label in bold, and under it text exactly as it is, in fixed width, ready to be copied."""
    element = {"type": "text", "text": clip(text, limit)}
    named = {"block_id": block_id} if block_id else {}
    return {
        "type": "rich_text",
        **named,
        "elements": [
            {"type": "rich_text_section", "elements": [_bold(label)]},
            {"type": "rich_text_preformatted", "elements": [element]},
        ],
    }


def _bold(text: str) -> Block:
    return {"type": "text", "text": text, "style": {"bold": True}}


def actions(block_id: str, elements: Iterable[Block]) -> tuple[Block, ...]:
    """A row of buttons; nothing when there is none."""
    row = list(elements)
    return ({"type": "actions", "block_id": block_id, "elements": row},) if row else ()


def button(
    action_id: str,
    label: str,
    *,
    value: str,
    spoken: str,
    style: Literal["primary", "danger", ""] = "",
) -> Block:
    """
    A button.

    Args:
        value: ids to look up, never facts.
        spoken: what a screen reader says, complete without the message around it.
    """
    look = {"style": style} if style else {}
    return {
        "type": "button",
        "action_id": action_id,
        "text": plain(label, _LABEL_LIMIT),
        "value": value,
        "accessibility_label": outside(spoken, _LABEL_LIMIT),
        **look,
    }


def link_button(action_id: str, label: str, *, url: str, spoken: str) -> Block:
    """A button that opens a page; Slack still reports the click, so it has an action id."""
    return {
        "type": "button",
        "action_id": action_id,
        "text": plain(label, _LABEL_LIMIT),
        "url": url,
        "accessibility_label": outside(spoken, _LABEL_LIMIT),
    }


def overflow(action_id: str, options: Iterable[Block]) -> Block:
    """The three dots with rarer actions behind them."""
    return {"type": "overflow", "action_id": action_id, "options": list(options)}


def option(label: str, value: str, description: str = "") -> Block:
    """One choice of a list."""
    extra = {"description": plain(description, _OPTION_LIMIT)} if description else {}
    return {"text": plain(label, _OPTION_LIMIT), "value": value, **extra}


def modal(
    callback_id: str,
    *,
    title: str,
    blocks: Iterable[Block],
    submit: str = "",
    close: str = "Close",
    metadata: str = "",
) -> Block:
    """A modal view; without ``submit`` it only tells."""
    view = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(title, _TITLE_LIMIT),
        "close": plain(close, _TITLE_LIMIT),
        "private_metadata": metadata,
        "blocks": list(blocks),
    }
    return view | ({"submit": plain(submit, _TITLE_LIMIT)} if submit else {})
