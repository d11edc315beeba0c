"""The daily look at the sealed secrets, over the store in memory."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.ids import OrderId
from bot.domain.order import CertificateOrder
from bot.domain.sealed import Bond, Purpose, SealedSecret
from bot.watch.keys import KeyWatch
from bot.workflow.turns import LookFailed
from tests.contract.samples import NOON, change, place
from tests.contract.stores import Store, fake_store
from tests.unit.workflow.clock import FakeClock

DAY_S = 86_400


def house(*days: int) -> tuple[Store, FakeClock, KeyWatch]:
    """A store with one order and a key for each of these lifetimes, in rounds."""
    store, clock = fake_store(), FakeClock(NOON)
    order = place(store.orders)
    for number, lifetime in enumerate(days, start=1):
        bond = Bond(order_id=order.id, purpose=Purpose.PRIVATE_KEY, round=number)
        secret = SealedSecret(
            bond=bond,
            key_id="0f",
            sealed=b"x",
            made_at=NOON,
            dies_at=NOON + timedelta(days=lifetime),
        )
        after = replace(change(order), keeps=secret)
        assert store.orders.save(after)
        order = after.order
    return store, clock, KeyWatch(store.secrets, store.orders, clock)


def test_a_key_lives_to_its_day_and_dies_on_it() -> None:
    """Each with one audit entry that names the day; a second look finds nothing."""
    store, clock, watch = house(10, 20)

    assert 0 == watch.wipe_dead()
    clock.forward(10 * DAY_S)
    assert (1, 0) == (watch.wipe_dead(), watch.wipe_dead())

    assert [2] == [kept.secret.bond.round for kept in store.secrets.kept()]
    last = store.audit.entries(OrderId(1))[-1]
    assert ("key_deleted", "2026-12-03", "1") == (
        last.what,
        last.facts["last_day"],
        last.facts["round"],
    )
    assert last.before == last.after == "placed"


def test_a_key_that_somebody_else_wiped_is_not_told_twice() -> None:
    """Two workers look in the same moment: one entry."""
    store, clock, watch = house(1)
    clock.forward(2 * DAY_S)
    [kept] = store.secrets.kept()
    entries = len(store.audit.entries())

    assert 1 == KeyWatch(store.secrets, store.orders, clock).wipe_dead()
    assert 0 == watch.wipe_dead()
    assert entries + 1 == len(store.audit.entries())
    assert kept.secret.sealed == b"x"


def test_a_key_at_which_the_look_breaks_lets_no_other_live_on() -> None:
    """Each of the others dies on its day, and the look says that it failed."""
    store, clock, watch = house(1)
    other = place(store.orders, "other")
    secret = store.secrets.kept()[0].secret
    bond = replace(secret.bond, order_id=other.id)
    assert store.orders.save(replace(change(other), keeps=replace(secret, bond=bond)))
    clock.forward(2 * DAY_S)
    load = store.orders.load

    class Unreadable:
        """Orders of which one cannot be read."""

        @staticmethod
        def load(order_id: OrderId) -> CertificateOrder:
            """Break at the first one."""
            if order_id == secret.bond.order_id:
                raise ValueError("a state nobody knows")
            return load(order_id)

    watch._orders = Unreadable()  # type: ignore[assignment] # all of it that is used
    with pytest.raises(LookFailed, match="look-key-1"):
        watch.wipe_dead()

    assert [secret.bond] == [kept.secret.bond for kept in store.secrets.kept()]
