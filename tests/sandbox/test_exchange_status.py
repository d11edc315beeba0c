"""What Get-ExchangeCertificate computes on the sandbox's host: Status, RootCAType, Services, fitness."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from sandbox.exchange.engine.exchange import VirtualExchange
from sandbox.exchange.engine.names import name_covers
from sandbox.exchange.engine.stores import PrivateKey, StoredCertificate
from sandbox.exchange.engine.validity import unfit_reason
from tests.sandbox.exchange_lab import NOW, Authority, install_leaf, make_engine, run


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One authority for all tests; it has no state."""
    return Authority()


@pytest.fixture
def engine() -> VirtualExchange:
    """A fresh 2019 host."""
    return make_engine()


def _shown(engine: VirtualExchange, thumbprint: str) -> tuple[object, object]:
    properties = run(engine, "Get-ExchangeCertificate", Thumbprint=thumbprint).objects[0].properties
    return properties["Status"], properties["RootCAType"]


def test_a_fresh_host_is_as_setup_leaves_it(engine: VirtualExchange) -> None:
    """Three certificates; one of them serves everything; the OAuth one shows SMTP and has no names."""
    listed = run(engine, "Get-ExchangeCertificate").objects

    assert [
        tuple(
            one.properties[name]
            for name in ("Subject", "Services", "Status", "RootCAType", "PrivateKeyExportable")
        )
        for one in sorted(listed, key=lambda one: str(one.properties["Subject"]))
    ] == [
        ("CN=EX01", "IMAP, POP, IIS, SMTP", "Valid", "Registry", False),
        ("CN=Microsoft Exchange Server Auth Certificate", "SMTP", "Valid", "None", True),
        ("CN=WMSvc-SHA2-EX01", "None", "Valid", "Registry", False),
    ]
    assert engine.state.sites == {1: engine.state.default_smtp, 2: engine.state.default_smtp}


def test_the_path_decides_about_the_status(engine: VirtualExchange, authority: Authority) -> None:
    """Complete and trusted, untrusted, or without its intermediate."""
    leaf = install_leaf(engine, authority)
    stores = engine.state.stores
    complete = _shown(engine, leaf)
    stores.root.clear()
    stores.add_ca(authority.root)
    untrusted = _shown(engine, leaf)
    stores.ca.clear()
    stores.add_root(authority.root, "Enterprise")
    broken = _shown(engine, leaf)

    assert complete == ("Valid", "ThirdParty")
    assert untrusted == ("Untrusted", "None")
    assert broken == ("Invalid", "None")


@pytest.mark.parametrize("days", [-3, 300])
def test_dates_are_compared_with_the_hosts_clock(
    engine: VirtualExchange, authority: Authority, days: int
) -> None:
    """Too early and too late are both DateInvalid."""
    leaf = install_leaf(engine, authority)
    engine.state.clock.set(NOW + timedelta(days=days))

    assert _shown(engine, leaf)[0] == "DateInvalid"


def test_revocation_is_part_of_the_status(engine: VirtualExchange, authority: Authority) -> None:
    """Revoked, or not to be known; a self-signed certificate is not asked about."""
    leaf = install_leaf(engine, authority)
    engine.state.revocation.revoked.add(leaf)
    revoked = _shown(engine, leaf)[0]
    engine.state.revocation.reachable = False

    assert revoked == "Revoked"
    assert _shown(engine, leaf)[0] == "RevocationCheckFailure"
    assert _shown(engine, engine.state.sites[1])[0] == "Valid"


def test_an_old_certificate_of_the_same_name_keeps_pop_and_imap(
    engine: VirtualExchange, authority: Authority
) -> None:
    """The services go by name, so both show them."""
    old = install_leaf(engine, authority)
    run(engine, "Enable-ExchangeCertificate", Thumbprint=old, Services="POP,IMAP")
    new = install_leaf(engine, authority)
    run(engine, "Enable-ExchangeCertificate", Thumbprint=new, Services="POP,IMAP")

    for thumbprint in (old, new):
        shown = run(engine, "Get-ExchangeCertificate", Thumbprint=thumbprint).objects[0]
        assert shown.properties["Services"] == "IMAP, POP, SMTP"


def test_an_empty_identity_lists_everything(engine: VirtualExchange) -> None:
    """And so does an unknown one: the documentation warns of it."""
    everything = len(run(engine, "Get-ExchangeCertificate").objects)

    for identity in ("", "EX01\\" + "AB" * 20):
        assert len(run(engine, "Get-ExchangeCertificate", Identity=identity).objects) == everything


def test_an_identity_may_carry_the_server(engine: VirtualExchange) -> None:
    """Server, backslash, thumbprint: as the property Identity prints it."""
    own = engine.state.sites[1]

    shown = run(engine, "Get-ExchangeCertificate", Identity=f"EX01\\{own.lower()}").objects

    assert [one.properties["Identity"] for one in shown] == [f"EX01.corp.example.com\\{own}"]


def _stored(
    authority: Authority, key: PrivateKey | None = None, *, without_key: bool = False, **how: object
) -> StoredCertificate:
    real = key or rsa.generate_private_key(65537, 2048)
    usage = how.get("usage", ExtendedKeyUsageOID.SERVER_AUTH)
    assert isinstance(usage, x509.ObjectIdentifier)
    certificate = authority.issue(real.public_key(), usage=usage)
    return StoredCertificate(certificate=certificate, key=None if without_key else real)


def test_the_reasons_why_exchange_cannot_use_a_certificate(authority: Authority) -> None:
    """The first that applies, in Exchange's order; trust and dates are none of them."""
    small = rsa.generate_private_key(65537, 1024)

    assert unfit_reason(_stored(authority)) is None
    assert unfit_reason(_stored(authority, small)) is None
    assert unfit_reason(_stored(authority, without_key=True)) == "PrivateKeyMissing"
    assert (
        unfit_reason(_stored(authority, ec.generate_private_key(ec.SECP256R1())))
        == "KeyAlgorithmUnsupported"
    )
    assert (
        unfit_reason(_stored(authority, usage=ExtendedKeyUsageOID.CLIENT_AUTH))
        == "PkixKpServerAuthNotFoundInEnhancedKeyUsage"
    )


@pytest.mark.parametrize(
    ("name", "wanted", "covers"),
    [
        ("mail.example.com", "MAIL.example.com", True),
        ("*.example.com", "mail.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.mail.example.com", False),
        ("mail.example.com", "imap.example.com", False),
        ("*.com", "com", False),
    ],
)
def test_a_wildcard_covers_one_label(name: str, wanted: str, covers: bool) -> None:
    """RFC 9525's rule, which the mail services follow too."""
    assert name_covers(name, wanted) is covers
