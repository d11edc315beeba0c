"""
The budget of one message: Slack refuses blocks of more than about 13,200 characters together.

The longest texts give way first, piece by piece, until the whole fits; what must stay whole is named. Source:
bolt-js issue 2509 (`msg_blocks_too_long`), measured there.
"""

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from handlers.blocks.text import clip, cut_markup

BUDGET: Final = 12_000
_SHORTEST: Final = 160
"""Texts of this length are left alone; cutting them further would leave no sense."""
_KEPT_SHARE: Final = 0.7

Block = dict[str, Any]


def fit(blocks: Sequence[Block], *, whole: frozenset[str] = frozenset()) -> tuple[Block, ...]:
    """
    The blocks, with their longest texts cut as far as the budget of a message asks.

    Args:
        whole: ids of blocks that are never cut.
    """
    if _size(blocks) <= BUDGET:
        return tuple(blocks)
    shorter = copy.deepcopy(list(blocks))
    while _size(shorter) > BUDGET:
        texts = [
            t for block in shorter if block.get("block_id") not in whole for t in _texts(block)
        ]
        longest = max(texts, key=lambda t: len(t["text"]), default=None)
        if longest is None or len(longest["text"]) <= _SHORTEST:
            break
        limit = max(int(len(longest["text"]) * _KEPT_SHARE), _SHORTEST)
        cut = cut_markup if longest["type"] == "mrkdwn" else clip
        longest["text"] = cut(longest["text"], limit)
    return tuple(shorter)


def _size(blocks: Sequence[Block]) -> int:
    # Slack stores plain text escaped, so what will become an entity is counted as one.
    written = json.dumps(blocks, ensure_ascii=False)
    return len(written) + 4 * written.count("&") + 3 * (written.count("<") + written.count(">"))


def _texts(block: Block) -> Iterator[dict[str, Any]]:
    match block["type"]:
        case "section":
            yield from [block["text"]] if "text" in block else []
            yield from block.get("fields", [])
        case "context":
            yield from block["elements"]
        case "rich_text":
            for part in block["elements"]:
                yield from part["elements"]
        case _:
            pass
