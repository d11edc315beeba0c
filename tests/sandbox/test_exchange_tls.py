"""The sandbox host's TLS doors: real handshakes, changed live, with the intermediates the host has."""

import imaplib
import poplib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509

from sandbox.exchange.clock import utc_now
from sandbox.exchange.engine.selection import tls_name
from sandbox.exchange.engine.stores import thumbprint_of
from sandbox.exchange.host import ExchangeHost
from tests.sandbox.exchange_lab import Authority, install_leaf, run

_LOOPBACK = "127.0.0.1"
_SERVICES = ("https", "smtp", "submission", "imap", "pop", "imaps", "pops")


@pytest.fixture
def host() -> Iterator[ExchangeHost]:
    """A 2019 host whose connectors call themselves mail.example.com."""
    host = ExchangeHost(smtp_fqdn="mail.example.com")
    yield host
    host.stop()


@pytest.fixture
def ports(host: ExchangeHost) -> dict[str, int]:
    """The started host's TLS ports."""
    tls = host.start()["tls"]
    assert isinstance(tls, dict)
    return tls


@pytest.fixture(scope="module")
def authority() -> Authority:
    """An authority of today: TLS clients look at the computer's clock."""
    return Authority(at=utc_now())


def _served(service: str, port: int) -> str:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    der = _handshake(service, port, context)
    return thumbprint_of(x509.load_der_x509_certificate(der))


def _handshake(service: str, port: int, context: ssl.SSLContext) -> bytes:
    """The leaf's DER after a handshake in the service's own way."""
    match service:
        case "smtp" | "submission":
            with smtplib.SMTP(_LOOPBACK, port, timeout=60) as smtp:
                smtp._host = "mail.example.com"  # type: ignore[attr-defined] # the name to check
                smtp.starttls(context=context)
                return _leaf(smtp.sock)
        case "imap":
            with imaplib.IMAP4(_LOOPBACK, port, timeout=60) as imap:
                imap.host = "mail.example.com"
                imap.starttls(context)
                return _leaf(imap.sock)
        case "pop":
            pop = poplib.POP3(_LOOPBACK, port, timeout=60)
            pop.host = "mail.example.com"
            pop.stls(context)
            der = _leaf(pop.sock)
            pop.quit()
            return der
        case _:
            return _implicit(port, context)


def _implicit(port: int, context: ssl.SSLContext) -> bytes:
    with (
        socket.create_connection((_LOOPBACK, port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="mail.example.com") as tls,
    ):
        return _leaf(tls)


def _leaf(connection: Any) -> bytes:
    der = connection.getpeercert(binary_form=True)
    assert isinstance(der, bytes)
    return der


def test_a_fresh_host_serves_its_own_certificate_everywhere(
    host: ExchangeHost, ports: dict[str, int]
) -> None:
    """Seven doors, one self-signed certificate."""
    own = host.engine.state.default_smtp

    assert {_served(service, ports[service]) for service in _SERVICES} == {own}


def test_enable_changes_what_is_served_at_once(
    host: ExchangeHost, ports: dict[str, int], authority: Authority
) -> None:
    """Without a restart, and a client that trusts the root is satisfied at every door."""
    new = install_leaf(host.engine, authority)
    run(
        host.engine,
        "Enable-ExchangeCertificate",
        Thumbprint=new,
        Services="IIS,SMTP,POP,IMAP",
        Force=True,
    )
    trusting = ssl.create_default_context(cadata=authority.root_pem.decode())

    for service in _SERVICES:
        der = _handshake(service, ports[service], trusting)
        assert thumbprint_of(x509.load_der_x509_certificate(der)) == new


def test_a_missing_intermediate_is_seen_by_clients(
    host: ExchangeHost, ports: dict[str, int], authority: Authority
) -> None:
    """The host sends what its store CA holds, and that is nothing here."""
    new = install_leaf(host.engine, authority)
    run(host.engine, "Enable-ExchangeCertificate", Thumbprint=new, Services="IIS")
    host.engine.state.stores.ca.clear()
    trusting = ssl.create_default_context(cadata=authority.root_pem.decode())

    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        _handshake("https", ports["https"], trusting)


def test_the_answer_no_still_serves_smtp_by_name(
    host: ExchangeHost, ports: dict[str, int], authority: Authority
) -> None:
    """STARTTLS goes by the connector's FQDN; the default is for other names."""
    new = install_leaf(host.engine, authority)
    run(host.engine, "Enable-ExchangeCertificate", Thumbprint=new, Services="SMTP")
    for connector in host.engine.state.receive_connectors():
        if connector.port == 587:
            connector.fqdn = "client.example.com"

    assert _served("smtp", ports["smtp"]) == new
    assert _served("submission", ports["submission"]) == host.engine.state.default_smtp


def test_a_pinned_connector_serves_the_pinned_certificate(
    host: ExchangeHost, ports: dict[str, int], authority: Authority
) -> None:
    """TlsCertificateName comes before the FQDN."""
    new = install_leaf(host.engine, authority, names=["other.example.com"])
    run(host.engine, "Enable-ExchangeCertificate", Thumbprint=new, Services="SMTP")
    before = _served("smtp", ports["smtp"])
    pinned = tls_name(host.engine.state.stores.my[new])
    identity = "EX01\\Default Frontend EX01"
    run(host.engine, "Set-ReceiveConnector", Identity=identity, TlsCertificateName=pinned)

    assert before == host.engine.state.default_smtp
    assert _served("smtp", ports["smtp"]) == new


def test_pop_and_imap_follow_their_name(
    host: ExchangeHost, ports: dict[str, int], authority: Authority
) -> None:
    """A wildcard is served once Set-PopSettings names a host it covers; IMAP has a name of its own."""
    new = install_leaf(host.engine, authority, names=["*.example.com"])
    run(host.engine, "Enable-ExchangeCertificate", Thumbprint=new, Services="POP")
    before = _served("pops", ports["pops"])
    run(host.engine, "Set-PopSettings", X509CertificateName="mail.example.com")

    assert before == host.engine.state.default_smtp
    assert _served("pops", ports["pops"]) == new
    assert _served("imaps", ports["imaps"]) == host.engine.state.default_smtp


def test_without_a_certificate_there_is_no_starttls(
    host: ExchangeHost, ports: dict[str, int]
) -> None:
    """Nothing for the name: SMTP offers no STARTTLS, POP refuses it, implicit TLS breaks off."""
    host.engine.state.stores.my.clear()

    with smtplib.SMTP(_LOOPBACK, ports["smtp"], timeout=60) as smtp:
        smtp.ehlo()
        assert not smtp.has_extn("starttls")
    pop = poplib.POP3(_LOOPBACK, ports["pop"], timeout=60)
    with pytest.raises(poplib.error_proto, match="TLS is not available"):
        pop.stls()
    pop.quit()
    with pytest.raises(OSError):
        _served("imaps", ports["imaps"])


def test_the_web_site_answers(host: ExchangeHost, ports: dict[str, int]) -> None:
    """One plain page over TLS."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((_LOOPBACK, ports["https"]), timeout=60) as plain,
        context.wrap_socket(plain) as tls,
    ):
        tls.sendall(b"GET / HTTP/1.1\r\nHost: mail.example.com\r\n\r\n")
        answer = b"".join(iter(lambda: tls.recv(4096), b""))

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"This is the sandbox's web site.")
