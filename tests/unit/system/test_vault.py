"""Secrets at rest."""

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.system.vault import FernetVault

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@settings(deadline=None)
@given(st.binary())
def test_what_is_sealed_is_opened_and_never_looks_the_same(secret: bytes) -> None:
    """Any bytes come back, and two seals of one secret differ."""
    vault = FernetVault((NEW,))
    first, second = vault.seal(secret), vault.seal(secret)

    assert (secret, secret) == (vault.open_(first), vault.open_(second))
    assert first != second


def test_a_rotated_vault_opens_what_the_old_key_sealed() -> None:
    """The new key seals from now on; the old one still opens while it is listed."""
    before, rotated, after = FernetVault((OLD,)), FernetVault((NEW, OLD)), FernetVault((NEW,))

    assert b"secret" == rotated.open_(before.seal(b"secret"))
    assert b"secret" == after.open_(rotated.seal(b"secret"))
    with pytest.raises(ValueError, match="none of the listed vault keys"):
        after.open_(before.seal(b"secret"))


@settings(deadline=None)
@given(st.binary())
def test_foreign_bytes_are_refused(foreign: bytes) -> None:
    """Whatever they are, without a word of what is inside."""
    with pytest.raises(ValueError, match="none of the listed vault keys opens this secret"):
        FernetVault((NEW,)).open_(foreign)


def test_one_changed_bit_is_refused() -> None:
    """What was tampered with is not opened to something else."""
    sealed = bytearray(FernetVault((NEW,)).seal(b"secret"))
    sealed[20] ^= 1

    with pytest.raises(ValueError, match="none of the listed"):
        FernetVault((NEW,)).open_(bytes(sealed))


@pytest.mark.parametrize("key", ["", "short", "!" * 44])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    """At the start, not at the first secret."""
    with pytest.raises(ValueError, match=r"key|base64|32"):
        FernetVault((key,))
