"""People at the gates: the wrong ones, two at once, too late, from elsewhere; and forms filled in wrong."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from bot.domain.states import State
from sandbox.person import find_button, said
from tests.story.stage import Scene, Stage, staged

pytestmark = [pytest.mark.story, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One town for the whole file."""
    async with staged(tmp_path_factory.mktemp("gates")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def scene(stage: Stage) -> AsyncIterator[Scene]:
    """A new order's people; calm afterwards."""
    yield stage.scene()
    await stage.calm()


async def test_the_requester_does_not_approve(scene: Scene) -> None:
    """Who may not approve is told so alone, with the names of those who may; the order goes on waiting."""
    await scene.ask()
    card = await scene.approval()

    await scene.rita.click(scene.approvals, card, "Approve order")
    told = await scene.rita.whisper(scene.approvals, "not an approver")

    assert "nothing was changed" in told
    assert "Max Manager" in told
    await scene.status(State.PLACED)
    assert not await whispers(scene, "olga")


async def test_nobody_approves_what_they_asked_for(scene: Scene) -> None:
    """A manager's own order needs another manager."""
    scene.rita, asked_by = scene.max, scene.rita
    await scene.ask()
    card = await scene.approval()

    await scene.max.click(scene.approvals, card, "Approve order")
    await scene.max.whisper(scene.approvals, "yourself", "somebody else has to decide", "Mia")
    await scene.status(State.PLACED)
    await scene.mia.click(scene.approvals, card, "Approve order")

    scene.rita = asked_by
    await scene.receive_csr()


async def test_two_managers_and_a_double_click_have_one_effect(scene: Scene) -> None:
    """Four clicks in one moment: one approval, one CSR, and every loser gets a sentence."""
    await scene.ask()
    card = await scene.approval()
    made = await scene.stage.ran("New-ExchangeCertificate")
    clickers = (scene.max, scene.mia, scene.max, scene.mia)
    before = await scene.max.newest(scene.approvals)

    await asyncio.gather(*(who.click(scene.approvals, card, "Approve order") for who in clickers))
    await scene.receive_csr()
    losers = await count_whispers(scene, before, 3)

    assert losers == 3
    assert await scene.stage.ran("New-ExchangeCertificate") == made + 1
    shown = said(await scene.max.wait_for(scene.approvals, "Approved", f"rder {scene.order} "))
    assert shown.count(" approved ordering") == 1


async def test_a_rejection_ends_the_order_and_a_stale_card_says_so(scene: Scene) -> None:
    """The reason reaches the requester; the card of before changes nothing and gets an answer."""
    await scene.ask()
    stale = await scene.approval()

    await scene.max.click(scene.approvals, stale, "Reject order")
    await scene.give_reason(scene.max, "Reject order", "We have <!channel> *one* already")
    await scene.status(State.REJECTED)
    direct = await scene.rita.wait_for(await scene.rita.direct(), "rejected", "one* already")
    before = await scene.mia.newest(scene.approvals)
    await scene.mia.click(scene.approvals, stale, "Approve order")
    told = await scene.mia.whisper(scene.approvals, "now rejected", after=before)

    assert "changed nothing" in told
    assert "<!channel>" not in said(direct)
    await scene.status(State.REJECTED)


@pytest.mark.parametrize(
    ("step", "state"),
    [
        ("ask", State.PLACED),
        ("receive_csr", State.CSR_READY),
        ("submit", State.SUBMITTED),
        ("report_issued", State.ISSUED),
        ("hand_in", State.PROVEN),
    ],
)
async def test_the_requester_calls_the_order_off(scene: Scene, step: str, state: State) -> None:
    """In every state that waits for people; the order ends, and cards of before do nothing."""
    await scene.until(step)
    card = await scene.status(state)

    await scene.rita.click(scene.requests, card, "Cancel order")
    await scene.give_reason(scene.rita, "Cancel order", "The project was stopped.")
    await scene.status(State.CANCELLED)
    await scene.in_thread("called the order off", "The project was stopped.")
    before = await scene.rita.newest(scene.requests)
    await scene.rita.click(scene.requests, card, "Cancel order")
    await scene.rita.whisper(scene.requests, "cancelled", after=before)

    assert find_button((await scene.status(State.CANCELLED))["blocks"], "Cancel order") is None


async def test_somebody_else_does_not_call_it_off(scene: Scene) -> None:
    """Arthur has no part in the order: a sentence, and it stays."""
    await scene.ask()

    await scene.press_status(scene.arthur, "Cancel order")
    told = await scene.arthur.whisper(scene.requests, "belongs to somebody else")

    assert "nothing was changed" in told
    await scene.status(State.PLACED)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("requst", "/cert request"),
        ("xyzzy the thing", "/cert help"),
        ("status 99999", "There is no order 99999"),
        ("status", "number is missing"),
        ("cancel two", "is no order number"),
        ("csr 99999", "There is no order 99999"),
        ("submitted 99999", "order number"),
        ("inventory EX77", "EX01"),
        ("probe nowhere.example.com", "has installed nothing"),
        ("renew 99999", "There is no order 99999"),
    ],
)
async def test_a_command_that_cannot_be_done_is_answered(
    scene: Scene, typed: str, answer: str
) -> None:
    """To the person alone, with what to write instead."""
    before = await scene.rita.newest(scene.requests)

    await scene.rita.command(scene.requests, typed)

    assert answer in await scene.rita.whisper(scene.requests, answer, after=before)


