"""Rotation of the vault's keys: counted, resumable, and never a secret lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.sealed import Bond, Purpose, SealedSecret
from bot.system.vault import AesVault, new_key
from bot.workflow.resealing import Resealing, reseal_all
from tests.contract.samples import NOON, change, entry, place
from tests.contract.stores import Store, fake_store
from tests.unit.workflow.clock import FakeClock

OLD, NEW, GONE = new_key(), new_key(), new_key()


class Kill(BaseException):
    """The process dies here."""


def house(*keys: str) -> Store:
    """A store with one order and a secret sealed by each of these keys, in rounds."""
    store = fake_store()
    order = place(store.orders)
    for number, key in enumerate(keys, start=1):
        bond = Bond(order_id=order.id, purpose=Purpose.PRIVATE_KEY, round=number)
        vault = AesVault((key,))
        sealed = vault.seal(b"secret %d" % number, bond)
        secret = SealedSecret(
            bond=bond,
            key_id=vault.newest(),
            sealed=sealed,
            made_at=NOON,
            dies_at=NOON + timedelta(9),
        )
        after = replace(change(order), keeps=secret)
        assert store.orders.save(after)
        order = after.order
    return store


def opened(store: Store, key: str) -> list[bytes]:
    """What is kept, opened with this key alone."""
    vault = AesVault((key,))
    return [vault.open_(kept.secret.sealed, kept.secret.bond) for kept in store.secrets.kept()]


def test_everything_gets_the_newest_key_and_stays_what_it_was() -> None:
    """Counted; afterwards the old key is not needed any more."""
    store = house(OLD, NEW, OLD)

    done = reseal_all(AesVault((NEW, OLD)), store.secrets, FakeClock(NOON))

    assert Resealing(resealed=2, current=1) == done
    assert [b"secret 1", b"secret 2", b"secret 3"] == opened(store, NEW)
    assert 2 == [e.what for e in store.audit.entries()].count("key_resealed")


def test_what_no_listed_key_opens_is_left_and_named() -> None:
    """The others are resealed all the same, and the lost one opens again once its key is back."""
    store = house(GONE, OLD)

    done = reseal_all(AesVault((NEW, OLD)), store.secrets, FakeClock(NOON))
    assert (1, [1]) == (done.resealed, [kept.secret.bond.round for kept in done.lost])

    again = reseal_all(AesVault((NEW, GONE)), store.secrets, FakeClock(NOON))
    assert Resealing(resealed=1, current=1) == again


@pytest.mark.parametrize("killed_at", [1, 2, 3])
def test_a_killed_rotation_is_taken_up(killed_at: int) -> None:
    """The next run does what is left; whatever was done stays readable."""
    store = house(OLD, OLD, OLD)
    vault = AesVault((NEW, OLD))

    class Killed(AesVault):
        seals = 0

        def seal(self, secret: bytes, bond: Bond) -> bytes:
            self.seals += 1
            if self.seals == killed_at:
                raise Kill
            return super().seal(secret, bond)

    with pytest.raises(Kill):
        reseal_all(Killed((NEW, OLD)), store.secrets, FakeClock(NOON))
    for kept in store.secrets.kept():
        vault.open_(kept.secret.sealed, kept.secret.bond)

    done = reseal_all(vault, store.secrets, FakeClock(NOON))
    assert Resealing(resealed=4 - killed_at, current=killed_at - 1) == done
    assert 3 == len(opened(store, NEW))


def test_a_secret_that_is_wiped_in_between_stays_wiped() -> None:
    """Rotation brings nothing back from the dead."""
    store = house(OLD)

    class Late(AesVault):
        def seal(self, secret: bytes, bond: Bond) -> bytes:
            [kept] = store.secrets.kept()
            store.secrets.wipe(kept.id, entry(bond.order_id, "key_deleted"))
            return super().seal(secret, bond)

    assert Resealing(overtaken=1) == reseal_all(Late((NEW, OLD)), store.secrets, FakeClock(NOON))
    assert () == store.secrets.kept()


def test_without_a_key_nothing_is_touched() -> None:
    """An empty list is no newest key."""
    with pytest.raises(ValueError, match="no vault key is set"):
        reseal_all(AesVault(()), house(OLD).secrets, FakeClock(NOON))
