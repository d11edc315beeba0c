"""Blocks as the workspace keeps them: ids filled in, defaults added, elements found again."""

import copy
from collections.abc import Iterator
from typing import Any

from sandbox.slack.ids import Json, new_block_id

_WITH_ACTION = ("_select", "_input", "picker", "button", "overflow", "checkboxes", "radio_buttons")


def stored(blocks: list[Json]) -> list[Json]:
    """A copy with generated block and action ids and the defaults Slack writes into text."""
    kept: list[Json] = copy.deepcopy(blocks)
    for block in all_blocks(kept):
        block.setdefault("block_id", new_block_id())
        _fill_text(block)
        for element in elements_of(block):
            if any(mark in element.get("type", "") for mark in _WITH_ACTION):
                element.setdefault("action_id", new_block_id())
    return kept


def elements_of(block: Json) -> Iterator[Json]:
    """Every element of a block that a person may touch, at any depth."""
    for single in ("accessory", "element"):
        if isinstance(block.get(single), dict):
            yield block[single]
    for several in ("elements", "actions"):
        if block.get("type") not in {"rich_text", "context"} and isinstance(
            block.get(several), list
        ):
            for each in block[several]:
                yield from elements_of(each) if each.get("type") == "card" else iter((each,))
    for child in block.get("child_blocks") or ():
        yield from elements_of(child)


def find_element(blocks: list[Json], block_id: str, action_id: str) -> Json | None:
    """The element with these ids, or None when the surface does not show it."""
    for block in all_blocks(blocks):
        if block.get("block_id") == block_id:
            for element in elements_of(block):
                if element.get("action_id") == action_id:
                    return element
    return None


def all_blocks(blocks: list[Json]) -> Iterator[Json]:
    """The blocks and those inside containers and carousels."""
    for block in blocks:
        yield block
        nested = block.get("child_blocks") or (
            block.get("elements") if block.get("type") == "carousel" else ()
        )
        yield from all_blocks(list(nested or ()))


def _fill_text(node: Any) -> None:
    if isinstance(node, list):
        for each in node:
            _fill_text(each)
    if isinstance(node, dict):
        if node.get("type") == "plain_text":
            node.setdefault("emoji", True)
        elif node.get("type") == "mrkdwn":
            node.setdefault("verbatim", False)
        for each in node.values():
            _fill_text(each)
