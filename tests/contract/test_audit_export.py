"""The audit as outsiders check it: the export by its recipe alone, a rewritten chain by checkpoints."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from bot.cli.audit import export_lines
from bot.domain.audit import GENESIS, chained
from bot.domain.ids import OrderId
from bot.domain.plan import canonical
from bot.store.audit import _PAGE as PAGE
from bot.store.audit import SqlAudit
from bot.store.chain import append, entry_of
from bot.store.database import writing
from bot.system.checkpoints import Checkpoint, first_mismatch, sign
from tests.contract.samples import NOON, change, entry, place, step
from tests.contract.stores import Store

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def check_export(lines: Iterable[str]) -> int | None:
    """
    Check an export with nothing of CertDesk: the recipe of `docs/operations.md`.

    Returns:
        the number of the first entry that does not fit; None when all do.
    """
    previous = "0" * 64
    for number, line in enumerate(lines, start=1):
        told = json.loads(line)
        covered = previous + "\n" + told["body"]
        fits = hashlib.sha256(covered.encode("ascii")).hexdigest() == told["hash"]
        if told["number"] != number or told["previous"] != previous or not fits:
            return number
        previous = told["hash"]
    return None


def audit_of(store: Store) -> SqlAudit:
    """The audit of a store in a database."""
    assert isinstance(store.audit, SqlAudit)
    return store.audit


def fill(store: Store) -> None:
    """Entries about two orders, with words of many kinds."""
    first, second = place(store.orders, "a"), place(store.orders, "b")
    told = entry(first.id, "approve", why="ä \x00 \ud800 <!channel>\n", facts={"ü": "\u202e"})
    store.orders.save(change(first))
    store.orders.note_step(step(), first.id, told, ())
    store.orders.save(change(second, what="reject"))


def test_export_is_proven_by_its_recipe(sql: Store) -> None:
    """An outsider needs the lines and SHA-256, nothing else; what they read is what was written."""
    fill(sql)
    lines = list(export_lines(audit_of(sql)))

    assert check_export(lines) is None
    assert [entry_of(json.loads(line)["body"].encode()) for line in lines] == list(
        sql.audit.entries()
    )


def test_recipe_in_the_documentation_is_this_one(sql: Store) -> None:
    """The program printed in `docs/operations.md` takes the whole export and stops at a changed line."""
    fill(sql)
    page = Path("docs/operations.md").read_text(encoding="utf-8")
    recipe = page.split("```python\n")[1].split("```")[0]
    lines = list(export_lines(audit_of(sql)))

    def run(told: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", recipe], input="\n".join(told), capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    number, last = audit_of(sql).head()
    assert run(lines).stdout.split() == [str(number), last]
    assert "AssertionError: 2" in run([lines[0], *lines[2:]]).stderr


def test_every_tampering_with_the_export_is_found(sql: Store) -> None:
    """A line changed, left out, doubled or moved shows at its place."""
    fill(sql)
    lines = list(export_lines(audit_of(sql)))
    changed = [*lines[:2], lines[2].replace("U", "V", 1), *lines[3:]]

    assert check_export(changed) == 3
    assert check_export(lines[1:]) == 1
    assert check_export([*lines[:1], *lines[2:]]) == 2
    assert check_export([*lines[:3], lines[2], *lines[3:]]) == 4
    assert check_export([lines[0], lines[2], lines[1], *lines[3:]]) == 2


def test_part_of_an_export_says_what_it_follows(sql: Store) -> None:
    """A slice carries the hash before it, so that it can be laid beside the whole."""
    fill(sql)
    lines = list(export_lines(audit_of(sql)))

    assert list(export_lines(audit_of(sql), first=3, last=4)) == lines[2:4]


def test_export_ends_where_the_chain_ended_at_its_beginning(sql: Store) -> None:
    """What is written while somebody reads is left to the next export, however many pages this one has."""
    order = place(sql.orders)
    lengthen(sql, order.id, 2 * PAGE)
    number, last = audit_of(sql).head()
    lines = []
    for line in export_lines(audit_of(sql)):
        lines.append(line)
        if len(lines) in (1, PAGE, PAGE + 1):
            sql.orders.note_step(step(), order.id, entry(order.id, "later"), ())

    assert check_export(lines) is None
    assert (number, last) == (len(lines), json.loads(lines[-1])["hash"])
    assert number + 3 == audit_of(sql).head()[0]


def test_export_goes_on_over_a_gap(sql: Store) -> None:
    """Where somebody took entries out, more than a page of them, the rest is shown as it lies there."""
    lengthen(sql, place(sql.orders).id, PAGE + 50)
    assert sql.engine is not None
    guard = (
        "DROP TRIGGER audit_no_delete"
        if sql.engine.dialect.name == "sqlite"
        else "ALTER TABLE audit DISABLE TRIGGER ALL"
    )
    with sql.engine.begin() as connection:
        connection.execute(text(guard))
        connection.execute(
            text("DELETE FROM audit WHERE number > 3 AND number <= :end"), {"end": PAGE + 10}
        )

    numbers = [link.number for link in audit_of(sql).links()]
    assert [1, 2, 3, *range(PAGE + 11, PAGE + 52)] == numbers


def lengthen(store: Store, order_id: OrderId, by: int) -> None:
    """More entries than one page holds."""
    assert store.engine is not None
    with writing(store.engine) as session:
        for _ in range(by):
            append(session, entry(order_id, "more"))


def rewrite(store: Store) -> None:
    """Forge the second entry and give the whole chain, head too, fitting hashes."""
    assert store.engine is not None
    engine, kept = store.engine, list(store.audit.entries())
    forged = [kept[0], entry(kept[1].order_id, "reject"), *kept[2:]]
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for guard in ("update", "delete", "replace"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS audit_no_{guard}"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        previous = GENESIS
        for number, one in enumerate(forged, start=1):
            previous = chained(one, previous)
            connection.execute(
                text("UPDATE audit SET body = :body, hash = :hash WHERE number = :number"),
                {"body": canonical(one), "hash": bytes.fromhex(previous), "number": number},
            )
        connection.execute(
            text("UPDATE audit_head SET hash = :hash"), {"hash": bytes.fromhex(previous)}
        )


def test_chain_that_was_rewritten_whole_is_found_by_a_checkpoint(sql: Store) -> None:
    """The chain itself fits again; only what was signed before shows the lie."""
    fill(sql)
    audit = audit_of(sql)
    number, last = audit.head()
    line = sign(Checkpoint(number=number, hash=last, at=NOON), KEY)
    assert (1, None) == first_mismatch([line], KEY.public_key(), audit.hashes)

    rewrite(sql)

    assert audit.broken_at() is None
    count, wrong = first_mismatch([line], KEY.public_key(), audit.hashes)
    assert count == 1
    assert wrong is not None
    assert "written anew" in wrong.why


def test_checkpoints_of_a_growing_chain_stay_true(sql: Store) -> None:
    """Every end the chain ever had is still in it, the empty one too."""
    audit = audit_of(sql)
    lines = []
    for key in (None, "a", "b", "c"):
        if key is not None:
            place(sql.orders, key)
        number, last = audit.head()
        lines.append(sign(Checkpoint(number=number, hash=last, at=NOON), KEY))

    assert first_mismatch(lines, KEY.public_key(), audit.hashes) == (4, None)


def test_entry_that_is_no_entry_is_named(sql: Store) -> None:
    """Whoever writes the chain anew with nonsense in it is not helped by a crash of the check."""
    assert sql.engine is not None
    body = b"no JSON"
    hashed = hashlib.sha256(GENESIS.encode() + b"\n" + body).digest()
    with sql.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO audit (number, order_id, body, hash) VALUES (1, 1, :body, :hash)"),
            {"body": body, "hash": hashed},
        )
        connection.execute(text("UPDATE audit_head SET number = 1, hash = :hash"), {"hash": hashed})

    assert sql.audit.broken_at() == 1


@pytest.mark.parametrize("numbers", [[], [0], [1, 2, 3], range(1200)])
def test_hashes_are_read_whole(sql: Store, numbers: Iterable[int]) -> None:
    """However many are asked for at once."""
    fill(sql)
    audit = audit_of(sql)
    whole = {0: GENESIS} | {link.number: link.hash.hex() for link in audit.links()}

    assert audit.hashes(numbers) == {n: whole[n] for n in numbers if n in whole}
