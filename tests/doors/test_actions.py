"""Buttons, sad paths first: who may not, what is old, what was pressed twice."""

import asyncio

import pytest

from bot.domain.approvals import Gate
from bot.domain.faults import FaultKind, HostFault
from bot.domain.ids import PersonId
from handlers.ids import Action
from tests.doors.fake_slack import FakeSlack, until
from tests.doors.lobby import Act, Lobby, State, ref
from tests.unit.handlers import scene


async def test_the_requester_does_not_approve_their_own_order(
    lobby: Lobby, slack: FakeSlack
) -> None:
    """Nobody passes a gate for what they asked for; only they are told."""
    lobby.put(scene.order(requester=scene.MAX))
    response = await lobby.click(scene.MAX, Action.APPROVE, ref(gate=Gate.ISSUE))

    assert response.status == 200
    assert lobby.order().state is State.PLACED
    assert "You asked for Order 27" in (await slack.told())["text"]
    assert (await slack.told())["response_type"] == "ephemeral"
    assert (await slack.told())["replace_original"] is False


async def test_somebody_without_the_role_does_not_approve(lobby: Lobby, slack: FakeSlack) -> None:
    """Who may is said to who may not."""
    lobby.put(scene.order())
    await lobby.click(scene.OLGA, Action.APPROVE, ref(gate=Gate.ISSUE))

    assert lobby.order().state is State.PLACED
    assert "These may: Max Manager, Maja Manager." in (await slack.told())["text"]


async def test_a_stale_card_changes_nothing(lobby: Lobby, slack: FakeSlack) -> None:
    """A click on an old card is answered with the order as it is now."""
    lobby.put(scene.order())
    await lobby.click(scene.MAX, Action.APPROVE, ref(version=2))

    assert lobby.order().state is State.PLACED
    assert "this card is old" in (await slack.told())["text"]


