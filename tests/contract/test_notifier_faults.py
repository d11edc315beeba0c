"""
Every fault of Slack at every kind of message: once visible, or honestly repaired, or said to whom.

The real client over the sandbox's wire; each row of the matrix is one fault at one message.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.chat_ports import DeliveryFault
from bot.domain.ids import PersonId
from bot.domain.messages import Card, CardMessage, LineMessage, Message, Place, Posted
from bot.domain.order import CertificateOrder
from bot.domain.states import State
from handlers.slack_faults import CLOSED, GONE, NOBODY, UNDRAWABLE, WAITS
from tests.contract.post import Post, opened

STATUS = CardMessage(card=Card.STATUS)
APPROVAL = CardMessage(card=Card.APPROVAL)
THREAD_LINE = LineMessage(code="plan-made", place=Place.THREAD)
ROW = "27:9:1"

KINDS: dict[str, tuple[str, Message | None]] = {
    "new card": ("chat.postMessage", STATUS),
    "card in place": ("chat.update", STATUS),
    "question to the approvers": ("chat.postMessage", APPROVAL),
    "card in the thread": ("chat.postMessage", CardMessage(card=Card.CSR)),
    "line in the thread": ("chat.postMessage", THREAD_LINE),
    "line in person": ("chat.postMessage", None),
}
"""Kinds of messages: the method that delivers each, and the message; None is a line to the requester."""

PASSING: dict[str, dict[str, Any]] = {
    "internal_error": {"do": "error", "error": "internal_error"},
    "fatal_error": {"do": "error", "error": "fatal_error"},
    "service_unavailable": {"do": "error", "error": "service_unavailable"},
    "a word nobody knows": {"do": "error", "error": "a_new_word"},
    "ratelimited": {"do": "error", "error": "ratelimited"},
    "rate_limited": {"do": "error", "error": "rate_limited"},
    "429": {"do": "status", "status": 429, "seconds": 7},
    "500": {"do": "status", "status": 500},
    "503": {"do": "status", "status": 503},
    "lost answer": {"do": "drop_after_commit"},
}


class Desk:
    """One order and one kind of message of it, with the world prepared for that kind."""

    def __init__(self, post: Post, kind: str) -> None:
        self.post = post
        self.kind = kind
        self.method, message = KINDS[kind]
        self.message = message or post.direct("csr-made")

    @property
    def order(self) -> CertificateOrder:
        """An order of a person the workspace knows."""
        requester = f"{self.post.address['team_id']}:{self.post.address['users']['requester']}"
        return self.post.order(State.CSR_READY, requester=PersonId(requester))

    async def prepare(self) -> None:
        """Post what must stand before this kind of message can be delivered."""
        if self.kind not in ("new card", "question to the approvers"):
            await self.post.deliver(STATUS, self.order, row_id="27:1:1")

    async def deliver(self, *, attempt: int = 0) -> Posted | None:
        """Deliver the message."""
        return await self.post.deliver(self.message, self.order, attempt=attempt, row_id=ROW)

    def standing(self) -> list[dict[str, Any]]:
        """Where the row stands, wherever that is: channel, thread, text, number of blocks."""
        return [
            {"channel": m.channel, "thread": m.thread_ts or "", "text": m.text, "blocks": m.blocks}
            for kept in self.post.workspace.state.messages.values()
            for m in kept
            if (m.metadata or {}).get("event_payload", {}).get("row") == ROW
        ]

    def fault(self, wish: dict[str, Any]) -> None:
        """Let the delivery of this message go wrong once."""
        self.post.trouble({"method": self.method, "times": 1} | wish)


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A workspace, and a notifier on it."""
    async with opened() as office:
        yield office


@pytest.fixture(params=KINDS)
async def desk(post: Post, request: pytest.FixtureRequest) -> Desk:
    """Each kind of message in turn."""
    made = Desk(post, request.param)
    await made.prepare()
    return made


