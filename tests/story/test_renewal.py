"""The calendar moves past two thirds of a certificate's life: a card, a word, a linked order, a new key."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.domain.states import State
from sandbox.person import inputs, plain
from sandbox.story import NAMES, ORDER
from sandbox.vendor.clock import wall_clock
from sandbox.vendor.issuance import lifetime_days
from tests.story.stage import Scene, Stage, staged

pytestmark = pytest.mark.story

DAY_S = 86_400
# A certificate that the vendor issues today: its life gets shorter with the years.
_SHARE_S = lifetime_days(wall_clock()) * DAY_S * 71 // 100
PAST_TWO_THIRDS = str(_SHARE_S)
A_WEEK_LATER = str(_SHARE_S + 8 * DAY_S)


async def test_a_renewal_is_proposed_ordered_installed_and_the_old_one_retired(
    tmp_path: Path,
) -> None:
    """The whole circle, with an evidence pack at its end."""
    async with staged(tmp_path) as stage:
        old = stage.scene()
        await old.until("look")
        assert (await proposed(stage, PAST_TWO_THIRDS)) == 1
        card = await old.max.wait_for(
            old.approvals, "Renewal", f"rder {old.order} ", button="Approve renewal"
        )
        await old.rita.click(old.approvals, card, "Approve renewal")
        await old.rita.whisper(old.approvals, "not an approver", "nothing was changed")
        await old.max.click(old.approvals, card, "Approve renewal")

        new = await linked(old)
        await play_on(new, "receive_csr")
        await old.status(State.SUPERSEDED, f"order {new.order}")
        await retire(old)

        assert (old.csr != new.csr, key_of(old.csr) != key_of(new.csr)) == (True, True)
        assert names_of(old.csr) == names_of(new.csr)
        wishes = await ordered(stage)
        assert wishes[old.order] == wishes[new.order]
        assert await stage.ran("Remove-ExchangeCertificate") == 1
        await new.look()
        await check_evidence(new, tmp_path / "new.zip")


async def test_not_now_is_silent_for_a_week(tmp_path: Path) -> None:
    """After Not now the same day brings no card; the next week does. /cert renew opens the filled form."""
    async with staged(tmp_path, settings={"CERTDESK_CLOCK_OFFSET_S": PAST_TWO_THIRDS}) as stage:
        scene = stage.scene()
        await scene.until("installed")
        first = await proposed(stage, PAST_TWO_THIRDS)
        card = await scene.max.wait_for(scene.approvals, "Renewal", button="Not now")
        await scene.max.click(scene.approvals, card, "Not now")
        await scene.max.wait_for(scene.approvals, "put off")

        again = await proposed(stage, PAST_TWO_THIRDS)
        next_week = await proposed(stage, A_WEEK_LATER)
        await scene.max.wait_for(scene.approvals, "Renewal", button="Approve renewal")
        await scene.rita.command(scene.requests, f"renew {scene.order}")
        filled = await prefilled(scene)

        assert (first, again, next_week) == (1, 0, 1)
        assert filled["Common name (CN)"] == NAMES[0]
        assert NAMES[1] in filled["More names, one a line"]
        assert "EX01" in filled["Exchange hosts, in the order of installation"]


async def proposed(stage: Stage, offset_s: str) -> int:
    """How many renewals the watch proposes when the calendar is so many seconds ahead."""
    code, told = await stage.certdesk("watch", "now", CERTDESK_CLOCK_OFFSET_S=offset_s)
    assert code == 0, told
    return int(told.split()[0])


async def linked(old: Scene) -> Scene:
    """The order that renews another one, as its people see it."""
    new = old.stage.scene()
    card = await old.max.wait_for(old.approvals, f"Renews*\norder {old.order}")
    found = ORDER.search(card["text"])
    new.order = found.group(1) if found else "?"
    new.thread = (await new.rita.wait_for(new.requests, f"rder {new.order} "))["ts"]
    return new


async def play_on(scene: Scene, first: str) -> None:
    """Play the rest of the story from this step on."""
    names = [step.__name__ for _, step in scene.steps()]
    for _, step in scene.steps()[names.index(first) :]:
        await step()


async def retire(scene: Scene) -> None:
    """Max has the superseded certificate removed."""
    await scene.press_status(scene.max, "Retire certificate")
    await scene.give_reason(scene.max, "Retire", "Its successor serves.", Type=NAMES[0])
    await scene.status(State.RETIRED)


async def ordered(stage: Stage) -> dict[str, list[object]]:
    """What was ordered, by order, as the command line lists it."""
    code, told = await stage.certdesk("orders", "list", "--json")
    assert code == 0, told
    wanted = ("names", "hosts", "services", "vendor")
    return {str(o["id"]): [o[key] for key in wanted] for o in json.loads(told)["orders"]}


async def check_evidence(scene: Scene, pack: Path) -> None:
    """The pack proves the order, twice with the same bytes, and holds no secret."""
    first, files = await evidence(scene, pack), {}
    assert first == await evidence(scene, pack)
    with zipfile.ZipFile(pack) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    audit = [json.loads(json.loads(line)["body"]) for line in files["audit.jsonl"].splitlines()]
    [proof] = json.loads(files["proof.json"])
    sent = {one.get("operation") for one in json.loads(files["transcript.json"]) if one.get("sent")}

    assert {str(entry["order_id"]) for entry in audit} == {scene.order}
    assert key_of(files["csr/round-1.pem"].decode()) == key_of(scene.csr)
    assert {"import_certificate", "enable_services"} <= sent
    assert proof["read_back"]
    assert len({name.split(":")[-1] for name in proof["handshakes"]}) > 1, "a port is missing"
    decided = next(entry for entry in audit if entry["what"] == "install_approved")
    assert decided["by_name"]
    assert "/archives/" in decided["link"]
    assert decided["facts"]["plan_digest"] == hashlib.sha256(files["plan.json"]).hexdigest()
    assert not [word for word in scene.stage.secrets() if word.encode() in first]


async def evidence(scene: Scene, pack: Path) -> bytes:
    """The bytes of the order's pack."""
    code, told = await scene.stage.certdesk("evidence", scene.order, "-o", str(pack))
    assert code == 0, told
    return pack.read_bytes()


async def prefilled(scene: Scene) -> dict[str, str]:
    """What the open form holds already, by label, as text."""
    view = await scene.rita.view("Renew")
    return {plain(b["label"]): json.dumps(b["element"]) for b in inputs(view)} | {
        plain(b["label"]): b["element"]["initial_value"]
        for b in inputs(view)
        if "initial_value" in b["element"]
    }


def key_of(csr: str) -> bytes:
    """The public key of a request."""
    key = x509.load_pem_x509_csr(csr.replace("NEW CERT", "CERT").encode()).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def names_of(csr: str) -> set[str]:
    """The DNS names of a request."""
    read = x509.load_pem_x509_csr(csr.replace("NEW CERT", "CERT").encode())
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(names.get_values_for_type(x509.DNSName))
