"""The evidence pack: whole, provable, without a secret, and the same bytes whenever and wherever it is made."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.certs.findings import Finding
from bot.cli.evidence import pack
from bot.domain import events as ev
from bot.domain.approvals import Approval, Gate
from bot.domain.ids import OrderId, PersonId, VendorName
from bot.domain.intent import Intent
from bot.domain.leases import Holder, Lease
from bot.domain.plan import Caution, Handshake
from bot.domain.sealed import Bond, Purpose, SealedSecret
from bot.domain.states import State
from bot.store.audit import SqlAudit
from bot.system.checkpoints import Checkpoint, first_mismatch, sign
from bot.workflow.evidence import Evidence, evidence_files
from bot.workflow.facts import entry_of
from tests.contract.samples import BERT, LINE, NOON, change, hand_in, place, step, upload
from tests.contract.stores import Store, sql_store
from tests.contract.test_audit_export import check_export
from tests.unit.cli.conftest import certdesk
from tests.unit.cli.front_door import FrontDoor
from tests.unit.domain import samples

__all__ = ["certdesk"]

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PRIVATE = b"-----BEGIN PRIVATE KEY----- MARKER of a private key"
SEALED = b"MARKER of sealed bytes"
PLAN = replace(samples.plan(), order_id=OrderId(2))
PROOF = Handshake(
    service="smtp", address="EX01:25", sha256=samples.certificate().facts.sha256, proven=True, detail="Shown.",
)  # fmt: skip


def tell(store: Store) -> None:
    """An order from its wish to the proof of its first host, between entries of another one."""
    other = place(store.orders, "other")
    order = place(store.orders, "told")
    yes = Approval(
        gate=Gate.INSTALL, by=BERT, at=NOON, yes=True, reason="\u202e ok", subject=PLAN.digest()
    )
    bond = Bond(order_id=order.id, purpose=Purpose.PRIVATE_KEY, round=1)
    kept = SealedSecret(
        bond=bond, key_id="k", sealed=SEALED, made_at=NOON, dies_at=NOON + timedelta(days=9)
    )
    order = hand_in(store.orders, order, upload(order.id, data=PRIVATE))
    finding = Finding(code="long_life", severity="warn", where="leaf", message="It lives long.")
    parts: dict[str, Any] = {
        "state": State.INSTALLING, "plan": PLAN, "certificate": samples.certificate(), "approvals": (yes,),
        "findings": (finding,), "csr_pem": "CSR two\n", "csr_round": 2, "past_csrs": {1: "CSR one\n"},
        "vendor_reference": "GD-1",
    }  # fmt: skip
    assert store.orders.save(replace(change(order, LINE, **parts), keeps=kept))
    operation = PLAN.hosts[0].operations[1]
    lease = store.leases.take(operation.host, Holder(worker="w", order_id=order.id, version=2))
    assert isinstance(lease, Lease)
    key = f"{order.id}/{operation.key}"
    store.journal.intend(key, attempt=1, deadline=NOON, was_done=False, lease=lease)
    store.journal.hear(key, (Caution(said="Careful.", meaning="Think."),), attempt=1, lease=lease)
    store.journal.confirm(key, "in the store")
    store.journal.confirm(f"{order.id}/csr/2", "already there")
    store.orders.note_step(step(), order.id, replace(change(other).entry, order_id=order.id), ())
    store.orders.save(change(other, what="reject"))
    before = store.orders.load(order.id)
    done = ev.HostDone(
        host=samples.EX01,
        handshakes=(PROOF, replace(PROOF, address="EX01:587")),
        read_back="as planned",
    )
    entry = entry_of(
        done,
        before,
        before,
        by=PersonId("certdesk:system"),
        at=NOON,
        site=samples.site(),
        link=None,
    )
    assert store.orders.save(replace(change(before, done_hosts=(samples.EX01,)), entry=entry))


@pytest.fixture
def told(
    database_url: str, monkeypatch: pytest.MonkeyPatch, certdesk: FrontDoor
) -> Iterator[Store]:
    """A store with the order in it, named by the environment."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", database_url)
    with sql_store(database_url) as store:
        tell(store)
        yield store


def packed(certdesk: FrontDoor, *options: str) -> bytes:
    """The pack of order 2."""
    told = certdesk("evidence", 2, "-o", "pack.zip", "--json", *options)
    assert 0 == told.code, told.err
    data = Path("pack.zip").read_bytes()
    assert json.loads(told.out)["sha256"] == hashlib.sha256(data).hexdigest()
    return data


