"""What is read of a host before a plan: the same facts through every door of every version."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import pytest

from bot.certs.judge import IssuedCertificate
from bot.domain.faults import HostFault
from bot.domain.plan import Answer, Service, Snapshot
from bot.domain.surroundings import AuthCertificates, Fact
from bot.exchange.access import Door
from bot.exchange.hosts import WinRMHosts
from sandbox.exchange.engine.selection import tls_name
from sandbox.exchange.engine.state import HostState, Listener
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.profile import PROFILES, Version
from tests.contract.test_exchange_hosts import access
from tests.unit.exchange.samples import EX01, MAIL, NOW, Authority, SetClock, ask, order

_VERSIONS: tuple[Version, ...] = get_args(Version)
_DOORS: list[tuple[Version, Door]] = [
    (version, door)
    for version in _VERSIONS
    for door in ("winrm", "psrp")
    if (version, door) != ("2007", "psrp")
]
_WITHOUT_BACK_END = {"2007", "2010"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """One sandbox host, and the bot's way to it."""

    host: ExchangeHost
    hosts: WinRMHosts
    version: Version

    @property
    def state(self) -> HostState:
        """The truth."""
        return self.host.engine.state

    def snapshot(self) -> Snapshot:
        """What the bot sees of it."""
        return self.hosts.snapshot(EX01)


