"""Socket Mode: tickets, sockets, acks, redelivery, and trouble on the way."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from slack_bolt.async_app import AsyncApp

from tests.sandbox.slack_desk import (
    PATIENCE_S,
    Desk,
    Json,
    connected,
    desk,
    socket_app,
    until,
)


class Socket:
    """A bare Socket Mode client that acks only when told to."""

    def __init__(self, wire: ClientWebSocketResponse) -> None:
        self.wire = wire

    async def next(self) -> Json:
        async with asyncio.timeout(PATIENCE_S):
            return dict(await self.wire.receive_json())

    async def ack(self, envelope: Json, payload: Json | None = None) -> None:
        answer = {"envelope_id": envelope["envelope_id"], "payload": payload or {}}
        await self.wire.send_json(answer)


async def _url(at: Desk) -> str:
    opened = await at.client.apps_connections_open(app_token=at.address["app_token"])
    return str(opened["url"])


@asynccontextmanager
async def _socket(at: Desk) -> AsyncIterator[Socket]:
    async with at.http.ws_connect(await _url(at)) as wire:
        socket = Socket(wire)
        assert (await socket.next())["type"] == "hello"
        yield socket


async def test_without_a_link_a_person_is_told_at_once() -> None:
    """No socket: dispatch_failed, and the page can see that the app is away."""
    async with desk() as at:
        assert not await connected(at)
        assert await at.command() == {"ok": False, "error": "dispatch_failed"}


async def test_a_ticket_opens_one_socket_and_only_soon() -> None:
    """A used ticket, an old one and a made-up one are all refused."""
    async with desk() as at:
        used, old = await _url(at), await _url(at)
        async with at.http.ws_connect(used):
            refused = [await _status(at, url) for url in (used, used[:-3])]
        await at.advance(31)
        refused.append(await _status(at, old))

    assert refused == [401, 401, 401]


async def _status(at: Desk, url: str) -> int:
    try:
        async with at.http.ws_connect(url):
            return 101
    except WSServerHandshakeError as err:
        return err.status


async def test_a_command_without_an_ack_times_out_and_is_not_repeated() -> None:
    """operation_timeout for the person; the envelope came once; a late ack changes nothing."""
    async with desk(ack_window_s=0.2) as at, _socket(at) as socket:
        answer = await at.command("list")
        envelope = await socket.next()
        await socket.ack(envelope, {"text": "too late"})
        await at.command("again")
        second = await socket.next()
        shown = await at.messages()

    assert answer == {"ok": False, "error": "operation_timeout"}
    assert (envelope["payload"]["text"], second["payload"]["text"]) == ("list", "again")
    assert envelope["type"] == "slash_commands"
    assert shown == []


async def test_a_commands_payload_is_complete() -> None:
    """Every field of the reference is there, the flag as the text "false"."""
    async with desk(ack_window_s=0.1) as at, _socket(at) as socket:
        await at.command("status 7")
        payload = (await socket.next())["payload"]

    expected = (
        "token team_id team_domain channel_id channel_name user_id user_name command text "
        "api_app_id is_enterprise_install response_url trigger_id"
    )
    assert payload.keys() == set(expected.split())
    assert payload["is_enterprise_install"] == "false"


async def test_an_event_without_an_ack_comes_again_as_the_same_event() -> None:
    """Three redeliveries, rising retry_attempt, new envelopes, one event_id; then it is dropped."""
    async with desk(ack_window_s=0.1) as at, _socket(at) as socket:
        await at.do("message", text="hello")
        tries = [await socket.next(), await socket.next()]
        for wait_s in (60, 300):
            coming = asyncio.create_task(socket.next())
            while not coming.done():  # a skip before the wait has begun does nothing
                await at.advance(wait_s)
                await asyncio.sleep(0.05)
            tries.append(await coming)

    assert [each["retry_attempt"] for each in tries] == [0, 1, 2, 3]
    assert len({each["envelope_id"] for each in tries}) == 4
    assert len({each["payload"]["event_id"] for each in tries}) == 1


def _deliveries(at: Desk, what: str, count: int) -> Any:
    async def there() -> bool:
        return len(await at.deliveries(what)) >= count

    return there


def _acked(at: Desk, what: str, count: int) -> Any:
    async def there() -> bool:
        return len([one for one in await at.deliveries(what) if one["acked"]]) >= count

    return there


async def test_an_acked_event_is_not_repeated() -> None:
    """One delivery with its ack latency on record."""
    async with desk(ack_window_s=PATIENCE_S) as at, _socket(at) as socket:
        await at.do("message", text="hello")
        await socket.ack(await socket.next())
        await until(_acked(at, "message", 1))
        await at.advance(3600)
        await asyncio.sleep(0.1)
        seen = await at.deliveries("message")

    assert [(each["acked"], each["retry_attempt"]) for each in seen] == [(True, 0)]
    assert 0 < seen[0]["ack_ms"] < 1000 * PATIENCE_S


async def test_an_event_waits_for_an_app_that_is_away() -> None:
    """Events that found no socket are delivered once the app is back and the wait is over."""
    async with desk(redelivery_s=(0.0, 60.0)) as at:
        await at.do("message", text="while you were out")
        await until(_deliveries(at, "message", 2))
        async with _socket(at) as socket:
            await asyncio.sleep(0.05)
            await at.advance(60)
            envelope = await socket.next()
            await socket.ack(envelope)

    assert envelope["payload"]["event"]["text"] == "while you were out"
    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (2, "connection_failed")


async def test_events_come_only_from_where_the_app_is_and_what_it_asked_for() -> None:
    """No event from a channel without the app, nor for message.im, which the manifest lacks."""
    async with desk() as at:
        away = (await at.do("channel", name="away", members=[at.user()]))["id"]
        await at.do("message", channel=away, text="x")
        await at.upload(b"x", channel=away)
        opened = await at.client.conversations_open(users=at.user())
        await at.do("message", channel=opened["channel"]["id"], text="x")

        assert await at.deliveries("message") == []
        assert await at.deliveries("file_shared") == []


async def test_the_apps_own_messages_are_echoed_with_their_changes() -> None:
    """Post, update and delete of the app come back as events that name its bot id."""
    async with desk() as at, _socket(at) as socket:
        ts = (await at.call("chat.postMessage", channel=at.requests, text="a"))["ts"]
        await at.call("chat.update", channel=at.requests, ts=ts, text="b")
        await at.call("chat.delete", channel=at.requests, ts=ts)
        events = []
        for _ in range(3):
            envelope = await socket.next()
            await socket.ack(envelope)
            events.append(envelope["payload"]["event"])

    kinds = [each.get("subtype") for each in events]
    assert kinds == [None, "message_changed", "message_deleted"]
    assert events[0]["bot_id"] == events[1]["message"]["bot_id"] == "B0SANDBOX1"
    assert all(each["channel_type"] == "channel" for each in events)


async def test_a_message_that_heads_a_thread_leaves_a_tombstone() -> None:
    """Slack tells its end as an edit; it can be edited no more, and its thread goes on."""
    async with desk() as at, _socket(at) as socket:
        ts = (await at.call("chat.postMessage", channel=at.requests, text="a"))["ts"]
        await at.call("chat.postMessage", channel=at.requests, text="b", thread_ts=ts)
        await at.call("chat.delete", channel=at.requests, ts=ts)
        update = await at.call("chat.update", channel=at.requests, ts=ts, text="c")
        reply = await at.call("chat.postMessage", channel=at.requests, text="d", thread_ts=ts)
        events = []
        for _ in range(3):
            envelope = await socket.next()
            await socket.ack(envelope)
            events.append(envelope["payload"]["event"])
        thread = await at.call("conversations.replies", channel=at.requests, ts=ts)

    assert (events[2]["subtype"], events[2]["message"]["subtype"]) == (
        "message_changed",
        "tombstone",
    )
    assert events[2]["message"]["ts"] == events[2]["previous_message"]["ts"] == ts
    assert (update["ok"], update["error"]) == (False, "cant_update_message")
    assert reply["ok"]
    assert [each["text"] for each in thread["messages"]] == ["This message was deleted.", "b", "d"]


async def test_each_envelope_goes_to_one_of_several_sockets() -> None:
    """Two sockets share forty events between them; none comes twice; the eleventh must leave."""
    async with desk() as at, _socket(at) as one, _socket(at) as two:
        reading = [asyncio.create_task(_read_all(each)) for each in (one, two)]
        for number in range(40):
            await at.do("message", text=str(number))
        await until(_acked(at, "message", 40))
        await one.wire.close()
        await two.wire.close()
        got = [await each for each in reading]

    assert sorted(map(int, got[0] + got[1])) == list(range(40))
    assert all(got)


async def _read_all(socket: Socket) -> list[str]:
    texts = []
    async for message in socket.wire:
        if message.type is WSMsgType.TEXT:
            envelope = json.loads(message.data)
            await socket.ack(envelope)
            texts.append(envelope["payload"]["event"]["text"])
    return texts


async def test_the_eleventh_socket_is_sent_away() -> None:
    """Ten sockets stay; one more is told too_many_websockets and closed."""
    async with desk() as at:
        wires = [await at.http.ws_connect(await _url(at)) for _ in range(11)]
        hellos = [await wire.receive_json() for wire in wires]
        async with asyncio.timeout(PATIENCE_S):
            closed = await wires[-1].receive()
        for wire in wires:
            await wire.close()

    assert [each["type"] for each in hellos] == ["hello"] * 10 + ["disconnect"]
    assert hellos[-1]["reason"] == "too_many_websockets"
    assert hellos[9]["num_connections"] == 10
    assert closed.type is WSMsgType.CLOSE


async def test_a_refresh_makes_the_app_come_back() -> None:
    """A disconnect tells the sockets to go; the real client reconnects by itself and works on."""

    def register(app: AsyncApp) -> None:
        @app.command("/cert")
        async def hello(ack: Any) -> None:
            await ack("still here")

    async with desk() as at, socket_app(at, register):
        await at.trouble(delivery="*", do="disconnect")

        async def works() -> bool:
            return (await at.command("ping")) == {"ok": True}

        await until(works)
        opened = (await at.get("calls", method="apps.connections.open"))["calls"]
        said = [each["text"] for each in await at.messages()]

    assert len(opened) >= 2
    assert said[-1] == "still here"


async def test_a_duplicate_delivery_is_one_event_in_two_envelopes() -> None:
    """Ordered trouble: the app gets the same event_id twice."""
    async with desk() as at, _socket(at) as socket:
        await at.trouble(delivery="message", do="duplicate")
        await at.do("message", text="x")
        first, second = await socket.next(), await socket.next()
        for each in (first, second):
            await socket.ack(each)

    assert first["payload"] == second["payload"]
    assert first["envelope_id"] != second["envelope_id"]


async def test_a_lost_ack_makes_the_person_and_slack_try_again() -> None:
    """drop_after_commit: the app did its part, yet a click times out and an event comes again."""
    async with desk(ack_window_s=PATIENCE_S, redelivery_s=(0.0,)) as at, _socket(at) as socket:
        await at.trouble(delivery="*", do="drop_after_commit", times=2)
        asking = asyncio.create_task(at.command())
        await socket.ack(await socket.next())
        answer = await asking
        await at.do("message", text="x")
        tries = []
        for _ in range(2):
            envelope = await socket.next()
            await socket.ack(envelope)
            tries.append(envelope["retry_attempt"])

    assert answer == {"ok": False, "error": "operation_timeout"}
    assert tries == [0, 1]


async def test_a_late_delivery_still_reaches_the_app() -> None:
    """Delay longer than the window: the person gives up, the app gets it afterwards."""
    async with desk(ack_window_s=0.1) as at, _socket(at) as socket:
        await at.trouble(delivery="slash_commands", do="delay", seconds=0.3)
        answer = await at.command("late")
        envelope = await socket.next()
        await at.trouble(delivery="slash_commands", do="error")
        refused = await at.command("never")

    assert answer == {"ok": False, "error": "operation_timeout"}
    assert envelope["payload"]["text"] == "late"
    assert refused == {"ok": False, "error": "dispatch_failed"}
