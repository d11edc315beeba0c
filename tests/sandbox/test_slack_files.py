"""Files: uploads that settle late, downloads that look like success, files from elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import FormData

from tests.sandbox.slack_desk import PATIENCE_S, Desk, Json, desk, manifest_with


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    """A workspace with the app's own manifest."""
    async with desk() as found:
        yield found


async def _download(at: Desk, file: Json, token: str | None) -> tuple[int, str, bytes]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with at.http.get(file["url_private_download"], headers=headers) as reply:
        return reply.status, reply.content_type, await reply.read()


async def test_an_upload_has_no_shares_at_first(at: Desk) -> None:
    """The reply lacks shares and type; files.info has them a moment later, in the thread."""
    parent = (await at.call("chat.postMessage", channel=at.requests, text="order"))["ts"]
    answer = await at.client.files_upload_v2(
        filename="report.txt",
        content="hello",
        channel=at.requests,
        thread_ts=parent,
        initial_comment="the report",
    )
    first = answer["file"]
    async with asyncio.timeout(PATIENCE_S):
        while not (info := await at.client.files_info(file=first["id"]))["file"]["shares"]:
            await asyncio.sleep(0.05)
    share = info["file"]["shares"]["public"][at.requests][0]
    thread = await at.messages(thread_ts=parent)

    assert first["shares"] == {}
    assert "mimetype" not in first
    assert share["thread_ts"] == parent
    assert [(each["text"], len(each["files"])) for each in thread] == [
        ("order", 0),
        ("the report", 1),
    ]


async def test_upload_bytes_may_be_raw_or_multipart_but_must_be_all(at: Desk) -> None:
    """Both forms arrive untouched; a short upload is refused, a second one unknown."""

    async def url(length: int) -> tuple[str, str]:
        answer = await at.client.files_getUploadURLExternal(filename="x.bin", length=length)
        return answer["upload_url"], answer["file_id"]

    payload = b"a=b&c=%41\r\n\x00"
    raw, raw_id = await url(len(payload))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with at.http.post(raw, data=payload, headers=form) as reply:
        assert reply.status == 200
    async with at.http.post(raw, data=payload) as reply:
        again = reply.status
    multi, multi_id = await url(len(payload))
    body = FormData()
    body.add_field("file", payload, filename="x.bin")
    async with at.http.post(multi, data=body) as reply:
        assert reply.status == 200
    short, _ = await url(99)
    async with at.http.post(short, data=payload) as reply:
        refused = reply.status
    sizes = [(await at.client.files_info(file=each))["file"]["size"] for each in (raw_id, multi_id)]

    assert (again, refused, sizes) == (404, 400, [len(payload)] * 2)


async def test_completing_needs_bytes_and_membership(at: Desk) -> None:
    """An id without bytes is file_not_found; a room without the app is not_in_channel."""
    away = (await at.do("channel", name="away"))["id"]
    async with asyncio.timeout(PATIENCE_S):
        url = await at.client.files_getUploadURLExternal(filename="x", length=1)
        early = await at.call("files.completeUploadExternal", files=[{"id": url["file_id"]}])
        async with at.http.post(url["upload_url"], data=b"x"):
            pass
        files = [{"id": url["file_id"], "title": "T"}]
        outside = await at.call("files.completeUploadExternal", files=files, channel_id=away)
        private = await at.call("files.completeUploadExternal", files=files)
        nothing = await at.call("files.completeUploadExternal", files=[])

    assert [each["error"] for each in (early, outside, nothing)] == [
        "file_not_found",
        "not_in_channel",
        "invalid_arguments",
    ]
    assert private["files"][0]["title"] == "T"


async def test_a_wrong_token_downloads_a_sign_in_page_with_200(at: Desk) -> None:
    """No token and a wrong one look like success and are HTML; the right one gives the bytes."""
    file = (await at.upload(b"PK zip"))["file"]

    answers = [await _download(at, file, token) for token in (None, "x", at.address["bot_token"])]

    assert [(status, kind) for status, kind, _ in answers] == [
        (200, "text/html"),
        (200, "text/html"),
        (200, "application/octet-stream"),
    ]
    assert answers[0][2].startswith(b"<!DOCTYPE html>")
    assert answers[2][2] == b"PK zip"


async def test_a_file_where_the_app_is_not_stays_hidden(at: Desk, tmp_path: Path) -> None:
    """Neither files.info nor the download shows it; nor does anything without files:read."""
    away = (await at.do("channel", name="away", members=[at.user()]))["id"]
    file = (await at.upload(b"secret", channel=away))["file"]
    info = await at.call("files.info", file=file["id"])
    _, kind, _ = await _download(at, file, at.address["bot_token"])
    async with desk(manifest=manifest_with(tmp_path, less=("files:read",))) as poor:
        other = (await poor.upload(b"x"))["file"]
        _, poor_kind, _ = await _download(poor, other, poor.address["bot_token"])
        poor_info = await poor.call("files.info", file=other["id"])

    assert info["error"] == "file_not_found"
    assert poor_info["error"] == "missing_scope"
    assert (kind, poor_kind) == ("text/html", "text/html")


async def test_a_file_from_another_organisation_is_a_stub(at: Desk) -> None:
    """check_file_info in the message; files.info tells whose it is."""
    file = (await at.upload(b"x", connect="1"))["file"]
    history = await at.client.conversations_history(channel=at.requests)
    info = await at.client.files_info(file=file["id"])

    assert history["messages"][0]["files"][0]["file_access"] == "check_file_info"
    assert "url_private" not in history["messages"][0]["files"][0]
    assert info["file"]["user_team"] != at.address["team_id"]


async def test_people_download_what_they_see_and_no_browser_runs_it(at: Desk) -> None:
    """The page's link gives an attachment that is never rendered; strangers get a sentence."""
    away = (await at.do("channel", name="away", members=[at.user()]))["id"]
    await at.upload(b"<script>alert(1)</script>", name="x.html", channel=away)
    url = (await at.messages(channel=away))[0]["files"][0]["url"]
    async with at.http.get(url) as reply:
        headers = reply.headers
        body = await reply.read()
    async with at.http.get(url.replace(at.user(), at.user("manager"))) as reply:
        refused = (await reply.json())["error"]

    assert body == b"<script>alert(1)</script>"
    assert headers["Content-Disposition"] == "attachment"
    assert headers["Content-Type"] == "application/octet-stream"
    assert "sees no such file" in refused
