"""Slack's front: the AsyncApp with every door registered, each behind the one error boundary."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncRespond
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.faults import Refused
from bot.domain.ids import PersonId
from handlers.actions import CLICKS
from handlers.blocks.order_form import host_options
from handlers.boundary import Boundary, FormReply, Reply
from handlers.commands import command
from handlers.deletions import deleted_place, take_deletion
from handlers.home import publish_home
from handlers.ids import COMMAND, Field
from handlers.rooms import Rooms
from handlers.seen import Seen
from handlers.shortcuts import SHORTCUTS
from handlers.submissions import FORMS
from handlers.uploads import ThreadUploads
from handlers.visit import (
    Visit,
    asked_at,
    check_account,
    check_admitted,
    read_command,
    read_interaction,
)

Body = dict[str, Any]
Listener = Callable[..., Awaitable[None]]
_log = logging.getLogger(__name__)


def build_app(
    rooms: Rooms,
    *,
    token: str,
    signing_secret: str,
    client: AsyncWebClient,
    patience_s: float = 2.0,
) -> AsyncApp:
    """
    Build the app; nothing is sent to Slack yet.

    Args:
        token: the bot token; ``client`` gets it when it has none.
        signing_secret: proves that a request is Slack's; not looked at in Socket Mode.
        client: also where all calls go, so that its base address decides which Slack is meant.
        patience_s: how long a door may take before Slack is told "one moment"; below 3 seconds.
    """
    client.token = client.token or token
    app = AsyncApp(signing_secret=signing_secret, client=client, ignoring_self_events_enabled=False)
    app.middleware(_skip_own)
    # At INFO Bolt logs the whole body of a request with a wrong signature.
    logging.getLogger("slack_bolt.AsyncRequestVerification").setLevel(logging.WARNING)
    doors = _Doors(rooms, client, Boundary(patience_s=patience_s))
    app.command(COMMAND)(doors.command)
    for action, click in CLICKS.items():
        app.action(action.value)(doors.clicking(click))
    for callback, form in FORMS.items():
        app.view(callback.value)(doors.sending(form))
    for callback, shortcut in SHORTCUTS.items():
        app.shortcut(callback.value)(doors.clicking(shortcut))
    app.options(Field.HOSTS.value)(doors.search_hosts)
    app.event("app_home_opened")(doors.home_opened)
    app.event("message")(doors.message)
    app.event("file_shared")(doors.file_shared)
    app.error(_unexpected)
    return app


class _Doors:
    """Bolt's listeners: each reads the payload, asks whether the person is ours, and calls one door."""

    def __init__(self, rooms: Rooms, client: AsyncWebClient, boundary: Boundary) -> None:
        self._rooms = rooms
        self._client = client
        self._boundary = boundary
        self._uploads = ThreadUploads(rooms, client)
        self._events = Seen(limit=5000)

    async def command(self, ack: AsyncAck, respond: AsyncRespond, body: Body) -> None:
        visit = read_command(body, self._client)
        await self._boundary.command(ack, respond, visit, partial(self._enter, command, visit))

    def clicking(self, door: Callable[[Visit, Rooms], Awaitable[Reply]]) -> Listener:
        """Make a listener for clicks. Bolt looks at the names of its arguments, so no partial."""

        async def listen(ack: AsyncAck, respond: AsyncRespond, body: Body) -> None:
            visit = read_interaction(body, self._client)
            await self._boundary.click(ack, respond, visit, partial(self._enter, door, visit))

        return listen

    def sending(self, door: Callable[[Visit, Rooms], Awaitable[FormReply]]) -> Listener:
        """Make a listener for a form that was sent."""

        async def listen(ack: AsyncAck, body: Body) -> None:
            visit = read_interaction(body, self._client)
            await self._boundary.form(ack, visit, partial(self._enter, door, visit))

        return listen

    async def search_hosts(self, ack: AsyncAck, body: Body) -> None:
        visit = read_interaction(body, self._client)
        try:
            check_admitted(visit, self._rooms.site, self._rooms.team_id)
            check_account(await asyncio.to_thread(self._rooms.people.find, visit.person))
        except Refused:
            await ack(options=[])
            return
        await ack(options=host_options(self._rooms.site, str(body.get("value") or "")))

    async def home_opened(self, body: Body, event: Body) -> None:
        # Slack fires this for the messages tab too, where there is nothing to publish.
        if event.get("tab") == "home" and self._is_ours(body):
            await self._boundary.event(partial(self._home, str(event.get("user"))))

    async def _home(self, user: str) -> None:
        person = PersonId(f"{self._rooms.team_id}:{user}")
        try:
            check_account(await asyncio.to_thread(self._rooms.people.find, person))
        except Refused:
            # Whom no door is open has nothing to see either; the sentence comes when they try one.
            return
        await publish_home(self._client, self._rooms, user)

    async def message(self, body: Body, event: Body) -> None:
        gone = deleted_place(event)
        if gone is not None and self._is_ours(body):
            await self._boundary.event(partial(take_deletion, self._rooms, gone))
        elif event.get("files") and self._is_ours(body):
            trouble = await self._boundary.event(partial(self._uploads.message, event))
            if trouble is not None:
                await self._boundary.event(partial(self._uploads.regret, event, trouble))

    async def file_shared(self, body: Body, event: Body) -> None:
        if self._is_ours(body):
            await self._boundary.event(partial(self._uploads.shared, event))

    async def _enter(self, door: Callable[[Visit, Rooms], Awaitable[Any]], visit: Visit) -> Any:
        check_admitted(visit, self._rooms.site, self._rooms.team_id)
        check_account(await asyncio.to_thread(self._rooms.people.find, visit.person))
        link = asked_at(visit, self._rooms.workspace_url)
        return await door(visit, self._rooms.asked_at(link))

    def _is_ours(self, body: Body) -> bool:
        if body.get("team_id") != self._rooms.team_id:
            return False
        theirs = (body.get("event") or {}).get("user_team", self._rooms.team_id)
        return theirs == self._rooms.team_id and self._events.add(str(body.get("event_id")))


async def _skip_own(
    body: Body, context: AsyncBoltContext, next_: Callable[[], Awaitable[None]]
) -> BoltResponse | None:
    """
    Take what CertDesk did itself for no news, as Bolt would.

    But for the end of a message: Bolt takes whoever wrote it for whoever deleted it, and would keep it from us.
    """
    event = body.get("event")
    if isinstance(event, dict) and deleted_place(event) is None:
        own = (context.user_id, context.bot_user_id), (event.get("bot_id"), context.bot_id)
        if any(who is not None and who == us for who, us in own):
            return BoltResponse(status=200, body="")
    await next_()
    return None


async def _unexpected(error: Exception) -> BoltResponse:
    """Keep a fault outside the doors (a payload nobody can read) out of Slack and in the log."""
    _log.error("A request broke before it reached a door", exc_info=error)
    return BoltResponse(status=500, body="")
