"""Keys that CertDesk makes: another one each time, never in the clear outside, and what Windows needs to take them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from bot.certs.csr import check_csr, parse_csr
from bot.certs.judge import IssuedCertificate
from bot.certs.leaf import read_leaf
from bot.certs.pfx import PfxCipher
from bot.domain.ids import OrderId
from bot.domain.sealed import Bond, Purpose
from bot.domain.subject import Subject
from bot.key_ports import KeyTrouble, MadeKey
from bot.system.local_keys import SealedKeys
from bot.system.vault import AesVault, new_key
from tests.unit.certs.toyca import Issuer, Plan, issue, key, name
from tests.unit.domain.samples import NOON, wish
from tests.unit.workflow.clock import FakeClock

VAULT = AesVault((new_key(),))
KEYS = SealedKeys(VAULT, FakeClock(NOON))
BOND = Bond(order_id=OrderId(7), purpose=Purpose.PRIVATE_KEY, round=1)
DIES = NOON + timedelta(days=45)
FULL = wish(
    subject=Subject(
        common_name="mail.example.com", country="US", state="Washington", locality="Redmond",
        organization="Example, Inc.", unit="IT",
    )
)  # fmt: skip


@pytest.fixture(scope="module")
def made() -> MadeKey:
    """One key of full size."""
    return KEYS.make(BOND, FULL, dies_at=DIES)


def issued_for(csr_pem: str) -> IssuedCertificate:
    """What a vendor answers to a request, as far as the key goes."""
    request = x509.load_pem_x509_csr(csr_pem.encode())
    ours = issue(
        Plan(subject=request.subject, private=key("ca")),
        Issuer(subject=name("CA"), private=key("ca")),
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(ours.issuer)
        .public_key(request.public_key())
        .serial_number(5)
        .not_valid_before(ours.not_valid_before_utc)
        .not_valid_after(ours.not_valid_after_utc)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("mail.example.com")]), critical=False
        )
    )
    der = builder.sign(key("ca"), ours.signature_hash_algorithm).public_bytes(Encoding.DER)  # type: ignore[arg-type]  # a hash it is
    return IssuedCertificate(leaf_der=der, path=(), facts=read_leaf(der))


def test_the_request_is_what_was_wished(made: MadeKey) -> None:
    """Subject, names and size; and nothing of Windows or of this machine in it."""
    csr = parse_csr(made.csr_pem)

    check_csr(csr, names=FULL.names, key_bits=2048, common_name="mail.example.com")
    assert "CN=mail.example.com,OU=IT,O=Example\\, Inc.,L=Redmond,ST=Washington,C=US" == csr.subject
    assert () == csr.windows
    assert "sha256" in csr.signature_hash.lower()


def test_the_key_is_sealed_for_its_order_and_dies_on_its_day(made: MadeKey) -> None:
    """What comes back holds no key in the clear, and opens for its own bond alone."""
    secret = made.secret

    assert (BOND, NOON, DIES, VAULT.newest()) == (
        secret.bond, secret.made_at, secret.dies_at, secret.key_id,
    )  # fmt: skip
    plain = VAULT.open_(secret.sealed, BOND)
    assert plain not in secret.sealed
    with pytest.raises(ValueError, match="another order"):
        VAULT.open_(secret.sealed, replace(BOND, round=2))
    assert secret.sealed.hex()[:40] not in repr(made)


def test_each_key_is_another_one(made: MadeKey) -> None:
    """A second round never gets the first one's key."""
    again = KEYS.make(BOND, FULL, dies_at=DIES)

    assert parse_csr(again.csr_pem).spki_der != parse_csr(made.csr_pem).spki_der


@pytest.mark.parametrize("cipher", list(PfxCipher))
def test_each_parcel_has_a_password_of_its_own(made: MadeKey, cipher: PfxCipher) -> None:
    """One for each host: what one host was told opens no other's file."""
    certificate = issued_for(made.csr_pem)
    first, second = (KEYS.pack(made.secret, certificate, cipher) for _ in range(2))
    found, leaf, _ = pkcs12.load_key_and_certificates(first.pfx, first.password.encode())

    assert first.password != second.password
    assert leaf is not None
    assert found is not None
    assert leaf.public_bytes(Encoding.DER) == certificate.leaf_der
    plain = found.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert plain == VAULT.open_(made.secret.sealed, BOND)
    with pytest.raises(ValueError, match=r"(?i)password|mac"):
        pkcs12.load_key_and_certificates(second.pfx, first.password.encode())
    assert first.password not in repr(first)
    assert "pfx=" not in repr(first)


def test_without_a_vault_key_none_is_made() -> None:
    """Nothing that could not be kept sealed comes into the world for longer than this call."""
    with pytest.raises(KeyTrouble, match=r"no vault key is set.* CERTDESK_VAULT_KEY") as trouble:
        SealedKeys(AesVault(()), FakeClock(NOON)).make(BOND, wish(), dies_at=DIES)

    assert trouble.value.__cause__ is None


@pytest.mark.parametrize("case", ["another vault", "another order", "another certificate"])
def test_a_key_that_does_not_open_or_fit_is_a_sentence(made: MadeKey, case: str) -> None:
    """It names the order and the vault key, and nothing of what is inside."""
    keys = SealedKeys(AesVault((new_key(),)), FakeClock(NOON)) if case == "another vault" else KEYS
    secret = made.secret
    if case == "another order":
        secret = replace(secret, bond=replace(BOND, order_id=OrderId(8)))
    csr = (
        KEYS.make(BOND, FULL, dies_at=DIES).csr_pem
        if case == "another certificate"
        else made.csr_pem
    )

    with pytest.raises(KeyTrouble, match="Nothing was imported") as trouble:
        keys.pack(secret, issued_for(csr), PfxCipher.AES256)
    assert VAULT.open_(made.secret.sealed, BOND).hex()[:40] not in str(trouble.value)
