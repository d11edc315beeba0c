"""Places that close, threads that lose their head, histories of many pages: where a message goes then."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.chat_ports import DeliveryFault
from bot.domain.ids import SYSTEM, OrderId, PersonId
from bot.domain.messages import Card, CardMessage, LineMessage, Place
from bot.domain.order import CertificateOrder
from bot.domain.states import State
from sandbox.slack.ids import BOT_USER_ID
from tests.contract.post import Post, opened

STATUS = CardMessage(card=Card.STATUS)
APPROVAL = CardMessage(card=Card.APPROVAL)
LINE = LineMessage(code="plan-made", place=Place.THREAD)


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A workspace, and a notifier on it."""
    async with opened() as office:
        yield office


def order(post: Post, state: State = State.CSR_READY, **parts: Any) -> CertificateOrder:
    """An order of a person the workspace knows."""
    requester = PersonId(f"{post.address['team_id']}:{post.address['users']['requester']}")
    return post.order(state, **({"requester": requester} | parts))


def close(post: Post, name: str, how: str) -> None:
    """Archive a channel, or take the bot out of it."""
    channel = post.workspace.state.channels[post.address["channels"][name]]
    if how == "archived":
        channel.is_archived = True
    else:
        channel.members.remove(BOT_USER_ID)


async def delete(post: Post, channel: str, ts: str) -> None:
    """Take a message away."""
    client = WebClient(token=post.address["bot_token"], base_url=post.address["api_url"])
    await asyncio.to_thread(client.chat_delete, channel=channel, ts=ts)


@pytest.mark.parametrize("how", ["archived", "bot removed"])
async def test_a_closed_approvals_channel_sends_the_question_to_the_orders_thread(
    post: Post, how: str
) -> None:
    """The approvers are named in it, since they do not look there by themselves."""
    top = await post.deliver(STATUS, order(post), row_id="27:1:1")
    assert top is not None
    close(post, "cert-approvals", how)
    posted = await post.deliver(APPROVAL, order(post, State.PLACED), row_id="27:1:2")
    assert posted is not None
    _, question = await post.messages(top.channel, ts=top.ts)

    assert posted.channel == top.channel
    assert all(f"<@{user}>" in str(question["blocks"]) for user in ("UMAX", "UMAJA", "UOLGA"))
    assert "UARTHUR" not in str(question["blocks"])


@pytest.mark.parametrize("how", ["archived", "bot removed"])
async def test_a_closed_home_sends_a_new_card_to_the_requester(post: Post, how: str) -> None:
    """And what is said of the order afterwards stands under it there."""
    close(post, "cert-requests", how)
    top = await post.deliver(STATUS, order(post), row_id="27:1:1")
    assert top is not None
    line = await post.deliver(LINE, order(post), row_id="27:1:2")
    assert line is not None
    thread = await post.messages(top.channel, ts=top.ts)

    assert top.channel.startswith("D")
    assert line.channel == top.channel
    assert len(thread) == 2


async def test_a_home_archived_meanwhile_moves_the_card(post: Post) -> None:
    """The card cannot be edited there any more, so it stands anew with the requester, and is edited there."""
    first = await post.deliver(STATUS, order(post), row_id="27:1:1")
    close(post, "cert-requests", "archived")
    second = await post.deliver(STATUS, order(post, State.SUBMITTED), row_id="27:2:1")
    third = await post.deliver(STATUS, order(post, State.ISSUED), row_id="27:3:1")
    assert first is not None
    assert second is not None

    assert second.channel.startswith("D")
    assert second == third


async def test_what_the_requester_is_told_in_person_is_not_told_there_twice(post: Post) -> None:
    """A line of the thread that goes to the requester anyway has no detour to them."""
    await post.deliver(STATUS, order(post), row_id="27:1:1")
    close(post, "cert-requests", "bot removed")

    line = LineMessage(code="csr-made", place=Place.THREAD)
    assert await post.deliver(line, order(post), row_id="27:1:2") is None
    assert await post.deliver(LINE, order(post), row_id="27:1:3") is not None


async def test_the_watchs_own_order_goes_to_the_approvers(post: Post) -> None:
    """A renewal that the watch opened has no requester to write to."""
    close(post, "cert-requests", "archived")
    posted = await post.deliver(STATUS, order(post, requester=SYSTEM), row_id="27:1:1")

    assert posted is not None
    assert posted.channel == post.address["channels"]["cert-approvals"]


async def test_with_every_place_closed_the_message_is_given_up_with_the_reason(post: Post) -> None:
    """Nothing is left to try; the sentence names the channel it belongs into."""
    close(post, "cert-requests", "archived")
    close(post, "cert-approvals", "archived")
    with pytest.raises(DeliveryFault) as fault:
        await post.deliver(STATUS, order(post, requester=SYSTEM), row_id="27:1:1")

    assert fault.value.final
    assert post.address["channels"]["cert-requests"] in fault.value.sentence


async def test_a_channel_that_is_not_there_is_named(post: Post) -> None:
    """The configuration's mistake is told to the person who reads the message."""
    posted = await post.deliver(STATUS, order(post, home="CNOWHERE"), row_id="27:1:1")
    assert posted is not None
    (card,) = await post.messages(posted.channel)

    assert "CNOWHERE" in str(card["blocks"][0])
    assert "correct the channel's id" in str(card["blocks"][0])


