"""Connectors that name the certificate of before: which follow, where, when, and why others are left alone."""

from dataclasses import replace
from typing import Any

import pytest

from bot.certs.judge import IssuedCertificate
from bot.domain.ids import HostName
from bot.domain.plan import (
    Answer,
    Connector,
    HostCertificate,
    InstallPlan,
    OperationKind,
    Renaming,
    Service,
    Snapshot,
    canonical,
)
from bot.exchange.plan import plan_install
from tests.fakes.exchange import FakeExchangeHosts
from tests.unit.exchange.samples import EX01, MAIL, Authority, ask, order

EX02, EX03 = HostName("EX02"), HostName("EX03")
_CERTIFICATE = Authority().answer(FakeExchangeHosts().make_csr(ask()))
_NAMING = OperationKind.NAME_IN_CONNECTOR
_CANNOT_BE_GIVEN_BACK = "F" * 40


def old(certificate: IssuedCertificate = _CERTIFICATE, **parts: Any) -> HostCertificate:
    """The certificate of last year, of another vendor."""
    (own,) = FakeExchangeHosts().snapshot(EX01).certificates
    whole: dict[str, Any] = {
        "thumbprint": "0" * 39 + "1",
        "subject": certificate.facts.subject,
        "issuer": "CN=Old CA, O=Old Vendor",
        "names": certificate.facts.names,
        **parts,
    }
    return replace(own, **whole)


PAIR = f"<I>{old().issuer}<S>{old().subject}"
NEW_PAIR = f"<I>{_CERTIFICATE.facts.issuer}<S>{_CERTIFICATE.facts.subject}"


def connector(direction: str = "send", name: str = "Internet", **parts: Any) -> Connector:
    """A connector that names the certificate of last year, used by EX01 alone."""
    whole: dict[str, Any] = {
        "fqdn": "other.example.com",
        "tls_certificate_name": PAIR,
        "identity": name if direction == "send" else f"EX01\\{name}",
        "sources": ("ex01",) if direction == "send" else (),
        **parts,
    }
    return Connector(direction=direction, name=name, **whole)


def snapshot(*connectors: Connector, host: HostName = EX01, **parts: Any) -> Snapshot:
    """A host that holds the certificate of last year."""
    fresh = FakeExchangeHosts(names=(host,)).snapshot(host)
    return replace(fresh, certificates=(*fresh.certificates, old()), connectors=connectors, **parts)


def planned(*snapshots: Snapshot, **wishes: Any) -> InstallPlan:
    """The plan of an order that asks for connectors, for all these hosts."""
    hosts = tuple(one.host for one in snapshots)
    asked = order(**{"hosts": hosts, "exportable": True, "connectors": True, **wishes})
    return plan_install(asked, _CERTIFICATE, snapshots, words={})


def renamed(plan: InstallPlan) -> dict[str, list[str]]:
    """Which connectors change, by host."""
    return {
        host.host: [
            one.connector.identity
            for one in host.operations
            if one.kind is _NAMING and one.connector is not None
        ]
        for host in plan.hosts
    }


def told(plan: InstallPlan, part: str, host: HostName = EX01) -> bool:
    """Whether a sentence of the forecast says so."""
    return any(part in sentence for sentence in plan.host(host).forecast)


def test_connectors_follow_after_smtp_the_send_connector_last() -> None:
    """Exchange wants the certificate enabled for SMTP first; each operation knows exactly what was named."""
    plan = planned(snapshot(connector(), connector("receive", "Default Frontend EX01")))
    *_, restoring, receiving, sending = plan.host(EX01).operations

    assert restoring.kind is OperationKind.RESTORE_SMTP_DEFAULT
    assert receiving.connector == Renaming(
        direction="receive", identity="EX01\\Default Frontend EX01", was=PAIR
    )
    assert sending.connector == Renaming(direction="send", identity="Internet", was=PAIR)
    assert (receiving.only_if, sending.only_if) == (None, None)
    assert "Set-ReceiveConnector -Identity:'EX01\\Default Frontend EX01'" in receiving.text
    assert '"<I>$($c.Issuer)<S>$($c.Subject)"' in sending.text
    assert receiving.key != sending.key


def test_without_the_wish_nothing_changes_and_the_line_to_type_is_told() -> None:
    """An order of before, or one that did not ask, leaves connectors as they are."""
    plan = planned(snapshot(connector()), connectors=False)

    assert renamed(plan) == {EX01: []}
    assert told(plan, "The order leaves connectors alone. After the installation run: $c = Get-Ex")


_ALONE: list[tuple[Connector, dict[str, Any], str]] = [
    (connector(), {"services": (Service.IIS,)}, "SMTP is not among the services"),
    (connector(sources=()), {}, "did not say which servers send through it"),
    (connector(sources=("ex01", "ex09")), {}, "also used by 'EX09'"),
    (connector(name="a\x07b"), {}, "cannot be sent"),
]


