"""From where: the audit says at which message or channel of chat each thing was said."""

from bot.domain.approvals import Gate
from handlers.ids import Action, Callback
from tests.doors.fake_slack import FakeSlack
from tests.doors.lobby import Act, Lobby, State, reason, ref
from tests.unit.handlers import scene


def written(lobby: Lobby) -> tuple[str | None, str | None]:
    """Name and link of the last audit entry."""
    [*_, last] = lobby.rooms.audit.entries()
    return last.by_name, last.link


async def test_a_click_leaves_its_message_in_the_audit(lobby: Lobby) -> None:
    """Who by the configuration's name, and the card that was clicked, as chat's own link."""
    lobby.put(scene.order())
    await lobby.click(scene.MAX, Action.APPROVE, ref(gate=Gate.ISSUE))

    assert written(lobby) == ("Max Manager", f"{scene.WORKSPACE}archives/{scene.APPROVALS}/p11")


async def test_a_form_remembers_the_message_it_was_opened_at(
    lobby: Lobby, slack: FakeSlack
) -> None:
    """Slack does not say where a modal came from; it carries that itself."""
    lobby.put(scene.order())
    await lobby.click(scene.MAX, Action.REJECT, ref(gate=Gate.ISSUE))
    [opened] = slack.called("views.open")
    metadata = opened["view"]["private_metadata"]
    await lobby.submit(scene.MAX, Callback.REASON_FORM, reason(), metadata)

    assert lobby.order().state is State.REJECTED
    assert written(lobby) == ("Max Manager", f"{scene.WORKSPACE}archives/{scene.APPROVALS}/p11")


async def test_a_typed_command_leaves_its_channel(lobby: Lobby) -> None:
    """A slash command is no message; the channel it was typed in is what there is."""
    lobby.put(scene.order(State.CSR_READY))
    await lobby.command(scene.RITA, "submitted 27 GD-1")

    assert written(lobby)[1] == f"{scene.WORKSPACE}archives/{scene.HOME}"


async def test_a_form_opened_by_a_command_remembers_the_channel(
    lobby: Lobby, slack: FakeSlack
) -> None:
    """What is decided in a form that a typed word opened was said in that channel."""
    lobby.put(scene.order())
    await lobby.command(scene.RITA, "cancel 27")
    [opened] = slack.called("views.open")
    metadata = opened["view"]["private_metadata"]
    await lobby.submit(scene.RITA, Callback.REASON_FORM, reason(), metadata)

    assert lobby.order().state is State.CANCELLED
    assert written(lobby)[1] == f"{scene.WORKSPACE}archives/{scene.HOME}"


async def test_a_form_from_nowhere_has_no_link(lobby: Lobby) -> None:
    """A modal of the home tab, or of a release before, names no place."""
    lobby.put(scene.order())
    metadata = ref(act=Act.REJECT, gate=Gate.ISSUE)
    await lobby.submit(scene.MAX, Callback.REASON_FORM, reason(), metadata)

    assert written(lobby) == ("Max Manager", None)
