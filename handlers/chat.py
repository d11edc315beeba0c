"""
Slack's Web API as the notifier needs it, with Slack's errors sorted into passing and final ones.

Synchronous, for worker threads; it never waits and never retries: the outbox does both.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http.client import HTTPException
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.chat_ports import DeliveryFault, Pace
from bot.domain.messages import Posted
from bot.domain.pacing import POSTS, UNPACED, Rate
from handlers.blocks.parts import Picture
from handlers.slack_faults import Gone, PauseAsked, sort_fault

EVENT_TYPE: Final = "certdesk_message"
"""The type of the metadata that names the outbox row in every message."""

_PAGE: Final = 200
_PAGES: Final = 100
"""How far a channel or thread is looked through for a message whose answer was lost."""


class Chat:
    """Posting, editing and finding messages of ours."""

    def __init__(self, client: WebClient, pace: Pace) -> None:
        # The SDK's default handler sends a post again after a broken connection: then it may stand twice.
        client.retry_handlers.clear()
        self._client = client
        self._pace = pace
        self._direct: dict[str, str] = {}

    def post(
        self,
        channel: str,
        shown: Picture,
        *,
        row_id: str,
        thread: str = "",
        slot: str | None = "",
    ) -> Posted:
        """
        Post a message that carries its outbox row. Raises `DeliveryFault`.

        Args:
            slot: the bucket in which it has its slot already, or None when it needs none: nothing was shown for the
                slot it took.
        """
        # Slack counts messages by channel, so that a busy one holds up no other.
        bucket = f"post:{channel}"
        if slot is not None and slot != bucket:
            self._take(bucket, POSTS)
        answer = self._call(
            f"post a message in {channel}",
            bucket,
            POSTS,
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
            self._asked(
                f"edit a message in {at.channel}",
                "chat.update",
                lambda: self._client.chat_update(
                    channel=at.channel, ts=at.ts, text=shown.text, blocks=list(shown.blocks),
                    metadata=_metadata(row_id),
                ),
            )  # fmt: skip
        except Gone:
            return False
        return True

    def delete(self, at: Posted) -> None:
        """Take a message of ours away; one that is gone is no fault. Raises `DeliveryFault`."""
        with suppress(Gone):
            self._asked(
                f"delete a message in {at.channel}",
                "chat.delete",
                lambda: self._client.chat_delete(channel=at.channel, ts=at.ts),
            )

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
        if user not in self._direct:
            answer = self._asked(
                f"open a conversation with {user}",
                "conversations.open",
                lambda: self._client.conversations_open(users=[user]),
            )
            self._direct[user] = str((answer.get("channel") or {})["id"])
        return self._direct[user]

    def link_into(self, channel: str, thread: str) -> str:
        """The address of what was said in a thread, also when the message above it is gone; empty without any."""
        try:
            page = self._page(channel, thread, None)
            said = [str(one["ts"]) for one in page.get("messages") or [] if one["ts"] != thread]
            if not said:
                return ""
            answer = self._client.chat_getPermalink(channel=channel, message_ts=said[0])
        except (SlackApiError, *_NETWORK):
            # A link is a kindness; the message it belongs to must not wait for it.
            return ""
        return str(answer["permalink"])

    def _messages(self, channel: str, thread: str) -> Iterator[Mapping[str, Any]]:
        cursor = None
        for _ in range(_PAGES):
            page = self._asked(
                f"read {channel}",
                "conversations.replies" if thread else "conversations.history",
                lambda at=cursor: self._page(channel, thread, at),  # type: ignore[misc]  # mypy cannot type a default in a lambda
            )
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

    def _asked(self, what: str, method: str, send: Callable[[], SlackResponse]) -> SlackResponse:
        """Call a method that is counted by workspace, unless Slack asked for a pause in it."""
        self._take(method, UNPACED)
        return self._call(what, method, UNPACED, send)

    def _take(self, bucket: str, rate: Rate) -> None:
        wait_s = self._pace.slot(bucket, rate)
        if wait_s > 0:
            raise DeliveryFault(
                "Slack takes no more in this moment; the message waits for its turn.",
                retry_after_s=wait_s,
                sent=False,
                slot=bucket,
            )

    def _call(
        self, what: str, bucket: str, rate: Rate, send: Callable[[], SlackResponse]
    ) -> SlackResponse:
        try:
            return send()
        except SlackApiError as fault:
            told = sort_fault(fault, what)
            if isinstance(told, PauseAsked):
                self._pace.pause(bucket, rate, told.retry_after_s)
            raise told from fault
        except _NETWORK as fault:
            raise _away(fault) from fault


_NETWORK = (SlackClientError, OSError, HTTPException)


def _metadata(row_id: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"row": row_id}}


def _away(fault: Exception) -> DeliveryFault:
    kind = type(fault).__name__
    return DeliveryFault(
        f"Slack could not be reached ({kind}); the message waits and is sent again."
    )
