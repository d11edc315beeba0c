"""
Every figure or habit of the real Slack that we could not look up, in one table with its source.

Nothing else in this room may guess. When the real one is seen to differ, change the row here.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One thing we believe about the real Slack, and why."""

    what: str
    value: float
    source: str


TICKET_LIFE_S: Final = Guess(
    what="seconds a Socket Mode ticket may wait for its connection",
    value=30,
    source="tickets are one-use and short-lived in the Socket Mode guide; the figure is ours",
)
SOCKET_LIFE_S: Final = Guess(
    what="seconds announced in hello as approximate_connection_time",
    value=18_060,
    source="value seen in samples of the SDK's tests",
)
PING_EVERY_S: Final = Guess(
    what="seconds between the server's websocket pings",
    value=10,
    source="the clients' stale check expects one within some ten seconds",
)
WARNING_AHEAD_S: Final = Guess(
    what="seconds between a disconnect message and the closing of the socket",
    value=0.2,
    source="about 10 s in the guide; shorter here so that tests need not wait",
)
FIRST_REDELIVERY_S: Final = Guess(
    what="seconds before the first redelivery of an event",
    value=0,
    source="Events API guide: nearly immediately, then after 1 minute, then after 5",
)
SHARE_DELAY_S: Final = Guess(
    what="seconds between files.completeUploadExternal and the share",
    value=0.2,
    source="threads speak of up to some seconds; short here, and adjustable",
)
MESSAGE_BLOCKS_BYTES: Final = Guess(
    what="characters of JSON all blocks of one message may take",
    value=13_200,
    source="bolt-js issue 2509",
)
METADATA_BYTES: Final = Guess(
    what="characters of JSON a message's metadata may take",
    value=8_000,
    source="well known, not re-checked",
)
HISTORY_PAGE: Final = Guess(
    what="messages in a page of conversations.history unless asked otherwise",
    value=100,
    source="method page; the cap of 999 likewise",
)

HABITS: Final[tuple[tuple[str, str], ...]] = (
    (
        "views.open while a modal is open replaces the stack",
        "not documented; the stack of views.push is the documented way to keep it",
    ),
    (
        "views.push with no open modal answers not_found",
        "not documented",
    ),
    (
        "chat.* takes channel ids only, never names",
        "stricter than the real one, which still takes names of public channels in postMessage",
    ),
    (
        "a response_url of a click without replace_original replaces the message",
        "Netflix/dispatch PR 2865: a public message was replaced by a private answer",
    ),
    (
        "a bad body at a response_url gets HTTP 400 and its error code",
        "not documented; 404 for used_url and expired_url is",
    ),
    (
        "the eleventh socket is told too_many_websockets and closed",
        "the guide names the reason, not which socket it hits",
    ),
    (
        "apps.connections.open in an app without Socket Mode answers socket_mode_disabled",
        "the error's real name is not known to us",
    ),
    (
        "an upload whose size differs from the announced length gets HTTP 400",
        "not documented",
    ),
    (
        "X on a whole stack sends one view_closed for each view that asked to be told",
        "the guide says is_cleared tells the two apart, not how many are sent",
    ),
    (
        "a thread_ts that names no message answers thread_not_found",
        "the word is conversations.replies' own; what chat.postMessage does is not documented",
    ),
    (
        "retry_reason in a Socket Mode envelope is http_timeout's name without http_",
        "the guide shows retry_reason only as an example; bolt copies it into the header",
    ),
    (
        "a press that closes a modal does not wait for the ack of view_closed",
        "seen in the client; not documented",
    ),
    (
        "which blocks a modal and a home tab take: all but file, task_card and plan",
        "the block pages name surfaces only for some of the newer blocks",
    ),
    (
        "words of block errors (must be less than N characters, missing required field, ...)",
        "threads quoting response_metadata.messages; the pointers are documented, the words vary",
    ),
)
