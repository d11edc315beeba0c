"""
Real WinRM in trouble: what the sandbox's host spoils, the operator is told honestly.

One change is sent over the wire each time; what the host then holds is compared with what was told.
"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.certs.judge import IssuedCertificate
from bot.domain.faults import Executed, FaultKind, HostFault
from bot.domain.plan import Operation
from bot.exchange import operations
from bot.exchange.access import HostAccess
from bot.exchange.hosts import WinRMHosts
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.trouble import Trouble
from sandbox.exchange.wsman.accounts import Account
from tests.contract.exchange_worlds import access
from tests.fakes.exchange import FakeExchangeHosts
from tests.unit.exchange.samples import EX01, NOW, Authority, SetClock, ask

_USER = Account(user="plain", password="Secret.1", is_admin=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A host, how to reach it, and one harmless change to try on it."""

    host: ExchangeHost
    access: HostAccess
    https: str
    hosts: WinRMHosts
    certificate: IssuedCertificate
    change: Operation

    def is_changed(self) -> bool:
        """Whether the change is on the host, seen without the wire."""
        return self.change.thumbprint in self.host.engine.state.stores.ca


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A fresh host and an intermediate that it does not have yet."""
    host = ExchangeHost(clock=lambda: NOW, other_accounts=[_USER])
    info = host.start()
    way = access(info, "2019", tmp_path)
    hosts = WinRMHosts([way], SetClock(), pause=lambda _: None)
    certificate = Authority().answer(FakeExchangeHosts().make_csr(ask()))
    change = operations.add_intermediate(EX01, certificate.path[0])
    try:
        yield Lab(
            host=host,
            access=way,
            https=str(info["wsman_https"]),
            hosts=hosts,
            certificate=certificate,
            change=change,
        )
    finally:
        hosts.close()
        host.stop()


_CASES: list[tuple[Trouble, FaultKind, Executed, bool]] = [
    (Trouble(do="status", action="Create", status=503, times=0), FaultKind.BUSY, "no", False),
    (Trouble(do="status", action="Create", status=500), FaultKind.PROTOCOL, "no", False),
    (Trouble(do="status", action="Create", status=404), FaultKind.UNSUPPORTED, "no", False),
    (Trouble(do="status", action="Create", status=302), FaultKind.PROTOCOL, "no", False),
    (Trouble(do="fault", action="Create", code=5), FaultKind.ACCESS_DENIED, "no", False),
    (Trouble(do="fault", action="Create", code=2150859173, times=0), FaultKind.BUSY, "no", False),
    (
        Trouble(do="fault", action="Command", code=2150858843, times=0),
        FaultKind.UNREACHABLE,
        "no",
        False,
    ),
    (Trouble(do="fault", action="Create", code=4711), FaultKind.PROTOCOL, "no", False),
    (Trouble(do="rst", action="Create"), FaultKind.UNREACHABLE, "no", False),
    (Trouble(do="fin", action="Command"), FaultKind.UNREACHABLE, "no", False),
    (Trouble(do="401", action="Create"), FaultKind.SIGN_IN, "no", False),
    (Trouble(do="fault", action="Send", nth=3, code=170, times=0), FaultKind.BUSY, "no", False),
    (Trouble(do="rst", action="Send", nth=3), FaultKind.UNREACHABLE, "maybe", False),
    (Trouble(do="fault", action="Send", nth=3, code=1726), FaultKind.UNREACHABLE, "maybe", False),
    (Trouble(do="executed_then_lost", action="Send", nth=3), FaultKind.UNREACHABLE, "maybe", True),
    (
        Trouble(do="not_executed_and_lost", action="Send", nth=3),
        FaultKind.UNREACHABLE,
        "maybe",
        False,
    ),
    (
        Trouble(do="status", action="Receive", nth=3, status=503, times=0),
        FaultKind.BUSY,
        "maybe",
        True,
    ),
    (Trouble(do="401", action="Receive", nth=3, times=0), FaultKind.SIGN_IN, "maybe", True),
    (Trouble(do="reboot", cmdlet="store.add"), FaultKind.UNREACHABLE, "maybe", False),
]


@pytest.mark.parametrize(("trouble", "kind", "executed", "is_changed"), _CASES)
def test_trouble_is_told_honestly(
    lab: Lab, trouble: Trouble, kind: FaultKind, executed: Executed, is_changed: bool
) -> None:
    """Kind and doubt fit what happened, and where a "no" is said the host was not changed."""
    lab.host.plan.add(trouble)
    with pytest.raises(HostFault) as caught:
        lab.hosts.act(lab.change, lab.certificate)

    assert (caught.value.kind, caught.value.executed) == (kind, executed)
    assert lab.is_changed() is is_changed


@pytest.mark.parametrize(("trouble", "kind", "executed", "is_changed"), _CASES)
def test_trouble_leaves_nothing_behind(
    lab: Lab, trouble: Trouble, kind: FaultKind, executed: Executed, is_changed: bool
) -> None:
    """No shell stays open, for leaked ones lock the account out in the end, and the next try works."""
    lab.host.plan.add(trouble)
    with pytest.raises(HostFault):
        lab.hosts.act(lab.change, lab.certificate)

    assert lab.host.shells.listed() == []
    lab.host.plan.clear()
    later = WinRMHosts([lab.access], SetClock())
    assert later.observe(lab.change, lab.certificate).done is is_changed
    later.close()


def test_a_wrong_password_is_tried_once_and_explained(lab: Lab) -> None:
    """Repeated wrong passwords lock accounts: one try, with what the host offers and its clock."""
    lab.host.clock.set(NOW + timedelta(seconds=900))
    wrong = WinRMHosts(
        [replace(lab.access, password=lambda: "wrong")], SetClock(), pause=lambda _: None
    )
    with pytest.raises(HostFault) as caught:
        wrong.snapshot(EX01)
    fault = caught.value

    assert (fault.kind, fault.executed) == (FaultKind.SIGN_IN, "no")
    assert "offers CredSSP, Negotiate." in fault.sentence
    assert "+900 s, which Kerberos does not bear" in fault.sentence
    assert lab.host.request_counts()["actions"] == {}
    assert "wrong" not in fault.sentence.replace("repeated wrong passwords", "")


def test_an_account_without_rights_is_told_so(lab: Lab) -> None:
    """Signed in, but no administrator: that is not a wrong password."""
    plain = replace(lab.access, user="CORP\\plain", password=lambda: _USER.password)
    with pytest.raises(HostFault) as caught:
        WinRMHosts([plain], SetClock()).snapshot(EX01)

    assert caught.value.kind is FaultKind.ACCESS_DENIED


def test_nobody_at_the_address_is_told_fast(lab: Lab) -> None:
    """A closed port is seen before anything is sent, and the password is not even opened."""

    def never() -> str:
        raise AssertionError("the password was opened")

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/wsman"
        closed = WinRMHosts(
            [replace(lab.access, winrm_url=url, password=never)], SetClock(), pause=lambda _: None
        )
        with pytest.raises(HostFault) as caught:
            closed.snapshot(EX01)

    assert (caught.value.kind, caught.value.executed) == (FaultKind.UNREACHABLE, "no")


def test_a_secret_that_cannot_be_opened_is_told_so(lab: Lab) -> None:
    """A missing password file is no broken connection, and no sign-in is tried."""

    def missing() -> str:
        raise FileNotFoundError("/run/secrets/ex01")

    before = lab.host.request_counts()["http"]
    with pytest.raises(HostFault) as caught:
        WinRMHosts([replace(lab.access, password=missing)], SetClock()).snapshot(EX01)

    assert (caught.value.kind, caught.value.code) == (FaultKind.SIGN_IN, "no-secret")
    assert lab.host.request_counts()["http"] == before


def test_a_listener_of_another_authority_is_refused(lab: Lab, tmp_path: Path) -> None:
    """The listener's certificate is checked, and the password never reaches a stranger."""
    anchor = tmp_path / "other.pem"
    anchor.write_text(Authority().anchors_pem, encoding="ascii")
    https = replace(lab.access, winrm_url=lab.https, auth="basic", ca_pem=str(anchor))
    with pytest.raises(HostFault) as caught:
        WinRMHosts([https], SetClock()).snapshot(EX01)

    assert (caught.value.code, caught.value.executed) == ("tls", "no")


def test_errors_of_cmdlets_are_told_in_their_own_words(lab: Lab) -> None:
    """A stopped Service Host is recognised, and said to pass."""
    lab.host.plan.add(Trouble(do="rpc_down", cmdlet="Get-ExchangeCertificate"))
    with pytest.raises(HostFault) as caught:
        lab.hosts.snapshot(EX01)

    assert (caught.value.kind, caught.value.code) == (FaultKind.BUSY, "ServiceHostStopped")