@pytest.mark.parametrize(("one", "wishes", "why"), _ALONE)
def test_what_cannot_follow_is_left_alone_with_a_reason(
    one: Connector, wishes: dict[str, Any], why: str
) -> None:
    """Mail that would lose its TLS is worse than a line to type by hand."""
    plan = planned(snapshot(one), **wishes)

    assert renamed(plan) == {EX01: []}
    assert told(plan, why)
    assert told(plan, "After the installation run:")


_STRANGERS = [
    connector(tls_certificate_name=""),
    connector(tls_certificate_name="<I>CN=A<S>CN=B"),
    connector(tls_certificate_name="nonsense"),
    connector(tls_certificate_name=NEW_PAIR),
]


@pytest.mark.parametrize("one", _STRANGERS)
def test_what_names_no_certificate_of_before_is_no_business_of_ours(one: Connector) -> None:
    """None, a stranger's, something unreadable, or the new pair already."""
    assert renamed(planned(snapshot(one))) == {EX01: []}


def test_the_same_pair_has_nothing_to_update_and_blocks_retirement() -> None:
    """The forecast says both, with the way round it (exchange.md 7 trap 1)."""
    plan = planned(snapshot(connector(tls_certificate_name=NEW_PAIR)))

    assert told(plan, "nothing to update")
    assert told(plan, "refuses to remove the old certificate, and the new one too")


def test_a_shared_send_connector_follows_on_the_last_host() -> None:
    """Every source server has the certificate by then; receive connectors follow each on its own server."""
    shared = connector(sources=("ex01", "ex02"))
    own = {
        host: connector("receive", f"Default {host}", identity=f"{host}\\Default {host}")
        for host in (EX01, EX02)
    }
    plan = planned(*(snapshot(shared, own[host], host=host) for host in (EX01, EX02)))

    assert renamed(plan) == {
        EX01: ["EX01\\Default EX01"],
        EX02: ["EX02\\Default EX02", "Internet"],
    }
    assert told(plan, "follows on EX02, when every host of this order has the certificate")
    assert told(plan, "last of all", EX02)


def test_a_send_connector_of_one_host_follows_where_it_is_shown() -> None:
    """The last host is the last that shows it, not the last of the order."""
    plan = planned(snapshot(connector()), snapshot(host=EX02))

    assert renamed(plan) == {EX01: ["Internet"], EX02: []}


def test_a_host_that_may_keep_its_smtp_holds_the_others_connector_back() -> None:
    """With No its SMTP stays as it is; a shared connector would name a certificate it cannot send with."""
    shared = connector(sources=("ex01", "ex02"))
    lost = snapshot(shared, host=EX01, default_smtp=_CANNOT_BE_GIVEN_BACK)
    plan = planned(lost, snapshot(shared, host=EX02))

    assert renamed(plan) == {EX01: [], EX02: []}
    assert told(plan, "With No, SMTP stays as it is on EX01", EX02)


def test_where_no_leaves_smtp_alone_it_leaves_the_connectors_alone() -> None:
    """On the one host itself the change hangs on the answer."""
    plan = planned(snapshot(connector(), default_smtp=_CANNOT_BE_GIVEN_BACK))
    (naming,) = (one for one in plan.host(EX01).operations if one.kind is _NAMING)

    assert naming.only_if is Answer.YES
    assert naming not in plan.host(EX01).operations_for(Answer.NO)
    assert Service.SMTP not in plan.host(EX01).provable(plan.services, Answer.NO)


@pytest.mark.parametrize(("wanted", "expected"), [(True, True), (False, False)])
def test_port_25_is_proven_by_what_its_connector_will_name(wanted: bool, expected: bool) -> None:
    """A front connector that is pinned to the old one shows the new one only once it names it."""
    front = connector("receive", "Default Frontend EX01", fqdn=MAIL)
    plan = planned(snapshot(front), connectors=wanted)

    assert plan.host(EX01).smtp_by_name is expected
    assert told(plan, "STARTTLS on port 25 shows the new certificate only if") is not expected


@pytest.mark.parametrize(
    ("wanted", "part"),
    [(True, "CertDesk changes the connectors named above"), (False, "Default Frontend alone")],
)
def test_a_hybrid_organisation_runs_the_wizard_either_way(wanted: bool, part: str) -> None:
    """HybridConfiguration is the wizard's; nobody else sets it."""
    plan = planned(snapshot(connector(name="Outbound to Office 365 - 1")), connectors=wanted)

    assert told(plan, part)
    assert told(plan, "HybridConfiguration goes on naming the old one until")


def test_a_plan_without_connectors_keeps_its_digest() -> None:
    """A field from after the first release is no part of a plan that does not use it."""
    plan = planned(snapshot(), connectors=False)

    assert b'"connector"' not in canonical(plan)
    assert b'"connector"' in canonical(planned(snapshot(connector())))
