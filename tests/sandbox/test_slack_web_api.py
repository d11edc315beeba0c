"""The Web API: who may call, how arguments come in, and what is refused with which word."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, FormData
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk import WebClient

from sandbox.slack.api_error import ApiError
from sandbox.slack.ids import Stamps
from sandbox.slack.server import SlackWorkspace
from sandbox.slack.web_api import METHODS
from tests.sandbox.slack_desk import Desk, Json, button, desk, manifest_with


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    """A workspace with the app's own manifest."""
    async with desk() as found:
        yield found


async def _raw(at: Desk, method: str, token: str | None, **options: Any) -> Json:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = at.address["api_url"] + method
    async with at.http.post(url, headers=headers, **options) as reply:
        assert reply.status == 200
        return dict(await reply.json())


async def test_a_call_needs_the_right_kind_of_token(at: Desk) -> None:
    """No token, a strange one and one of the other kind are three different refusals."""
    app, bot = at.address["app_token"], at.address["bot_token"]

    answers = [
        (await _raw(at, "auth.test", token)).get("error") for token in (None, "xoxb-x", app, bot)
    ]
    opened = [(await _raw(at, "apps.connections.open", token))["ok"] for token in (bot, app)]

    assert answers == ["not_authed", "invalid_auth", "not_allowed_token_type", None]
    assert opened == [False, True]


async def test_an_unknown_method_is_called_so(at: Desk) -> None:
    """A method that is not there answers unknown_method, not 404."""
    assert (await at.call("chat.postMesage"))["error"] == "unknown_method"


async def test_arguments_come_in_every_form_the_clients_send(at: Desk) -> None:
    """JSON, form, multipart and query give the same message, with blocks as text or as JSON."""
    token, text = at.address["bot_token"], '[{"type": "divider"}]'
    args = {"channel": at.requests, "text": "x", "blocks": text}
    multipart = FormData(args, quote_fields=True)
    multipart.add_field("unfurl_links", "0", content_type="text/plain")

    answers = [
        await _raw(at, "chat.postMessage", token, json=args | {"blocks": [{"type": "divider"}]}),
        await _raw(at, "chat.postMessage", token, data=args),
        await _raw(at, "chat.postMessage", token, data=multipart),
        await _raw(at, "chat.postMessage", token, params=args),
        await _raw(at, "chat.postMessage", None, data=args | {"token": token}),
    ]

    assert [each["message"]["blocks"][0]["type"] for each in answers] == ["divider"] * 5


async def test_the_synchronous_client_is_understood_too(at: Desk) -> None:
    """WebClient sends forms where AsyncWebClient sends queries."""
    client = WebClient(token=at.address["bot_token"], base_url=at.address["api_url"])
    found = await asyncio.to_thread(client.users_info, user=at.user("manager"))

    assert found["user"]["profile"]["title"] == "Manager"


async def test_a_method_without_its_scope_names_what_is_needed(at: Desk) -> None:
    """missing_scope tells needed and provided, so that the manifest can be mended."""
    answer = await at.call("reactions.add", channel=at.requests, timestamp="1.1", name="eyes")

    assert (answer["error"], answer["needed"]) == ("missing_scope", "reactions:write")
    assert "chat:write" in answer["provided"].split(",")


async def test_scopes_come_from_the_manifest(tmp_path: Path) -> None:
    """A scope taken out of the manifest stops the call; one put in lets it through."""
    manifest = manifest_with(tmp_path, scopes=("reactions:write",), less=("users:read",))
    async with desk(manifest=manifest) as at:
        ts = (await at.call("chat.postMessage", channel=at.requests, text="x"))["ts"]
        react = await at.call("reactions.add", channel=at.requests, timestamp=ts, name="eyes")
        user = await at.call("users.info", user=at.user())

    assert react["ok"]
    assert user["error"] == "missing_scope"