async def test_a_database_that_is_away_is_told_as_what_it_is(
    lobby: Lobby, slack: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    """No incident for whoever pressed: nothing broke, and the same click is right in a minute."""
    lobby.put(scene.order())
    lobby.orders.away = True
    await lobby.click(scene.MAX, Action.APPROVE, ref())
    told = (await slack.told())["text"]

    assert "The database cannot be used" in told
    assert "incident" not in str(slack.responses)
    assert ["A door found the database away (OperationalError)"] == [
        record.message for record in caplog.records if record.name == "handlers.boundary"
    ]
    lobby.orders.away = False
    await lobby.click(scene.MAX, Action.APPROVE, ref())
    assert lobby.order().state is State.APPROVED


async def test_two_approvers_at_once_have_one_effect(lobby: Lobby, slack: FakeSlack) -> None:
    """One click counts, the other gets its own answer."""
    lobby.put(scene.order())
    await asyncio.gather(
        lobby.click(scene.MAX, Action.APPROVE, ref()),
        lobby.click(scene.MAJA, Action.APPROVE, ref()),
    )
    await until(lambda: slack.responses)

    assert lobby.order().state is State.APPROVED
    assert len(lobby.order().approvals) == 1
    assert len(slack.responses) == 1


@pytest.mark.parametrize("value", ["", "{}", "27", '{"order":"27"}', '{"order":27,"gate":"all"}'])
async def test_a_foreign_value_is_refused(lobby: Lobby, slack: FakeSlack, value: str) -> None:
    """A button value that is not ours is answered, and changes nothing."""
    lobby.put(scene.order())
    response = await lobby.click(scene.MAX, Action.APPROVE, value)

    assert response.status == 200
    assert "which order it belongs to" in (await slack.told())["text"]


async def test_people_of_a_shared_channel_are_refused(lobby: Lobby, slack: FakeSlack) -> None:
    """A guest from another workspace presses nothing here, whatever the payload's team says."""
    lobby.put(scene.order())
    await lobby.click(scene.MAX, Action.APPROVE, ref(), user={"id": "UMAX", "team_id": "TOTHER"})

    assert lobby.order().state is State.PLACED
    assert "own workspace only" in (await slack.told())["text"]


async def test_an_unforeseen_fault_is_an_apology_without_its_inside(
    lobby: Lobby, slack: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    """The person gets an incident id; the traceback stays in the log."""
    lobby.put(scene.order())
    lobby.orders._enqueue = _break
    await lobby.click(scene.MAX, Action.APPROVE, ref())

    told = (await slack.told())["text"]
    assert "incident" in told
    assert "secret-inside" not in told
    assert "secret-inside" in caplog.text


async def test_a_used_response_address_leads_to_a_direct_message(
    lobby: Lobby, slack: FakeSlack
) -> None:
    """An answer is not lost because Slack's address has run out."""
    slack.response_status = 404
    lobby.put(scene.order())
    await lobby.click(scene.OLGA, Action.APPROVE, ref())
    await until(lambda: slack.called("chat.postMessage"))

    assert slack.called("chat.postMessage")[0]["channel"] == "DUOLGA"


async def test_approve_lets_the_csr_be_made(lobby: Lobby, slack: FakeSlack) -> None:
    """An approver's yes moves the order, and says nothing besides the cards."""
    lobby.put(scene.order())
    await lobby.click(scene.MAX, Action.APPROVE, ref(gate=Gate.ISSUE))

    assert lobby.order().state is State.APPROVED
    assert slack.responses == []


OPENS = [
    (Action.REJECT, State.PLACED, scene.MAX, "reason_form"),
    (Action.CANCEL, State.PLACED, scene.RITA, "reason_form"),
    (Action.SUBMITTED, State.CSR_READY, scene.RITA, "submitted_form"),
    (Action.UPLOAD, State.ISSUED, scene.RITA, "upload_form"),
    (Action.REVIEW_PLAN, State.PROVEN, scene.OLGA, "plan_form"),
    (Action.REJECT_PLAN, State.PROVEN, scene.OLGA, "reason_form"),
    (Action.ROLL_BACK, State.INSTALLED, scene.OLGA, "reason_form"),
    (Action.RETIRE, State.INSTALLED, scene.MAJA, "reason_form"),
    (Action.RENEW, State.INSTALLED, scene.RITA, "order_form"),
]


@pytest.mark.parametrize(("action", "state", "by", "form"), OPENS)
async def test_a_button_opens_its_form(
    lobby: Lobby, slack: FakeSlack, action: Action, state: State, by: PersonId, form: str
) -> None:
    """Buttons that need words open a form for who may use it."""
    _put_undecided(lobby, state)
    await lobby.click(by, action, ref())

    assert [c["view"]["callback_id"] for c in slack.called("views.open")] == [form]


@pytest.mark.parametrize(("action", "state", "by", "form"), OPENS[:-1])
async def test_a_button_opens_nothing_for_a_stranger(
    lobby: Lobby, slack: FakeSlack, action: Action, state: State, by: PersonId, form: str
) -> None:
    """Opening a form asks already who may."""
    _put_undecided(lobby, state)
    await lobby.click(scene.ARTHUR, action, ref())

    assert await slack.told()
    assert slack.called("views.open") == []


@pytest.mark.parametrize(
    ("act", "told"), [(Act.VENDOR_REJECTED, "Vendor rejected"), (Act.REKEYED, "Rekey")]
)
async def test_the_three_dots_open_the_form_of_their_act(
    lobby: Lobby, slack: FakeSlack, act: Act, told: str
) -> None:
    """Rarer acts stand behind three dots, each with its form."""
    lobby.put(scene.order(State.SUBMITTED))
    chosen = {"type": "overflow", "action_id": Action.CSR_MORE, "block_id": "b",
              "selected_option": {"value": ref(act=act)}}  # fmt: skip
    await lobby.interact(
        scene.RITA, "block_actions", actions=[chosen], channel={"id": scene.HOME},
        container={"type": "message"}, response_url=f"{slack.url}/respond",
    )  # fmt: skip

    assert slack.called("views.open")[0]["view"]["title"]["text"] == told


async def test_issued_retry_and_replan_reach_the_engine(lobby: Lobby) -> None:
    """Buttons without a form change the order at once."""
    for action, state, by, after in (
        (Action.ISSUED, State.SUBMITTED, scene.RITA, State.ISSUED),
        (Action.RETRY, State.FAILED, scene.OLGA, State.INSTALLING),
        (Action.REPLAN, State.PROVEN, scene.OLGA, State.PROVEN),
    ):
        lobby.put(scene.order(state))
        await lobby.click(by, action, ref())

        assert (lobby.order().state, lobby.order().version) == (after, 4)


async def test_a_renewal_opens_its_successor(lobby: Lobby) -> None:
    """An approver's yes to a renewal places and approves the next order."""
    lobby.put(scene.order(State.INSTALLED, renewal_asked_at=scene.NOON, approvals=()))
    await lobby.click(scene.MAJA, Action.APPROVE_RENEWAL, ref())

    successor = lobby.order().renewed_by
    assert successor is not None
    assert lobby.order(successor).state is State.APPROVED


async def test_a_host_fault_is_told_as_its_kind(lobby: Lobby) -> None:
    """A host that does not answer gives the operator's sentence, not an incident."""
    lobby.hosts.fault = HostFault(
        FaultKind.UNREACHABLE, scene.EX01, "EX01 did not answer on 5986.", executed="no"
    )
    response = await lobby.command(scene.OLGA, "inventory EX01")

    assert "could not be reached" in response.body
    assert "EX01 did not answer on 5986." in response.body


def _put_undecided(lobby: Lobby, state: State) -> None:
    lobby.put(scene.order(state, approvals=()))


def _break(*_: object) -> None:
    raise RuntimeError("secret-inside")
