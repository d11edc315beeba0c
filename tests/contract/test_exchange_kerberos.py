"""Kerberos against a private KDC: both schemes, both doors, and each way it can fail."""

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
import spnego

from bot.domain.faults import FaultKind, HostFault
from bot.domain.plan import Answer
from bot.exchange import cmdlets
from bot.exchange.access import Door
from bot.exchange.allowance import Gate
from bot.exchange.gated import GatedAdapter
from bot.exchange.hosts import WinRMHosts
from bot.exchange.tickets import NoTicket
from bot.exchange.winrm_connection import protocol_for
from sandbox.exchange.host import ExchangeHost
from sandbox.exchange.kerberos.realm import Realm
from sandbox.exchange.wsman.logon import Logon
from sandbox.exchange.wsman.service import Principal
from tests.contract.kerberos_lab import Lab, lab_of, realm_of, wrong_clock
from tests.unit.exchange.samples import EX01, NOW, Authority, SetClock, ask, order

SERVICE = "HTTP/ex01.corp.example.com"
_SPNEGO = bytes.fromhex("06062b0601050502")
"""The object identifier 1.3.6.1.5.5.2, with which a wrapped token begins (RFC 4178 3.1)."""


@pytest.fixture(scope="module")
def realm() -> Iterator[Realm]:
    """One KDC for this file."""
    with realm_of() as running:
        yield running


@pytest.fixture
def lab(realm: Realm, tmp_path: Path) -> Iterator[Lab]:
    """A host of its own for each test."""
    with lab_of(realm, tmp_path) as made:
        yield made


@pytest.mark.parametrize(("scheme", "handshake"), [("http", 1), ("https", 1)])
def test_a_ticket_from_the_password_carries_a_conversation(
    lab: Lab, scheme: str, handshake: int
) -> None:
    """No ticket cache is there; large values both ways, the exact number of requests, no shell left (winrm.md 2)."""
    data = bytes(range(256)) * 200
    session = lab.session(winrm_url=lab.urls[scheme])
    session.open()
    opened = lab.requests()
    session.run(cmdlets.write_file("large.bin", data))
    read = session.run(cmdlets.read_file("large.bin"))
    session.close()

    assert opened == handshake + 4
    assert len(read.objects[0][0] or "") > len(data)
    assert lab.host.shells.listed() == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_conversation_that_idled_signs_in_anew(lab: Lab, scheme: str) -> None:
    """Its connection is left after a minute; the next one is signed in by our ticket again, and the shell is given back."""
    session = lab.session(winrm_url=lab.urls[scheme])
    session.open()
    for _ in range(2):
        lab.seconds.now += 61
        session.run(cmdlets.file_path("any.bin"))
    lab.seconds.now += 61
    session.close()

    assert lab.host.shells.listed() == []


def test_the_endpoint_takes_the_ticket_and_nothing_else(lab: Lab) -> None:
    """One empty message signs in; NTLM is refused there, as on a real host (exchange.md 1.2)."""
    endpoint = lab.endpoint()
    endpoint.open()
    reply = endpoint.run(cmdlets.get_certificates())
    endpoint.close()
    with pytest.raises(HostFault) as caught:
        lab.endpoint(auth="ntlm", spn_host="", user="CORP\\svc-certdesk").open()

    assert reply.objects
    assert caught.value.code == "http-401"
    assert lab.host.pools.listed() == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_one_ticket_serves_both_doors_and_every_connection(lab: Lab, scheme: str) -> None:
    """The KDC is asked once; the ticket in memory does for the rest, even while no KDC answers."""
    lab.open_and_close(scheme)
    lab.realm.pause()
    try:
        lab.open_and_close(scheme)
        endpoint = lab.endpoint()
        endpoint.open()
        endpoint.close()
    finally:
        lab.realm.resume()

    assert lab.host.shells.listed() == []


@pytest.mark.parametrize("door", ["winrm", "psrp"])
def test_a_whole_install_runs_on_tickets_alone(
    realm: Realm, vendor: Authority, tmp_path: Path, door: Door
) -> None:
    """Request, plan, every operation and its proof: over WinRM alone, and with the cmdlets at the endpoint."""
    options = {"anchors_pem": vendor.anchors_pem, "clock": lambda: NOW}
    with lab_of(realm, tmp_path, **options) as lab:
        hosts = WinRMHosts([replace(lab.way, door=door)], SetClock())
        try:
            certificate = vendor.answer(hosts.make_csr(ask()))
            plan = hosts.plan(order(), certificate, (hosts.snapshot(EX01),))
            seen = []
            for operation in plan.host(EX01).operations_for(Answer.NO):
                hosts.act(operation, certificate)
                seen.append(hosts.observe(operation, certificate).done)
        finally:
            hosts.close()
        counts = lab.host.request_counts()

    assert len(seen) > 3
    assert all(seen)
    assert bool(counts["endpoint"]) == (door == "psrp")
    assert (counts["shells"], counts["pools"]) == ([], [])


