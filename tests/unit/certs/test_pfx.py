"""The PFX for hosts: whole for every reader, named for Windows, and nothing in it but one key and one certificate."""

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from bot.certs.pfx import PROVIDER, PfxCipher, pack_pfx
from tests.unit.certs.toyca import Issuer, Key, Plan, issue, key, name

PASSWORD = "a-One_time-password"
NEW_WAY = (bytes.fromhex("06092a864886f70d01050d"), bytes.fromhex("0609608648016503040201"))
"""PBES2 and SHA-256: what Windows before Server 2019 cannot read."""


def pkcs8(private: Key) -> bytes:
    """A key as CertDesk keeps it, before it is sealed."""
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def leaf(private: Key) -> x509.Certificate:
    """A certificate for this key."""
    subject = name("mail.example.com")
    return issue(Plan(subject=subject, private=private), Issuer(subject=subject, private=private))


def packed(cipher: PfxCipher) -> tuple[bytes, Key, x509.Certificate]:
    """A PFX with what is in it."""
    private = key("pfx", kind="2048")
    certificate = leaf(private)
    der = certificate.public_bytes(Encoding.DER)
    return pack_pfx(pkcs8(private), der, PASSWORD, cipher), private, certificate


@pytest.mark.parametrize("cipher", list(PfxCipher))
def test_a_pfx_opens_with_its_password_and_holds_one_pair(cipher: PfxCipher) -> None:
    """Key and certificate come back, without a chain and without a name."""
    pfx, private, certificate = packed(cipher)
    found, found_leaf, others = pkcs12.load_key_and_certificates(pfx, PASSWORD.encode())

    assert found is not None
    assert found.public_key() == private.public_key()
    assert (certificate, []) == (found_leaf, others)
    assert pkcs8(private) not in pfx
    with pytest.raises(ValueError, match=r"(?i)password|mac"):
        pkcs12.load_key_and_certificates(pfx, b"another")


@pytest.mark.parametrize("cipher", list(PfxCipher))
def test_another_reader_agrees_on_the_seal_and_sees_the_provider(
    cipher: PfxCipher, tmp_path: Path
) -> None:
    """OpenSSL checks the seal that was made anew, and prints the attribute Windows goes by."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl program on this machine")
    (tmp_path / "k.pfx").write_bytes(packed(cipher)[0])
    told = subprocess.run(
        [openssl, "pkcs12", "-in", "k.pfx", "-nodes", "-passin", f"pass:{PASSWORD}", "-legacy"],
        cwd=tmp_path, capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip

    assert f"Microsoft CSP Name: {PROVIDER}" in told
    assert 1 == told.count("BEGIN CERTIFICATE")
    assert 1 == told.count("BEGIN PRIVATE KEY")


def test_old_hosts_get_nothing_they_cannot_read() -> None:
    """Neither AES nor SHA-256 stands anywhere in the old form; both do in the new one."""
    old, new = packed(PfxCipher.TRIPLEDES)[0], packed(PfxCipher.AES256)[0]

    assert [False, False] == [oid in old for oid in NEW_WAY]
    assert [True, True] == [oid in new for oid in NEW_WAY]


def test_a_changed_file_is_refused_by_its_seal() -> None:
    """The seal that was made anew covers the provider's name too."""
    pfx = packed(PfxCipher.AES256)[0]
    at = pfx.index(PROVIDER.encode("utf-16-be"))
    spoilt = pfx[:at] + b"\0X" + pfx[at + 2 :]

    with pytest.raises(ValueError, match=r"(?i)password|mac"):
        pkcs12.load_key_and_certificates(spoilt, PASSWORD.encode())


@pytest.mark.parametrize("kind", ["EC", "2048"])
def test_a_key_that_is_not_the_certificate_s_is_refused(kind: str) -> None:
    """Neither a stranger's nor one that Exchange could not use; the error says nothing of it."""
    certificate = leaf(key("pfx", kind="2048"))
    stranger = key("stranger", kind=kind)

    with pytest.raises(ValueError, match="the key is not the certificate's"):
        pack_pfx(
            pkcs8(stranger), certificate.public_bytes(Encoding.DER), PASSWORD, PfxCipher.AES256
        )
