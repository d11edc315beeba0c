"""Files dropped into threads and put into forms; everything about them is hostile until proven."""

import asyncio
import json
from typing import Any

import pytest

from bot.domain.ids import OrderId
from handlers.ids import Field
from handlers.refs import OrderRef, render_ref
from tests.doors.fake_slack import TOKEN, FakeSlack, File, until
from tests.doors.lobby import Lobby, State, answer, ref
from tests.unit.handlers import scene

ZIP = b"PK\x03\x04 a zip, as far as a door can tell"


async def drop(
    lobby: Lobby, file_id: str = "F1", *, thread: str = "1700.000100", **parts: Any
) -> None:
    """Drop a file into a thread of the home channel, as Rita."""
    event = {
        "type": "message", "subtype": "file_share", "channel": scene.HOME, "user": "URITA",
        "ts": "1800.1", "thread_ts": thread, "text": "", "files": [{"id": file_id}], **parts,
    }  # fmt: skip
    response = await lobby.event(event)
    assert response.status == 200


BAD_FILES = {
    "a web page": (
        File(data=b"<!DOCTYPE html><html>Sign in</html>", type_="text/html"),
        "web page",
    ),
    "a web page in disguise": (File(data=b"\xef\xbb\xbf \n<html>"), "web page"),
    "an empty file": (File(data=b""), "is empty"),
    "a file said to be empty": (File(data=ZIP, size=0), "is empty"),
    "a file said to be huge": (File(data=ZIP, size=2**20 + 1), "1024 KiB at most"),
    "a file that is huge": (File(data=b"P" * (2**20 + 1), size=5), "1024 KiB at most"),
    "a file cut short": (File(data=ZIP, size=len(ZIP) + 1), "instead of"),
    "a file on another host": (
        File(data=ZIP, extra={"url_private_download": "https://evil.example.com/x"}),
        "own hosts",
    ),
    "a file on a host that only looks like ours": (
        File(data=ZIP, extra={"url_private_download": "http://127.0.0.1:1/files/F1"}),
        "own hosts",
    ),
    "a file behind a sign-in": (File(data=b"", size=5, moved=True), "did not hand the file over"),
    "a file kept elsewhere": (File(data=ZIP, extra={"is_external": True}), "does not lie in"),
}


@pytest.mark.parametrize("name", BAD_FILES)
async def test_a_bad_file_is_refused_with_a_sentence(
    lobby: Lobby, slack: FakeSlack, name: str
) -> None:
    """Whoever dropped it is told what is wrong, in the thread and alone; the order stays as it was."""
    lobby.put(scene.order(State.ISSUED))
    slack.files["F1"], told = BAD_FILES[name]
    await drop(lobby)
    await until(lambda: slack.called("chat.postEphemeral"))

    whisper = slack.called("chat.postEphemeral")[0]
    assert told in whisper["text"]
    assert (whisper["user"], whisper["thread_ts"]) == ("URITA", "1700.000100")
    assert lobby.order().state is State.ISSUED
    assert lobby.memory.uploads == {}


async def test_the_token_goes_to_slacks_own_host_only(lobby: Lobby, slack: FakeSlack) -> None:
    """A file on another host is not even asked for."""
    lobby.put(scene.order(State.ISSUED))
    slack.files["F1"], _ = BAD_FILES["a file on another host"]
    await drop(lobby)
    await until(lambda: slack.called("chat.postEphemeral"))

    assert slack.download_tokens == []


async def test_a_file_of_a_stranger_is_refused(lobby: Lobby, slack: FakeSlack) -> None:
    """Who may not push the order along does not hand in bundles either."""
    lobby.put(scene.order(State.ISSUED))
    slack.files["F1"] = File(data=ZIP)
    await drop(lobby, user="UARTHUR")
    await until(lambda: slack.called("chat.postEphemeral"))

    assert "belongs to somebody else" in slack.called("chat.postEphemeral")[0]["text"]
    assert lobby.memory.uploads == {}