def test_a_ticket_that_ends_soon_is_renewed(lab: Lab) -> None:
    """Ten hours are over but for nine minutes: the KDC is asked again, and the old cache is gone."""
    first = lab.tickets.cache_for(lab.way, lab.way.password())
    lab.seconds.now += 36_000 - 540
    second = lab.tickets.cache_for(lab.way, lab.way.password())

    assert first != second
    assert lab.tickets.cache_for(lab.way, lab.way.password()) == second


def test_a_keytab_signs_in_without_a_password(lab: Lab) -> None:
    """The keytab's keys get the ticket; the password is never opened."""

    def never() -> str:
        raise AssertionError("the password was opened")

    keytab = lab.realm.write_keytab("svc-certdesk")
    session = lab.session(keytab=str(keytab), password=never)
    session.open()
    session.close()

    assert lab.host.request_counts()["refused"] == 0


def test_a_keytab_others_can_read_is_refused(lab: Lab) -> None:
    """Whoever reads it signs in as the account."""
    keytab = lab.realm.write_keytab("svc-certdesk")
    keytab.chmod(0o640)
    fault = _fault(lab, keytab=str(keytab))

    assert (fault.kind, fault.code) == (FaultKind.SIGN_IN, "keytab-file")
    assert f"{keytab.name} is open to others" in fault.sentence
    assert lab.requests() == 0


# Each way it can fail: nothing reaches the host, and the sentence says which it was.


def test_a_wrong_password_is_told_to_the_kdc_once(lab: Lab) -> None:
    """The second try, at either door, is not made: it could lock the account."""
    fault = _fault(lab, password=lambda: "wr0ng-pass")
    again = _fault(lab, password=lambda: "wr0ng-pass")
    with pytest.raises(HostFault) as at_endpoint:
        lab.endpoint(password=lambda: "wr0ng-pass").open()
    good = lab.session()
    good.open()
    good.close()

    assert (fault.kind, fault.code, fault.executed) == (
        FaultKind.SIGN_IN,
        "kerberos-password",
        "no",
    )
    assert again.code == at_endpoint.value.code == "password-refused-before"
    assert "wr0ng-pass" not in fault.sentence + again.sentence


def test_an_unknown_account_is_named(lab: Lab) -> None:
    """It is the KDC that does not know it."""
    fault = _fault(lab, user=f"nobody@{lab.realm.name}")

    assert (fault.kind, fault.code, fault.executed) == (FaultKind.SIGN_IN, "kerberos-user", "no")
    assert f"'nobody@{lab.realm.name}'" in fault.sentence
    assert lab.requests() == 0


def test_an_account_that_is_locked_is_told(lab: Lab) -> None:
    """Another try would not help."""
    user = lab.realm.add_user("locked", "secret")
    lab.realm.lock("locked")
    fault = _fault(lab, user=user, password=lambda: "secret")

    assert (fault.kind, fault.code) == (FaultKind.SIGN_IN, "kerberos-account")


def test_a_service_the_kdc_does_not_know_is_named(lab: Lab) -> None:
    """The address is no name of the server: spn_host is the way out."""
    fault = _fault(lab, spn_host="")

    assert (fault.kind, fault.code, fault.executed) == (FaultKind.SIGN_IN, "kerberos-spn", "no")
    assert "HTTP/127.0.0.1" in fault.sentence
    assert "spn_host" in fault.sentence
    assert lab.requests() == 0


@pytest.mark.parametrize("user", ["svc-certdesk@NOWHERE.EXAMPLE", "svc-certdesk@CORP.EXAMPLE.COM"])
def test_a_kdc_that_cannot_be_reached_is_tried_later(lab: Lab, user: str) -> None:
    """Nobody answers, or nobody is named for the realm; no person's password is to blame."""
    lab.realm.pause()
    try:
        fault = _fault(lab, user=user)
    finally:
        lab.realm.resume()

    assert (fault.kind, fault.code, fault.executed) == (FaultKind.UNREACHABLE, "no-kdc", "no")
    assert user.partition("@")[2] in fault.sentence


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_with_a_foreign_key_refuses_and_the_ticket_is_dropped(lab: Lab, scheme: str) -> None:
    """The key in the KDC is another than the host's; once the host has the new one, a new ticket is got."""
    lab.realm.renew_key(SERVICE)
    fault = _fault(lab, winrm_url=lab.urls[scheme])
    lab.realm.add_key_to_keytab(SERVICE)
    lab.open_and_close(scheme)

    assert (fault.kind, fault.code, fault.executed) == (FaultKind.SIGN_IN, "http-401", "no")
    assert "The host offers" in fault.sentence


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_that_offers_no_kerberos_is_told_and_ntlm_is_not_tried(
    realm: Realm, tmp_path: Path, scheme: str
) -> None:
    """A host outside the realm: its answer to the ticket is 401, and no other way is tried."""
    host = ExchangeHost()
    with lab_of(realm, tmp_path) as lab:
        info = host.start()
        try:
            fault = _fault(
                lab, winrm_url=str(info[f"wsman_{scheme}"]), ca_pem=_anchor(info, tmp_path)
            )
            counts = host.request_counts()
        finally:
            host.stop()

    assert (fault.kind, fault.code) == (FaultKind.SIGN_IN, "http-401")
    assert "The host offers" in fault.sentence
    assert counts["actions"] == {}


