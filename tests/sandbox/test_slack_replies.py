"""Answers outside the Web API: acks with words, and response_urls with their limits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from tests.sandbox.slack_desk import Desk, Json, button, desk, socket_app


class Clerk:
    """An app that keeps what it was sent and acks with what it is told."""

    def __init__(self) -> None:
        self.bodies: list[Json] = []
        self.ack: Any = None

    def register(self, app: AsyncApp) -> None:
        @app.command("/cert")
        @app.action("go")
        async def keep(ack: Any, body: Json) -> None:
            self.bodies.append(body)
            await (ack(self.ack) if self.ack else ack())

        @app.event("message")
        async def hear() -> None: ...

    @property
    def url(self) -> str:
        return str(self.bodies[-1]["response_url"])


@asynccontextmanager
async def _office() -> AsyncIterator[tuple[Desk, Clerk]]:
    clerk = Clerk()
    async with desk() as at, socket_app(at, clerk.register):
        yield at, clerk


async def _post(at: Desk, url: str, body: Any) -> tuple[int, str]:
    async with at.http.post(url, json=body) as reply:
        if reply.content_type == "application/json":
            return reply.status, (await reply.json())["error"]
        return reply.status, await reply.text()


async def _clicked(at: Desk, **more: str) -> str:
    args = {"channel": at.requests, "text": "card", "blocks": [button()], **more}
    ts = str((await at.call("chat.postMessage", **args))["ts"])
    await at.do("action", message_ts=ts, block_id="choice", action_id="go")
    return ts


@pytest.mark.parametrize(
    ("ack", "shown"),
    [
        ("plain words", ("plain words", True)),
        ({"text": "for all", "response_type": "in_channel"}, ("for all", False)),
        ({"blocks": [{"type": "divider"}]}, ("", True)),
    ],
)
async def test_an_ack_with_words_is_shown(ack: Any, shown: tuple[str, bool]) -> None:
    """A command's ack whispers unless it says in_channel."""
    async with _office() as (at, clerk):
        clerk.ack = ack
        assert await at.command() == {"ok": True}
        mine = await at.messages()
        theirs = await at.messages("manager")

    assert [(each["text"], each["ephemeral"]) for each in mine] == [shown]
    assert len(theirs) == (0 if shown[1] else 1)


async def test_an_ack_with_bad_blocks_is_told_to_the_person() -> None:
    """Blocks beyond the limits in an ack show nothing and say so."""
    async with _office() as (at, clerk):
        clerk.ack = {"text": "x", "blocks": [{"type": "header"}]}
        answer = await at.command()

    assert answer == {"ok": False, "error": "invalid_blocks"}


async def test_a_response_url_works_five_times() -> None:
    """The sixth post gets 404 used_url."""
    async with _office() as (at, clerk):
        await at.command()
        answers = [await _post(at, clerk.url, {"text": str(number)}) for number in range(6)]
        shown = await at.messages()

    assert answers == [(200, "ok")] * 5 + [(404, "used_url")]
    assert len(shown) == 5


async def test_a_response_url_works_for_thirty_minutes() -> None:
    """After half an hour, and for an address nobody gave out: 404 expired_url."""
    async with _office() as (at, clerk):
        await at.command()
        await at.advance(29 * 60)
        before = await _post(at, clerk.url, {"text": "in time"})
        await at.advance(2 * 60)
        after = await _post(at, clerk.url, {"text": "late"})
        forged = await _post(at, clerk.url + "x", {"text": "late"})

    assert (before, after, forged) == ((200, "ok"), (404, "expired_url"), (404, "expired_url"))


async def test_a_bad_reply_is_refused() -> None:
    """Neither text without JSON nor bad blocks are shown; each costs a use."""
    async with _office() as (at, clerk):
        await at.command()
        async with at.http.post(clerk.url, data=b"text=hello") as reply:
            bare = reply.status
        listed = await _post(at, clerk.url, ["x"])
        blocks = await _post(at, clerk.url, {"text": "x", "blocks": [{"type": "nope"}]})
        shown = await at.messages()

    assert (bare, listed, blocks) == (400, (400, "invalid_payload"), (400, "invalid_blocks"))
    assert shown == []


async def test_a_click_can_be_answered_beside_instead_of_and_by_removal() -> None:
    """replace_original false whispers, left out replaces, delete_original removes."""
    async with _office() as (at, clerk):
        await _clicked(at)
        await _post(at, clerk.url, {"text": "beside", "replace_original": False})
        beside = [(each["text"], each["ephemeral"]) for each in await at.messages()]
        await _post(at, clerk.url, {"text": "instead"})
        instead = [each["text"] for each in await at.messages()]
        await _post(at, clerk.url, {"delete_original": True})
        removed = [each["text"] for each in await at.messages()]

    assert beside == [("card", False), ("beside", True)]
    assert instead == ["instead", "beside"]
    assert removed == ["beside"]


async def test_after_a_command_there_is_no_original_to_replace() -> None:
    """replace_original after a slash command just posts again."""
    async with _office() as (at, clerk):
        await at.command()
        for text in ("one", "two"):
            await _post(at, clerk.url, {"text": text, "replace_original": True})
        shown = [each["text"] for each in await at.messages()]

    assert shown == ["one", "two"]


async def test_a_click_in_a_thread_is_answered_there() -> None:
    """Container and response_url know the thread; the whisper stays in it."""
    async with _office() as (at, clerk):
        parent = str((await at.call("chat.postMessage", channel=at.requests, text="order"))["ts"])
        await _clicked(at, thread_ts=parent)
        await _post(at, clerk.url, {"text": "psst", "replace_original": False})
        body = clerk.bodies[-1]
        channel = [each["text"] for each in await at.messages()]
        thread = [each["text"] for each in await at.messages(thread_ts=parent)]

    assert body["container"]["thread_ts"] == parent
    assert channel == ["order"]
    assert thread == ["order", "card", "psst"]


async def test_a_click_on_a_whisper_has_no_message() -> None:
    """Ephemeral messages are clickable, but the payload holds only their place."""
    async with _office() as (at, clerk):
        sent = await at.call(
            "chat.postEphemeral",
            channel=at.requests,
            user=at.user(),
            text="psst",
            blocks=[button()],
        )
        click = {"message_ts": sent["message_ts"], "block_id": "choice", "action_id": "go"}
        await at.do("action", **click)
        foreign = await at.do("action", "manager", **click)
        body = clerk.bodies[-1]

    assert body["container"]["is_ephemeral"] is True
    assert "message" not in body
    assert "sees no message" in foreign["error"]
