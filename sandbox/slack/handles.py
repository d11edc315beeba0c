"""One-shot handles: trigger_ids (one use, 3 s) and response_urls (5 posts, 30 minutes)."""

import secrets

from sandbox.slack.api_error import ApiError
from sandbox.slack.ids import TEAM_ID
from sandbox.slack.model import ReplyHandle, Trigger
from sandbox.slack.workspace import Workspace

REPLY_LIFE_S = 30 * 60.0
REPLY_USES = 5


def spend_trigger(ws: Workspace, trigger_id: str) -> Trigger:
    """
    Use a trigger up.

    Raises:
        ApiError: invalid_trigger_id, expired_trigger_id or exchanged_trigger_id.
    """
    trigger = ws.triggers.get(trigger_id)
    if trigger is None:
        raise ApiError("invalid_trigger_id")
    if trigger.used:
        raise ApiError("exchanged_trigger_id")
    if ws.clock.now() - trigger.created_at > ws.trigger_life_s:
        raise ApiError("expired_trigger_id")
    trigger.used = True
    return trigger


def new_response_url(
    ws: Workspace,
    *,
    user: str,
    channel: str,
    message_ts: str | None = None,
    thread_ts: str | None = None,
) -> str:
    """An address that answers this one interaction without a token."""
    handle = ReplyHandle(
        secret=secrets.token_urlsafe(18),
        user=user,
        channel=channel,
        created_at=ws.clock.now(),
        message_ts=message_ts,
        thread_ts=thread_ts,
    )
    ws.reply_handles[handle.secret] = handle
    return f"{ws.base_url}/response/{TEAM_ID}/{handle.secret}"


def spend_reply(ws: Workspace, secret: str) -> ReplyHandle:
    """
    Use one of the five posts of a response_url.

    Raises:
        ApiError: used_url or expired_url; an unknown one counts as expired.
    """
    handle = ws.reply_handles.get(secret)
    if handle is None or ws.clock.now() - handle.created_at > REPLY_LIFE_S:
        raise ApiError("expired_url")
    if handle.uses >= REPLY_USES:
        raise ApiError("used_url")
    handle.uses += 1
    return handle
