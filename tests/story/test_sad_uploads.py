"""Wrong files in the order's thread: each gets a sentence, the order goes on waiting, the right zip is taken."""

import hashlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.domain.states import State
from handlers.headlines import STATES
from sandbox.person import said
from tests.story.stage import Scene, Stage, staged

pytestmark = [pytest.mark.story, pytest.mark.asyncio(loop_scope="module")]

WAITS = State.ISSUED
PRIVATE_KEY = b"-----BEGIN PRIVATE KEY-----"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One town for the whole file."""
    async with staged(tmp_path_factory.mktemp("uploads")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(stage: Stage) -> Scene:
    """One order for the whole file, which waits for its bundle: no wrong file may move it."""
    waiting = stage.scene()
    await waiting.until("report_issued")
    await waiting.status(WAITS)
    return waiting


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("login.zip", b"<!DOCTYPE html><title>Sign in</title>", ("web page", "Nothing was judged")),
        ("empty.zip", b"", ("empty", "Nothing was judged")),
        ("big.zip", b"PK\x03\x04" + bytes(2 * 1024 * 1024), ("1024 KiB", "Nothing was judged")),
    ],
    ids=["html", "empty", "big"],
)
async def test_a_file_that_is_no_bundle_is_turned_away(
    scene: Scene, name: str, data: bytes, words: tuple[str, ...]
) -> None:
    """The person who dropped it is told why, and that nothing was judged; the order still waits."""
    before = await scene.drop(name, data)

    await scene.rita.whisper(scene.requests, *words, thread_ts=scene.thread, after=before)

    assert await scene.card_if(WAITS) is not None


@pytest.mark.parametrize(
    ("trouble", "finding"),
    [
        ("wrong_key", "key_mismatch"),
        ("missing_name", "name_missing"),
        ("extra_name", "name_extra"),
        ("expired", "expired"),
        ("no_intermediate", "chain_incomplete"),
        ("untrusted", "chain_invalid"),
        ("path_traversal", "zip_path"),
        ("private_key", "private_key_present"),
    ],
)
async def test_a_spoilt_bundle_is_refused(scene: Scene, trouble: str, finding: str) -> None:
    """Every finding stands in the thread, nothing of it is installed, and the order waits again."""
    imports = await scene.stage.ran("Import-ExchangeCertificate")
    before = await scene.drop(f"{trouble}.zip", await scene.certificate(trouble))

    told = await scene.in_thread("bundle was refused", finding, after=before)
    await scene.status(WAITS, finding)

    assert "nothing of it was installed" in told["text"]
    assert await scene.stage.ran("Import-ExchangeCertificate") == imports


async def test_a_text_that_is_no_certificate_is_refused_with_its_finding(scene: Scene) -> None:
    """Bytes nobody can read are a finding, not a breakdown; markup in the name stays words."""
    before = await scene.drop("<!channel>*x*.zip", b"PK\x03\x04 nothing follows")

    told = await scene.in_thread("bundle was refused", after=before)

    assert "<!channel>" not in told["text"]
    await scene.status(WAITS)


async def test_a_private_key_does_not_stay(scene: Scene) -> None:
    """The bytes of a zip with a key in it are gone from the database file, its name and hash stay."""
    data = await scene.certificate("private_key")
    before = await scene.drop("with-key.zip", data)
    await scene.in_thread("private_key_present", after=before)
    await scene.status(WAITS)

    kept = scene.stage.database_bytes()

    assert b"with-key.zip" in kept
    assert hashlib.sha256(data).hexdigest().encode() in kept
    assert data[:200] not in kept
    assert data[-200:] not in kept
    assert PRIVATE_KEY not in kept


async def test_a_stranger_hands_nothing_in(scene: Scene) -> None:
    """A file from another workspace's person is never looked at; Rita's next one is."""
    foreign = await scene.certificate("expired")
    await scene.stan.upload(scene.requests, scene.thread, "foreign.zip", foreign)
    before = await scene.drop("mine.zip", await scene.certificate("wrong_key"))
    await scene.in_thread("key_mismatch", after=before)

    thread = await scene.rita.messages(scene.requests, scene.thread)
    told = [said(message) for message in thread if message["is_bot"]]

    assert [words for words in told if "foreign.zip" in words] == []
    await scene.status(WAITS)


async def test_a_file_outside_a_thread_is_nobodys_bundle(scene: Scene) -> None:
    """A zip in the channel itself is left alone."""
    data = await scene.certificate()
    words = len(await scene.rita.messages(scene.requests, scene.thread))

    await scene.rita.upload(scene.requests, "", "elsewhere.zip", data)
    await scene.rita.command(scene.requests, f"status {scene.order}")
    await scene.rita.whisper(scene.requests, STATES[WAITS])

    assert len(await scene.rita.messages(scene.requests, scene.thread)) == words


async def test_after_all_that_the_right_zip_is_installed(stage: Stage) -> None:
    """Two wrong files, the right one twice, then the plan and its proof."""
    scene = stage.scene()
    await scene.until("report_issued")
    before = await scene.drop("wrong.zip", await scene.certificate("wrong_key"))
    await scene.in_thread("key_mismatch", after=before)
    await scene.status(WAITS)

    await scene.drop("right.zip", scene.zip)
    await scene.drop("right.zip", scene.zip)
    await scene.install()
    await scene.installed()
    await scene.look()

    assert await stage.ran("Import-ExchangeCertificate") == 1
