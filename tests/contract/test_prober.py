"""
One contract for every implementation of `ports.Prober`, and what real handshakes see besides.

The real one dials the sandbox host's TLS listeners, which serve what is really enabled there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.certs.judge import IssuedCertificate
from bot.certs.names import DnsName
from bot.domain.plan import Answer, Handshake, Service
from bot.exchange.hosts import WinRMHosts
from bot.ports import Prober
from bot.watch.probe import ProbeTarget, TlsProber, probe_address
from sandbox.exchange.clock import utc_now
from sandbox.exchange.host import ExchangeHost
from sandbox.loopback import unused_port
from tests.contract.exchange_worlds import access
from tests.fakes.exchange import FakeExchangeHosts
from tests.fakes.prober import FakeProber
from tests.unit.exchange.samples import ALL_BUT_UM, EX01, MAIL, Authority, SetClock, ask, order

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A sandbox host on which the certificate serves everything."""

    vendor: Authority
    host: ExchangeHost
    certificate: IssuedCertificate
    ports: dict[str, int]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """Installed once for all tests here; they only look."""
    vendor = Authority(at=utc_now())
    host = ExchangeHost(anchors_pem=vendor.anchors_pem)
    info = host.start()
    folder: Path = tmp_path_factory.mktemp("prober")
    hosts = WinRMHosts([access(info, "2019", folder)], SetClock(utc_now()))
    try:
        certificate = vendor.answer(hosts.make_csr(ask()))
        plan = hosts.plan(order(), certificate, (hosts.snapshot(EX01),))
        for operation in plan.host(EX01).operations_for(Answer.YES):
            hosts.act(operation, certificate)
        ports = info["tls"]
        assert isinstance(ports, dict)
        yield Installed(vendor=vendor, host=host, certificate=certificate, ports=ports)
    finally:
        hosts.close()
        host.stop()


@pytest.fixture(params=["fake", "real"])
def prober(request: pytest.FixtureRequest, installed: Installed) -> Prober:
    """Every implementation there is, looking at an installed host."""
    return FakeProber() if request.param == "fake" else _real(installed)


def test_every_service_shows_the_installed_certificate(
    prober: Prober, installed: Installed
) -> None:
    """After the installation each service proves itself, each by its own handshake."""
    shown = prober.probe(EX01, installed.certificate, ALL_BUT_UM)

    assert {one.service for one in shown} == {"https", "smtp", "imap", "pop"}
    assert [one.detail for one in shown if not one.proven] == []


def test_only_the_services_that_were_named_are_dialled(
    prober: Prober, installed: Installed
) -> None:
    """Nothing is dialled for a service the order does not name, nor for UM, which has no port."""
    shown = prober.probe(EX01, installed.certificate, (Service.IIS, Service.UM))

    assert [one.service for one in shown] == ["https"]


def test_another_certificate_is_not_proven(prober: Prober, installed: Installed) -> None:
    """The leaf counts, not the name: somebody else's good certificate proves nothing."""
    other = Authority(at=utc_now()).answer(_csr_of_another_host())
    if isinstance(prober, FakeProber):
        prober.shown[EX01, "https"] = installed.certificate.facts.sha256
    (shown,) = prober.probe(EX01, other, (Service.IIS,))

    assert (shown.proven, shown.sha256) == (False, installed.certificate.facts.sha256)


def test_a_closed_port_is_a_value(prober: Prober, installed: Installed) -> None:
    """What the network does never raises."""
    if isinstance(prober, FakeProber):
        prober.shown[EX01, "https"] = None
        closed: Prober = prober
    else:
        closed = _real(installed, {"https": unused_port()})
    (shown,) = closed.probe(EX01, installed.certificate, (Service.IIS,))

    assert (shown.proven, shown.sha256) == (False, None)


def test_a_missing_intermediate_is_seen(installed: Installed) -> None:
    """The host must send the path itself: ours is not used to help it."""
    held = installed.host.engine.state.stores.ca
    kept = dict(held)
    held.clear()
    try:
        (shown,) = _real(installed).probe(EX01, installed.certificate, (Service.IIS,))
    finally:
        held.update(kept)

    assert (shown.proven, shown.sha256) == (False, installed.certificate.facts.sha256)
    assert "does not send its intermediate" in shown.detail


def test_a_foreign_anchor_proves_nothing(installed: Installed) -> None:
    """Only the given roots count, whatever the machine trusts."""
    shown = _https(installed, anchors_pem=Authority(at=utc_now()).anchors_pem)

    assert (shown.proven, shown.sha256) == (False, installed.certificate.facts.sha256)


def test_another_name_is_refused(installed: Installed) -> None:
    """A good leaf for another name does not serve the client."""
    shown = _https(installed, name=DnsName("other.example.com"))

    assert not shown.proven
    assert "refuse it for 'other.example.com'" in shown.detail


def test_a_look_without_expectation_takes_any_good_leaf(installed: Installed) -> None:
    """The command line asks without knowing the leaf: good for the name is enough."""
    shown = _https(installed)

    assert shown.proven
    assert shown.detail.startswith("Shows 'C")


def test_no_anchors_is_a_value(installed: Installed) -> None:
    """Even a wrong setting does not raise."""
    assert not _https(installed, anchors_pem="").proven


def _real(installed: Installed, ports: dict[str, int] | None = None) -> TlsProber:
    target = ProbeTarget(host=EX01, address=_LOOPBACK, ports=ports or installed.ports)
    return TlsProber([target], installed.vendor.anchors_pem)


def _https(
    installed: Installed, *, name: DnsName = MAIL, anchors_pem: str | None = None
) -> Handshake:
    pem = installed.vendor.anchors_pem if anchors_pem is None else anchors_pem
    port = installed.ports["https"]
    return probe_address(_LOOPBACK, port, starttls=None, name=name, anchors_pem=pem)


def _csr_of_another_host() -> str:
    return FakeExchangeHosts().make_csr(ask())
