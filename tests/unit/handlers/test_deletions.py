"""Which events tell that a message is gone."""

from typing import Any

import pytest

from bot.domain.messages import Posted
from handlers.deletions import deleted_place

PLACE = Posted(channel="C1", ts="1700.000100")
HEAD = {"subtype": "tombstone", "ts": PLACE.ts, "user": "USLACKBOT", "thread_ts": PLACE.ts}

GONE: dict[str, dict[str, Any]] = {
    "a message": {"subtype": "message_deleted", "channel": "C1", "deleted_ts": PLACE.ts},
    "the head of a thread": {"subtype": "message_changed", "channel": "C1", "message": HEAD},
    "a tombstone itself, with its last reply": {
        "subtype": "message_deleted", "channel": "C1", "deleted_ts": PLACE.ts, "previous_message": HEAD,
    },
}  # fmt: skip

NOT_GONE: dict[str, dict[str, Any]] = {
    "a new message": {"channel": "C1", "ts": PLACE.ts},
    "an edit": {"subtype": "message_changed", "channel": "C1", "message": {"ts": PLACE.ts}},
    "a tombstone that is read": {"channel": "C1", **HEAD},
    "no channel": {"subtype": "message_deleted", "deleted_ts": PLACE.ts},
    "no time": {"subtype": "message_deleted", "channel": "C1"},
    "nonsense": {"subtype": "message_changed", "channel": ["C1"], "message": "tombstone"},
    "more nonsense": {"subtype": ["message_deleted"], "channel": "C1", "deleted_ts": 5},
}


@pytest.mark.parametrize("event", GONE.values(), ids=list(GONE))
def test_a_message_that_is_gone_is_told_in_two_ways(event: dict[str, Any]) -> None:
    """Deleted, or made a tombstone where others answered it."""
    assert deleted_place(event) == PLACE


@pytest.mark.parametrize("event", NOT_GONE.values(), ids=list(NOT_GONE))
def test_everything_else_tells_of_no_end(event: dict[str, Any]) -> None:
    """Nor does anything break at it."""
    assert deleted_place(event) is None
