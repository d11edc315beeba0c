"""What every store promises about sealed secrets: bound to their order, dead on their day, gone when wiped."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.sealed import Bond, Purpose, SealedId, SealedSecret
from bot.domain.states import Work
from tests.contract.samples import NOON, change, entry, place
from tests.contract.stores import EngineDown, Store, sql_store

SEALED = b"CDV1\x00sealed bytes of a key\xff"


def bond(order: CertificateOrder, round_: int = 1) -> Bond:
    """What the order's private key of this round is sealed for."""
    return Bond(order_id=order.id, purpose=Purpose.PRIVATE_KEY, round=round_)


def secret(order: CertificateOrder, round_: int = 1, *, days: int = 30) -> SealedSecret:
    """A sealed key that dies in some days."""
    return SealedSecret(
        bond=bond(order, round_),
        key_id="0f" * 8,
        sealed=SEALED,
        made_at=NOON,
        dies_at=NOON + timedelta(days=days),
    )


def keep(store: Store, order: CertificateOrder, kept: SealedSecret) -> CertificateOrder:
    """The order one version on, with a secret kept."""
    after = replace(change(order), keeps=kept, also=(entry(order.id, "key_made"),))
    assert store.orders.save(after)
    return after.order


def test_a_secret_is_kept_with_the_change_that_made_it(store: Store) -> None:
    """It comes back as it was, found by its bond, with its entry after that of the change."""
    order = place(store.orders)
    keep(store, order, secret(order))

    assert store.secrets.find(bond(order)) == secret(order)
    assert [kept.secret for kept in store.secrets.kept()] == [secret(order)]
    assert [e.what for e in store.audit.entries()] == ["place", "approve", "key_made"]
    assert store.audit.broken_at() is None


def test_a_secret_nobody_kept_is_not_found(store: Store) -> None:
    """Neither of another round nor of another order, nor of a number no order can have."""
    order = place(store.orders)
    other = place(store.orders, "form-2")
    keep(store, order, secret(order))

    for foreign in (bond(order, 2), bond(other), replace(bond(order), order_id=OrderId(1 << 40))):
        assert store.secrets.find(foreign) is None


def test_a_change_that_comes_too_late_keeps_and_forgets_nothing(store: Store) -> None:
    """The second of two runs that made a key writes none: its CSR was not posted either."""
    order = place(store.orders)
    keep(store, order, secret(order))
    late = replace(
        change(order),
        forgets=entry(order.id, "key_deleted"),
        keeps=replace(secret(order), sealed=b"other"),
    )

    assert not store.orders.save(late)
    assert store.secrets.find(bond(order)) == secret(order)


def test_a_change_that_breaks_keeps_nothing(store: Store) -> None:
    """When the start of the work fails, there is no state, no entry and no key."""
    order = place(store.orders)
    store.starts.fail = True
    with pytest.raises(EngineDown):
        store.orders.save(replace(change(order, work=Work.MAKE_CSR), keeps=secret(order)))

    assert store.secrets.kept() == ()
    assert store.orders.load(order.id) == order


def test_a_new_round_drops_the_old_key(store: Store) -> None:
    """Forgetting comes before keeping, and touches no other order."""
    order, other = place(store.orders), place(store.orders, "form-2")
    keep(store, other, secret(other))
    after = keep(store, order, secret(order))
    second = replace(change(after), forgets=entry(order.id, "key_deleted"), keeps=secret(order, 2))

    assert store.orders.save(second)
    assert store.secrets.find(bond(order)) is None
    assert store.secrets.find(bond(order, 2)) == secret(order, 2)
    assert store.secrets.find(bond(other)) == secret(other)
    assert [e.what for e in store.audit.entries(order.id)].count("key_deleted") == 1


def test_forgetting_where_nothing_is_kept_is_not_told(store: Store) -> None:
    """No audit entry claims that a key was deleted which was gone before, or never there."""
    order = place(store.orders)
    first = replace(change(order), forgets=entry(order.id, "key_deleted"))

    assert store.orders.save(first)
    assert "key_deleted" not in [e.what for e in store.audit.entries()]


def test_taking_a_secret_is_told(store: Store) -> None:
    """Each use has its entry; what is gone is not used, and nothing is told."""
    order, other = place(store.orders), place(store.orders, "form-2")
    keep(store, order, secret(order))
    used = entry(order.id, "key_used")

    assert store.secrets.take(bond(order), used) == secret(order)
    assert store.secrets.take(bond(order), used) == secret(order)
    assert store.secrets.take(bond(order, 2), used) is None
    with pytest.raises(ValueError, match="order"):
        store.secrets.take(bond(order), entry(other.id, "key_used"))
    assert [e.what for e in store.audit.entries()].count("key_used") == 2