async def test_a_line_whose_thread_lost_its_head_names_its_order(post: Post) -> None:
    """It stands in the channel itself, once, until the card is posted anew."""
    top = await post.deliver(STATUS, order(post), row_id="27:1:1")
    assert top is not None
    await delete(post, top.channel, top.ts)
    first = await post.deliver(LINE, order(post), row_id="27:2:2")
    again = await post.deliver(LINE, order(post), row_id="27:2:2", attempt=1)
    (line,) = await post.messages(top.channel)

    assert first == again
    assert line["text"].startswith("Order 27: `mail.example.com`")


async def test_a_card_posted_anew_is_linked_once(post: Post) -> None:
    """Killed between the card and the line under it, the next try finds the card and says the line."""
    top = await post.deliver(STATUS, order(post), row_id="27:1:1")
    assert top is not None
    await delete(post, top.channel, top.ts)
    await post.deliver(STATUS, order(post), row_id="27:2:1")
    for _ in range(2):
        post.memory.cards[OrderId(27), Card.STATUS] = top
        await post.deliver(STATUS, order(post), row_id="27:2:1", attempt=1)
    kept = post.workspace.state.messages[top.channel]

    rows = [(m.metadata or {})["event_payload"]["row"] for m in kept]
    assert rows == ["27:2:1", "27:2:1:anew"]


async def test_a_message_is_found_on_a_later_page(post: Post) -> None:
    """Two hundred and fifty messages after it, in the channel and in the thread, it is not posted again."""
    top = await post.deliver(STATUS, order(post), row_id="27:1:1")
    assert top is not None
    client = WebClient(token=post.address["bot_token"], base_url=post.address["api_url"])
    for number in range(250):
        await asyncio.to_thread(client.chat_postMessage, channel=top.channel, text=f"{number}")
        await asyncio.to_thread(
            client.chat_postMessage, channel=top.channel, text=f"{number}", thread_ts=top.ts
        )
    line = await post.deliver(LINE, order(post), row_id="27:1:2")
    found_line = await post.deliver(LINE, order(post), row_id="27:1:2", attempt=1)
    del post.memory.cards[OrderId(27), Card.STATUS]
    found = await post.deliver(STATUS, order(post), row_id="27:1:1", attempt=1)

    assert (line, top) == (found_line, found)


async def test_a_pause_asked_for_in_one_channel_is_kept_there_and_only_there(post: Post) -> None:
    """The next message for that channel does not even call Slack; another channel takes its own at once."""
    await post.deliver(STATUS, order(post), row_id="27:1:1")
    post.trouble(
        {"method": "chat.postMessage", "do": "status", "status": 429, "seconds": 20, "times": 1}
    )
    with pytest.raises(DeliveryFault) as paused:
        await post.deliver(LINE, order(post), row_id="27:1:2")
    calls = len(post.workspace.state.calls)
    with pytest.raises(DeliveryFault) as kept:
        await post.deliver(LINE, order(post), row_id="27:1:3")

    assert paused.value.retry_after_s == 20
    assert kept.value.retry_after_s == pytest.approx(19)
    assert (paused.value.sent, kept.value.sent) == (False, False)
    assert len(post.workspace.state.calls) == calls
    assert await post.deliver(APPROVAL, order(post, State.PLACED), row_id="27:1:4") is not None
    post.clock.forward(20)
    assert await post.deliver(LINE, order(post), row_id="27:1:2") is not None


async def test_a_pause_in_editing_is_kept_in_every_channel(post: Post) -> None:
    """Edits are counted by workspace; new messages go on."""
    await post.deliver(STATUS, order(post), row_id="27:1:1")
    await post.deliver(APPROVAL, order(post, State.PLACED), row_id="27:1:2")
    post.trouble(
        {"method": "chat.update", "do": "status", "status": 429, "seconds": 20, "times": 1}
    )
    for message in (STATUS, APPROVAL):
        with pytest.raises(DeliveryFault) as fault:
            await post.deliver(message, order(post, State.PLACED), row_id="27:2:1")
        assert not fault.value.sent
    edits = [call for call in post.workspace.state.calls if call.method == "chat.update"]

    assert len(edits) == 1
    assert await post.deliver(LINE, order(post), row_id="27:2:3") is not None


async def test_a_burst_into_one_channel_is_spread_over_seconds(post: Post) -> None:
    """Each message is told its own second and stands once when it comes back with it."""
    waits = []
    for number in range(12):
        post.clock.forward(-1)
        try:
            await post.deliver(STATUS, order(post), row_id=f"{number}:1:1")
        except DeliveryFault as fault:
            waits.append((number, fault.retry_after_s, fault.slot))
        post.memory.cards.clear()
    channel = post.address["channels"]["cert-requests"]

    assert [round(wait) for _, wait, _ in waits] == [1, 2, 3, 4, 5, 6, 7]
    assert {slot for _, _, slot in waits} == {f"post:{channel}"}
    assert len(await post.messages(channel)) == 5