def opened(data: bytes) -> dict[str, bytes]:
    """The files of a pack by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_pack_holds_everything_and_says_so(certdesk: FrontDoor, told: Store) -> None:
    """Each part of an order's way is there, under a manifest, explained on a page."""
    files = opened(packed(certdesk))
    manifest = json.loads(files["manifest.json"])
    page = files["README.txt"].decode()

    assert set(files) == {
        "README.txt", "manifest.json", "request.json", "approvals.json", "bundle.json", "findings.json",
        "transcript.json", "steps.json", "proof.json", "plan.json", "audit.jsonl", "chain.jsonl",
        "csr/round-1.pem", "csr/round-2.pem", "certificate/leaf.pem", "certificate/path-1.pem",
    }  # fmt: skip
    assert set(manifest["files"]) == set(files) - {"manifest.json"}
    for name, said in manifest["files"].items():
        assert said == {
            "bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest(),
        }  # fmt: skip
        assert name == "README.txt" or name in page
    assert "Evidence of Order 2: mail.example.com" in page
    assert "\u202e" not in page


def test_plan_is_what_its_digest_covers(certdesk: FrontDoor, told: Store) -> None:
    """An outsider hashes the file and finds the digest in the decision and in the audit."""
    files = opened(packed(certdesk))
    digest = hashlib.sha256(files["plan.json"]).hexdigest()

    assert digest == json.loads(files["approvals.json"])[0]["subject"]
    assert digest in files["audit.jsonl"].decode()


def test_transcript_and_proof_say_what_was_done_and_seen(certdesk: FrontDoor, told: Store) -> None:
    """What was sent, how often, what Exchange warned of, what was seen, on which ports it was proven."""
    files = opened(packed(certdesk))
    sent, seen = json.loads(files["transcript.json"])
    [proof] = json.loads(files["proof.json"])

    assert (1, "in the store", "Careful.", True) == (
        sent["sent"], sent["seen_afterwards"], sent["warnings"][0]["said"], sent["answered"],
    )  # fmt: skip
    assert sent["powershell"] == PLAN.hosts[0].operations[1].text
    assert ("csr/2", 0, "already there", None) == (
        seen["key"], seen["sent"], seen["seen_afterwards"], seen["answer_awaited_until"],
    )  # fmt: skip
    assert ("EX01", "as planned") == (proof["host"], proof["read_back"])
    assert {"proof.smtp.EX01:25", "proof.smtp.EX01:587"} == set(proof["handshakes"])


def test_slice_is_tied_into_the_chain(certdesk: FrontDoor, told: Store) -> None:
    """The order's lines stand in the chain, which fits from its first line to its last."""
    files = opened(packed(certdesk))
    own, chain = files["audit.jsonl"].splitlines(), files["chain.jsonl"].decode().splitlines()
    export = certdesk("audit", "export").out.splitlines()

    assert len(own) < len(chain)
    assert set(own) <= {line.encode() for line in chain}
    assert export[1 : 1 + len(chain)] == chain
    assert check_export([export[0], *chain]) is None
    assert "chain.jsonl" not in opened(packed(certdesk, "--no-chain"))


def test_bytes_do_not_depend_on_the_moment(certdesk: FrontDoor, told: Store) -> None:
    """Whatever happens to other orders meanwhile, and to time, the pack is the same."""
    first = packed(certdesk)
    third = place(told.orders, "third")
    told.orders.save(change(third))

    assert first == packed(certdesk)


def test_bytes_do_not_depend_on_the_database(
    certdesk: FrontDoor,
    sqlite_url: str,
    empty_postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a move to PostgreSQL it is the same pack, bit by bit."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", sqlite_url)
    with sql_store(sqlite_url) as store:
        tell(store)
        told = change(store.orders.load(OrderId(2)), state=State.INSTALLED)
        assert store.orders.save(told)
    here = packed(certdesk)
    assert 0 == certdesk("move", "--from", sqlite_url, "--to", empty_postgres_url).code
    monkeypatch.setenv("CERTDESK_DATABASE_URL", empty_postgres_url)

    assert here == packed(certdesk)


def test_no_secret_is_in_the_pack(certdesk: FrontDoor, told: Store) -> None:
    """Neither the bytes of an upload, which may hold a key, nor what is sealed: only the digest of the file."""
    data = packed(certdesk)

    assert b"MARKER" not in data
    assert b"PRIVATE KEY" not in data
    assert json.loads(opened(data)["bundle.json"])["sha256"] == "ab" * 32


