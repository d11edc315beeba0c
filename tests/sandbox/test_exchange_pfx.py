"""PFX on the sandbox's host: which locks which Windows opens, whether the key may leave again, and where it lives."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    PrivateFormat,
    pkcs12,
)

from sandbox.exchange.engine.values import SecureString
from sandbox.exchange.profile import PROFILES
from tests.sandbox.exchange_lab import Authority, make_engine, run

PASSWORD: Final = "one-time"
OLD: Final = ("2010", "2013", "2016")
NEW: Final = ("2019", "se")
KEY: Final = rsa.generate_private_key(65537, 2048)
AUTHORITY: Final = Authority()
LEAF: Final = AUTHORITY.issue(KEY.public_key())


def old_way() -> bytes:
    """A PFX that every Windows reads."""
    lock = (
        PrivateFormat.PKCS12.encryption_builder()
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())
        .build(PASSWORD.encode())
    )
    return pkcs12.serialize_key_and_certificates(b"mail", KEY, LEAF, None, lock)


def new_way() -> bytes:
    """A PFX locked with AES-256 and sealed with SHA-256."""
    lock = BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"mail", KEY, LEAF, None, lock)


def imported(
    version: str, pfx: bytes, password: str = PASSWORD, *, exportable: bool | None = None
) -> tuple[Any, str]:
    """The stored certificate, or the error's text."""
    engine = make_engine(version)
    said = {} if exportable is None else {"PrivateKeyExportable": exportable}
    outcome = run(
        engine, "Import-ExchangeCertificate", FileData=pfx, Password=SecureString(password), **said
    )
    if outcome.errors:
        return None, outcome.errors[0].message
    [stored] = [one for one in engine.state.stores.my.values() if one.certificate == LEAF]
    return stored, ""


@pytest.mark.parametrize("version", [*OLD, *NEW])
def test_the_old_way_is_read_everywhere(version: str) -> None:
    """With its key, in a provider of CNG, since the file names none."""
    stored, error = imported(version, old_way())

    assert error == ""
    assert (stored.key.public_key(), stored.provider_type) == (KEY.public_key(), 0)


@pytest.mark.parametrize("version", [*OLD, *NEW])
def test_the_new_way_is_a_wrong_password_on_old_windows(version: str) -> None:
    """Error 8, word for word as for a password that is really wrong; nothing is imported."""
    stored, error = imported(version, new_way())

    assert (stored is not None) is (version in NEW)
    if version in OLD:
        assert "The source data cannot be imported or the wrong password was specified." in error


@pytest.mark.parametrize("make", [old_way, new_way])
def test_a_wrong_password_is_error_8(make: Callable[[], bytes]) -> None:
    """On a host that reads both."""
    stored, error = imported("2019", make(), "another")

    assert stored is None
    assert "the wrong password was specified" in error


@pytest.mark.parametrize("said", [None, False, True])
def test_the_key_leaves_again_only_when_the_import_said_so(said: bool | None) -> None:
    """PrivateKeyExportable is false where nothing is said."""
    stored, _ = imported("2019", old_way(), exportable=said)

    assert stored.exportable is bool(said)


def test_a_host_s_own_key_lives_with_schannel() -> None:
    """What New-ExchangeCertificate makes is of type 12, as everything that set-up made."""
    engine = make_engine("2013")

    assert {12} == {stored.provider_type for stored in engine.state.stores.my.values()}


@pytest.mark.parametrize("version", sorted(set(PROFILES) - {"2007"}))
def test_what_a_host_exports_every_host_reads(version: str) -> None:
    """A PFX from the newest goes into the oldest: the way of a key from host to host."""
    engine = make_engine(version)
    run(engine, "Import-ExchangeCertificate", FileData=old_way(), Password=SecureString(PASSWORD),
        PrivateKeyExportable=True)  # fmt: skip
    thumbprint = LEAF.fingerprint(hashes.SHA1()).hex().upper()
    exported = run(engine, "Export-ExchangeCertificate", Thumbprint=thumbprint, BinaryEncoded=True,
                   Password=SecureString("other"))  # fmt: skip
    pfx = exported.objects[0].properties["FileData"]

    assert isinstance(pfx, bytes)
    assert imported("2010", pfx, "other")[1] == ""
