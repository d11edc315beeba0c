"""Whose account does not count is turned away at every door, whatever the configuration says of them."""

from datetime import timedelta

import pytest

from bot.chase_ports import Account, Due
from bot.domain.ids import OrderId
from bot.domain.waiting import Wait
from handlers.ids import Action, Callback
from tests.doors.fake_slack import FakeSlack, File, until
from tests.doors.lobby import Act, Lobby, State, answer, reason, ref
from tests.doors.test_uploads import ZIP, drop
from tests.unit.handlers import scene

CLOSED, GUEST = Account(closed=True), Account(guest=True)


@pytest.mark.parametrize(
    ("account", "says"), [(CLOSED, "was deactivated"), (GUEST, "a guest's account")]
)
async def test_a_click_that_does_not_count_changes_nothing(
    lobby: Lobby, slack: FakeSlack, account: Account, says: str
) -> None:
    """An approver by the configuration: refused with a sentence, alone, and the order waits on."""
    lobby.put(scene.order())
    lobby.people.accounts[scene.MAX] = account
    await lobby.click(scene.MAX, Action.APPROVE, ref())

    assert says in (await slack.told())["text"]
    assert lobby.order().state is State.PLACED
    assert lobby.memory.audit == []


async def test_a_command_of_a_guest_is_refused(lobby: Lobby) -> None:
    """Reading is for members too."""
    lobby.people.accounts[scene.RITA] = GUEST

    assert "guest's account" in str(answer(await lobby.command(scene.RITA, "list")))


async def test_a_form_of_a_closed_account_is_refused(lobby: Lobby) -> None:
    """Opened before the account was closed, sent after it."""
    lobby.put(scene.order())
    lobby.people.accounts[scene.MAX] = CLOSED
    await lobby.submit(scene.MAX, Callback.REASON_FORM, reason("No."), metadata=ref(act=Act.REJECT))

    assert lobby.order().state is State.PLACED


async def test_a_file_of_a_guest_is_not_taken(lobby: Lobby, slack: FakeSlack) -> None:
    """Dropped into the thread by a requester who became a guest; they are told, alone."""
    lobby.put(scene.order(State.ISSUED))
    slack.files["F1"] = File(data=ZIP)
    lobby.people.accounts[scene.RITA] = GUEST
    await drop(lobby)
    await until(lambda: slack.called("chat.postEphemeral"))

    assert "guest's account" in slack.called("chat.postEphemeral")[0]["text"]
    assert lobby.order().state is State.ISSUED


async def test_the_list_says_what_is_overdue_and_on_whom_it_waits(lobby: Lobby) -> None:
    """The overdue one stands first, with who was reminded and since when."""
    lobby.put(scene.order(id=OrderId(28), waits_since=scene.NOON))
    late = lobby.put(scene.order(State.ISSUED, waits_since=scene.NOON - timedelta(days=3)))
    lobby.memory.due[late.id] = Due(
        order_id=late.id, wait=Wait.BUNDLE, since=scene.NOON - timedelta(days=3), given=2,
        due_at=scene.NOON + timedelta(days=1),
    )  # fmt: skip
    told = answer(await lobby.command(scene.MAX, "list"))
    rows = [b["text"]["text"] for b in told["blocks"] if b["type"] == "section"]

    assert "2 orders under way, 1 overdue." in told["text"]
    assert rows[0].startswith("*Order 27*")
    assert "Waits for <@URITA> since <!date^" in rows[0]
    assert "*Overdue*, reminded 2 times." in rows[0]
    assert "Waits for <@UMAX>, <@UMAJA> since" in rows[1]
    assert "Overdue" not in rows[1]


async def test_the_home_says_since_when_a_decision_waits(lobby: Lobby, slack: FakeSlack) -> None:
    """On whom, since when, and whether that is too long."""
    order = lobby.put(scene.order(waits_since=scene.NOON - timedelta(days=2)))
    lobby.memory.due[order.id] = Due(
        order_id=order.id, wait=Wait.ISSUE, since=scene.NOON - timedelta(days=2), given=1,
        due_at=scene.NOON,
    )  # fmt: skip
    await lobby.event({"type": "app_home_opened", "user": "UMAX", "tab": "home"})
    await until(lambda: slack.called("views.publish"))

    view = str(slack.called("views.publish")[0]["view"])
    assert "*Overdue*, reminded 1 time." in view


@pytest.mark.parametrize("account", [CLOSED, GUEST])
async def test_the_home_of_who_does_not_count_shows_nothing(
    lobby: Lobby, slack: FakeSlack, account: Account
) -> None:
    """Names, hosts and ends of certificates are for members; the next one who opens theirs sees them."""
    lobby.put(scene.order())
    lobby.people.accounts[scene.RITA] = account
    await lobby.event({"type": "app_home_opened", "user": "URITA", "tab": "home"})
    await lobby.event({"type": "app_home_opened", "user": "UMAX", "tab": "home"})
    await until(lambda: slack.called("views.publish"))

    assert [told["user_id"] for told in slack.called("views.publish")] == ["UMAX"]
