"""Slack in trouble: refusals, lost answers, late and doubled deliveries, a cut line; nothing is lost or said twice."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.states import State
from sandbox.parts import SandboxFault
from sandbox.person import said
from tests.story.stage import Scene, Stage, staged

pytestmark = [pytest.mark.story, pytest.mark.asyncio(loop_scope="module")]

PATIENCE_S = 6.0
"""Slack's here, twice the real one's: a bot that is not late must not seem so on a busy machine."""
LATE_S = PATIENCE_S + 0.5


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One town for the whole file."""
    async with staged(tmp_path_factory.mktemp("slack"), slack_patience_s=PATIENCE_S) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def scene(stage: Stage) -> AsyncIterator[Scene]:
    """A new order's people; calm afterwards."""
    yield stage.scene()
    await stage.calm()


async def test_a_message_refused_three_times_is_delivered_once(scene: Scene) -> None:
    """An error, a failure and a pause asked for; then every message stands, each once, in order."""
    await scene.stage.slack_trouble(method="chat.postMessage", do="error", error="internal_error")
    await scene.stage.slack_trouble(method="chat.postMessage", do="status", status=503)
    await scene.stage.slack_trouble(method="chat.postMessage", do="status", status=429, seconds=1)

    await scene.until("receive_csr")
    await scene.status(State.CSR_READY)

    assert await said_twice(scene) == []


async def test_a_lost_answer_to_a_post_does_not_post_twice(scene: Scene) -> None:
    """Slack took it and the line broke: the message is found again by what it carries."""
    await scene.stage.slack_trouble(method="chat.postMessage", do="drop_after_commit", times=2)

    await scene.until("receive_csr")
    await scene.status(State.CSR_READY)

    assert await said_twice(scene) == []


async def test_a_lost_answer_to_an_edit_is_harmless(scene: Scene) -> None:
    """The card ends as the order is, and stands once."""
    await scene.stage.slack_trouble(method="chat.update", do="drop_after_commit", times=2)

    await scene.until("receive_csr")
    await scene.status(State.CSR_READY)

    assert await said_twice(scene) == []


async def test_an_approval_card_that_somebody_deletes_stands_again(scene: Scene) -> None:
    """The order waits for it; the new one decides, and nothing else of the order is said again."""
    await scene.ask()
    # Said behind the approval card, so that where that one stands is known by now.
    await scene.in_thread(after=scene.thread)
    gone = await scene.approval()
    slack = scene.stage.addresses["slack"]
    client = AsyncWebClient(token=slack["bot_token"], base_url=slack["api_url"])
    await client.chat_delete(channel=scene.approvals, ts=gone["ts"])

    card = await scene.approval()
    assert card["ts"] > gone["ts"]
    await scene.max.click(scene.approvals, card, "Approve order")
    await scene.receive_csr()
    assert await said_twice(scene) == []


async def test_a_click_that_arrives_too_late_still_counts_once(scene: Scene) -> None:
    """Slack tells the person that it took too long; the click has its effect, the second one an answer."""
    await scene.ask()
    card = await scene.approval()
    await scene.stage.slack_trouble(delivery="block_actions", do="delay", seconds=LATE_S)

    with pytest.raises(SandboxFault, match="operation_timeout"):
        await scene.max.click(scene.approvals, card, "Approve order")
    await scene.receive_csr()
    before = await scene.max.newest(scene.approvals)
    await scene.max.click(scene.approvals, card, "Approve order")

    await scene.max.whisper(scene.approvals, "decided", after=before)


async def test_a_command_that_arrives_too_late_is_answered(scene: Scene) -> None:
    """Its trigger is too old for a window, so the person gets a sentence, and can try again."""
    before = await scene.rita.newest(scene.requests)
    await scene.stage.slack_trouble(delivery="slash_commands", do="delay", seconds=LATE_S)

    with pytest.raises(SandboxFault, match="operation_timeout"):
        await scene.rita.command(scene.requests, "request")
    await scene.rita.whisper(scene.requests, "too late", "Try again", after=before)

    await scene.ask()


async def test_slack_slower_than_its_own_patience_is_acknowledged_in_time(scene: Scene) -> None:
    """A window takes longer to open than Slack waits: acknowledged in time, and the person hears of it."""
    before = await scene.rita.newest(scene.requests)
    await scene.stage.slack_trouble(method="views.open", do="delay", seconds=LATE_S)

    await scene.rita.command(scene.requests, "request")
    await scene.rita.whisper(scene.requests, "too late", "Try again", after=before)

    deliveries = await scene.stage.look(scene.stage.slack, "deliveries")
    last = [d for d in deliveries["deliveries"] if d["type"] == "slash_commands"][-1]
    assert last["acked"]
    assert last["ack_ms"] < 1000 * PATIENCE_S


@pytest.mark.parametrize("delivery", ["view_submission", "block_actions", "events_api"])
async def test_a_delivery_that_comes_twice_has_one_effect(scene: Scene, delivery: str) -> None:
    """The same form, the same click, the same file: one order, one approval, one check."""
    orders = await cards(scene)
    await scene.stage.slack_trouble(delivery=delivery, do="duplicate", times=0)

    await scene.until("hand_in")
    await scene.status(State.PROVEN)

    assert await cards(scene) == orders + 1
    assert await said_twice(scene) == []


async def test_a_cut_line_is_taken_up_again(scene: Scene) -> None:
    """Slack hangs up between two steps: the bot is back by itself and the order goes on."""
    await scene.ask()
    await scene.stage.slack_trouble(method="", do="disconnect")
    await scene.stage.demo.wait_until_connected()
    await scene.approve()
    await scene.receive_csr()
    await scene.stage.slack_trouble(method="", do="disconnect", error="warning")
    await scene.stage.demo.wait_until_connected()
    await scene.submit()

    await scene.status(State.SUBMITTED)


async def cards(scene: Scene) -> int:
    """How many orders have a card in the channel."""
    return sum(not m["ephemeral"] for m in await scene.rita.messages(scene.requests))


async def said_twice(scene: Scene) -> list[str]:
    """Lines of the order's thread, and cards of the order, that stand more than once."""
    thread = await scene.rita.messages(scene.requests, scene.thread)
    direct = await scene.rita.messages(await scene.rita.direct())
    asked = [m for m in await scene.max.messages(scene.approvals) if not m["ephemeral"]]
    mine = [m for m in (*direct, *asked) if f"rder {scene.order}:" in said(m)]
    counted = Counter(said(message) for message in (*thread, *mine))
    return [words for words, times in counted.items() if times > 1]
