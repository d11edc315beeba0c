"""`/cert` as people type it, sad paths first."""

import inspect

import pytest

from bot.domain.ids import PersonId
from handlers.app import build_app
from sandbox.parts import SLACK_PATIENCE_S
from tests.doors.fake_slack import FakeSlack
from tests.doors.lobby import SECRET, Lobby, State, answer
from tests.unit.handlers import scene


async def test_a_wrong_signature_is_turned_away(lobby: Lobby) -> None:
    """Nobody but Slack gets in."""
    response = await lobby.knock("command=%2Fcert&text=list", secret=SECRET + "x")

    assert response.status == 401


async def test_a_forged_request_is_not_written_to_the_log(
    lobby: Lobby, caplog: pytest.LogCaptureFixture
) -> None:
    """What strangers send is not kept."""
    caplog.set_level("INFO")
    await lobby.knock("text=forged-words", secret=SECRET + "x")

    assert "forged-words" not in caplog.text


async def test_another_workspace_is_turned_away(lobby: Lobby) -> None:
    """People of other workspaces are refused by name of the rule."""
    response = await lobby.command(scene.MAX, "list", team_id="T2")

    assert "own workspace only" in answer(response)["text"]


async def test_another_channel_is_turned_away(lobby: Lobby) -> None:
    """Outside the allowed channels nothing is done, and the allowed ones are named."""
    response = await lobby.command(scene.MAX, "list", channel_id="CRANDOM")

    assert f"<#{scene.HOME}>" in answer(response)["text"]


async def test_an_unknown_word_gets_the_nearest(lobby: Lobby) -> None:
    """A typo is answered with what was probably meant."""
    response = await lobby.command(scene.RITA, "instal 27")

    assert "Did you mean `/cert install`?" in answer(response)["text"]


async def test_an_unknown_order_is_said_to_be_unknown(lobby: Lobby) -> None:
    """A number nobody ordered gets a sentence."""
    response = await lobby.command(scene.RITA, "status 99")

    assert "There is no order 99" in answer(response)["text"]


async def test_a_command_without_its_number_shows_how_it_is_written(lobby: Lobby) -> None:
    """Usage is told where it is needed."""
    response = await lobby.command(scene.RITA, "submitted")

    assert "/cert submitted ID REFERENCE" in answer(response)["text"]


async def test_typographic_quotes_do_not_matter(lobby: Lobby) -> None:
    """What a phone makes of quotes and dashes is undone."""
    lobby.put(scene.order(State.CSR_READY))
    await lobby.command(scene.RITA, "submitted #27 “GD–4711”")

    assert lobby.order().vendor_reference == "GD-4711"


async def test_a_stranger_cannot_report(lobby: Lobby) -> None:
    """Only the requester, approvers and operators push an order along."""
    lobby.put(scene.order(State.CSR_READY))
    response = await lobby.command(scene.ARTHUR, "submitted 27 GD-1")

    assert "belongs to somebody else" in answer(response)["text"]
    assert lobby.order().state is State.CSR_READY


async def test_request_opens_the_form(lobby: Lobby, slack: FakeSlack) -> None:
    """The form opens with the trigger of the command, and the command itself says nothing."""
    response = await lobby.command(scene.RITA, "request")

    assert (response.status, response.body) == (200, "")
    assert slack.called("views.open")[0]["view"]["callback_id"] == "order_form"


async def test_request_takes_names_and_services_along(lobby: Lobby, slack: FakeSlack) -> None:
    """What is typed behind the word is in the form, UC as UM with a hint; nonsense opens none."""
    refused = await lobby.command(scene.RITA, "request mail.example.com services=Federation")
    await lobby.command(scene.RITA, "request mail.example.com services=IIS,UC")
    [call] = slack.called("views.open")

    assert "No form was opened" in answer(refused)["text"]
    assert "UM was taken for it" in call["view"]["blocks"][0]["elements"][0]["text"]


async def test_status_list_csr_audit_hosts_and_help_answer(lobby: Lobby) -> None:
    """Every reading word answers in the acknowledgement."""
    lobby.put(scene.order(State.CSR_READY))
    texts = [
        answer(await lobby.command(scene.RITA, word))["text"]
        for word in ("status 27", "list", "csr 27", "audit 27", "hosts", "help", "")
    ]

    assert all(texts)


async def test_a_slow_reading_is_answered_afterwards(slack: FakeSlack) -> None:
    """What takes longer than Slack waits is acknowledged at once and answered later."""
    lobby = Lobby(slack, patience_s=0.0)
    response = await lobby.command(scene.RITA, "hosts")

    assert "One moment" in answer(response)["text"]
    assert (await slack.told())["text"] == "3 Exchange hosts."


def test_a_door_is_waited_for_less_long_than_slack_waits() -> None:
    """A second is left for the way of the acknowledgement."""
    patience_s = inspect.signature(build_app).parameters["patience_s"].default

    assert patience_s <= SLACK_PATIENCE_S - 1


async def test_probe_names_what_is_installed(lobby: Lobby) -> None:
    """A probe dials the hosts of what is installed for the name."""
    lobby.put(scene.order(State.INSTALLED))
    response = await lobby.command(scene.RITA, "probe mail.example.com")

    assert answer(response)["text"] == "2 handshakes with `mail.example.com`: all proven."


async def test_a_stranger_does_not_read_the_audit(lobby: Lobby) -> None:
    """The audit is for the requester and for people with a role."""
    lobby.put(scene.order())
    response = await lobby.command(PersonId("T1:USTRANGER"), "audit 27")

    assert "people with a role" in answer(response)["text"]


async def test_install_opens_the_plan_for_an_operator_only(lobby: Lobby, slack: FakeSlack) -> None:
    """Who may not decide is told so before reading the plan."""
    lobby.put(scene.order(State.PROVEN))
    refused = await lobby.command(scene.MAX, "install 27")
    await lobby.command(scene.OLGA, "install 27")

    assert "not an operator" in answer(refused)["text"]
    assert [c["view"]["callback_id"] for c in slack.called("views.open")] == ["plan_form"]
