"""Modals: triggers, stacks, hashes, acks, and what the client itself refuses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from tests.sandbox.slack_desk import Desk, Json, button, desk, modal, plain, socket_app, until


class Clerk:
    """An app that acks everything, keeps what it was sent, and answers submissions as told."""

    def __init__(self) -> None:
        self.sent: list[Json] = []
        self.ack: Json = {}

    def register(self, app: AsyncApp) -> None:
        @app.middleware
        async def keep(body: Json, next_: Any) -> None:
            self.sent.append(body)
            await next_()

        @app.command("/cert")
        @app.action("go")
        @app.view_closed("order")
        async def fine(ack: Any) -> None:
            await ack()

        @app.view("order")
        async def submitted(ack: Any) -> None:
            await ack(**self.ack)

    @property
    def closed(self) -> list[Json]:
        return [each for each in self.sent if each.get("type") == "view_closed"]

    async def closings(self, count: int) -> bool:
        return len(self.closed) >= count

    def last(self, kind: str) -> Json:
        return [each for each in self.sent if each.get("type") == kind][-1]


@asynccontextmanager
async def _office() -> AsyncIterator[tuple[Desk, Clerk]]:
    clerk = Clerk()
    async with desk() as at, socket_app(at, clerk.register):
        yield at, clerk


async def _trigger(at: Desk, clerk: Clerk) -> str:
    await at.command()
    return str(clerk.sent[-1]["trigger_id"])


async def _opened(at: Desk, clerk: Clerk, view: Json | None = None) -> Json:
    answer = await at.call("views.open", trigger_id=await _trigger(at, clerk), view=view or modal())
    return dict(answer["view"])


async def test_a_trigger_works_once_and_for_three_seconds() -> None:
    """The second use is exchanged, the late one expired, the made-up one invalid."""
    async with _office() as (at, clerk):
        trigger = await _trigger(at, clerk)
        late = await _trigger(at, clerk)
        first = await at.call("views.open", trigger_id=trigger, view=modal())
        second = await at.call("views.open", trigger_id=trigger, view=modal())
        await at.advance(3.1)
        third = await at.call("views.open", trigger_id=late, view=modal())

    assert first["ok"]
    assert (second["error"], third["error"]) == ("exchanged_trigger_id", "expired_trigger_id")


async def test_a_bad_view_opens_nothing() -> None:
    """A view with inputs and no submit is refused with its place; the stack stays empty."""
    async with _office() as (at, clerk):
        bad = {name: value for name, value in modal().items() if name != "submit"}
        answer = await at.call("views.open", trigger_id=await _trigger(at, clerk), view=bad)
        views = await at.views()

    assert answer["error"] == "invalid_arguments"
    assert "submit" in answer["response_metadata"]["messages"][0]
    assert views == []


async def test_a_stack_holds_three() -> None:
    """The fourth push is push_limit_reached; root and previous ids link the three."""
    async with _office() as (at, clerk):
        root = await _opened(at, clerk)
        pushed = [
            await at.call("views.push", trigger_id=await _trigger(at, clerk), view=modal())
            for _ in range(3)
        ]
        stack = [each["id"] for each in await at.views()]

    assert [each.get("error") for each in pushed] == [None, None, "push_limit_reached"]
    assert stack == [root["id"], pushed[0]["view"]["id"], pushed[1]["view"]["id"]]
    assert pushed[1]["view"]["root_view_id"] == root["id"]
    assert pushed[1]["view"]["previous_view_id"] == pushed[0]["view"]["id"]


async def test_an_update_with_an_old_hash_conflicts() -> None:
    """Two updates race: the second names the hash of before and loses; both forms of id work."""
    async with _office() as (at, clerk):
        view = await _opened(at, clerk, modal(external_id="order-7"))
        won = await at.call(
            "views.update", view_id=view["id"], hash=view["hash"], view=modal(external_id="order-7")
        )
        lost = await at.call("views.update", external_id="order-7", hash=view["hash"], view=modal())
        trigger = await _trigger(at, clerk)
        twin = await at.call("views.open", trigger_id=trigger, view=modal(external_id="order-7"))

    assert won["view"]["hash"] != view["hash"]
    assert (lost["error"], twin["error"]) == ("hash_conflict", "duplicate_external_id")


ACKS: list[tuple[Json, list[str], Json]] = [
    ({}, ["first"], {"ok": True}),
    ({"response_action": "clear"}, [], {"ok": True}),
    (
        {"response_action": "update", "view": modal(title=plain("Changed"))},
        ["first", "Changed"],
        {"ok": True},
    ),
    (
        {"response_action": "push", "view": modal(title=plain("Pushed"))},
        ["first", "second", "Pushed"],
        {"ok": True},
    ),
    (
        {"response_action": "errors", "errors": {"name": "Not this."}},
        ["first", "second"],
        {"ok": False, "errors": {"name": "Not this."}},
    ),
    (
        {"response_action": "update", "view": {"type": "modal", "blocks": []}},
        ["first", "second"],
        {"ok": False, "error": "invalid_ack"},
    ),
]


@pytest.mark.parametrize(("ack", "left", "outcome"), ACKS)
async def test_the_ack_decides_what_becomes_of_the_stack(
    ack: Json, left: list[str], outcome: Json
) -> None:
    """Empty closes one, clear all; update, push and errors do theirs; a bad view does nothing."""
    async with _office() as (at, clerk):
        await _opened(at, clerk, modal(title=plain("first")))
        trigger = await _trigger(at, clerk)
        await at.call("views.push", trigger_id=trigger, view=modal(title=plain("second")))
        clerk.ack = ack
        top = (await at.views())[-1]["id"]
        typed = {"name": {"text": {"value": "x"}}}
        answer = await at.do("view/submit", view_id=top, values=typed)
        titles = [each["title"]["text"] for each in await at.views()]

    assert (titles, answer) == (left, outcome)


def _fields() -> list[Json]:
    options = [{"text": plain("A"), "value": "a"}, {"text": plain("B"), "value": "b"}]
    elements: Json = {
        "select": {"type": "static_select", "options": options, "initial_option": options[1]},
        "boxes": {"type": "checkboxes", "options": options},
        "date": {"type": "datepicker"},
        "file": {"type": "file_input"},
    }
    return [
        {
            "type": "input",
            "block_id": name,
            "optional": True,
            "label": plain(name),
            "element": element | {"action_id": "x"},
        }
        for name, element in elements.items()
    ]


async def test_every_field_is_reported_empty_ones_as_null() -> None:
    """Presets, choices by bare value and files arrive whole; an untouched field is null."""
    async with _office() as (at, clerk):
        view = await _opened(at, clerk, modal(blocks=_fields()))
        file = (await at.upload(b"x", private="1"))["file"]
        typed = {
            "boxes": {"x": {"selected_options": [{"value": "a"}]}},
            "file": {"x": {"files": [{"id": file["id"]}]}},
        }
        answer = await at.do("view/submit", view_id=view["id"], values=typed)
        values = clerk.last("view_submission")["view"]["state"]["values"]

    assert answer == {"ok": True}
    assert values["select"]["x"]["selected_option"]["value"] == "b"
    assert values["boxes"]["x"]["selected_options"][0]["text"]["text"] == "A"
    assert values["date"]["x"] == {"type": "datepicker", "selected_date": None}
    assert values["file"]["x"]["files"][0]["name"] == "bundle.zip"


async def test_the_client_refuses_what_slacks_client_refuses() -> None:
    """An empty required field and a choice that is not offered never reach the app."""
    async with _office() as (at, clerk):
        view = await _opened(at, clerk, modal(blocks=[*_fields(), *modal()["blocks"]]))
        empty = await at.do("view/submit", view_id=view["id"], values={})
        forged = {"select": {"x": {"selected_option": {"value": "z"}}}}
        strange = await at.do("view/submit", view_id=view["id"], values=forged)
        foreign = await at.do("view/submit", "manager", view_id=view["id"], values={})

    assert empty["errors"] == {"name": "Please complete this required field."}
    assert "offers no option 'z'" in strange["error"]
    assert "has no open view" in foreign["error"]
    assert "view_submission" not in {each.get("type") for each in clerk.sent}


async def test_closing_is_told_to_those_who_asked() -> None:
    """notify_on_close brings view_closed; is_cleared tells X-all from X-one."""
    async with _office() as (at, clerk):
        one = await _opened(at, clerk, modal(notify_on_close=True))
        await at.do("view/close", view_id=one["id"])
        await until(lambda: clerk.closings(1))
        two = await _opened(at, clerk, modal(notify_on_close=True))
        await at.call("views.push", trigger_id=await _trigger(at, clerk), view=modal())
        await at.do("view/close", view_id=two["id"], all=True)
        await until(lambda: clerk.closings(2))
        left = await at.views()

    assert [each["is_cleared"] for each in clerk.closed] == [False, True]
    assert left == []


async def test_a_click_in_a_modal_carries_the_view_and_what_was_typed() -> None:
    """block_actions of a view has state and no channel, message or response_url."""
    async with _office() as (at, clerk):
        view = await _opened(at, clerk, modal(blocks=[*modal()["blocks"], button()]))
        click = {"view_id": view["id"], "block_id": "choice", "action_id": "go"}
        await at.do("action", **click, state={"name": {"text": {"value": "typed"}}})
        body = clerk.last("block_actions")

    assert body["container"] == {"type": "view", "view_id": view["id"]}
    assert body["view"]["state"]["values"]["name"]["text"]["value"] == "typed"
    assert not {"channel", "message", "response_url"} & body.keys()


async def test_an_update_keeps_what_was_typed_and_still_fits() -> None:
    """Text in a kept block stays; a choice that is no longer offered is gone, not an error."""
    async with _office() as (at, clerk):
        blocks = [*modal()["blocks"], _fields()[0], button()]
        view = await _opened(at, clerk, modal(blocks=blocks))
        typed = {
            "name": {"text": {"value": "typed"}},
            "select": {"x": {"selected_option": {"value": "a"}}},
        }
        click = {"view_id": view["id"], "block_id": "choice", "action_id": "go"}
        await at.do("action", **click, state=typed)
        element = blocks[1]["element"]
        element["options"] = element["options"][1:]
        updated = await at.call("views.update", view_id=view["id"], view=modal(blocks=blocks))
        values = updated["view"]["state"]["values"]

    assert values["name"]["text"]["value"] == "typed"
    assert values["select"]["x"]["selected_option"]["value"] == "b"


async def test_home_is_published_by_hash() -> None:
    """views.publish replaces the tab, keeps its id, and refuses an old hash."""
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    async with desk() as at:
        user = at.user()
        first = (await at.call("views.publish", user_id=user, view=home))["view"]
        old = {"user_id": user, "view": home, "hash": first["hash"]}
        second = (await at.call("views.publish", **old))["view"]
        third = await at.call("views.publish", **old)

    assert second["id"] == first["id"]
    assert third["error"] == "hash_conflict"


async def test_a_silent_app_leaves_the_modal_open() -> None:
    """Without an ack the person sees trouble and can try again."""

    def register(app: AsyncApp) -> None:
        @app.command("/cert")
        async def ask(ack: Any, body: Json, client: Any) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=modal())

        @app.view("order")
        async def silent() -> None:
            await asyncio.sleep(0)

    async with desk(ack_window_s=0.3) as at, socket_app(at, register):
        await at.command()
        await until(at.views)
        view_id = (await at.views())[0]["id"]
        typed = {"name": {"text": {"value": "x"}}}
        answer = await at.do("view/submit", view_id=view_id, values=typed)
        views = await at.views()

    assert answer == {"ok": False, "error": "operation_timeout"}
    assert len(views) == 1
