"""Pending requests at the doors: listed with whose they are, cleared by an approver alone."""

from bot.domain.approvals import Gate
from bot.domain.plan import Snapshot
from handlers.ids import Action, Callback
from handlers.refs import OrderRef
from tests.doors.fake_slack import FakeSlack
from tests.doors.lobby import Act, Lobby, State, answer, reason, ref
from tests.unit.domain.test_pending import FIRST, waiting
from tests.unit.handlers import scene

NAME = {"reason_form.typed_name": {"type": "plain_text_input", "value": "mail.example.com"}}


def left(lobby: Lobby, state: State = State.CANCELLED) -> None:
    """Order 27 is over, and its request waits on EX01 beside one of somebody else."""
    mine = lobby.put(scene.order(state, csr_pem=FIRST, csr_round=1))
    lobby.hosts.snapshots[scene.EX01] = Snapshot(
        host=scene.EX01, taken_at=scene.NOON, build="15.2.1544.4", fqdn="ex01.example.com",
        certificates=(), default_smtp=None, intermediates=(),
    )  # fmt: skip
    foreign = waiting(mine, 1, friendly_name="<!channel> *Microsoft Exchange*")
    lobby.hosts.waiting = (foreign, waiting(mine, 1))


async def test_the_inventory_says_whose_each_request_is(lobby: Lobby) -> None:
    """Abandoned ones first, with the word that clears them; outside words stay words."""
    left(lobby)
    told = answer(await lobby.command(scene.RITA, "inventory EX01"))
    abandoned, foreign = [b["text"]["text"] for b in told["blocks"] if "text" in b][-2:]

    assert "2 pending requests, 1 of them abandoned" in told["text"]
    assert (
        "*Abandoned:* order 27 is cancelled. An approver clears it with `/cert clear 27`."
        in abandoned
    )
    assert "*Foreign:* not made by CertDesk" in foreign
    assert "<!channel>" not in foreign


async def test_an_awaited_request_is_shown_as_such(lobby: Lobby) -> None:
    """And nothing is offered for it."""
    left(lobby, State.SUBMITTED)
    told = answer(await lobby.command(scene.RITA, "inventory EX01"))

    assert any("*Awaited* by order 27" in str(block) for block in told["blocks"])
    assert "/cert clear" not in str(told["blocks"])


async def test_only_an_approver_is_shown_the_form(lobby: Lobby, slack: FakeSlack) -> None:
    """By the word and by the button alike."""
    left(lobby)
    refused = await lobby.command(scene.OLGA, "clear 27")
    await lobby.command(scene.MAX, "clear 27")
    await lobby.click(scene.MAX, Action.CLEAR_REQUEST, ref(gate=Gate.CLEAR_REQUEST))

    assert "not an approver" in answer(refused)["text"]
    assert ["reason_form"] * 2 == [c["view"]["callback_id"] for c in slack.called("views.open")]


async def test_where_nothing_is_left_no_form_opens(lobby: Lobby, slack: FakeSlack) -> None:
    """An awaited request cannot even be asked about."""
    left(lobby, State.SUBMITTED)
    refused = await lobby.command(scene.MAX, "clear 27")

    assert "no abandoned pending request" in answer(refused)["text"]
    assert [] == slack.called("views.open")


async def test_the_name_is_typed_before_a_key_is_destroyed(lobby: Lobby) -> None:
    """Without it the form stays open and nothing is decided."""
    left(lobby)
    metadata = ref(act=Act.CLEAR_REQUEST, gate=Gate.CLEAR_REQUEST)
    response = await lobby.submit(scene.MAX, Callback.REASON_FORM, reason(), metadata)

    assert "reason_form.typed_name" in answer(response)["errors"]
    assert lobby.order().clearing is None


async def test_a_submitted_form_starts_the_clearing(lobby: Lobby) -> None:
    """The order stays what it was, and its card says what is going on."""
    left(lobby)
    metadata = ref(act=Act.CLEAR_REQUEST, gate=Gate.CLEAR_REQUEST)
    await lobby.submit(scene.MAX, Callback.REASON_FORM, reason() | NAME, metadata)

    assert lobby.order().state is State.CANCELLED
    assert lobby.order().is_being_cleared


async def test_a_stale_form_changes_nothing(lobby: Lobby) -> None:
    """The order moved on since the form was opened."""
    left(lobby)
    metadata = ref(version=2, act=Act.CLEAR_REQUEST, gate=Gate.CLEAR_REQUEST)
    await lobby.submit(scene.MAX, Callback.REASON_FORM, reason() | NAME, metadata)

    assert lobby.order().clearing is None
    assert OrderRef is not None