REFUSALS: list[tuple[str, Json, str]] = [
    ("chat.postMessage", {"text": "x", "channel": "C0NOWHERE0"}, "channel_not_found"),
    ("chat.postMessage", {"text": "x", "channel": "cert-requests"}, "channel_not_found"),
    ("chat.postMessage", {}, "no_text"),
    ("chat.postMessage", {"text": "x" * 40_001}, "msg_too_long"),
    ("chat.postMessage", {"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
    ("chat.postMessage", {"text": "x", "thread_ts": "1.1"}, "thread_not_found"),
    ("chat.postMessage", {"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
    (
        "chat.postMessage",
        {"text": "x", "metadata": {"event_type": "a", "event_payload": {"a": "b" * 8_000}}},
        "metadata_too_large",
    ),
    ("chat.postMessage", {"text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
    (
        "chat.postMessage",
        {"blocks": [{"type": "markdown", "text": "x" * 2_000}] * 7},
        "invalid_blocks",
    ),
    (
        "chat.postMessage",
        {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2_900}}] * 5},
        "msg_blocks_too_long",
    ),
    ("chat.update", {"ts": "1.1", "text": "x"}, "message_not_found"),
    ("chat.delete", {"ts": "1.1"}, "message_not_found"),
    ("chat.postEphemeral", {"user": "U0NOBODY00", "text": "x"}, "user_not_in_channel"),
    ("chat.getPermalink", {"message_ts": "1.1"}, "message_not_found"),
    ("conversations.open", {"users": "U0NOBODY00"}, "user_not_found"),
    ("conversations.open", {"users": "U0REQUEST1,U0MANAGER1"}, "missing_scope"),
    ("conversations.info", {}, "missing_scope"),
    ("conversations.replies", {"ts": "1.1"}, "thread_not_found"),
    ("conversations.history", {"cursor": "???"}, "invalid_cursor"),
    ("conversations.history", {"limit": "many"}, "invalid_arguments"),
    ("conversations.history", {"limit": 1_000}, "invalid_limit"),
    ("conversations.history", {"oldest": "yesterday"}, "invalid_ts_oldest"),
    ("users.info", {"user": "U0NOBODY00"}, "user_not_found"),
    ("files.info", {"file": "F0NOTHING0"}, "file_not_found"),
    ("views.update", {"view_id": "V0", "view": {"type": "modal"}}, "not_found"),
    ("views.open", {"trigger_id": "1.2.3", "view": {"type": "modal"}}, "invalid_trigger_id"),
    ("views.open", {"trigger_id": "1.2.3"}, "invalid_arguments"),
    ("blocks.validate", {}, "invalid_arguments"),
    ("blocks.validate", {"blocks": [{"type": "header"}]}, "invalid_blocks"),
    ("blocks.validate", {"message": {"blocks": [{"type": "header"}]}}, "invalid_blocks"),
    ("blocks.validate", {"view": {"type": "home"}}, "invalid_blocks"),
]


@pytest.mark.parametrize(("method", "args", "error"), REFUSALS)
async def test_a_bad_call_gets_slacks_word_for_it(
    at: Desk, method: str, args: Json, error: str
) -> None:
    """Each refusal has the code a real workspace gives."""
    assert (await at.call(method, **({"channel": at.requests} | args)))["error"] == error


async def test_blocks_can_be_checked_without_posting(at: Desk) -> None:
    """blocks.validate takes good blocks and posts nothing."""
    answer = await at.call("blocks.validate", blocks=[button()])

    assert answer == {"ok": True}
    assert await at.messages() == []


def test_time_stamps_rise_even_when_the_clock_does_not() -> None:
    """Two messages of one microsecond, or of a clock gone back, still have their order."""
    stamps = Stamps()

    minted = [stamps.mint(now) for now in (5.0, 5.0, 4.0, 6.0)]

    assert minted == ["5.000000", "5.000001", "5.000002", "6.000000"]


async def test_trouble_on_a_method_is_what_was_ordered(at: Desk) -> None:
    """An error, a 429 with Retry-After and a 500, each once; then all is well again."""
    order = {"method": "auth.test", "times": 1}
    await at.trouble(**order, do="error", error="fatal_error")
    await at.trouble(**order, do="status", status=429, seconds=7)
    await at.trouble(**order, do="status", status=500)
    url, token = at.address["api_url"] + "auth.test", at.address["bot_token"]
    seen = []
    for _ in range(4):
        async with at.http.post(url, headers={"Authorization": f"Bearer {token}"}) as reply:
            body = await reply.json()
            seen.append((reply.status, reply.headers.get("Retry-After"), body.get("error")))

    assert seen == [
        (200, None, "fatal_error"),
        (429, "7", "ratelimited"),
        (500, None, "internal_error"),
        (200, None, None),
    ]


async def test_a_post_can_happen_although_the_answer_is_lost(at: Desk) -> None:
    """drop_after_commit leaves the message and breaks the connection; duplicate posts twice."""
    place = {"channel": at.requests}
    await at.trouble(method="chat.postMessage", do="drop_after_commit")
    with pytest.raises(ClientError):
        await at.call("chat.postMessage", **place, text="lost")
    await at.trouble(method="chat.postMessage", do="duplicate")
    await at.call("chat.postMessage", **place, text="twice")
    await at.trouble(method="chat.postMessage", do="error", times=0)
    await at.call("chat.postMessage", **place, text="never")
    await at.call("chat.postMessage", **place, text="never")

    assert [each["text"] for each in await at.messages()] == ["lost", "twice", "twice"]


async def test_every_call_is_on_record_without_its_token(at: Desk) -> None:
    """/control/calls lists method, arguments and outcome; no token is ever in it."""
    form = {"channel": at.requests, "token": at.address["bot_token"], "text": "x"}
    await _raw(at, "chat.postMessage", None, data=form)
    await at.call("chat.postMessage", channel="C0", text="x")

    calls = (await at.get("calls", method="chat.postMessage"))["calls"]

    assert [(each["ok"], each["error"]) for each in calls] == [
        (True, None),
        (False, "channel_not_found"),
    ]
    assert at.address["bot_token"] not in str(calls)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "id", "event_payload", "text"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
_NAMES = (
    "text blocks attachments metadata thread_ts ts user users view view_id trigger_id files file "
    "filename length channels channel_id oldest latest limit cursor types name timestamp "
    "message_ts usergroup markdown_text user_id message reply_broadcast"
)


@given(
    method=st.sampled_from(sorted(METHODS)),
    args=st.dictionaries(st.sampled_from(_NAMES.split()), _JSON, max_size=8),
)
def test_no_arguments_break_a_method(method: str, args: Json) -> None:
    """Whatever is sent, a method answers or refuses with a code; it never falls over."""
    workspace = SlackWorkspace().state
    workspace.emit = lambda _event: None  # nobody carries anything here: no loop runs
    workspace.later = lambda _seconds, action: action()
    known = {"channel": "C0REQUEST1", **args}
    try:
        answer = METHODS[method].run(workspace, known)
    except ApiError as err:
        answer = err.body

    assert isinstance(answer, dict)