def test_checkpoint_ends_the_chain(certdesk: FrontDoor, told: Store) -> None:
    """The first one at or after the order's last entry is in the pack, and later ones change nothing."""
    assert isinstance(told.audit, SqlAudit)
    place(told.orders, "third")
    number, last = told.audit.head()
    early = sign(Checkpoint(number=1, hash="1" * 64, at=NOON), KEY)
    line = sign(Checkpoint(number=number, hash=last, at=NOON), KEY)
    Path("points").write_text(f"{early}\nnoise\n{line}\n", encoding="ascii")
    first = packed(certdesk, "--checkpoints", "points")
    place(told.orders, "fourth")
    later = sign(Checkpoint(number=number + 1, hash=told.audit.head()[1], at=NOON), KEY)
    Path("points").write_text(f"{early}\n{line}\n{later}\n", encoding="ascii")
    files = opened(packed(certdesk, "--checkpoints", "points"))

    assert first == packed(certdesk, "--checkpoints", "points")
    assert files["checkpoint.json"].decode() == f"{line}\n"
    assert json.loads(files["chain.jsonl"].splitlines()[-1])["number"] == number
    assert (1, None) == first_mismatch([line], KEY.public_key(), told.audit.hashes)


def test_missing_checkpoint_is_told_and_nothing_written(certdesk: FrontDoor, told: Store) -> None:
    """A pack that was asked to be tied to a checkpoint is not given without one."""
    Path("points").touch()
    refused = certdesk("evidence", 2, "-o", "pack.zip", "--checkpoints", "points")

    assert 2 == refused.code
    assert not Path("pack.zip").exists()


def test_order_that_has_only_begun_has_its_evidence_too(certdesk: FrontDoor, told: Store) -> None:
    """No certificate, no plan, no upload: the parts that are not there yet are not made up."""
    assert 0 == certdesk("evidence", 1, "-o", "one.zip").code
    files = opened(Path("one.zip").read_bytes())

    assert "plan.json" not in files
    assert json.loads(files["bundle.json"]) is None
    assert "none" in files["README.txt"].decode()


def test_names_of_files_come_in_one_order() -> None:
    """The zip does not depend on the order in which files were made."""
    files = evidence_files(
        Evidence(order=samples.order(), upload=None, steps=(), intents=(), audit=())
    )

    assert pack(files) == pack(dict(reversed(files.items())))


def test_the_page_s_bytes_do_not_follow_the_version_of_unicode() -> None:
    """Letters, signs a later Unicode may know, half characters: all but ASCII is an escape, so every Python writes the same."""
    placed = samples.order(State.PLACED)
    wish = replace(placed.wish, vendor=VendorName("Zürich \U0001fae8 \u0378 \u202e \ud800 \x1b[2J"))
    known = Evidence(
        order=replace(placed, wish=wish),
        upload=None,
        steps=(),
        intents=(),
        audit=(),
    )
    page = evidence_files(known)["README.txt"]

    assert rb"Vendor         Z\xfcrich \U0001fae8 \u0378 \u202e \ud800 \x1b[2J" in page
    assert set(page) <= {0x0A, *range(0x20, 0x7F)}


class Busy:
    """A journal in which something is written between any two looks, so many times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, order_id: OrderId) -> tuple[Intent, ...]:
        self.left = max(0, self.left - 1)
        written = Intent(
            key=f"{order_id}/csr/1", attempt=self.left, deadline=NOON, was_done=False, confirmed=""
        )
        return (written,)


def test_an_order_that_is_written_to_all_the_time_is_not_packed(
    certdesk: FrontDoor, told: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal is written without an entry of the audit: what was read at different moments is no evidence. Exit 3."""
    monkeypatch.setattr("bot.cli.evidence.kept_intents", Busy(99))
    refused = certdesk("evidence", 2, "-o", "pack.zip", "--json")

    assert (3, "") == (refused.code, refused.out)
    assert "Order 2 was written to during each of 10 looks" in refused.err
    assert not Path("pack.zip").exists()


def test_an_order_that_comes_to_rest_is_packed_as_it_stands_then(
    certdesk: FrontDoor, told: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few changes meanwhile are waited out; the last one is in the pack."""
    monkeypatch.setattr("bot.cli.evidence.kept_intents", Busy(5))
    transcript = json.loads(opened(packed(certdesk))["transcript.json"])

    assert [("csr/1", 0)] == [(one["key"], one["sent"]) for one in transcript]
