"""Messages and conversations: membership, edits, metadata, whispers, history, DMs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sandbox.slack_desk import Desk, button, desk, manifest_with


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    """A workspace with the app's own manifest."""
    async with desk() as found:
        yield found


async def test_the_app_posts_only_where_it_is_a_member(at: Desk) -> None:
    """A public channel without the app is not_in_channel, a private one is not even found."""
    public = (await at.do("channel", name="general", members=[at.user()]))["id"]
    private = (await at.do("channel", name="board", is_private=True))["id"]
    archived = (await at.do("channel", name="old", is_archived=True, with_app=True))["id"]

    answers = [
        (await at.call("chat.postMessage", channel=each, text="x"))["error"]
        for each in (public, private, archived)
    ]

    assert answers == ["not_in_channel", "channel_not_found", "is_archived"]


async def test_only_its_own_messages_can_be_changed(at: Desk) -> None:
    """A person's message can be neither updated nor deleted by the app."""
    ts = (await at.do("message", text="mine"))["ts"]

    update = await at.call("chat.update", channel=at.requests, ts=ts, text="yours")
    delete = await at.call("chat.delete", channel=at.requests, ts=ts)

    assert (update["error"], delete["error"]) == ("cant_update_message", "cant_delete_message")


async def test_an_update_keeps_what_it_does_not_name(at: Desk) -> None:
    """Blocks and metadata stay unless named; an empty list of blocks clears them."""
    metadata = {"event_type": "order", "event_payload": {"id": "7"}}
    post = await at.call(
        "chat.postMessage", channel=at.requests, text="x", blocks=[button()], metadata=metadata
    )
    place = {"channel": at.requests, "ts": post["ts"]}

    kept = await at.call("chat.update", **place, text="y")
    cleared = await at.call("chat.update", **place, text="z", blocks=[])
    long = await at.call("chat.update", **place, text="z" * 4_001)

    assert kept["message"]["blocks"][0]["block_id"] == "choice"
    assert kept["message"]["metadata"] == metadata
    assert "blocks" not in cleared["message"]
    assert long["error"] == "msg_too_long"


async def test_metadata_is_shown_only_when_asked_for(at: Desk) -> None:
    """History gives metadata with include_all_metadata, and not without."""
    metadata = {"event_type": "order", "event_payload": {"id": "7"}}
    await at.call("chat.postMessage", channel=at.requests, text="x", metadata=metadata)

    bare = await at.client.conversations_history(channel=at.requests)
    whole = await at.client.conversations_history(channel=at.requests, include_all_metadata=True)

    assert "metadata" not in bare["messages"][0]
    assert whole["messages"][0]["metadata"] == metadata


async def test_a_whisper_is_seen_by_one_person_and_in_no_history(at: Desk) -> None:
    """A whisper shows to its addressee only, and chat.update cannot find it."""
    sent = await at.call(
        "chat.postEphemeral", channel=at.requests, user=at.user(), text="psst", blocks=[button()]
    )
    history = await at.client.conversations_history(channel=at.requests)
    place = {"channel": at.requests, "ts": sent["message_ts"]}
    update = await at.call("chat.update", **place, text="x")

    assert [each["ephemeral"] for each in await at.messages()] == [True]
    assert await at.messages("manager") == []
    assert history["messages"] == []
    assert update["error"] == "message_not_found"


async def test_history_and_replies_are_read_page_by_page(at: Desk) -> None:
    """Newest first without replies; a thread oldest first with its parent; cursors lead on."""
    first = (await at.call("chat.postMessage", channel=at.requests, text="0"))["ts"]
    for number in (1, 2):
        await at.call("chat.postMessage", channel=at.requests, text=str(number))
    for number in (3, 4):
        args = {"channel": at.requests, "text": str(number), "thread_ts": first}
        await at.call("chat.postMessage", **args)

    page = await at.client.conversations_history(channel=at.requests, limit=2)
    cursor = page["response_metadata"]["next_cursor"]
    rest = await at.client.conversations_history(channel=at.requests, cursor=cursor)
    thread = await at.client.conversations_replies(channel=at.requests, ts=first)
    newer = await at.client.conversations_history(channel=at.requests, oldest=first)

    assert [each["text"] for each in page["messages"]] == ["2", "1"]
    assert (page["has_more"], rest["has_more"]) == (True, False)
    assert [each["text"] for each in rest["messages"]] == ["0"]
    assert [each["text"] for each in thread["messages"]] == ["0", "3", "4"]
    assert thread["messages"][0]["reply_count"] == 2
    assert [each["text"] for each in newer["messages"]] == ["2", "1"]


async def test_a_dm_is_opened_once_and_can_be_posted_to(at: Desk) -> None:
    """conversations.open gives one D id per person; posting to the person lands there too."""
    opened = await at.client.conversations_open(users=at.user("manager"))
    again = await at.client.conversations_open(users=[at.user("manager")])
    post = await at.call("chat.postMessage", channel=at.user("manager"), text="for you")
    listed = (await at.get("channels", **{"as": at.user("manager")}))["channels"]

    channel = opened["channel"]["id"]
    assert channel.startswith("D")
    assert again["channel"]["id"] == post["channel"] == channel
    assert [each["unread"] for each in listed if each["id"] == channel] == [1]


async def test_looking_up_channels_and_groups_works_with_the_scopes(tmp_path: Path) -> None:
    """info, list, members, join and a user group answer when the manifest grants them."""
    scopes = ("channels:read", "groups:read", "channels:join", "usergroups:read")
    async with desk(manifest=manifest_with(tmp_path, scopes=scopes)) as at:
        new = (await at.do("channel", name="general"))["id"]
        before = (await at.client.conversations_info(channel=new))["channel"]["is_member"]
        await at.client.conversations_join(channel=new)
        after = (await at.client.conversations_members(channel=new))["members"]
        names = {each["name"] for each in (await at.client.conversations_list())["channels"]}
        group = await at.client.usergroups_users_list(usergroup="S0MANAGER1")
        nobody = await at.call("usergroups.users.list", usergroup="S0")

    assert (before, after) == (False, ["U0CERTBOT1"])
    assert names == {"cert-requests", "cert-approvals", "general"}
    assert group["users"] == [at.user("manager")]
    assert nobody["error"] == "no_such_subteam"
