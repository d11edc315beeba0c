"""Connectors that name the old certificate: changed when the order asks for it, left alone when somebody else did."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bot.domain.faults import FaultKind
from bot.domain.states import State
from sandbox.story import NAMES
from sandbox.town import HostWish
from tests.story.conftest import PINNED, WITH_CONNECTORS, OpenTown
from tests.story.stage import Stage, staged

pytestmark = pytest.mark.story

OTHER_WAY_ROUND = {
    "Common name": NAMES[1],
    "More names": f"{NAMES[0]}\nex01.corp.example.com",
}
"""The same names with another one first: the vendor puts nothing but the common name into the subject."""
CHANGED = {name for _, name in PINNED}


async def newest(stage: Stage) -> dict[str, Any]:
    """The newest certificate in the host's own store."""
    state = await stage.look(stage.host, "state")
    found: dict[str, Any] = state["stores"]["My"][0]
    return found


async def test_a_renewal_takes_its_connectors_along(tmp_path: Path) -> None:
    """
    The old certificate is named by two connectors; the new one has another subject, and takes them over.

    Exchange warns while SMTP is enabled, since the connector still names the old one then: card and evidence tell.
    """
    async with staged(tmp_path) as stage:
        first = stage.scene()
        await first.until("installed")
        old = await newest(stage)
        await stage.pin(old["Thumbprint"])
        before = await stage.pairs()

        second = stage.scene({**WITH_CONNECTORS, **OTHER_WAY_ROUND})
        await second.until("hand_in")
        plan = await second.olga.wait_for(
            second.approvals, f"rder {second.order}", "Set-SendConnector"
        )
        await second.install()
        await second.installed()
        new, after = await newest(stage), await stage.pairs()
        card = await second.status(State.INSTALLED, "Connectors", "takes precedence")

        pair = f"<I>{new['Issuer']}<S>{new['Subject']}"
        assert {name: before[name] != after[name] for name in before} == {
            name: name in CHANGED for name in before
        }
        assert {after[name] for name in CHANGED} == {pair}
        assert NAMES[1] in pair
        assert "is made to name the new certificate" in json.dumps(plan["blocks"])
        assert "they name it, or it is newer" in json.dumps(card["blocks"])
        assert await stage.ran("Set-SendConnector") == await stage.ran("Set-ReceiveConnector") == 1
        await check_evidence(stage, second.order, pair, tmp_path / "pack.zip")


async def check_evidence(stage: Stage, order: str, pair: str, pack: Path) -> None:
    """Steps and audit hold the warning, the pair each connector names, and what was read back."""
    code, told = await stage.certdesk("evidence", order, "-o", str(pack))
    assert code == 0, told
    with zipfile.ZipFile(pack) as opened:
        steps = {one["step"]: one for one in json.loads(opened.read("steps.json"))}
        lines = [json.loads(line) for line in opened.read("audit.jsonl").splitlines()]
        audit = [json.loads(line["body"]) for line in lines]

    said = [one["said"] for one in steps["enable"]["warnings"]]
    assert any("takes precedence" in text for text in said)
    assert steps["connectors"]["note"].count(pair) == 2
    assert any("takes precedence" in entry["facts"].get("warnings", "") for entry in audit)
    assert any("connector 'Internet' names it" in entry["why"] for entry in audit)


async def test_without_a_role_the_rest_stands_and_a_person_s_line_ends_it(tmp_path: Path) -> None:
    """
    At the endpoint the account may change receive connectors and no send connectors.

    The certificate serves, the sentence says what is missing; once an administrator has typed the line, Retry
    sees it and nothing is sent again.
    """
    async with staged(tmp_path, host=HostWish(door="psrp")) as stage:
        own = (await stage.look(stage.host, "state"))["default_smtp"]
        await stage.pin(own)
        scene = stage.scene(WITH_CONNECTORS)
        await scene.until("hand_in")
        await scene.install()
        await scene.status(State.FAILED, FaultKind.UNSUPPORTED, "no role for connectors")
        served = await scene.served()
        new = await newest(stage)
        await stage.pin(new["Thumbprint"])
        await scene.retry()
        await scene.installed()

        assert served == await scene.served()
        assert {pair for pair in (await stage.pairs()).values() if pair} == {
            f"<I>{new['Issuer']}<S>{new['Subject']}"
        }
        assert await stage.ran("Set-SendConnector") == 0
        assert await stage.ran("Set-ReceiveConnector") == 1


async def test_a_roll_back_gives_the_connectors_back(tmp_path: Path) -> None:
    """To the letter; before the click people read what stays, and afterwards again, on the card and in the thread."""
    async with staged(tmp_path) as stage:
        own = (await stage.look(stage.host, "state"))["default_smtp"]
        await stage.pin(own)
        before, served = await stage.pairs(), {}
        scene = stage.scene(WITH_CONNECTORS)
        served = await scene.served()
        await scene.until("installed")
        installed = await stage.pairs()
        await scene.press_status(scene.olga, "Roll back")
        view = await scene.olga.view("Roll back")
        assert "What cannot be undone" in json.dumps(view["blocks"])
        await scene.give_reason(scene.olga, "Roll back", "Phones do not trust it.")
        await scene.status(State.ROLLED_BACK, "stays in the CA store")
        await scene.in_thread("could not be undone", "transport chooses by name")

        assert {name for name in before if before[name] != installed[name]} == CHANGED
        assert before == await stage.pairs()
        assert served == await scene.served()
        assert await stage.ran("store.remove") == 0


async def test_a_connector_somebody_changed_is_left_to_them(tmp_path: Path) -> None:
    """Between the plan and its run: the work stops with a sentence and changes no connector."""
    async with staged(tmp_path) as stage:
        state = await stage.look(stage.host, "state")
        await stage.pin(state["default_smtp"])
        scene = stage.scene(WITH_CONNECTORS)
        await scene.until("hand_in")
        await stage.pin(state["auth_certificate"])
        changed = await stage.pairs()
        await scene.install()
        await scene.status(State.FAILED, "Somebody has changed it since")

        assert changed == await stage.pairs()
        assert await stage.ran("Set-ReceiveConnector") == 0


@pytest.mark.parametrize(("door", "kills"), [("winrm", (8, 9)), ("psrp", (7, 8))])
async def test_a_kill_right_behind_a_connector_s_change_loses_nothing(
    open_town: OpenTown, door: str, kills: tuple[int, int]
) -> None:
    """SIGKILL as soon as the host has changed a connector: still INSTALLED, each change once."""
    async with open_town(door=door, role_group="Organization Management") as live:
        await live.pin((await live.state())["default_smtp"])
        await live.play_killed_behind(*kills, more=WITH_CONNECTORS)
        operations, pairs = await live.operations(), await live.pairs()

        assert await live.run_twice() == []
        assert live.demo.bot.deaths == len(kills)
        assert all(operations[nth - 1]["cmdlet"].endswith("Connector") for nth in kills)
        assert len({pairs[name] for name in CHANGED}) == 1
