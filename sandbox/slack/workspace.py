"""The workspace's memory: people, channels, messages, files, views, and who is looking on."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Literal

from sandbox.slack.clock import SandboxClock
from sandbox.slack.ids import BOT_USER_ID, TEAM_ID, Json, Stamps, new_id
from sandbox.slack.manifest import Manifest
from sandbox.slack.model import (
    Call,
    Channel,
    Credentials,
    Delivery,
    Message,
    ReplyHandle,
    StoredFile,
    Trigger,
    User,
    View,
)
from sandbox.slack.trouble import Trouble

TEAM_NAME = "CertDesk Sandbox"
TEAM_DOMAIN = "certdesk-sandbox"
TRIGGER_LIFE_S = 3.0
What = Literal["messages", "views", "home", "channels", "app"]

PEOPLE = (
    ("requester", "U0REQUEST1", "rita", "Rita Requester", "Requester"),
    ("manager", "U0MANAGER1", "max", "Max Manager", "Manager"),
    ("operator", "U0OPERATE1", "olga", "Olga Operator", "Operator"),
    ("auditor", "U0AUDITOR1", "arthur", "Arthur Auditor", "Auditor"),
)
CHANNELS = (("C0REQUEST1", "cert-requests"), ("C0APPROVE1", "cert-approvals"))
MANAGERS_GROUP = "S0MANAGER1"


class Workspace:
    """Everything that is so, at this moment. Changes are made by the rooms around it."""

    def __init__(
        self, *, manifest: Manifest, credentials: Credentials, clock: SandboxClock
    ) -> None:
        self.manifest = manifest
        self.credentials = credentials
        self.clock = clock
        self.base_url = ""
        self.trigger_life_s = TRIGGER_LIFE_S
        self.stamps = Stamps()
        self.users = _default_users(manifest)
        self.channels = self._default_channels()
        self.usergroups: dict[str, list[str]] = {MANAGERS_GROUP: ["U0MANAGER1"]}
        self.messages: dict[str, list[Message]] = {each: [] for each in self.channels}
        self.files: dict[str, StoredFile] = {}
        self.uploads: dict[str, tuple[str, int]] = {}
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.reply_handles: dict[str, ReplyHandle] = {}
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.trouble = Trouble()
        self.read_up_to: dict[tuple[str, str], str] = {}
        # Plugged in by the server: send an event to the app; do something in a while.
        self.emit: Callable[[Json], None] = lambda event: None
        self.later: Callable[[float, Callable[[], None]], None] = lambda seconds, action: action()
        self._watchers: list[tuple[str, asyncio.Queue[Json]]] = []

    def stamp(self) -> str:
        """A new ts."""
        return self.stamps.mint(self.clock.now())

    def has_scope(self, *any_of: str) -> bool:
        """Whether the manifest grants the app one of these scopes (none asked: yes)."""
        return not any_of or any(scope in self.manifest.scopes for scope in any_of)

    def open_dm(self, user: str) -> Channel:
        """The conversation of this person and the app, made on demand."""
        for channel in self.channels.values():
            if channel.is_im and user in channel.members:
                return channel
        dm = Channel(id=new_id("D"), name="", members=[user, BOT_USER_ID], is_im=True)
        return self.add_channel(dm)

    def add_channel(self, channel: Channel) -> Channel:
        """Put a channel into the workspace and tell its members."""
        channel.created = int(self.clock.now())
        self.channels[channel.id] = channel
        self.messages[channel.id] = []
        self.changed("channels", users=channel.members)
        return channel

    def find_message(self, channel: str, ts: str) -> Message | None:
        """The message with this ts, whispers included."""
        return next((each for each in self.messages.get(channel, ()) if each.ts == ts), None)

    def find_view(self, view_id: str | None = None, external_id: str | None = None) -> View | None:
        """An open modal or a home tab by its id or external id."""
        for view in self.live_views():
            if view_id and view.id == view_id:
                return view
            if not view_id and external_id and view.spec.get("external_id") == external_id:
                return view
        return None

    def live_views(self) -> Iterable[View]:
        """Every modal on a stack, then every home tab."""
        for stack in self.stacks.values():
            yield from stack
        yield from self.homes.values()

    def new_trigger(self, user: str) -> str:
        """A fresh trigger_id for an interaction of this person."""
        now = self.clock.now()
        trigger = Trigger(
            id=f"{int(now * 1000)}.{new_id('')}.{new_id('')}", user=user, created_at=now
        )
        self.triggers[trigger.id] = trigger
        return trigger.id

    def watch(self, user: str) -> "asyncio.Queue[Json]":
        """A queue that hears of every change this person would see."""
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._watchers.append((user, queue))
        return queue

    def unwatch(self, queue: "asyncio.Queue[Json]") -> None:
        """Stop filling this queue."""
        self._watchers = [pair for pair in self._watchers if pair[1] is not queue]

    def changed(
        self, what: What, *, channel: str | None = None, users: Iterable[str] | None = None
    ) -> None:
        """Tell the watchers: those named, those in the channel, or everyone."""
        if users is None and channel is not None:
            users = self.channels[channel].members
        note: Json = {"type": "changed", "what": what}
        if channel is not None:
            note["channel"] = channel
        for user, queue in self._watchers:
            if users is None or user in users:
                queue.put_nowait(note)

    def _default_channels(self) -> dict[str, Channel]:
        now = int(self.clock.now())
        members = list(self.users)
        return {
            channel_id: Channel(id=channel_id, name=name, members=list(members), created=now)
            for channel_id, name in CHANNELS
        }


def _default_users(manifest: Manifest) -> dict[str, User]:
    people = [
        User(id=user_id, name=name, real_name=real_name, title=title, role=role, team_id=TEAM_ID)
        for role, user_id, name, real_name, title in PEOPLE
    ]
    bot = User(
        id=BOT_USER_ID, name=manifest.bot_name.lower(), real_name=manifest.bot_name, is_bot=True
    )
    return {user.id: user for user in (*people, bot)}