def test_one_bond_is_kept_once(store: Store) -> None:
    """No second key for a CSR that was posted, whatever asks for it; the change does not happen either."""
    order = place(store.orders)
    after = keep(store, order, secret(order))

    with pytest.raises(Exception, match=r"(?i)unique|bond"):
        store.orders.save(replace(change(after), keeps=replace(secret(order), sealed=b"other")))
    assert store.secrets.find(bond(order)) == secret(order)
    assert store.orders.load(order.id).version == after.version


def test_a_secret_of_another_order_is_refused(store: Store) -> None:
    """Neither a secret nor an entry slips into the change of another order."""
    order, other = place(store.orders), place(store.orders, "form-2")

    for wrong in (
        replace(change(order), keeps=secret(other)),
        replace(change(order), forgets=entry(other.id)),
        replace(change(order), also=(entry(other.id),)),
    ):
        with pytest.raises(ValueError, match="order"):
            store.orders.save(wrong)
    assert store.secrets.kept() == ()


def test_the_dead_are_named_on_their_day_and_not_before(store: Store) -> None:
    """To the second, oldest first."""
    order = place(store.orders)
    after = keep(store, order, secret(order, 1, days=2))
    keep(store, after, secret(order, 2, days=1))
    tomorrow = NOON + timedelta(days=1)

    assert store.secrets.kept(dead_at=tomorrow - timedelta(seconds=1)) == ()
    assert [k.secret.bond.round for k in store.secrets.kept(dead_at=tomorrow)] == [2]
    assert [k.secret.bond.round for k in store.secrets.kept(dead_at=NOON + timedelta(days=9))] == [
        1,
        2,
    ]


def test_wiping_happens_once_with_its_entry(store: Store) -> None:
    """The second run is told that it was late, and writes no second entry."""
    order = place(store.orders)
    keep(store, order, secret(order))
    [kept] = store.secrets.kept()
    gone = entry(order.id, "key_wiped")

    assert store.secrets.wipe(kept.id, gone)
    assert not store.secrets.wipe(kept.id, gone)
    assert not store.secrets.wipe(SealedId(1 << 40), gone)
    assert (store.secrets.kept(), store.secrets.find(bond(order))) == ((), None)
    assert [e.what for e in store.audit.entries()].count("key_wiped") == 1
    assert store.audit.broken_at() is None


def test_a_wipe_with_an_entry_about_another_order_wipes_nothing(store: Store) -> None:
    """What is not told in the audit of its own order does not happen."""
    order, other = place(store.orders), place(store.orders, "form-2")
    keep(store, order, secret(order))
    [kept] = store.secrets.kept()

    with pytest.raises(ValueError, match="order"):
        store.secrets.wipe(kept.id, entry(other.id, "key_wiped"))
    assert store.secrets.kept() == (kept,)


def test_resealing_replaces_what_was_seen_and_nothing_else(store: Store) -> None:
    """Two rotations at once, or a wipe in between: the later one writes nothing."""
    order = place(store.orders)
    keep(store, order, secret(order))
    [kept] = store.secrets.kept()

    assert store.secrets.reseal(kept, b"new bytes", "aa" * 8, entry(order.id, "key_resealed"))
    assert not store.secrets.reseal(kept, b"late bytes", "bb" * 8, entry(order.id, "key_resealed"))
    [now] = store.secrets.kept()
    assert (now.secret.sealed, now.secret.key_id) == (b"new bytes", "aa" * 8)
    assert store.secrets.wipe(kept.id, entry(order.id, "key_wiped"))
    assert not store.secrets.reseal(now, b"x", "cc" * 8, entry(order.id, "key_resealed"))


def test_what_was_wiped_is_in_no_file_of_sqlite(sqlite_url: str) -> None:
    """Neither in the database nor in its log: the pages are overwritten, not only let go of."""
    folder = Path(sqlite_url.removeprefix("sqlite:///")).parent
    marker = b"MARKER-of-a-sealed-key-" * 400  # long enough for overflow pages

    def found() -> set[str]:
        return {p.name for p in folder.glob("certdesk.db*") if b"MARKER-of-a" in p.read_bytes()}

    with sql_store(sqlite_url) as store:
        order = place(store.orders)
        after = keep(store, order, replace(secret(order), sealed=marker))
        assert found()
        [kept] = store.secrets.kept()
        store.secrets.wipe(kept.id, entry(order.id, "key_wiped"))
        assert found() == set()
        after = keep(store, after, replace(secret(order, 2), sealed=marker))
        assert found()
        assert store.orders.save(replace(change(after), forgets=entry(order.id, "key_deleted")))
        assert found() == set()