async def test_a_file_the_app_cannot_see_is_said_so(lobby: Lobby, slack: FakeSlack) -> None:
    """Slack's own refusal becomes a sentence with a way out."""
    lobby.put(scene.order(State.ISSUED))
    slack.errors["files.info"] = "file_not_found"
    await drop(lobby)
    await until(lambda: slack.called("chat.postEphemeral"))

    assert "invite CertDesk" in slack.called("chat.postEphemeral")[0]["text"]


@pytest.mark.parametrize(
    "parts",
    [{"thread": "1.1"}, {"thread": ""}, {"bot_id": "BOTHER"}],
    ids=["another thread", "no thread", "a bot"],
)
async def test_files_elsewhere_are_none_of_our_business(
    lobby: Lobby, slack: FakeSlack, parts: dict[str, Any]
) -> None:
    """Only files that people drop into an order's thread are looked at."""
    lobby.put(scene.order(State.ISSUED))
    slack.files["F1"] = File(data=ZIP)
    await drop(lobby, **parts)
    await asyncio.sleep(0.02)

    assert slack.called("files.info") == []
    assert lobby.memory.uploads == {}


async def test_a_dropped_zip_is_checked_once(lobby: Lobby, slack: FakeSlack) -> None:
    """One upload, told of three times and in two ways, is one bundle; nobody is told off."""
    lobby.put(scene.order(State.ISSUED))
    share = {"public": {scene.HOME: [{"ts": "1800.1", "thread_ts": "1700.000100"}]}}
    slack.files["F1"] = File(data=ZIP, extra={"shares": share})
    shared = {"type": "file_shared", "file_id": "F1", "user_id": "URITA", "channel_id": scene.HOME}
    await drop(lobby)
    await lobby.event(shared, event_id="EvS")
    await lobby.event(shared, event_id="EvS")
    await drop(lobby)
    await until(lambda: lobby.order().state is State.CHECKING)
    await asyncio.sleep(0.02)

    assert len(lobby.memory.uploads) == 1
    assert slack.called("chat.postEphemeral") == []
    assert slack.download_tokens[0] == f"Bearer {TOKEN}"


async def test_a_second_process_says_nothing_about_the_same_file(
    lobby: Lobby, slack: FakeSlack
) -> None:
    """The other telling of an upload may reach another process; it finds the bundle handed in."""
    lobby.put(scene.order(State.ISSUED))
    slack.files["F1"] = File(data=ZIP)
    other = Lobby(slack)
    other.memory.orders, other.memory.uploads = lobby.memory.orders, lobby.memory.uploads
    other.memory.cards = lobby.memory.cards
    await drop(lobby)
    await until(lambda: lobby.order().state is State.CHECKING)
    await drop(other)
    await until(lambda: len(slack.download_tokens) == 2)
    await asyncio.sleep(0.02)

    assert slack.called("chat.postEphemeral") == []


async def test_a_file_of_our_own_is_no_bundle(lobby: Lobby, slack: FakeSlack) -> None:
    """CertDesk itself posts the CSR as a file into the thread."""
    lobby.put(scene.order(State.ISSUED))
    share = {"public": {scene.HOME: [{"ts": "1800.1", "thread_ts": "1700.000100"}]}}
    slack.files["F1"] = File(data=ZIP, extra={"shares": share})
    await lobby.event(
        {"type": "file_shared", "file_id": "F1", "user_id": "UBOT", "channel_id": scene.HOME}
    )
    await drop(lobby, user="UBOT", bot_id="BBOT")
    await asyncio.sleep(0.05)

    assert {call.method for call in slack.calls} == {"auth.test"}
    assert lobby.memory.uploads == {}


async def test_file_shared_alone_is_enough(lobby: Lobby, slack: FakeSlack) -> None:
    """Several files at once may come without a message; the other event carries them."""
    lobby.put(scene.order(State.SUBMITTED))
    share = {"private": {scene.HOME: [{"ts": "1800.1", "thread_ts": "1700.000100"}]}}
    slack.files["F1"] = File(data=ZIP, extra={"shares": share})
    await lobby.event(
        {"type": "file_shared", "file_id": "F1", "user_id": "URITA", "channel_id": scene.HOME}
    )
    await until(lambda: lobby.order().state is State.CHECKING)

    assert lobby.memory.uploads[lobby.order().upload_id or 0].data == ZIP  # type: ignore[index]