async def test_a_person_of_another_workspace_does_nothing(scene: Scene) -> None:
    """Clicks and commands of a shared channel's strangers are turned away with a sentence."""
    await scene.ask()
    card = await scene.approval()

    await scene.stan.click(scene.approvals, card, "Approve order")
    await scene.stan.whisper(scene.approvals, "its own workspace only")
    await scene.stan.command(scene.requests, "list")
    await scene.stan.whisper(scene.requests, "its own workspace only")

    await scene.status(State.PLACED)


async def test_wrong_fields_are_told_all_at_once(scene: Scene) -> None:
    """Each sentence stands at its own field, and nothing is ordered."""
    before = await scene.rita.newest(scene.requests)
    await scene.rita.command(scene.requests, "request")
    view = await scene.rita.view("Request")

    faults = await scene.rita.submit(
        view,
        {
            "Exchange hosts": ["EX01"],
            "Common name": "mail.example.local",
            "More names": "not a name\n10.0.0.1",
            "Country": "99",
            "Services": ["IIS"],
            "Reason": "   ",
        },
    )

    labels = ["Common name (CN)", "More names, one a line", "Country (C)", "Reason"]
    assert labels == list(faults)
    assert await scene.rita.newest(scene.requests) == before


async def test_a_wrong_signature_is_refused_in_http_mode(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Forged, unsigned and old requests get 401 and no effect; a rightly signed one gets 200."""
    async with staged(tmp_path_factory.mktemp("http"), http=True) as http:
        address = f"http://127.0.0.1:{http.town.environment['CERTDESK_HTTP_PORT']}/slack/events"
        secret = http.addresses["slack"]["signing_secret"]
        body = urlencode(
            {
                "command": "/cert",
                "text": "list",
                "team_id": http.addresses["slack"]["team_id"],
                "user_id": http.addresses["slack"]["users"]["requester"],
                "channel_id": http.addresses["slack"]["channels"]["cert-requests"],
                "trigger_id": "1.2.3",
                "response_url": f"{http.addresses['slack']['page']}response/none",
            }
        )
        now = int(time.time())
        statuses = []
        for key, at in ((secret, now), ("forged", now), (secret, now - 3600), (None, now)):
            async with http.session.post(address, data=body, headers=signed(key, at, body)) as said:
                statuses.append(said.status)

    assert statuses == [200, 401, 401, 401]


def signed(secret: str | None, at: int, body: str) -> dict[str, str]:
    """The headers of a request signed with this secret; without one they lack the signature."""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": str(at),
    }
    if secret is None:
        return headers
    digest = hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    return headers | {"X-Slack-Signature": f"v0={digest}"}


async def whispers(scene: Scene, who: str, after: str = "") -> list[str]:
    """What a person was told privately in the approvals channel."""
    messages = await getattr(scene, who).messages(scene.approvals)
    return [said(m) for m in messages if m["ephemeral"] and m["ts"] > after]


async def count_whispers(scene: Scene, after: str, least: int) -> int:
    """How many private sentences the two managers got, once there are so many."""

    async def told() -> int | None:
        heard = [*await whispers(scene, "max", after), *await whispers(scene, "mia", after)]
        return len(heard) if len(heard) >= least else None

    return await scene.max.patiently(told, f"{least} private sentences")
