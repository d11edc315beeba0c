"""HTTP mode, Slack's side: signed POSTs to the app's request URL."""

import asyncio
import hashlib
import hmac
import json
import time
from typing import Literal
from urllib.parse import urlencode

from aiohttp import ClientConnectionError, ClientError, ClientSession

from sandbox.slack.delivery import TIMED_OUT, Answer, Try


class HttpLink:
    """One POST a delivery; commands and interactions are forms, events are JSON."""

    mode: Literal["http"] = "http"

    def __init__(self, *, url: str, signing_secret: str, ack_window_s: float) -> None:
        self._url = url
        self._secret = signing_secret.encode()
        self._ack_window_s = ack_window_s
        self._session: ClientSession | None = None
        self._reached = True

    @property
    def connected(self) -> bool:
        """Whether the last request reached the app; believed before the first one."""
        return self._reached

    async def deliver(self, attempt: Try) -> Answer:
        """One signed POST, until its answer or the end of the window."""
        if self._session is None:
            self._session = ClientSession()
        body, content_type = _encode(attempt)
        headers = {"Content-Type": content_type, **self._sign(body)}
        if attempt.retry_attempt:
            headers["X-Slack-Retry-Num"] = str(attempt.retry_attempt)
            headers["X-Slack-Retry-Reason"] = attempt.retry_reason
        try:
            async with asyncio.timeout(self._ack_window_s):
                async with self._session.post(self._url, data=body, headers=headers) as reply:
                    text = await reply.text()
        except TimeoutError:
            return TIMED_OUT
        except (ClientConnectionError, ClientError):
            self._reached = False
            return Answer(failure="dispatch_failed")
        self._reached = True
        if reply.status != 200:
            again = reply.headers.get("X-Slack-No-Retry") != "1"
            return Answer(failure="dispatch_failed", reason="http_error", retry=again)
        return Answer(payload=_decode(text))

    async def close(self) -> None:
        """Close the connections that were kept."""
        if self._session is not None:
            await self._session.close()

    def _sign(self, body: bytes) -> dict[str, str]:
        # The machine's own time, not the sandbox's: the app compares it with its own clock.
        stamp = str(int(time.time()))
        base = b"v0:" + stamp.encode() + b":" + body
        digest = hmac.new(self._secret, base, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def _encode(attempt: Try) -> tuple[bytes, str]:
    form = "application/x-www-form-urlencoded"
    match attempt.envelope:
        case "events_api":
            return json.dumps(attempt.payload).encode(), "application/json"
        case "slash_commands":
            return urlencode(attempt.payload).encode(), form
        case "interactive":
            return urlencode({"payload": json.dumps(attempt.payload)}).encode(), form


def _decode(text: str) -> dict[str, object] | None:
    """The ack's body: nothing, JSON, or plain words for the person."""
    if not text.strip():
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return {"text": text}
    return value if isinstance(value, dict) else {"text": text}
