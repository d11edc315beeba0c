"""The control API and the page's doors: what people see, refusals in words, news, the clock."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from sandbox.slack.clock import SandboxClock
from sandbox.slack.manifest import ManifestError, load_manifest
from sandbox.slack.server import MANIFEST, SlackWorkspace
from tests.sandbox.slack_desk import PATIENCE_S, Json, button, desk, modal, plain, socket_app, until


async def test_the_workspace_tells_who_and_what_there_is() -> None:
    """Four people and the app, two channels, the manifest's commands and shortcuts, the links."""
    links = [{"title": "Portal", "url": "http://127.0.0.1:1/"}]
    async with desk(links=links) as at:
        found = await at.get("workspace")

    assert [each["title"] for each in found["users"] if not each["is_bot"]] == [
        "Requester",
        "Manager",
        "Operator",
        "Auditor",
    ]
    assert [each["name"] for each in found["channels"]] == ["cert-requests", "cert-approvals"]
    assert found["commands"][0]["command"] == "/cert"
    assert {each["type"] for each in found["shortcuts"]} == {"global", "message"}
    assert found["app"] == {
        "name": "CertDesk",
        "bot_user_id": "U0CERTBOT1",
        "connected": False,
        "mode": "socket",
    }
    assert found["links"] == links


async def test_given_credentials_and_port_are_kept() -> None:
    """A workspace started again with the same ones is the same to a bot that comes back."""
    given = {"bot_token": "xoxb-1", "app_token": "xapp-1", "signing_secret": "s"}
    async with desk(**given) as at:
        first = dict(at.address)
    port = int(first["api_url"].rsplit(":", 1)[1].split("/")[0])
    async with desk(**given, port=port) as at:
        second = dict(at.address)

    assert first == second
    assert first["bot_token"] == "xoxb-1"


async def test_typed_text_is_escaped_once() -> None:
    """Markup from a person becomes entities; what the page escaped already stays as it is."""
    async with desk() as at:
        for text in ("<script>&</script>", "&lt;b&gt; &amp;"):
            await at.do("message", text=text)
        shown = [each["text"] for each in await at.messages()]

    assert shown == ["&lt;script&gt;&amp;&lt;/script&gt;", "&lt;b&gt; &amp;"]


async def test_a_channel_is_read_from_a_moment_on() -> None:
    """With oldest, that message and what came after it; without, everything."""
    async with desk() as at:
        for text in ("one", "two", "three"):
            await at.do("message", text=text)
        everything = await at.messages()
        newer = await at.messages(oldest=everything[1]["ts"])

    assert ["one", "two", "three"] == [each["text"] for each in everything]
    assert ["two", "three"] == [each["text"] for each in newer]


async def test_unread_counts_others_messages_until_they_are_read() -> None:
    """Reading a channel as a person sets the count back for that person only."""
    async with desk() as at:
        await at.do("message", text="one")
        await at.do("message", text="two")
        before = [await _unread(at, role) for role in ("requester", "manager", "operator")]
        await at.messages("manager")
        after = [await _unread(at, role) for role in ("requester", "manager", "operator")]

    assert (before, after) == ([0, 2, 2], [0, 0, 2])


async def _unread(at: Any, role: str) -> int:
    listed = (await at.get("channels", **{"as": at.user(role)}))["channels"]
    return int(next(each["unread"] for each in listed if each["id"] == at.requests))


REFUSALS: list[tuple[str, Json, str]] = [
    ("message", {"as": "U0NOBODY00", "text": "x"}, "must be the id of a person"),
    ("message", {"as": "U0CERTBOT1", "text": "x"}, "must be the id of a person"),
    ("message", {"channel": "C0NOWHERE0", "text": "x"}, "is in no channel"),
    ("message", {"text": ""}, "needs some text"),
    ("message", {"text": "x", "thread_ts": "1.1"}, "no message '1.1' to answer"),
    ("command", {"command": "/other"}, "is not a valid command"),
    ("shortcut", {"callback_id": "bundle.use"}, "no global shortcut"),
    ("action", {"message_ts": "1.1"}, "sees no message"),
    ("action", {"view_id": "V1"}, "has no open view"),
    ("view/submit", {"view_id": "V1"}, "has no open view"),
    ("trouble", {"do": "error"}, "name a method or a delivery"),
    ("trouble", {"method": "x", "do": "explode"}, "do one of"),
    ("clock", {"advance_s": -1}, "only goes forward"),
    ("user", {"channels": ["C0"]}, "no channel 'C0'"),
    ("channel", {"members": ["U0"]}, "no user 'U0'"),
]


