"""Secrets at rest."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.ids import OrderId
from bot.domain.sealed import Bond, Purpose
from bot.system.vault import AesVault, new_key

OLD, NEW = new_key(), new_key()
BOND = Bond(order_id=OrderId(7), purpose=Purpose.PRIVATE_KEY, round=1)
ORDERS = st.integers(1, 1 << 31)
ROUNDS = st.integers(1, 50)


@settings(deadline=None)
@given(st.binary())
def test_what_is_sealed_is_opened_and_never_looks_the_same(secret: bytes) -> None:
    """Any bytes come back, and two seals of one secret differ."""
    vault = AesVault((NEW,))
    first, second = vault.seal(secret, BOND), vault.seal(secret, BOND)

    assert (secret, secret) == (vault.open_(first, BOND), vault.open_(second, BOND))
    assert first != second


@settings(deadline=None)
@given(st.binary(min_size=8), ORDERS, ROUNDS, ORDERS, ROUNDS)
def test_a_blob_of_one_order_opens_for_no_other(
    secret: bytes, order: int, round_: int, other: int, other_round: int
) -> None:
    """Moved to another order or to another round of the same one, the bytes are refused."""
    vault = AesVault((NEW, OLD))
    mine = Bond(order_id=OrderId(order), purpose=Purpose.PRIVATE_KEY, round=round_)
    theirs = Bond(order_id=OrderId(other), purpose=Purpose.PRIVATE_KEY, round=other_round)
    sealed = vault.seal(secret, mine)

    assert secret == vault.open_(sealed, mine)
    assert secret not in sealed
    if mine != theirs:
        with pytest.raises(ValueError, match="another order or purpose"):
            vault.open_(sealed, theirs)


def test_a_rotated_vault_opens_what_the_old_key_sealed() -> None:
    """The new key seals from now on; the old one still opens while it is listed."""
    before, rotated, after = AesVault((OLD,)), AesVault((NEW, OLD)), AesVault((NEW,))
    sealed = before.seal(b"secret", BOND)

    assert b"secret" == rotated.open_(sealed, BOND)
    assert b"secret" == after.open_(rotated.seal(b"secret", BOND), BOND)
    with pytest.raises(ValueError, match="none of the listed vault keys"):
        after.open_(sealed, BOND)


def test_the_key_of_a_blob_is_seen_without_opening_it() -> None:
    """Its id is the same in every process, says nothing of the key, and tells which one has to stay listed."""
    before, rotated = AesVault((OLD,)), AesVault((NEW, OLD))
    sealed = before.seal(b"secret", BOND)

    assert before.newest() == rotated.key_of(sealed) == AesVault((OLD,)).newest()
    assert rotated.newest() != before.newest()
    assert (True, False) == (rotated.has(before.newest()), before.has(rotated.newest()))
    assert "" == rotated.key_of(b"something else")
    assert before.newest() not in OLD


@settings(deadline=None)
@given(st.binary())
def test_foreign_bytes_are_refused(foreign: bytes) -> None:
    """Whatever they are, without a word of what is inside."""
    with pytest.raises(ValueError, match="none of the listed vault keys opens this secret"):
        AesVault((NEW,)).open_(foreign, BOND)


@pytest.mark.parametrize("at", [0, 5, 13, 30, -1])
def test_one_changed_bit_is_refused(at: int) -> None:
    """What was tampered with is not opened to something else: mark, key id, nonce, text and tag."""
    sealed = bytearray(AesVault((NEW,)).seal(b"secret of some length", BOND))
    sealed[at] ^= 1

    with pytest.raises(ValueError, match=r"none of the listed|were changed"):
        AesVault((NEW,)).open_(bytes(sealed), BOND)


@pytest.mark.parametrize("key", ["", "short", "!" * 44, "\N{SNOWMAN}", "c2hvcnQ="])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    """At the start, not at the first secret, and without repeating it."""
    with pytest.raises(ValueError, match=r"vault key") as refused:
        AesVault((key,))

    assert not key or key not in str(refused.value)


def test_a_vault_without_keys_keeps_nothing() -> None:
    """It says so instead of storing a secret in the clear."""
    vault = AesVault(())

    assert "" == vault.newest()
    with pytest.raises(ValueError, match="no vault key is set"):
        vault.seal(b"secret", BOND)
    with pytest.raises(ValueError, match="none of the listed"):
        vault.open_(AesVault((NEW,)).seal(b"secret", BOND), BOND)
