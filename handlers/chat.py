"""
Slack's Web API as the notifier needs it, with Slack's errors sorted into passing and final ones.

Synchronous, for worker threads; it never waits and never retries: the outbox does both.
"""

from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.domain.messages import Posted
from bot.ports import DeliveryFault
from handlers.blocks.parts import Picture

EVENT_TYPE: Final = "certdesk_message"
"""The type of the metadata that names the outbox row in every message."""

_PAGE: Final = 200
_PAGES: Final = 10
_TOO_MANY: Final = 429
_DEFAULT_WAIT_S: Final = 30.0

FINAL: Final[Mapping[str, str]] = {
    "channel_not_found": "invite CertDesk to the channel, or correct the channel's id in the configuration",
    "not_in_channel": "invite CertDesk to the channel",
    "is_archived": "unarchive the channel, or configure another one",
    "restricted_action": "allow CertDesk to post in the channel",
    "restricted_action_thread_locked": "unlock the thread",
    "invalid_auth": "give CertDesk a valid bot token",
    "account_inactive": "reinstall CertDesk in the workspace",
    "token_revoked": "reinstall CertDesk in the workspace",
    "token_expired": "give CertDesk a valid bot token",
    "not_authed": "give CertDesk a bot token",
    "missing_scope": "reinstall CertDesk from its manifest, so that it has every scope",
    "user_not_found": "correct the person's id in the configuration",
    "users_not_found": "correct the person's id in the configuration",
    "user_disabled": "name somebody else; the person has left the workspace",
    "user_not_visible": "name somebody of this workspace",
    "cannot_dm_bot": "name a person, not an app",
    "invalid_blocks": "report this to the people who run CertDesk",
    "msg_blocks_too_long": "report this to the people who run CertDesk",
    "msg_too_long": "report this to the people who run CertDesk",
    "invalid_arguments": "report this to the people who run CertDesk",
    "no_text": "report this to the people who run CertDesk",
    "metadata_too_large": "report this to the people who run CertDesk",
}
"""Errors that no later try mends, each with what an administrator must do."""

GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""Errors of an edit after which the message is posted anew."""


class Chat:
    """Posting, editing and finding messages of ours."""

    def __init__(self, client: WebClient) -> None:
        # The SDK's default handler sends a post again after a broken connection: then it may stand twice.
        client.retry_handlers.clear()
        self._client = client

    def post(self, channel: str, shown: Picture, *, row_id: str, thread: str = "") -> Posted:
        """Post a message that carries its outbox row. Raises `DeliveryFault`."""
        answer = _call(
            f"post a message in {channel}",
            lambda: self._client.chat_postMessage(
                channel=channel, text=shown.text, blocks=list(shown.blocks),
                thread_ts=thread or None, metadata=_metadata(row_id),
                unfurl_links=False, unfurl_media=False,
            ),
        )  # fmt: skip
        return Posted(channel=str(answer["channel"]), ts=str(answer["ts"]))

    def edit(self, at: Posted, shown: Picture, *, row_id: str) -> bool:
        """Bring a message up to date; False when it is gone. Raises `DeliveryFault`."""
        try:
            self._client.chat_update(
                channel=at.channel, ts=at.ts, text=shown.text, blocks=list(shown.blocks),
                metadata=_metadata(row_id),
            )  # fmt: skip
        except SlackApiError as fault:
            if fault.response.get("error") in GONE:
                return False
            raise _sorted(fault, f"edit a message in {at.channel}") from fault
        except _NETWORK as fault:
            raise _away(fault) from fault
        return True

    def find(self, channel: str, row_id: str, *, thread: str = "") -> Posted | None:
        """Where the message of an outbox row stands already; None when it is not there."""
        for message in self._messages(channel, thread):
            metadata = message.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == EVENT_TYPE and payload.get("row") == row_id:
                return Posted(channel=channel, ts=str(message["ts"]))
        return None

    def direct_channel(self, user: str) -> str:
        """The channel of the conversation with a person. Raises `DeliveryFault`."""
        answer = _call(
            f"open a conversation with {user}",
            lambda: self._client.conversations_open(users=[user]),
        )
        return str((answer.get("channel") or {})["id"])

    def _messages(self, channel: str, thread: str) -> Iterator[Mapping[str, Any]]:
        cursor = None
        for _ in range(_PAGES):
            page = _call(f"read {channel}", lambda at=cursor: self._page(channel, thread, at))  # type: ignore[misc]  # mypy cannot type a default in a lambda
            yield from page.get("messages") or []
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    def _page(self, channel: str, thread: str, cursor: str | None) -> SlackResponse:
        if thread:
            return self._client.conversations_replies(
                channel=channel, ts=thread, limit=_PAGE, cursor=cursor, include_all_metadata=True
            )
        return self._client.conversations_history(
            channel=channel, limit=_PAGE, cursor=cursor, include_all_metadata=True
        )


_NETWORK = (SlackClientError, OSError, HTTPException)


def _metadata(row_id: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"row": row_id}}


def _call(what: str, send: Callable[[], SlackResponse]) -> SlackResponse:
    try:
        return send()
    except SlackApiError as fault:
        raise _sorted(fault, what) from fault
    except _NETWORK as fault:
        raise _away(fault) from fault


def _sorted(fault: SlackApiError, what: str) -> DeliveryFault:
    response = fault.response
    error = str(response.get("error") or "")
    if response.status_code == _TOO_MANY or error in ("ratelimited", "rate_limited"):
        return DeliveryFault(
            "Slack asks for a pause; the message waits and is sent again.",
            retry_after_s=_retry_after(response),
        )
    if error in FINAL:
        return DeliveryFault(
            f"Slack refused to {what} ({error}); the message was not delivered. "
            f"An administrator has to {FINAL[error]}.",
            final=True,
        )
    return DeliveryFault(
        f"Slack could not {what} ({error or response.status_code}); tried again later."
    )


def _retry_after(response: SlackResponse) -> float:
    headers = {key.lower(): value for key, value in (response.headers or {}).items()}
    try:
        return float(headers.get("retry-after", _DEFAULT_WAIT_S))
    except (TypeError, ValueError):
        return _DEFAULT_WAIT_S


def _away(fault: Exception) -> DeliveryFault:
    kind = type(fault).__name__
    return DeliveryFault(
        f"Slack could not be reached ({kind}); the message waits and is sent again."
    )
