"""Exchange hosts that are away, refuse, answer too late or go down: a sentence, and Retry ends INSTALLED."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.domain.faults import FaultKind
from bot.domain.states import State
from handlers.headlines import FAULTS
from tests.story.stage import Scene, Stage, staged

pytestmark = [pytest.mark.story, pytest.mark.asyncio(loop_scope="module")]

IMPORT, ENABLE = "Import-ExchangeCertificate", "Enable-ExchangeCertificate"
HASTE = {"CERTDESK_TRIES": "2", "CERTDESK_COMMAND_DEADLINE_S": "12"}
ENABLES = 3
"""IIS, IMAP and POP; SMTP; and the default given back."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One town for the whole file, with a bot that gives up soon."""
    async with staged(tmp_path_factory.mktemp("hosts"), settings=HASTE) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def scene(stage: Stage) -> AsyncIterator[Scene]:
    """A new order's people; calm afterwards."""
    yield stage.scene()
    await stage.calm()


async def test_a_host_that_is_away_is_asked_again_on_retry(scene: Scene) -> None:
    """Nobody answers when the CSR is due: FAILED with a sentence; back again, Retry makes the CSR once."""
    made = await scene.stage.ran("New-ExchangeCertificate")
    await scene.ask()
    await scene.stage.host_trouble(action="*", do="rst", times=0)
    await scene.approve()

    await scene.status(State.FAILED, FaultKind.UNREACHABLE, "Nothing was changed")
    await scene.in_thread(FAULTS[FaultKind.UNREACHABLE], "Retry")
    await scene.stage.calm()
    await scene.retry()
    await scene.receive_csr()

    assert await scene.stage.ran("New-ExchangeCertificate") == made + 1


async def test_only_operators_retry(scene: Scene) -> None:
    """The requester's Retry is refused to them alone; calling the order off is theirs."""
    await scene.ask()
    await scene.stage.host_trouble(cmdlet="New-ExchangeCertificate", do="access_denied")
    await scene.approve()
    await scene.status(State.FAILED)

    await scene.press_status(scene.rita, "Retry")
    await scene.rita.whisper(scene.requests, "not an operator", "nothing was changed")
    await scene.status(State.FAILED)
    await scene.press_status(scene.rita, "Cancel order")
    await scene.give_reason(scene.rita, "Cancel order", "The host is given up.")

    await scene.status(State.CANCELLED)


@pytest.mark.parametrize(
    ("cmdlet", "rule", "code"),
    [
        (IMPORT, {"do": "access_denied"}, FaultKind.ACCESS_DENIED),
        (
            IMPORT,
            {"do": "cmdlet_error", "message": "The certificate is <odd> & *bold*."},
            FaultKind.CMDLET_ERROR,
        ),
        (IMPORT, {"do": "rpc_down", "times": 2}, FaultKind.BUSY),
        (ENABLE, {"do": "rpc_down", "times": 2}, FaultKind.BUSY),
        (ENABLE, {"do": "cmdlet_error", "message": "Broken.", "nth": 2}, FaultKind.CMDLET_ERROR),
    ],
    ids=["import-denied", "import-error", "import-rpc", "enable-rpc", "second-enable-error"],
)
async def test_a_refusal_of_the_host_waits_for_an_operator(
    scene: Scene, cmdlet: str, rule: dict[str, object], code: FaultKind
) -> None:
    """The card names the fault and what was not done; Retry goes on where it stopped, nothing runs twice."""
    imports, enables = await ran(scene)
    await scene.until("hand_in")
    await scene.stage.host_trouble(cmdlet=cmdlet, **rule)
    await scene.install()

    card = await scene.status(State.FAILED, code)
    await scene.in_thread(FAULTS[code], "Retry")
    await scene.retry()
    await scene.installed()
    await scene.look()

    assert "EX01" in str(card["blocks"])
    assert (imports + 1, enables + ENABLES) == await ran(scene)


@pytest.mark.parametrize("cmdlet", [IMPORT, ENABLE])
@pytest.mark.parametrize(
    "do",
    ["executed_then_lost", "reboot", "kill_shell_host", "session_drop", "replication_lag"],
)
async def test_a_lost_answer_is_looked_after_and_never_repeated_blindly(
    scene: Scene, cmdlet: str, do: str
) -> None:
    """The host is looked at before anything is sent again: each operation has one effect."""
    imports, enables = await ran(scene)
    await scene.until("hand_in")
    await scene.stage.host_trouble(cmdlet=cmdlet, do=do, seconds=1.0)
    await scene.install()

    await scene.installed()
    await scene.look()

    assert (imports + 1, enables + ENABLES) == await ran(scene)


async def test_a_host_that_stays_down_in_the_middle_is_taken_up_by_retry(scene: Scene) -> None:
    """Gone behind an enabling that worked: FAILED, what was done stays done, Retry does the rest."""
    imports, enables = await ran(scene)
    await scene.until("hand_in")
    await scene.stage.host_trouble(cmdlet=ENABLE, do="executed_then_lost")
    await scene.install()
    while await ran(scene) != (imports + 1, enables + 1):
        await asyncio.sleep(0.05)
    await scene.stage.host_trouble(action="*", do="rst", times=0)

    await scene.status(State.FAILED, FaultKind.UNREACHABLE)
    await scene.stage.calm()
    await scene.retry()
    await scene.installed()
    await scene.look()

    assert (imports + 1, enables + ENABLES) == await ran(scene)


async def test_a_plan_needs_hosts_that_can_be_read(scene: Scene) -> None:
    """A host away after the proof: no plan, a card that says so; read again, it is installed."""
    await scene.until("report_issued")
    await scene.stage.host_trouble(action="*", do="rst", times=0)
    await scene.rita.upload(scene.requests, scene.thread, scene.zip_name, scene.zip)

    away = FAULTS[FaultKind.UNREACHABLE]
    card = await scene.olga.wait_for(
        scene.approvals, f"rder {scene.order} ", away, button="Read hosts again"
    )
    await scene.stage.calm()
    await scene.olga.click(scene.approvals, card, "Read hosts again")
    await scene.install()
    await scene.installed()


async def test_a_wrong_password_is_tried_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One sign-in at the host, one sentence; with the right password Retry goes on."""
    async with staged(tmp_path_factory.mktemp("password")) as stage:
        stage.town.change_password("not-the-password")
        scene = stage.scene()
        await scene.ask()
        await scene.approve()
        card = await scene.status(State.FAILED, FaultKind.SIGN_IN)
        await asyncio.sleep(3)  # longer than the first wait before another try
        counted = await stage.look(stage.host, "requests")
        stage.town.change_password(stage.addresses["exchange"][0]["password"])
        await scene.retry()
        await scene.receive_csr()

        # One log-on has three messages; the fourth is a question without credentials.
        assert (counted["http"], counted["refused"], counted["actions"]) == (4, 4, {})
        assert "not-the-password" not in str(card)
        assert "not-the-password" not in stage.log()


async def ran(scene: Scene) -> tuple[int, int]:
    """How many imports and enables the host has executed so far."""
    return await scene.stage.ran(IMPORT), await scene.stage.ran(ENABLE)
