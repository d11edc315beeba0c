"""
Fetching a file that somebody put into Slack: capped, checked, and with the token for Slack's hosts only.

What is inside the file is judged elsewhere. A wrong token or a file the app cannot see comes back from Slack as
status 200 with an HTML page (bolt-js issue 2585), so a web page is never taken for a bundle.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.certs.rules import UPLOAD_LIMIT
from bot.domain.faults import Refused
from handlers.blocks.text import code

SLACK_HOSTS: Final = frozenset({"files.slack.com", "slack-files.com"})
"""Where Slack keeps files; the token goes nowhere else."""
_API_HOST: Final = "slack.com"
_TIMEOUT_S: Final = 30
_HTTP_OK: Final = 200
_AGAIN: Final = "Nothing was judged or installed. Upload the vendor's zip again."


async def file_info(client: AsyncWebClient, file_id: str) -> Mapping[str, Any]:
    """
    What Slack says about a file.

    Raises:
        Refused: ``file-gone`` when the app cannot see it, ``file-foreign`` when it comes from outside.
    """
    try:
        answer = await client.files_info(file=file_id)
    except SlackApiError as fault:
        raise Refused(
            "file-gone",
            f"Slack does not show the file to CertDesk ({fault.response.get('error')}). {_AGAIN} "
            "In a private channel, invite CertDesk first or use the upload form.",
        ) from fault
    info: Mapping[str, Any] = answer.get("file") or {}
    if info.get("is_external") or info.get("mode") in ("external", "tombstone", "hidden_by_limit"):
        raise Refused("file-foreign", f"The file does not lie in this workspace. {_AGAIN}")
    return info


async def fetch_file(client: AsyncWebClient, info: Mapping[str, Any]) -> bytes:
    """
    The bytes of a file, exactly as many as Slack says there are.

    Raises:
        Refused: ``file-host``, ``file-too-big``, ``file-empty``, ``file-html``, ``file-sign-in``,
            ``file-length``.
    """
    url = str(info.get("url_private_download") or info.get("url_private") or "")
    size = int(info.get("size") or 0)
    if not may_send_token(url, client.base_url):
        raise Refused("file-host", f"The file does not lie on Slack's own hosts. {_AGAIN}")
    _check_size(size, info)
    data = await _download(client, url)
    _check_content(data, size, info)
    return data


def may_send_token(url: str, api_url: str) -> bool:
    """Whether a file's address is one that may see the bot token, given where the Web API is."""
    parts, api = urlsplit(url), urlsplit(api_url)
    if api.hostname == _API_HOST or (api.hostname or "").endswith(f".{_API_HOST}"):
        return (
            parts.scheme == "https" and parts.hostname in SLACK_HOSTS and parts.port in (None, 443)
        )
    # Another API address means the sandbox: its files lie on the very same server.
    return (parts.scheme, parts.netloc) == (api.scheme, api.netloc)


async def _download(client: AsyncWebClient, url: str) -> bytes:
    headers = {"Authorization": f"Bearer {client.token}"}
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(
                url, headers=headers, allow_redirects=False, proxy=client.proxy or None,
                ssl=client.ssl if client.ssl is not None else True,
            ) as answer,
        ):  # fmt: skip
            if answer.status != _HTTP_OK:
                raise _signed_out(f"HTTP {answer.status}")
            if answer.content_type == "text/html":
                raise _html()
            return await _read_capped(answer.content)
    except (TimeoutError, aiohttp.ClientError) as fault:
        raise Refused("file-gone", f"Slack did not deliver the file. {_AGAIN}") from fault


async def _read_capped(content: aiohttp.StreamReader) -> bytes:
    data = bytearray()
    async for chunk in content.iter_chunked(65536):
        data += chunk
        if len(data) > UPLOAD_LIMIT:
            raise _too_big("a file")
    return bytes(data)


def _check_size(size: int, info: Mapping[str, Any]) -> None:
    if size > UPLOAD_LIMIT:
        raise _too_big(code(str(info.get("name") or "the file"), 100))
    if size <= 0:
        raise Refused("file-empty", f"The file is empty. {_AGAIN}")


def _check_content(data: bytes, size: int, info: Mapping[str, Any]) -> None:
    if not data:
        raise Refused("file-empty", f"The file is empty. {_AGAIN}")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise _html()
    if len(data) != size:
        raise Refused(
            "file-length",
            f"{code(str(info.get('name') or 'The file'), 100)} came with {len(data)} bytes instead of "
            f"{size}. {_AGAIN}",
        )


def _too_big(name: str) -> Refused:
    return Refused(
        "file-too-big",
        f"A bundle has {UPLOAD_LIMIT // 1024} KiB at most, and {name} is bigger. {_AGAIN}",
    )


def _html() -> Refused:
    return Refused(
        "file-html",
        f"The file is a web page, not a certificate bundle. {_AGAIN} If it is the right file, "
        "CertDesk may lack the right to read it: ask an administrator to check the scope files:read.",
    )


def _signed_out(what: str) -> Refused:
    return Refused(
        "file-sign-in",
        f"Slack did not hand the file over ({what}). {_AGAIN} If it happens again, ask an "
        "administrator to check the scope files:read.",
    )