@pytest.mark.parametrize("name", PASSING)
async def test_what_passes_leaves_the_message_standing_once(desk: Desk, name: str) -> None:
    """The first try says that it waits; the second leaves it visible exactly once."""
    desk.fault(PASSING[name])
    with pytest.raises(DeliveryFault) as fault:
        await desk.deliver()
    desk.post.clock.forward(fault.value.retry_after_s)
    posted = await desk.deliver(attempt=int(fault.value.sent))

    assert not fault.value.final
    assert [posted.channel if posted else ""] == [one["channel"] for one in desk.standing()]


@pytest.mark.parametrize("error", WAITS)
async def test_what_an_administrator_mends_waits_for_that(desk: Desk, error: str) -> None:
    """A token or a scope that is missing loses nothing: the message is delivered when it is mended."""
    desk.fault({"do": "error", "error": error})
    with pytest.raises(DeliveryFault) as fault:
        await desk.deliver()
    await desk.deliver()

    assert not fault.value.final
    assert not fault.value.sent
    assert fault.value.retry_after_s >= 60
    assert "An administrator has to" in fault.value.sentence
    assert len(desk.standing()) == 1


@pytest.mark.parametrize("error", CLOSED)
async def test_a_closed_place_sends_the_message_elsewhere(desk: Desk, error: str) -> None:
    """It stands once, where somebody reads it, with what an administrator has to do; in person there is no elsewhere."""
    desk.fault({"do": "error", "error": error})
    if desk.kind == "card in place":
        desk.post.trouble({"method": "chat.postMessage", "do": "error", "error": error, "times": 1})
    if desk.kind == "line in person":
        with pytest.raises(DeliveryFault) as fault:
            await desk.deliver()
        assert fault.value.final
        return
    posted = await desk.deliver()
    standing = [one for one in desk.standing() if posted and one["channel"] == posted.channel]

    assert len(standing) == 1
    assert f"({error})" in str(standing[0]["blocks"])
    assert "An administrator has to" in str(standing[0]["blocks"])


@pytest.mark.parametrize("error", UNDRAWABLE)
async def test_what_slack_does_not_draw_is_said_in_plain_words(
    desk: Desk, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The person learns the state and an incident, the log has the incident; nothing is left of an older picture."""
    desk.fault({"do": "error", "error": error})
    await desk.deliver()
    (standing,) = desk.standing()

    assert standing["blocks"] == []
    assert "could not be shown" in standing["text"]
    assert ROW in standing["text"]
    assert f"incident {ROW}" in caplog.text


@pytest.mark.parametrize("error", UNDRAWABLE)
async def test_what_slack_does_not_even_take_plain_is_given_up(desk: Desk, error: str) -> None:
    """Refused twice, it is final: the delivery gives it up and the order's other messages go on."""
    desk.fault({"do": "error", "error": error, "times": 2})
    with pytest.raises(DeliveryFault) as fault:
        await desk.deliver()

    assert fault.value.final


@pytest.mark.parametrize("error", sorted(GONE))
async def test_a_card_that_cannot_be_edited_is_posted_anew(post: Post, error: str) -> None:
    """Its thread goes on under the new one, which leads to what was said before."""
    desk = Desk(post, "card in place")
    await desk.prepare()
    await post.deliver(THREAD_LINE, desk.order, row_id="27:2:1")
    first = next(iter(post.memory.cards.values()))
    desk.fault({"do": "error", "error": error})
    second = await desk.deliver()
    assert second is not None
    await post.deliver(THREAD_LINE, desk.order, row_id="27:3:1")
    _, line, after = await post.messages(second.channel, ts=second.ts)

    assert second.ts != first.ts
    assert "stands here anew" in line["text"]
    assert first.ts in line["text"]
    assert after["metadata"]["event_payload"]["row"] == "27:3:1"


@pytest.mark.parametrize("error", NOBODY)
async def test_a_person_who_cannot_be_written_to_is_given_up(post: Post, error: str) -> None:
    """The order's thread has it all; the log says who has to do what."""
    desk = Desk(post, "line in person")
    post.trouble({"method": "conversations.open", "do": "error", "error": error, "times": 1})
    with pytest.raises(DeliveryFault) as fault:
        await desk.deliver()

    assert fault.value.final
    assert "An administrator has to" in fault.value.sentence
