"""
Who stands at a door and what they brought: one value for commands, clicks, forms and shortcuts.

Slack's payloads are read here and nowhere else; people and channels that are not ours are turned away here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from slack_sdk.web.async_client import AsyncWebClient

from bot.chase_ports import Account
from bot.domain.faults import Refused
from bot.domain.ids import PersonId
from bot.domain.messages import Posted
from bot.domain.site import Site
from handlers.refs import parse_origin, with_origin

Surface = Literal["command", "message", "modal", "home", "shortcut"]
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """
    One person at one door.

    Args:
        channel: where they are; empty in modals, on the home tab and at global shortcuts.
        trigger: opens one modal within three seconds.
        value: what the clicked element carries; for a command what was typed after it.
        view: the submitted or clicked modal; empty elsewhere.
        message: the message a shortcut was used on; empty elsewhere.
        origin: the message that was clicked, or the channel that was typed in, also for a modal that was opened there;
            None elsewhere.
    """

    person: PersonId
    user: str
    surface: Surface
    client: AsyncWebClient
    channel: str = ""
    trigger: str = ""
    value: str = ""
    view: Mapping[str, Any] = field(default_factory=dict)
    message: Mapping[str, Any] = field(default_factory=dict)
    origin: Posted | None = None

    @property
    def state(self) -> Mapping[str, Mapping[str, object]]:
        """What was entered in the submitted modal."""
        values = (self.view.get("state") or {}).get("values")
        return values if isinstance(values, dict) else {}

    @property
    def metadata(self) -> str:
        """The submitted modal's private metadata."""
        return str(self.view.get("private_metadata") or "")

    async def show(self, view: Mapping[str, Any]) -> None:
        """Open a modal, which remembers where it was asked for; the trigger is good for one."""
        metadata = with_origin(str(view.get("private_metadata") or ""), self.origin)
        view = {**view, "private_metadata": metadata}
        await self.client.views_open(trigger_id=self.trigger, view=view)


def asked_at(visit: Visit, workspace_url: str) -> str | None:
    """The link to the message, or at least the channel, at which a person asked; None where there is none."""
    return permalink(workspace_url, visit.origin) if visit.origin else None


def permalink(workspace_url: str, place: Posted) -> str | None:
    """
    Where a message stands, as chat's own links say it; a channel when no message is named.

    Source: Slack, chat.getPermalink ("permalink": https://…/archives/C…/p<ts without the dot>).
    """
    if not workspace_url or not place.channel:
        return None
    message = f"/p{place.ts.replace('.', '')}" if place.ts else ""
    return f"{workspace_url}archives/{place.channel}{message}"


def home_channel(visit: Visit, site: Site) -> str:
    """The channel a new order will live in: where it is asked for, else the first one allowed."""
    if visit.channel in site.channels:
        return visit.channel
    return next(iter(site.channels), site.approvals_channel)


def read_command(body: Body, client: AsyncWebClient) -> Visit:
    """Read a slash command."""
    channel = str(body.get("channel_id") or "")
    return _visit(
        body,
        str(body.get("team_id") or ""),
        str(body.get("user_id") or ""),
        surface="command",
        client=client,
        channel=channel,
        origin=Posted(channel=channel, ts="") if channel else None,
        value=str(body.get("text") or ""),
    )


def read_interaction(body: Body, client: AsyncWebClient) -> Visit:
    """Read a click, a submitted modal or a shortcut."""
    who = body.get("user") or {}
    team = str((body.get("team") or {}).get("id") or "")
    return _visit(
        body,
        # In a shared channel the payload names our team and the person another one: theirs counts.
        str(who.get("team_id") or team) if team else "",
        str(who.get("id") or ""),
        surface=_surface(body),
        client=client,
        channel=str((body.get("channel") or {}).get("id") or ""),
        value=_value(body),
        view=body.get("view") or {},
        message=body.get("message") or {},
        origin=_origin(body),
    )


def check_admitted(visit: Visit, site: Site, team_id: str) -> None:
    """
    Turn away who is not ours and what is not said in our channels.

    Raises:
        Refused: ``foreign-team``, ``foreign-channel``.
    """
    if visit.person != f"{team_id}:{visit.user}" or not visit.user:
        raise Refused(
            "foreign-team",
            "CertDesk serves the people of its own workspace only, so nothing was done. "
            "Ask somebody of that workspace.",
        )
    # A direct conversation (D...) is always with the app itself; modals and the home have no channel.
    ours = ("", *site.channels, site.approvals_channel)
    if visit.channel in ours or visit.channel.startswith("D"):
        return
    allowed = ", ".join(f"<#{one}>" for one in site.channels) or "none is configured"
    raise Refused(
        "foreign-channel",
        f"CertDesk is not used in this channel, so nothing was done. Its channels: {allowed}.",
    )


def check_account(account: Account) -> None:
    """
    Turn away whose account does not count, whatever the configuration says of them.

    Raises:
        Refused: ``account-closed``, ``account-guest``.
    """
    if account.closed:
        raise Refused(
            "account-closed",
            "Slack says that this account was deactivated, so nothing was done. If that is wrong, ask the "
            "workspace's administrators; somebody else can do it meanwhile.",
        )
    if account.guest:
        raise Refused(
            "account-guest",
            "This is a guest's account, and CertDesk takes the word of full members of the workspace only; "
            "nothing was done. Ask a member to do it, or the workspace's administrators to make you one.",
        )


def _visit(body: Body, team: str, user: str, **rest: Any) -> Visit:
    trigger = str(body.get("trigger_id") or "")
    return Visit(person=PersonId(f"{team}:{user}"), user=user, trigger=trigger, **rest)


def _origin(body: Body) -> Posted | None:
    channel = str((body.get("channel") or {}).get("id") or "")
    ts = str((body.get("message") or {}).get("ts") or "")
    if channel:
        return Posted(channel=channel, ts=ts)
    return parse_origin(str((body.get("view") or {}).get("private_metadata") or ""))


def _surface(body: Body) -> Surface:
    if body.get("type") in ("shortcut", "message_action"):
        return "shortcut"
    view = body.get("view")
    if isinstance(view, dict):
        return "home" if view.get("type") == "home" else "modal"
    return "message"


def _value(body: Body) -> str:
    clicked = (body.get("actions") or [{}])[0]
    option = clicked.get("selected_option") or {}
    return str(clicked.get("value") or option.get("value") or "")
