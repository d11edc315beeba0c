"""The home tab, the global shortcut, and events nobody waits for."""

import asyncio
import json
from typing import Any

import pytest

from bot.domain.approvals import Gate
from handlers.ids import Action
from tests.doors.fake_slack import FakeSlack, until
from tests.doors.lobby import Lobby, State, ref
from tests.unit.handlers import scene


async def test_the_home_shows_what_waits_for_the_person(lobby: Lobby, slack: FakeSlack) -> None:
    """An approver sees the order to decide, and can decide right there."""
    lobby.put(scene.order())
    await lobby.event({"type": "app_home_opened", "user": "UMAX", "tab": "home"})
    await until(lambda: slack.called("views.publish"))

    view = json.dumps(slack.called("views.publish")[0]["view"])
    assert Action.APPROVE in view
    assert slack.called("views.publish")[0]["user_id"] == "UMAX"


async def test_the_home_of_the_requester_has_no_button_to_decide(
    lobby: Lobby, slack: FakeSlack
) -> None:
    """Nobody is offered a decision on what they asked for."""
    lobby.put(scene.order(requester=scene.MAX))
    await lobby.event({"type": "app_home_opened", "user": "UMAX", "tab": "home"})
    await until(lambda: slack.called("views.publish"))

    assert Action.APPROVE not in json.dumps(slack.called("views.publish")[0]["view"])


@pytest.mark.parametrize(
    ("state", "parts", "who", "action"),
    [
        (State.FAILED, {}, "UOLGA", Action.RETRY),
        (State.INSTALLED, {"renewal_asked_at": scene.NOON}, "UMAX", Action.APPROVE_RENEWAL),
        (State.CSR_READY, {}, "URITA", Action.SUBMITTED),
        (State.ISSUED, {}, "URITA", Action.UPLOAD),
    ],
)
async def test_the_home_offers_what_is_the_persons_turn(
    lobby: Lobby, slack: FakeSlack, state: State, parts: dict[str, Any], who: str, action: Action
) -> None:
    """Whoever has to act next finds the button at home."""
    lobby.put(scene.order(state, **parts))
    await lobby.event({"type": "app_home_opened", "user": who, "tab": "home"})
    await until(lambda: slack.called("views.publish"))

    assert action in json.dumps(slack.called("views.publish")[0]["view"])


async def test_the_messages_tab_publishes_nothing(lobby: Lobby, slack: FakeSlack) -> None:
    """Slack tells of both tabs; only one has a home."""
    await lobby.event({"type": "app_home_opened", "user": "UMAX", "tab": "messages"})
    await asyncio.sleep(0.02)

    assert slack.called("views.publish") == []


async def test_a_click_on_the_home_refreshes_it(lobby: Lobby, slack: FakeSlack) -> None:
    """After the decision the order is gone from what waits."""
    lobby.put(scene.order())
    await _click_at_home(lobby, Action.APPROVE)
    await until(lambda: slack.called("views.publish"))

    assert lobby.order().state is State.APPROVED
    assert Action.APPROVE not in json.dumps(slack.called("views.publish")[0]["view"])


async def test_a_refusal_at_home_opens_a_window(lobby: Lobby, slack: FakeSlack) -> None:
    """The home has no response address, so the sentence comes as a window."""
    lobby.put(scene.order(requester=scene.MAX))
    await _click_at_home(lobby, Action.APPROVE)
    await until(lambda: slack.called("views.open"))

    assert "You asked for" in json.dumps(slack.called("views.open")[0]["view"])


async def test_a_used_trigger_leads_to_a_direct_message(lobby: Lobby, slack: FakeSlack) -> None:
    """When no window can be opened any more, the sentence still arrives."""
    lobby.put(scene.order(requester=scene.MAX))
    slack.errors["views.open"] = "expired_trigger_id"
    await _click_at_home(lobby, Action.APPROVE)
    await until(lambda: slack.called("chat.postMessage"))

    assert "You asked for" in slack.called("chat.postMessage")[0]["text"]


async def test_the_global_shortcut_opens_the_form(lobby: Lobby, slack: FakeSlack) -> None:
    """A certificate can be asked for from anywhere; it lives in the first allowed channel."""
    await lobby.interact(scene.RITA, "shortcut", callback_id="order.request")

    view = slack.called("views.open")[0]["view"]
    assert view["callback_id"] == "order_form"
    assert json.loads(view["private_metadata"])["channel"] == scene.HOME


async def test_plain_messages_are_acknowledged_and_ignored(lobby: Lobby, slack: FakeSlack) -> None:
    """Every subscribed event has a listener; an unheard one would be sent three times."""
    event = {"type": "message", "channel": scene.HOME, "user": "URITA", "ts": "1.1", "text": "hi"}
    for kind in (event, event | {"subtype": "message_changed"}, event | {"subtype": "bot_message"}):
        assert (await lobby.event(kind)).status == 200

    assert {call.method for call in slack.calls} == {"auth.test"}


async def test_events_of_another_workspace_are_ignored(lobby: Lobby, slack: FakeSlack) -> None:
    """A home is published for our own people only."""
    response = await lobby.event(
        {"type": "app_home_opened", "user": "UMAX", "tab": "home"}, team_id="T2"
    )
    await asyncio.sleep(0.02)

    assert response.status == 200
    assert slack.called("views.publish") == []


async def _click_at_home(lobby: Lobby, action: Action) -> None:
    pressed = {
        "type": "button", "action_id": action, "block_id": "b", "value": ref(gate=Gate.ISSUE),
    }  # fmt: skip
    await lobby.interact(
        scene.MAX, "block_actions", actions=[pressed], container={"type": "view"},
        view={"id": "VHOME", "type": "home", "callback_id": ""},
    )  # fmt: skip