@pytest.fixture
def open_lab(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Start a host and a way to it; everything is closed at the end."""
    with ExitStack() as stack:

        def start(version: Version = "2019", door: Door = "winrm", **options: Any) -> Lab:
            host = ExchangeHost(version=version, clock=lambda: NOW, **options)
            stack.callback(host.stop)
            hosts = WinRMHosts([access(host.start(), version, tmp_path, door=door)], SetClock())
            stack.callback(hosts.close)
            return Lab(host=host, hosts=hosts, version=version)

        yield start


@pytest.fixture(params=_DOORS, ids=" ".join)
def lab(request: pytest.FixtureRequest, open_lab: Callable[..., Lab]) -> Lab:
    """A fresh host of every version, through every door it has."""
    version, door = request.param
    return open_lab(version, door)


def test_a_fresh_host_is_read_whole(lab: Lab) -> None:
    """Nothing stays unread, and every fact is the host's own."""
    seen, state = lab.snapshot(), lab.state
    has_back_end = lab.version not in _WITHOUT_BACK_END
    auth = AuthCertificates(current=state.auth_certificate) if has_back_end else None  # type: ignore[arg-type] # text of the sandbox
    assert seen.web is not None
    front, back = seen.web.front_end, seen.web.back_end

    assert seen.unread == ()
    assert front is not None
    assert front.thumbprint == state.sites[1]
    assert (back is not None and back.thumbprint == state.sites[2]) is has_back_end
    assert seen.web.requires_ssl is True
    assert seen.mail_names == {Service.POP: "EX01", Service.IMAP: "EX01"}
    assert (seen.auth, seen.edge_subscriptions, seen.hybrid) == (auth, (), None)
    assert "Mailbox" in seen.roles
    assert seen.pending == ()
    assert {held.root_kind for held in seen.certificates if held.subject == "CN=EX01"} == {
        "Registry"
    }


def test_a_changed_host_is_read_as_it_is(lab: Lab) -> None:
    """Everything that can hang on a certificate is seen after somebody changed it."""
    state = lab.state
    state.require_ssl = False
    state.mail_names["POP"] = "pop.example.com"
    state.edge_subscriptions.append("EDGE01")
    state.listeners.append(Listener(address="web.example.com:443", thumbprint="B" * 40, site=9))
    lab.hosts.make_csr(ask())
    seen = lab.snapshot()
    assert seen.web is not None

    assert seen.web.requires_ssl is False
    assert seen.mail_names[Service.POP] == "pop.example.com"
    assert seen.edge_subscriptions == ("EDGE01",)
    assert [b.site for b in seen.web.bound_to("B" * 40)] == [9]  # type: ignore[arg-type] # a made-up one
    assert [(p.friendly_name, p.not_before is not None) for p in seen.pending] == [
        ("CertDesk 27/1", True)
    ]


def test_an_installation_is_seen_where_it_took_effect(lab: Lab) -> None:
    """443 and the mail names follow the new certificate; 444 and the Auth certificate stay."""
    vendor = Authority()
    before = lab.snapshot()
    certificate = vendor.answer(lab.hosts.make_csr(ask()))
    plan = lab.hosts.plan(order(), certificate, (before,)).host(EX01)
    for operation in plan.operations_for(Answer.NO):
        lab.hosts.act(operation, certificate)
    after = lab.snapshot()
    assert before.web is not None
    assert after.web is not None
    assert after.web.front_end is not None

    assert after.web.front_end.thumbprint == certificate.facts.thumbprint
    assert after.web.back_end == before.web.back_end
    assert after.mail_names == {Service.POP: MAIL, Service.IMAP: MAIL}
    assert (after.auth, after.default_smtp) == (before.auth, before.default_smtp)


@pytest.mark.parametrize("answer", Answer)
def test_the_back_end_and_the_auth_certificate_outlive_everything(lab: Lab, answer: Answer) -> None:
    """Through installation and roll-back 444, the Auth certificate and every certificate of before are what they were."""
    vendor, state = Authority(), lab.state
    before = lab.snapshot()
    kept = (state.sites.get(2), state.auth_certificate, dict(state.stores.my))
    certificate = vendor.answer(lab.hosts.make_csr(ask()))
    plan = lab.hosts.plan(order(), certificate, (before,))
    for operation in plan.host(EX01).operations_for(answer):
        lab.hosts.act(operation, certificate)
    for operation in lab.hosts.plan_roll_back(plan, lab.snapshot()).operations:
        lab.hosts.act(operation, certificate)
    after = lab.snapshot()
    auth = state.auth_certificate or "nobody's"

    assert (state.sites.get(2), state.auth_certificate) == kept[:2]
    assert set(kept[2]) <= set(state.stores.my)
    assert (after.web, after.default_smtp, after.mail_names) == (
        before.web,
        before.default_smtp,
        before.mail_names,
    )
    assert auth not in str(lab.host.engine.journal.listed())


@pytest.mark.parametrize("door", ["winrm", "psrp"])
def test_an_auth_certificate_that_is_the_default_is_not_given_smtp(
    open_lab: Callable[..., Lab], door: Door
) -> None:
    """Somebody made it the default by mistake: a No is kept without ever naming it to a cmdlet."""
    vendor = Authority()
    lab = open_lab("2019", door, anchors_pem=vendor.anchors_pem)
    lab.state.default_smtp = lab.state.auth_certificate
    certificate = vendor.answer(lab.hosts.make_csr(ask()))
    plan = lab.hosts.plan(order(), certificate, (lab.snapshot(),))
    for operation in plan.host(EX01).operations_for(Answer.NO):
        lab.hosts.act(operation, certificate)
    seen = lab.hosts.read_back(EX01, certificate, plan.services, plan, Answer.NO)
    undone = lab.hosts.plan_roll_back(plan, lab.snapshot()).operations

    assert lab.state.default_smtp == lab.state.auth_certificate
    assert str(lab.state.auth_certificate) not in str(lab.host.engine.journal.listed())
    assert lab.state.auth_certificate not in {one.thumbprint for one in undone}
    assert seen.done


def test_an_upgrade_between_plan_and_run_stops_the_plan(open_lab: Callable[..., Lab]) -> None:
    """The build is read anew at each meeting: another version is refused before anything ran, a revision goes on."""
    lab, vendor = open_lab("2016"), Authority()
    certificate = vendor.answer(lab.hosts.make_csr(ask()))
    plan = lab.hosts.plan(order(), certificate, (lab.snapshot(),))
    first, *_ = plan.host(EX01).operations_for(Answer.NO)
    lab.hosts.close()
    ran = len(lab.host.engine.journal.listed())
    lab.state.profile = PROFILES["2019"]
    with pytest.raises(HostFault, match=r"15\.1\.2507\.6") as caught:
        lab.hosts.act(first, certificate)
    lab.hosts.close()
    lab.state.profile = replace(PROFILES["2016"], build=(15, 1, 2507, 58))
    after_refusal = len(lab.host.engine.journal.listed())
    lab.hosts.act(first, certificate)

    assert (caught.value.code, caught.value.executed) == ("build-changed", "no")
    assert after_refusal == ran
    assert lab.hosts.observe(first, certificate).done


def test_an_edge_server_is_known_as_one(open_lab: Callable[..., Lab]) -> None:
    """It is asked for nothing it has not, and nothing is told as unread."""
    seen = open_lab(edge=True).snapshot()

    assert seen.is_edge
    assert (seen.web, seen.auth, seen.mail_names, seen.unread) == (None, None, {}, ())


def test_a_shared_configuration_of_iis_is_told(open_lab: Callable[..., Lab]) -> None:
    """The snapshot goes on without it."""
    lab = open_lab()
    lab.state.shared_web = True
    seen = lab.snapshot()

    assert [unread.fact for unread in seen.unread] == [Fact.WEB]
    assert "shared" in seen.unread[0].why
    assert seen.certificates


def test_an_account_without_roles_for_it_still_gets_its_snapshot(tmp_path: Path) -> None:
    """At the endpoint a cmdlet without a role does not exist; only what it would have told is unknown."""
    host = ExchangeHost(clock=lambda: NOW)
    info = host.start()
    host.denied_cmdlets.update({"Get-AuthConfig", "Get-PopSettings", "Get-EdgeSubscription"})
    hosts = WinRMHosts([access(info, "2019", tmp_path, door="psrp")], SetClock())
    seen = hosts.snapshot(EX01)
    hosts.close()
    host.stop()

    assert {unread.fact for unread in seen.unread} == {Fact.AUTH, Fact.POP, Fact.EDGE}
    assert all("no role" in unread.why for unread in seen.unread)
    assert set(seen.mail_names) == {Service.IMAP}


def _rolled_back(lab: Lab, vendor: Authority) -> IssuedCertificate:
    """Install with Yes and give everything back: the certificate is there and serves nothing."""
    before = lab.snapshot()
    certificate = vendor.answer(lab.hosts.make_csr(ask()))
    plan = lab.hosts.plan(order(), certificate, (before,))
    for operation in plan.host(EX01).operations_for(Answer.YES):
        lab.hosts.act(operation, certificate)
    for operation in lab.hosts.plan_roll_back(plan, lab.snapshot()).operations:
        lab.hosts.act(operation, certificate)
    return certificate


def test_what_exchange_would_not_refuse_is_refused(lab: Lab) -> None:
    """A site of somebody else, the back end, the name of POP, a receive connector: each seen over the wire."""
    vendor, state = Authority(), lab.state
    certificate = _rolled_back(lab, vendor)
    mine = certificate.facts.thumbprint
    assert len(lab.hosts.plan_retirement(order(), certificate, (lab.snapshot(),))) == 1
    state.listeners.append(Listener(address="web.example.com:443", thumbprint=mine, site=9))
    state.mail_names["POP"] = MAIL
    front = next(one for one in state.connectors if one.kind == "Receive")
    front.tls_certificate_name = tls_name(state.stores.my[mine])
    if 2 in state.sites:
        state.sites[2] = mine
    with pytest.raises(HostFault) as caught:
        lab.hosts.plan_retirement(order(), certificate, (lab.snapshot(),))
    told = str(caught.value)

    assert "the web site 'Site 9' at web.example.com:443 is bound to it" in told
    assert ("the web site 'Exchange Back End' at *:444 is bound to it" in told) is (
        2 in state.sites
    )
    assert f"POP goes by the name '{MAIL}'" in told
    assert f"the receive connector '{front.name}' names it" in told
    assert mine in state.stores.my


def test_what_exchange_refuses_is_foreseen_in_its_order(open_lab: Callable[..., Lab]) -> None:
    """UM, the call router, the federation trust, then the send connectors; the removal is not even tried."""
    lab, vendor = open_lab("2016"), Authority()
    certificate = _rolled_back(lab, vendor)
    mine, state = certificate.facts.thumbprint, lab.state
    state.um.thumbprint = state.um_call_router.thumbprint = state.federation = mine
    sending = next(one for one in state.connectors if one.kind == "Send")
    sending.tls_certificate_name = tls_name(state.stores.my[mine])
    ran = len(lab.host.engine.journal.listed())
    with pytest.raises(HostFault) as caught:
        lab.hosts.plan_retirement(order(), certificate, (lab.snapshot(),))
    expected = (
        "UM uses it; UM's call router uses it; the federation trust uses it; "
        "the send connector 'Internet' names it"
    )

    assert expected in str(caught.value)
    assert len(lab.host.engine.journal.listed()) == ran