@pytest.mark.parametrize(("path", "wish", "said"), REFUSALS)
async def test_a_senseless_wish_gets_a_sentence(path: str, wish: Json, said: str) -> None:
    """HTTP 400 with ok false and what was wrong; nothing happens."""
    async with desk() as at:
        answer = await at.do(path, **wish)

    assert answer["ok"] is False
    assert said in answer["error"]


async def test_a_body_that_is_no_json_gets_a_sentence() -> None:
    """Neither text nor a list passes for a wish."""
    async with desk() as at:
        answers = []
        for body in (b"as=U1", b"[1]"):
            async with at.http.post(f"{at.address['control']}/message", data=body) as reply:
                answers.append((reply.status, (await reply.json())["ok"]))

    assert answers == [(400, False)] * 2


async def test_pages_of_other_origins_are_kept_out() -> None:
    """A foreign Origin or Host (DNS rebinding) is refused; the own page passes."""
    async with desk() as at:
        url = f"{at.address['control']}/workspace"
        own = at.address["page"].rstrip("/")
        seen = []
        for headers in (
            {"Origin": "https://evil.example"},
            {"Host": "evil.example"},
            {"Origin": own},
        ):
            async with at.http.get(url, headers=headers) as reply:
                seen.append(reply.status)

    assert seen == [403, 403, 200]


async def test_the_page_and_permalinks_are_served() -> None:
    """/ is the page; a permalink leads to its channel in it."""
    async with desk() as at:
        post = await at.call("chat.postMessage", channel=at.requests, text="x")
        link = await at.client.chat_getPermalink(channel=at.requests, message_ts=post["ts"])
        async with at.http.get(at.address["page"]) as page:
            kind = page.content_type
        async with at.http.get(link["permalink"], allow_redirects=False) as reply:
            target = reply.headers["Location"]

    assert (page.status, kind) == (200, "text/html")
    assert target == f"/#/{at.requests}"


async def test_the_stream_tells_each_person_what_changed_for_them() -> None:
    """A whisper to one is news to that one only; a message is news to all in the channel."""
    async with desk() as at:
        streams = {
            role: await at.http.ws_connect(f"{at.address['control']}/stream?as={at.user(role)}")
            for role in ("requester", "manager")
        }
        await asyncio.sleep(0.05)
        whisper = {"channel": at.requests, "user": at.user(), "text": "psst"}
        await at.call("chat.postEphemeral", **whisper)
        await at.call("chat.postMessage", channel=at.user("manager"), text="x")
        async with asyncio.timeout(PATIENCE_S):
            mine = await streams["requester"].receive_json()
            theirs = await streams["manager"].receive_json()
        for stream in streams.values():
            await stream.close()

    assert mine == {"type": "changed", "what": "messages", "channel": at.requests}
    assert theirs["what"] == "channels"


async def test_a_stale_click_is_possible_but_must_be_asked_for() -> None:
    """A button an edit took away cannot be clicked, unless the client is said to be behind."""
    heard: list[Json] = []

    def register(app: AsyncApp) -> None:
        @app.action("go")
        async def go(ack: Any, action: Json) -> None:
            heard.append(action)
            await ack()

        @app.event("message")
        async def hear() -> None: ...

    async with desk() as at, socket_app(at, register):
        args = {"channel": at.requests, "text": "card"}
        ts = (await at.call("chat.postMessage", **args, blocks=[button("v1")]))["ts"]
        await at.call("chat.update", **args, ts=ts, blocks=[])
        click = {"message_ts": ts, "block_id": "choice", "action_id": "go"}
        gone = await at.do("action", **click)
        stale = await at.do("action", **click, stale=True)

    assert "Nothing was clicked" in gone["error"]
    assert stale == {"ok": True}
    assert [each["value"] for each in heard] == ["v1"]


