"""The verdict on whole messages and views: every fault at once, each with its JSON pointer."""

import json
from collections.abc import Iterator
from typing import Any

from sandbox.slack.block_rules import BLOCKS, MOST_BLOCKS, ON_SURFACE
from sandbox.slack.element_rules import OPTION, OPTION_GROUP, plain
from sandbox.slack.guesses import MESSAGE_BLOCKS_BYTES
from sandbox.slack.ids import Json
from sandbox.slack.model import Surface
from sandbox.slack.schema import Fault, boolean, by_type, many, one_of, record, string
from sandbox.slack.stored_blocks import elements_of

VIEW_BYTES = 250_000
MARKDOWN_PER_MESSAGE = 12_000

_MODAL = record(
    {"type": one_of("modal"), "title": plain(24)},
    {
        "submit": plain(24),
        "close": plain(24),
        "private_metadata": string(3_000),
        "callback_id": string(255),
        "external_id": string(255),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_HOME = record(
    {"type": one_of("home")},
    {
        "private_metadata": string(3_000),
        "callback_id": string(255),
        "external_id": string(255),
    },
)


def check_blocks(blocks: Any, surface: Surface = "message", at: str = "/blocks") -> list[Fault]:
    """Everything wrong with a list of blocks on this surface; empty when Slack would take it."""
    listed = many(by_type(BLOCKS, ON_SURFACE[surface]), MOST_BLOCKS[surface], least=0)
    faults = list(listed(blocks, at))
    if not faults:
        faults.extend(_repeated_ids(blocks, at))
        faults.extend(_one_table(blocks, surface, at))
    return faults


def check_view(view: Any, at: str = "/view") -> list[Fault]:
    """Everything wrong with a modal or home view."""
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        return [Fault(said="must be one of modal, home", pointer=f"{at}/type")]
    surface: Surface = "modal" if view["type"] == "modal" else "home"
    frame = {name: value for name, value in view.items() if name != "blocks"}
    faults = list((_MODAL if surface == "modal" else _HOME)(frame, at))
    if "blocks" not in view:
        return [*faults, Fault(said="missing required field: blocks", pointer=at)]
    faults.extend(check_blocks(view["blocks"], surface, f"{at}/blocks"))
    asks = not faults and any(block["type"] == "input" for block in view["blocks"])
    if surface == "modal" and asks and not view.get("submit"):
        said = "`submit` is required when an `input` block is in the `blocks`"
        faults.append(Fault(said=said, pointer=at))
    return faults


def check_options(name: str, offered: Any) -> list[Fault]:
    """Everything wrong with the options (or option_groups) an app offers to an external select."""
    item = OPTION if name == "options" else OPTION_GROUP
    return list(many(item, 100, least=0)(offered, f"/{name}"))


def too_long_together(blocks: list[Json]) -> bool:
    """Whether the blocks of one message are more than Slack stores (msg_blocks_too_long)."""
    return len(json.dumps(blocks, ensure_ascii=False)) > MESSAGE_BLOCKS_BYTES.value


def _repeated_ids(blocks: list[Json], at: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            yield Fault(said=f"block_id {block_id[:50]!r} already exists", pointer=f"{at}/{index}")
        seen.add(block_id or "")
        action_ids = [each["action_id"] for each in elements_of(block) if each.get("action_id")]
        if len(action_ids) != len(set(action_ids)):
            yield Fault(said="action_id already exists in this block", pointer=f"{at}/{index}")


def _one_table(blocks: list[Json], surface: Surface, at: str) -> Iterator[Fault]:
    kinds = [block["type"] for block in blocks]
    if surface == "message" and kinds.count("table") > 1:
        yield Fault(said="only one table is allowed", pointer=at)
    for index, block in enumerate(blocks):
        if surface == "message" and _has_file_input(block):
            yield Fault(said="unsupported type: file_input", pointer=f"{at}/{index}/element/type")
    words = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if words > MARKDOWN_PER_MESSAGE:
        yield Fault(said=f"must be less than {MARKDOWN_PER_MESSAGE + 1} characters", pointer=at)


def _has_file_input(block: Json) -> bool:
    return any(each.get("type") == "file_input" for each in elements_of(block))
