"""Slack's limits, asked of the SDK's own models and counted where the models do not look."""

import json
from typing import Any

from slack_sdk.models.blocks import Block as SdkBlock
from slack_sdk.models.views import View

from handlers.blocks.parts import Picture

MESSAGE_JSON_LIMIT = 13_000
TEXT_LIMIT = 4_000


def check_picture(shown: Picture) -> None:
    """Fail when Slack would not take the message, or would take it without a readable text."""
    assert shown.text
    assert len(shown.text) <= TEXT_LIMIT
    assert len(shown.blocks) <= 50
    assert len(json.dumps(shown.blocks, ensure_ascii=False)) < MESSAGE_JSON_LIMIT
    check_blocks(shown.blocks)


def check_view(view: dict[str, Any]) -> None:
    """Fail when Slack would not take the modal or home."""
    View(**{k: v for k, v in view.items() if k != "blocks"}, blocks=view["blocks"]).validate_json()
    assert len(view["blocks"]) <= 100
    assert len(json.dumps(view)) < 250_000
    assert len(view.get("private_metadata", "")) <= 3000
    if any(block["type"] == "input" for block in view["blocks"]):
        assert view["submit"]
    check_blocks(view["blocks"])


def check_blocks(blocks: Any) -> None:
    """Validate each block by the SDK and its texts by hand; ids must be unique."""
    named = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(named) == len(set(named))
    for block in blocks:
        known = SdkBlock.parse(block)
        assert known is not None
        known.validate_json()
        for limit, text in _texts(block):
            assert text
            assert _escaped_length(text) <= limit


def mrkdwn_texts(value: Any) -> list[str]:
    """Every text that Slack reads as markup."""
    if isinstance(value, dict):
        own = [value["text"]] if value.get("type") == "mrkdwn" else []
        return own + [text for part in value.values() for text in mrkdwn_texts(part)]
    if isinstance(value, (list, tuple)):
        return [text for part in value for text in mrkdwn_texts(part)]
    return []


def _texts(block: dict[str, Any]) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    if block["type"] == "section":
        found += [(3000, block["text"]["text"])] if "text" in block else []
        found += [(2000, field["text"]) for field in block.get("fields", [])]
        assert len(block.get("fields", [])) <= 10
    if block["type"] == "header":
        found.append((150, block["text"]["text"]))
    if block["type"] == "actions":
        for element in block["elements"]:
            if element["type"] == "button":
                found += [(75, element["text"]["text"]), (75, element["accessibility_label"])]
                found.append((2000, element.get("value") or element["url"]))
            else:
                found += [(75, option["value"]) for option in element["options"]]
                assert len(element["options"]) <= 5
    return found


def _escaped_length(text: str) -> int:
    # What we send in mrkdwn is escaped already; plain text is escaped by Slack.
    plain = text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    return len(plain) + sum({"&": 4, "<": 3, ">": 3}.get(char, 0) for char in plain)
