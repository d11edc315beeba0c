"""The things a workspace holds. Plain values; the rules that change them live elsewhere."""

from dataclasses import dataclass, field
from typing import Literal

from sandbox.slack.ids import TEAM_ID, Json


@dataclass(slots=True, kw_only=True)
class User:
    """A person, or the app's own bot user."""

    id: str
    name: str
    real_name: str
    title: str = ""
    role: str = ""
    team_id: str = TEAM_ID
    is_bot: bool = False
    deleted: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    is_admin: bool = False
    tz: str = "Europe/Berlin"


@dataclass(slots=True, kw_only=True)
class Channel:
    """A channel or, with is_im, the conversation of the app and one person."""

    id: str
    name: str
    members: list[str]
    is_private: bool = False
    is_im: bool = False
    is_archived: bool = False
    created: int = 0


@dataclass(slots=True, kw_only=True)
class StoredFile:
    """A file and where it was shared: channel id -> ts of the message that shows it."""

    id: str
    name: str
    title: str
    user: str
    data: bytes
    created: int
    mimetype: str
    user_team: str = TEAM_ID
    shares: dict[str, str] = field(default_factory=dict)
    settled: bool = True


@dataclass(slots=True, kw_only=True)
class Message:
    """A message; with ephemeral_to, a whisper that only this person ever saw."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    from_app: bool = False
    subtype: str | None = None
    edited_ts: str | None = None
    ephemeral_to: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    earlier_blocks: list[list[Json]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class View:
    """A modal or a home tab as it stands for one person."""

    id: str
    user: str
    spec: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    values: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Trigger:
    """A trigger_id: one use, three seconds, one person."""

    id: str
    user: str
    created_at: float
    used: bool = False


@dataclass(slots=True, kw_only=True)
class ReplyHandle:
    """A response_url: five posts in thirty minutes, for one interaction."""

    secret: str
    user: str
    channel: str
    created_at: float
    message_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The three secrets an app is given when it is installed."""

    bot_token: str
    app_token: str
    signing_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One Web API call the app made, without its token."""

    method: str
    args: Json
    ok: bool
    error: str | None
    at: float


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One envelope or request sent to the app."""

    type: str
    what: str
    retry_attempt: int
    at: float
    acked: bool = False
    ack_ms: float | None = None


Surface = Literal["message", "modal", "home"]