async def test_the_form_takes_a_file(lobby: Lobby, slack: FakeSlack) -> None:
    """The upload form hands in its file and closes."""
    lobby.put(scene.order(State.ISSUED))
    slack.files["F2"] = File(data=ZIP)
    values = {Field.FILE: {"type": "file_input", "files": [{"id": "F2"}]}}
    response = await lobby.submit(scene.RITA, "upload_form", values, ref())

    assert response.body == ""
    assert lobby.order().state is State.CHECKING


async def test_the_form_says_what_is_wrong_with_its_file(lobby: Lobby, slack: FakeSlack) -> None:
    """A bad file in the form is answered in the window."""
    lobby.put(scene.order(State.ISSUED))
    slack.files["F2"], told = BAD_FILES["a web page"]
    values = {Field.FILE: {"type": "file_input", "files": [{"id": "F2"}]}}
    body = answer(await lobby.submit(scene.RITA, "upload_form", values, ref()))

    assert told in json.dumps(body["view"])


async def test_the_form_without_a_file_stays_open(lobby: Lobby) -> None:
    """An empty file field is named."""
    lobby.put(scene.order(State.ISSUED))
    values = {Field.FILE: {"type": "file_input", "files": []}}
    body = answer(await lobby.submit(scene.RITA, "upload_form", values, ref()))

    assert str(Field.FILE) in body["errors"]


async def test_a_messages_file_is_used_as_bundle(lobby: Lobby, slack: FakeSlack) -> None:
    """The message shortcut asks for the order, the one of the thread first, and hands the file in."""
    lobby.put(scene.order(State.ISSUED, id=OrderId(26), home="COTHER"))
    lobby.put(scene.order(State.ISSUED))
    slack.files["F3"] = File(data=ZIP)
    message = {"ts": "5.5", "thread_ts": "1700.000100", "files": [{"id": "F3", "name": "mail.zip"}]}
    await lobby.interact(
        scene.RITA, "message_action", callback_id="bundle.use", message=message,
        channel={"id": scene.HOME}, response_url=f"{slack.url}/respond",
    )  # fmt: skip
    view = slack.called("views.open")[0]["view"]
    chosen = view["blocks"][1]["element"]["options"][0]
    values = {Field.BUNDLE_ORDER: {"type": "static_select", "selected_option": chosen}}
    await lobby.submit(scene.RITA, "bundle_form", values, view["private_metadata"])

    assert chosen["value"] == "27"
    assert lobby.order().state is State.CHECKING


async def test_a_message_without_a_file_is_no_bundle(lobby: Lobby, slack: FakeSlack) -> None:
    """The shortcut on a plain message says so in a window."""
    await lobby.interact(
        scene.RITA, "message_action", callback_id="bundle.use", message={"ts": "5.5"},
        channel={"id": scene.HOME}, response_url=f"{slack.url}/respond",
    )  # fmt: skip
    await until(lambda: slack.called("views.open"))

    assert "has no file" in json.dumps(slack.called("views.open")[0]["view"])


async def test_a_forged_file_reference_reads_nothing(lobby: Lobby, slack: FakeSlack) -> None:
    """A file id that Slack does not show the app is refused, whatever the form says."""
    lobby.put(scene.order(State.ISSUED))
    slack.errors["files.info"] = "not_visible"
    values = {Field.BUNDLE_ORDER: {"type": "static_select", "selected_option": {"value": "27"}}}
    metadata = render_ref(OrderRef(order=OrderId(27), file="FSECRET"))
    body = answer(await lobby.submit(scene.RITA, "bundle_form", values, metadata))

    assert "does not show the file" in json.dumps(body["view"])
