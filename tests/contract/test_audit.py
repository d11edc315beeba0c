"""What every audit promises, and what the databases do to keep it so."""

import random
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from bot.domain.ids import SYSTEM, OrderId
from bot.store.audit import SqlAudit
from bot.store.database import open_database
from bot.store.orders import SqlOrders
from tests.contract.samples import ANNA, LINE, NOON, change, entry, place, step
from tests.contract.stores import Starts, Store, sql_store


def fill(store: Store) -> None:
    """Five entries about two orders."""
    first, second = place(store.orders, "a"), place(store.orders, "b")
    store.orders.save(change(first, LINE, what="approve"))
    store.orders.save(change(second, what="reject"))
    store.orders.note_step(step(), first.id, entry(first.id, "import"), ())


def engine_of(store: Store) -> Engine:
    """The engine of a store that has one."""
    assert store.engine is not None
    return store.engine


def tamper(store: Store, *statements: str, **values: object) -> None:
    """Do as somebody with the keys to the database would: guards off, change, guards on."""
    engine = engine_of(store)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for guard in ("update", "delete", "replace"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS audit_no_{guard}"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        for statement in statements:
            connection.execute(text(statement), values)


def test_entries_are_oldest_first_and_by_order(store: Store) -> None:
    """All entries, or those of one order, in the order in which they were written."""
    fill(store)

    assert [e.what for e in store.audit.entries()] == [
        "place",
        "place",
        "approve",
        "reject",
        "import",
    ]
    assert [e.what for e in store.audit.entries(OrderId(1))] == ["place", "approve", "import"]
    assert store.audit.entries(OrderId(99)) == ()


def test_entry_is_read_as_it_was_written(store: Store) -> None:
    """Every field comes back, hostile text and all."""
    order = place(store.orders)
    told = entry(
        order.id, "reject", why="'; -- \x00 \ud800 <!channel>", facts={"b": "2", "a": "\u202e"}
    )
    store.orders.save(replace(change(order), entry=told))

    assert store.audit.entries()[-1] == told


def test_what_the_machine_does_says_which_one_it_was(database_url: str) -> None:
    """The process that wrote it signs with its name; a person's entry is the person's alone."""
    engine = open_database(database_url, machine="certdesk-2 on srv1")
    starts = Starts()
    try:
        orders = SqlOrders(engine, starts.work, starts.delivery)
        order = place(orders)
        assert orders.save(replace(change(order), entry=entry(order.id, "csr_made", by=SYSTEM)))
        entries = SqlAudit(engine).entries()

        assert [(ANNA, None), (SYSTEM, "certdesk-2 on srv1")] == [
            (e.by, e.by_name) for e in entries
        ]
        assert SqlAudit(engine).broken_at() is None
    finally:
        engine.dispose()


def test_chain_of_what_was_written_is_whole(store: Store) -> None:
    """An audit that nobody touched is proven, empty or full."""
    assert store.audit.broken_at() is None

    fill(store)
    assert store.audit.broken_at() is None


def test_moment_in_another_zone_is_kept_in_utc(sql: Store) -> None:
    """The hash does not depend on the zone in which somebody wrote the time, and readers see one zone."""
    order = place(sql.orders)
    there = NOON.astimezone(timezone(timedelta(hours=-7)))
    sql.orders.save(replace(change(order), entry=entry(order.id, at=there)))

    assert sql.audit.broken_at() is None
    assert sql.audit.entries()[-1].at.isoformat() == NOON.isoformat()


@pytest.mark.parametrize("column", ["body", "hash"])
def test_one_changed_bit_is_found(sql: Store, column: str) -> None:
    """Whichever bit of an entry or of its hash is turned, the entry is named."""
    fill(sql)
    with engine_of(sql).begin() as connection:
        whole = bytes(
            connection.execute(text(f"SELECT {column} FROM audit WHERE number=3")).scalar_one()
        )
    bits = random.Random(7).sample(range(len(whole) * 8), 40)

    for bit in bits:
        turned = bytearray(whole)
        turned[bit // 8] ^= 1 << bit % 8
        tamper(sql, f"UPDATE audit SET {column} = :value WHERE number = 3", value=bytes(turned))
        assert sql.audit.broken_at() == 3, bit
    tamper(sql, f"UPDATE audit SET {column} = :value WHERE number = 3", value=whole)
    assert sql.audit.broken_at() is None


TAMPERINGS = {
    "an entry in the middle removed": (["DELETE FROM audit WHERE number = 2"], 2),
    "the first removed": (["DELETE FROM audit WHERE number = 1"], 1),
    "the last removed": (["DELETE FROM audit WHERE number = 5"], 5),
    "all removed": (["DELETE FROM audit"], 1),
    "the middle removed and the gap closed": (
        [
            "DELETE FROM audit WHERE number = 2",
            "UPDATE audit SET number = 2 WHERE number = 3",
            "UPDATE audit SET number = 3 WHERE number = 4",
            "UPDATE audit SET number = 4 WHERE number = 5",
        ],
        2,
    ),
    "two swapped": (
        [
            "UPDATE audit SET number = 99 WHERE number = 2",
            "UPDATE audit SET number = 2 WHERE number = 3",
            "UPDATE audit SET number = 3 WHERE number = 99",
        ],
        2,
    ),
    "a copy added at the end": (
        ["INSERT INTO audit SELECT 6, order_id, body, hash FROM audit WHERE number = 5"],
        6,
    ),
    "one added before the first": (
        ["INSERT INTO audit SELECT 0, order_id, body, hash FROM audit WHERE number = 1"],
        1,
    ),
    "put under another order": (["UPDATE audit SET order_id = 2 WHERE number = 3"], 3),
    "the head set back": (
        ["UPDATE audit_head SET number = 4, hash = (SELECT hash FROM audit WHERE number = 4)"],
        6,
    ),
    "the head removed": (["DELETE FROM audit_head"], 6),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_found(sql: Store, what: str) -> None:
    """What was changed behind CertDesk's back is named by its number."""
    fill(sql)
    statements, number = TAMPERINGS[what]
    tamper(sql, *statements)

    assert sql.audit.broken_at() == number


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET order_id = 2",
        "UPDATE audit SET body = body WHERE number = 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE number = 5",
    ],
)
def test_database_itself_refuses_to_change_the_audit(sql: Store, statement: str) -> None:
    """Even with the right password an entry is neither changed nor removed."""
    fill(sql)

    with pytest.raises(DBAPIError, match="only grows"), engine_of(sql).begin() as connection:
        connection.execute(text(statement))

    assert sql.audit.broken_at() is None


def test_truncating_the_audit_is_refused(postgres_url: str) -> None:
    """PostgreSQL's short way to empty a table is closed too."""
    with sql_store(postgres_url) as store:
        assert store.engine is not None
        place(store.orders)
        with pytest.raises(DBAPIError, match="only grows"), store.engine.begin() as connection:
            connection.execute(text("TRUNCATE audit"))


def test_replacing_an_audit_entry_is_refused(sqlite_url: str) -> None:
    """SQLite's INSERT OR REPLACE asks no delete trigger; it is stopped all the same."""
    with sql_store(sqlite_url) as store:
        assert store.engine is not None
        place(store.orders)
        replacing = text("INSERT OR REPLACE INTO audit SELECT number, 2, body, hash FROM audit")
        with pytest.raises(DBAPIError, match="only grows"), store.engine.begin() as connection:
            connection.execute(replacing)
