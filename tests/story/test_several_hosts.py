"""One order for three hosts through Slack: one is down in the middle, and the key's way leaves no trace."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.faults import FaultKind
from bot.domain.states import State
from sandbox.exchange.engine.exchange import Outcome
from sandbox.exchange.engine.values import SecureString
from sandbox.exchange.host import ExchangeHost
from sandbox.town import HostWish
from tests.story.stage import Scene, Stage, staged

pytestmark = pytest.mark.story

NAMES = ("EX01", "EX02", "EX03")
HOSTS = (HostWish(), HostWish(name="EX02", version="2016", door="psrp"), HostWish(name="EX03"))
FORM = {"Exchange hosts": list(NAMES), "May the private key be exported?": "Yes"}
HASTE = {"CERTDESK_TRIES": "2", "CERTDESK_COMMAND_DEADLINE_S": "12"}
IMPORT, EXPORT = "Import-ExchangeCertificate", "Export-ExchangeCertificate"


class Trio(Scene):
    """The scene of an order for three hosts; every question is answered with No."""

    async def install(self) -> None:
        """The plan of all three."""
        card = await self.olga.wait_for(
            self.approvals, f"rder {self.order}", button="Review and install"
        )
        await self.olga.click(self.approvals, card, "Review and install")
        view = await self.olga.view("nstall")
        faults = await self.olga.submit(view, {f"{name}: overwrite": "No" for name in NAMES})
        assert faults == {}


def machines(stage: Stage) -> dict[str, ExchangeHost]:
    """The virtual hosts, which live in this process; the bot lives in another."""
    inners = [getattr(part, "_inner", None) for part in stage.town._started]
    return {one.engine.state.name: one for one in inners if isinstance(one, ExchangeHost)}


def listen(hosts: dict[str, ExchangeHost]) -> tuple[set[str], list[bytes]]:
    """What the hosts are told and tell from now on: passwords, and the PFX under them."""
    passwords: set[str] = set()
    parcels: list[bytes] = []

    def over_the_shoulder(inner: Callable[..., Outcome]) -> Callable[..., Outcome]:
        def invoke(*given: Any, **more: Any) -> Outcome:
            outcome = inner(*given, **more)
            passwords.update(v.text for v in given[1].values() if isinstance(v, SecureString))
            found = [thing.properties.get("FileData") for thing in outcome.objects]
            parcels.extend(value for value in found if isinstance(value, bytes))
            return outcome

        return invoke

    for machine in hosts.values():
        machine.engine.invoke = over_the_shoulder(machine.engine.invoke)  # type: ignore[method-assign] # only looked at
    return passwords, parcels


async def ran(stage: Stage, cmdlet: str) -> list[int]:
    """How often each host has executed a cmdlet with success, in the hosts' order."""
    counted = []
    for addresses in stage.addresses["exchange"]:
        listed = await stage.look(addresses["control"], "operations")
        counted.append(sum(op["cmdlet"] == cmdlet and op["ok"] for op in listed))
    return counted


async def test_a_member_down_in_the_middle_is_taken_up_and_no_secret_stays(tmp_path: Path) -> None:
    """
    FAILED with EX01 done and EX03 untouched; back up, Retry ends it, each import once.

    Afterwards neither a PFX nor its password is in any file the bot has: its database, its log, its folder.
    """
    async with staged(tmp_path, hosts=HOSTS, settings=HASTE) as stage:
        hosts = machines(stage)
        passwords, parcels = listen(hosts)
        scene = Trio(stage.session, stage, FORM)
        await scene.until("hand_in")
        down = stage.addresses["exchange"][1]["control"]
        await stage.trouble_at(down, action="*", do="rst", times=0)
        await scene.install()

        await scene.status(State.FAILED, FaultKind.UNREACHABLE, "EX02")
        assert await ran(stage, IMPORT) == [1, 0, 0]
        await stage.calm_at(down)
        await scene.retry()
        await scene.installed()

        assert await ran(stage, IMPORT) == [1, 1, 1]
        assert await ran(stage, EXPORT) == [2, 0, 0]
        assert (len(passwords), len(parcels)) == (2, 2)
        everything = b"".join(
            path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()
        )
        for secret in passwords:
            assert secret.encode() not in everything
        for pfx in parcels:
            assert pfx not in everything
            assert base64.b64encode(pfx)[:64] not in everything
