"""What the cmdlets of a real wire warn of comes back with the receipt, at both doors."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.certs.names import DnsName
from bot.domain.plan import Service
from bot.domain.subject import Subject
from bot.exchange import operations
from bot.exchange.dialect import dialect_of_build
from bot.exchange.hosts import WinRMHosts
from sandbox.exchange.host import ExchangeHost
from tests.contract.test_exchange_hosts import access
from tests.unit.exchange.samples import EX01, NOW, Authority, SetClock, ask, order

_STAR = DnsName("*.example.com")


@pytest.fixture(params=["2007 winrm", "2010 psrp", "2013 winrm", "2019 winrm", "2019 psrp"])
def hosts(
    request: pytest.FixtureRequest, vendor: Authority, tmp_path: Path
) -> Iterator[WinRMHosts]:
    """A host of a version, reached by one of its doors."""
    version, door = request.param.split()
    with ExitStack() as stack:
        host = ExchangeHost(version=version, anchors_pem=vendor.anchors_pem, clock=lambda: NOW)
        stack.callback(host.stop)
        made = WinRMHosts([access(host.start(), version, tmp_path, door=door)], SetClock())
        stack.callback(made.close)
        yield made


@pytest.fixture(scope="module")
def vendor() -> Authority:
    """Who signs."""
    return Authority()


def test_a_wildcard_with_pop_and_imap_is_warned_of(hosts: WinRMHosts, vendor: Authority) -> None:
    """The plan leaves them out; were they enabled all the same, both warnings come with what they mean."""
    star: dict[str, Any] = {"names": (_STAR,), "subject": Subject(common_name=_STAR)}
    certificate = vendor.answer(hosts.make_csr(ask(**star)))
    snapshot = hosts.snapshot(EX01)
    plan = hosts.plan(order(**star), certificate, (snapshot,)).host(EX01)
    for operation in plan.operations[:2]:
        hosts.act(operation, certificate)
    thumbprint = certificate.facts.thumbprint
    mail = operations.enable_services(
        EX01, thumbprint, (Service.POP, Service.IMAP), dialect_of_build(snapshot.build)
    )
    warned = hosts.act(mail, certificate).warnings

    assert len(warned) == 2
    for one, service in zip(warned, ("POP", "IMAP"), strict=True):
        assert thumbprint in one.said
        assert f"cannot used for {service}" in one.said
        assert f"Set-{service.title()}Settings -X509CertificateName" in one.meaning
