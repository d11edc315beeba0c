"""Whole stories with a real Bolt app, once by Socket Mode and once by signed HTTP."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from tests.sandbox.slack_desk import (
    Desk,
    Json,
    Register,
    button,
    desk,
    http_desk,
    modal,
    plain,
    socket_app,
    until,
)

World = Callable[[Register], AbstractAsyncContextManager[Desk]]


@asynccontextmanager
async def _by_socket(register: Register) -> AsyncIterator[Desk]:
    async with desk() as at, socket_app(at, register):
        yield at


@pytest.fixture(params=["socket", "http"])
def world(request: pytest.FixtureRequest) -> World:
    """The same stories over both links."""
    return _by_socket if request.param == "socket" else http_desk


def _order_desk(app: AsyncApp) -> None:
    """A small order desk: command, form with a rule, card with a button."""

    @app.command("/cert")
    async def ask(ack: Any, body: Json, client: Any) -> None:
        await ack("Opening the form.")
        await client.views_open(trigger_id=body["trigger_id"], view=modal())

    @app.view("order")
    async def take(ack: Any, view: Json, client: Any) -> None:
        name = view["state"]["values"]["name"]["text"]["value"]
        if "." not in name:
            await ack(response_action="errors", errors={"name": "A full name has a dot."})
            return
        await ack()
        await client.chat_postMessage(channel="C0REQUEST1", text=name, blocks=[button(name)])

    @app.action("go")
    async def go(ack: Any, body: Json, client: Any, respond: Any) -> None:
        await ack()
        text = f"{body['actions'][0]['value']} approved by {body['user']['id']}"
        place = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        await client.chat_update(**place, text=text, blocks=[])
        await respond("Thank you.", replace_original=False)

    @app.event("message")
    async def hear() -> None:
        """Own messages are echoed; Bolt asks for a listener all the same."""


async def test_an_order_goes_from_command_to_approved_card(world: World) -> None:
    """Command, form refused at its field, form taken, card posted, button clicked, card changed."""
    async with world(_order_desk) as at:
        assert await at.command("request") == {"ok": True}
        await until(at.views)
        view_id = (await at.views())[0]["id"]
        bad = {"name": {"text": {"value": "mail"}}}
        refused = await at.do("view/submit", view_id=view_id, values=bad)
        assert refused == {"ok": False, "errors": {"name": "A full name has a dot."}}
        assert (await at.views())[0]["errors"] == refused["errors"]
        good = {"name": {"text": {"value": "mail.example.com"}}}
        assert await at.do("view/submit", view_id=view_id, values=good) == {"ok": True}
        assert await at.views() == []

        async def card() -> list[Json]:
            return [each for each in await at.messages("manager") if each["blocks"]]

        await until(card)
        ts = (await card())[0]["ts"]
        click = {"message_ts": ts, "block_id": "choice", "action_id": "go"}
        assert await at.do("action", "manager", **click) == {"ok": True}

        async def settled() -> bool:
            return [each["text"] for each in await at.messages("manager")] == [
                f"mail.example.com approved by {at.user('manager')}",
                "Thank you.",
            ]

        await until(settled)
        mine = await at.messages()

    assert [(each["text"], each["ephemeral"], each["edited"]) for each in mine] == [
        ("Opening the form.", True, False),
        (f"mail.example.com approved by {at.user('manager')}", False, True),
    ]


async def test_an_upload_reaches_the_app_and_its_bytes_can_be_fetched(world: World) -> None:
    """A dropped file gives the file_share message and file_shared; the bearer gets the bytes."""
    heard: list[Json] = []

    def register(app: AsyncApp) -> None:
        @app.event("message")
        async def message(event: Json) -> None:
            heard.append(event)

        @app.event("file_shared")
        async def shared(event: Json) -> None:
            heard.append(event)

    async with world(register) as at:
        parent = await at.do("message", text="order 7")
        await at.upload(b"PK\x03\x04zip", thread_ts=parent["ts"])

        async def both() -> bool:
            return {"file_share", "file_shared"} <= {_kind(each) for each in heard}

        await until(both)
        shared = next(each for each in heard if each["type"] == "file_shared")
        file = (await at.client.files_info(file=shared["file_id"]))["file"]
        bearer = {"Authorization": f"Bearer {at.address['bot_token']}"}
        async with at.http.get(file["url_private_download"], headers=bearer) as reply:
            data = await reply.read()
        message = next(each for each in heard if each.get("subtype") == "file_share")

    assert data == b"PK\x03\x04zip"
    assert message["thread_ts"] == parent["ts"]
    assert message["files"][0]["id"] == file["id"]
    assert file["shares"]["public"][at.requests][0]["thread_ts"] == parent["ts"]


def _kind(event: Json) -> str:
    return str(event.get("subtype", event["type"]))


async def test_shortcuts_and_the_home_tab_reach_the_app(world: World) -> None:
    """Global and message shortcuts arrive with their payloads; home is asked for and shown."""
    heard: dict[str, Json] = {}

    def register(app: AsyncApp) -> None:
        @app.shortcut("order.request")
        async def global_one(ack: Any, body: Json) -> None:
            heard["global"] = body
            await ack()

        @app.shortcut("bundle.use")
        async def message_one(ack: Any, body: Json) -> None:
            heard["message"] = body
            await ack()

        @app.event("app_home_opened")
        async def home(event: Json, client: Any) -> None:
            view = {"type": "home", "blocks": [{"type": "header", "text": plain("Orders")}]}
            await client.views_publish(user_id=event["user"], view=view)

        @app.event("message")
        async def hear() -> None: ...

    async with world(register) as at:
        ts = (await at.do("message", text="look"))["ts"]
        assert await at.do("shortcut", callback_id="order.request") == {"ok": True}
        shortcut = {"callback_id": "bundle.use", "message_ts": ts}
        assert await at.do("shortcut", **shortcut) == {"ok": True}
        assert (await at.get("home", **{"as": at.user()})) == {"view": None}
        await at.do("home")

        async def shown() -> object:
            return (await at.get("home", **{"as": at.user()}))["view"]

        await until(shown)

    assert "channel" not in heard["global"]
    assert heard["message"]["message"]["text"] == "look"
    assert heard["message"]["channel"] == {"id": at.requests, "name": "cert-requests"}


async def test_an_answer_of_another_shape_does_not_fool_the_modal(world: World) -> None:
    """Errors at a block that is no input show the trouble banner and keep the modal open."""

    def register(app: AsyncApp) -> None:
        @app.command("/cert")
        async def ask(ack: Any, body: Json, client: Any) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=modal())

        @app.view("order")
        async def take(ack: Any) -> None:
            await ack(response_action="errors", errors={"text": "keyed by action_id"})

    async with world(register) as at:
        await at.command()
        await until(at.views)
        view_id = (await at.views())[0]["id"]
        typed = {"name": {"text": {"value": "x"}}}
        answer = await at.do("view/submit", view_id=view_id, values=typed)
        still = await at.views()

    assert answer == {"ok": False, "error": "invalid_ack"}
    assert [each["id"] for each in still] == [view_id]
