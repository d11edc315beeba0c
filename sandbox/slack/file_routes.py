"""Bytes in and bytes out: upload URLs, and downloads with the bot's token."""

from aiohttp import BodyPartReader, web

from sandbox.slack.file_methods import may_read, new_file
from sandbox.slack.ids import BOT_USER_ID, TEAM_ID
from sandbox.slack.model import StoredFile
from sandbox.slack.workspace import Workspace

_SIGN_IN = (
    "<!DOCTYPE html><html><head><title>Sign in</title></head>"
    "<body>Sign in to see this file.</body></html>"
)


class FileRoutes:
    """/upload/v1/ID takes raw or multipart bytes; /files-pri/ gives them to the bearer."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws

    async def upload(self, request: web.Request) -> web.Response:
        """Step two of an upload. Needs no token: the address is the secret."""
        file_id = request.match_info["file_id"]
        announced = self._ws.uploads.pop(file_id, None)
        if announced is None:
            return web.Response(status=404, text="unknown upload")
        name, length = announced
        data = await _body(request)
        if len(data) != length:
            return web.Response(status=400, text=f"expected {length} bytes, got {len(data)}")
        file = new_file(self._ws, name=name, data=data, user=BOT_USER_ID, file_id=file_id)
        file.settled = False
        return web.Response(text=f"OK - {length}")

    async def download(self, request: web.Request) -> web.Response:
        """The bytes; to anyone without the right token a sign-in page with HTTP 200."""
        file = self._ws.files.get(request.match_info["place"].removeprefix(f"{TEAM_ID}-"))
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        allowed = bearer == self._ws.credentials.bot_token and self._ws.has_scope("files:read")
        if file is None or not allowed or not may_read(self._ws, file):
            return web.Response(text=_SIGN_IN, content_type="text/html")
        return attachment(file)


def attachment(file: StoredFile) -> web.Response:
    """A file as a download that no browser will run or render."""
    headers = {
        "Content-Disposition": "attachment",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }
    return web.Response(body=file.data, content_type="application/octet-stream", headers=headers)


async def _body(request: web.Request) -> bytes:
    """The raw bytes, whatever the label says; only multipart is taken apart."""
    if request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader):
                return bytes(await part.read(decode=False))
        return b""
    return await request.read()