def test_a_clock_four_minutes_off_is_borne(tmp_path: Path) -> None:
    """Kerberos bears five."""
    with realm_of(**wrong_clock("+4m")) as realm, lab_of(realm, tmp_path) as lab:
        lab.open_and_close("http")

        assert lab.host.request_counts()["refused"] == 0


@pytest.mark.parametrize(("offset", "skew"), [("+6m", 360), ("-6m", -360)])
def test_a_clock_six_minutes_off_is_told(tmp_path: Path, offset: str, skew: int) -> None:
    """The KDC lives at another time than the host; the client follows the KDC, so it is the host that refuses."""
    with realm_of(**wrong_clock(offset)) as realm, lab_of(realm, tmp_path) as lab:
        fault = _fault(lab)
        with pytest.raises(HostFault) as at_endpoint:
            lab.endpoint().open()

    assert (fault.kind, fault.code, fault.executed) == (FaultKind.SIGN_IN, "http-401", "no")
    for sentence in (fault.sentence, at_endpoint.value.sentence):
        [told] = re.findall(r"The KDC's clock differs from this machine's by ([+-]\d+) s", sentence)
        assert abs(int(told) - skew) < 60


def test_a_host_that_proves_nothing_is_not_believed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutual authentication is asked for: an answer without the last token is no answer."""
    monkeypatch.setattr(Logon, "offer", _believing)
    fault = _fault(lab)

    assert (fault.kind, fault.code, fault.executed) == (FaultKind.SIGN_IN, "host-not-proven", "no")


def test_a_ticket_wrapped_in_spnego_signs_in_as_well(lab: Lab) -> None:
    """As Windows' own clients send it; the host's proof comes back in the same wrapping."""
    way = replace(lab.way, winrm_url=lab.urls["http"])
    cache = lab.tickets.cache_for(way, way.password())
    context = spnego.client(
        spnego.KerberosCCache(cache), hostname=way.spn_host, service="HTTP", protocol="negotiate"
    )
    token = context.step() or b""
    answer = requests.post(
        way.winrm_url,
        headers={"Authorization": f"Negotiate {base64.b64encode(token).decode()}"},
        timeout=30,
    )
    context.step(base64.b64decode(answer.headers["WWW-Authenticate"].partition(" ")[2]))

    assert _SPNEGO in token[:20]
    assert answer.status_code != 401
    assert (context.complete, context.negotiated_protocol) == (True, "kerberos")


def test_no_message_leaves_unsealed_after_a_sign_in_that_failed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library keeps a session whose sign-in failed; the next message must not go over it as it is."""
    way = replace(lab.way, winrm_url=lab.urls["http"])
    protocol = protocol_for(way, way.password(), lab.tickets, Gate())
    with monkeypatch.context() as patch:
        patch.setattr(Logon, "offer", _believing)
        with pytest.raises(NoTicket):
            protocol.transport.build_session()
    bodies = _bodies(monkeypatch)
    shell = protocol.open_shell()
    protocol.close_shell(shell)

    assert [kind for kind in bodies if kind] == ["multipart/encrypted"] * 2


def test_a_second_session_over_http_is_sealed_like_the_first(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is made anew signs in by our ticket again, and seals what follows."""
    way = replace(lab.way, winrm_url=lab.urls["http"])
    protocol = protocol_for(way, way.password(), lab.tickets, Gate())
    bodies = _bodies(monkeypatch)
    shell = protocol.open_shell()
    protocol.transport.close_session()
    protocol.close_shell(shell)

    assert bodies == ["", "multipart/encrypted", "", "multipart/encrypted"]


def _bodies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What every request from now on says of its body: empty, sealed or plain."""
    sent: list[str] = []
    send = GatedAdapter.send

    def noted(
        adapter: GatedAdapter, request: requests.PreparedRequest, *args: object, **options: object
    ) -> requests.Response:
        kind = str(request.headers.get("Content-Type", "")).partition(";")[0]
        sent.append(kind if request.body else "")
        return send(adapter, request, *args, **options)

    monkeypatch.setattr(GatedAdapter, "send", noted)
    return sent


def _believing(logon: Logon, header: str) -> None:
    """A stranger who takes any ticket and cannot prove anything."""
    logon.principal = Principal(name="CORP\\svc-certdesk", is_admin=True)


def _fault(lab: Lab, **changes: object) -> HostFault:
    with pytest.raises(HostFault) as caught:
        lab.session(**changes).open()
    return caught.value


def _anchor(info: dict[str, object], folder: Path) -> str:
    anchor = folder / "other.pem"
    anchor.write_text(str(info["ca_pem"]), encoding="ascii")
    return str(anchor)