async def test_an_external_select_asks_the_app() -> None:
    """What is typed reaches the app; its options come back, too many of them do not."""
    count = [2]

    def register(app: AsyncApp) -> None:
        @app.command("/cert")
        async def ask(ack: Any, body: Json, client: Any) -> None:
            await ack()
            element = {"type": "external_select", "action_id": "host"}
            block = {"type": "input", "block_id": "b", "label": plain("x"), "element": element}
            await client.views_open(trigger_id=body["trigger_id"], view=modal(blocks=[block]))

        @app.options("host")
        async def offer(ack: Any, body: Json) -> None:
            option = {"text": plain(body["value"]), "value": body["value"]}
            await ack(options=[option] * count[0])

    async with desk() as at, socket_app(at, register):
        await at.command()
        await until(at.views)
        view_id = (await at.views())[0]["id"]
        asked = {"view_id": view_id, "block_id": "b", "action_id": "host", "value": "ex"}
        good = await at.do("options", **asked)
        count[0] = 101
        bad = await at.do("options", **asked)

    assert [each["value"] for each in good["options"]] == ["ex", "ex"]
    assert bad == {"ok": False, "error": "invalid_ack"}


async def test_people_can_be_made_what_policy_must_refuse() -> None:
    """A guest, a leaver and a stranger show up in users.info as what they are."""
    async with desk() as at:
        guest = (await at.do("user", name="gus", is_restricted=True, channels=[at.requests]))["id"]
        await at.do("user", id=at.user("manager"), deleted=True)
        users = [
            (await at.client.users_info(user=each))["user"] for each in (guest, at.user("manager"))
        ]
        opened = await at.call("conversations.open", users=at.user("manager"))

    assert [(each["is_restricted"], each["deleted"]) for each in users] == [
        (True, False),
        (False, True),
    ]
    assert opened["error"] == "user_disabled"


async def test_stopping_drops_what_is_under_way() -> None:
    """A retry that waits, an open stream and a connected app do not keep the workspace up."""
    workspace = SlackWorkspace(ack_window_s=60)
    await workspace.start()
    workspace.state.emit({"type": "message"})
    workspace.state.later(60, lambda: None)
    await asyncio.sleep(0.01)
    async with asyncio.timeout(30):
        await workspace.stop()


async def test_the_clock_wakes_its_sleepers_in_time() -> None:
    """A sleep of an hour ends when the hour is skipped, not before."""
    clock = SandboxClock(source=lambda: 1000.0)
    sleeping = asyncio.create_task(clock.sleep(3600))
    await asyncio.sleep(0)
    clock.advance(3599)
    await asyncio.sleep(0.01)
    early = sleeping.done()
    clock.advance(1)
    async with asyncio.timeout(PATIENCE_S):
        await sleeping

    assert not early
    assert clock.now() == 4600.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "could not be read"),
        ("a: [", "could not be read"),
        ("- list", "is no Slack manifest"),
        ("display_information: {}", "lacks or bends 'name'"),
    ],
)
def test_a_manifest_that_is_none_is_refused_in_words(
    tmp_path: Path, text: str | None, said: str
) -> None:
    """Missing file, broken YAML, something else, and a part that is not there."""
    path = tmp_path / "manifest.yaml"
    if text is not None:
        path.write_text(text)

    with pytest.raises(ManifestError, match=said):
        load_manifest(path)


def test_the_apps_own_manifest_is_read_whole() -> None:
    """Scopes, events, commands and shortcuts of the file the real app is made from."""
    manifest = load_manifest(MANIFEST)

    assert "chat:write" in manifest.scopes
    assert "app_home_opened" in manifest.events
    assert [each.command for each in manifest.commands] == ["/cert"]
    assert manifest.home_tab
