"""What people type or name their files never becomes markup, and what breaks on the way is not kept from them."""

import json

import pytest

from tests.doors.fake_slack import FakeSlack, File, until
from tests.doors.lobby import Lobby, State, answer
from tests.doors.test_uploads import ZIP, drop
from tests.unit.handlers import scene

SHOUT = "&lt;!channel&gt;"
"""What Slack sends for somebody who typed the mention of everybody by hand."""


@pytest.mark.parametrize(
    "typed",
    [
        f"status {SHOUT}", f"csr {SHOUT}", f"probe {SHOUT}", f"inventory {SHOUT}", SHOUT,
        f"submitted {SHOUT} x", f"submitted 27 {SHOUT}", f"audit {SHOUT}",
    ],
)  # fmt: skip
async def test_typed_words_come_back_without_markup(lobby: Lobby, typed: str) -> None:
    """Nobody is called, nothing is bold, whatever was typed."""
    lobby.put(scene.order(State.CSR_READY))

    told = json.dumps(answer(await lobby.command(scene.RITA, typed)))

    assert "<!channel>" not in told


async def test_a_file_s_name_comes_back_without_markup(lobby: Lobby, slack: FakeSlack) -> None:
    """The one who names the file is not the one who is called by it."""
    lobby.put(scene.order(State.ISSUED))
    slack.files["F1"] = File(data=ZIP, size=len(ZIP) + 1, extra={"name": "<!channel>.zip"})
    await drop(lobby)
    await until(lambda: slack.called("chat.postEphemeral"))

    assert "<!channel>" not in slack.called("chat.postEphemeral")[0]["text"]


async def test_a_file_that_was_lost_to_a_fault_of_ours_is_said_so(
    lobby: Lobby, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever dropped it would wait for an answer that never comes."""

    def full(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(lobby.orders, "hand_in", full)
    lobby.put(scene.order(State.ISSUED))
    slack.files["F1"] = File(data=ZIP)
    await drop(lobby)
    await until(lambda: slack.called("chat.postEphemeral"))

    whisper = slack.called("chat.postEphemeral")[0]
    assert "incident" in whisper["text"]
    assert "disk" not in whisper["text"]
    assert (whisper["user"], whisper["thread_ts"]) == ("URITA", "1700.000100")
    assert lobby.order().state is State.ISSUED
