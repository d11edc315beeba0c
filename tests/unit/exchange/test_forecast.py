"""What people are told before they approve, sentence by sentence, from what was really read of the host."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.certs.judge import IssuedCertificate
from bot.certs.names import DnsName
from bot.certs.prints import Thumbprint
from bot.domain.faults import HostFault
from bot.domain.plan import Answer, Connector, HostCertificate, HostPlan, Service, Snapshot
from bot.domain.subject import Subject
from bot.domain.surroundings import AuthCertificates, Fact, PendingCertificate, Unread
from bot.exchange.plan import plan_install
from tests.fakes.exchange import FakeExchangeHosts
from tests.unit.domain.samples import EX02
from tests.unit.exchange.hosts_seen import (
    AUTH,
    NEXT_AUTH,
    OLD,
    OWN,
    auth,
    bound,
    held,
    seen,
    self_signed,
    web,
)
from tests.unit.exchange.samples import EX01, MAIL, NOW, Authority, ask, order

_VENDOR = Authority()
_GONE = Thumbprint("F" * 40)


def _certificate(*names: str) -> IssuedCertificate:
    listed = tuple(DnsName(name) for name in names)
    asked = ask(names=listed, subject=Subject(common_name=listed[0])) if listed else ask()
    return _VENDOR.answer(FakeExchangeHosts().make_csr(asked))


_NEW = _certificate()


def _plan(
    snapshot: Snapshot,
    certificate: IssuedCertificate = _NEW,
    *,
    services: tuple[Service, ...] = (Service.IIS, Service.SMTP, Service.IMAP, Service.POP),
    by_endpoint: bool = False,
) -> HostPlan:
    endpoints = {EX01} if by_endpoint else set()
    plan = plan_install(
        order(services=services), certificate, (snapshot,), words={}, endpoints=endpoints
    )
    return plan.host(EX01)


def _told(plan: HostPlan, part: str) -> bool:
    return any(part in sentence for sentence in plan.forecast)


_SSL: list[tuple[str, bool | None, str, str]] = [
    ("2019", True, "Require SSL is on", "stays off"),
    (
        "2019",
        False,
        "Require SSL is off at the root of the Default Web Site and stays off",
        "is on",
    ),
    ("2019", None, "is not known, and stays as it is (-DoNotRequireSsl)", "is on"),
    ("2010", False, "stays off (-DoNotRequireSsl)", "is on"),
    ("2007", True, "Require SSL is on", "is asked on the host"),
    (
        "2007",
        False,
        "root is off. Whether Exchange 2007 can leave it alone is asked on the host",
        "is on",
    ),
    ("2007", None, "root could not be read. Whether Exchange 2007 can leave it alone", "is on"),
]


@pytest.mark.parametrize(("version", "required", "part", "other"), _SSL)
def test_require_ssl_is_told_as_it_was_read(
    version: str, required: bool | None, part: str, other: str
) -> None:
    """On stays on, off stays off, unknown is said to be unknown; 2007 is asked on the host."""
    plan = _plan(seen(version, web=web(OLD, OWN, requires_ssl=required)))

    assert _told(plan, part)
    assert not _told(plan, other)


def test_require_ssl_is_not_mentioned_where_iis_is_left_alone() -> None:
    """A forecast holds what matters here and nothing else."""
    plan = _plan(seen(), services=(Service.SMTP,))

    assert not _told(plan, "Require SSL")
    assert not _told(plan, "Default Web Site")


_BACK_ENDS: list[tuple[dict[str, Any], str]] = [
    ({"web": web(OLD, None)}, "shows no certificate on 444"),
    ({"web": web(OLD, _GONE)}, f"bound on 444 to {_GONE}, which the host's store does not hold"),
    ({"web": web(OLD, OWN)}, "Exchange Back End keeps 'CN=EX01'"),
    ({"web": web(OLD, OLD)}, "on 444 as well, and keeps it"),
]


@pytest.mark.parametrize(("parts", "part"), _BACK_ENDS)
def test_the_back_end_is_told_and_never_touched(parts: dict[str, Any], part: str) -> None:
    """Whatever 444 shows, the sentence says that CertDesk leaves it."""
    plan = _plan(seen(**parts))
    (sentence,) = (one for one in plan.forecast if part in one)

    assert "CertDesk never touches that binding" in sentence


@pytest.mark.parametrize(
    ("days", "part"), [(-1, "has expired"), (0, "has expired"), (59, "ends soon")]
)
@pytest.mark.parametrize("services", [(Service.IIS,), (Service.SMTP,)])
def test_an_ending_back_end_is_warned_of_in_any_case(
    days: int, part: str, services: tuple[Service, ...]
) -> None:
    """Also where IIS gets nothing: without it OWA and ECP stop."""
    ending = self_signed(not_after=NOW + timedelta(days=days))
    plan = _plan(seen(certificates=(held(OLD), ending, auth())), services=services)

    assert _told(
        plan,
        f"Exchange Back End on 444, 'CN=EX01' (00000000…, until {ending.not_after:%Y-%m-%d}), {part}",
    )


@pytest.mark.parametrize("version", ["2007", "2010"])
def test_before_2013_there_is_no_back_end_to_speak_of(version: str) -> None:
    """A version without the site is not told about it."""
    assert not _told(_plan(seen(version, web=web(OLD, None))), "444")


def test_other_sites_that_show_the_old_certificate_are_named() -> None:
    """They keep it; the loop-back address of the same site and strangers' certificates are not their case."""
    sites = web(
        OLD,
        OWN,
        bound(1, "127.0.0.1:443", OLD),
        bound(7, "intranet.example.com:443", OLD, "Intranet"),
        bound(None, "0.0.0.0:8443", OLD),
        bound(None, "0.0.0.0:8172", _GONE),
    )
    plan = _plan(seen(web=sites))
    named = [one for one in plan.forecast if "shows the old certificate as well" in one]

    assert [one.partition(" shows")[0] for one in named] == [
        "The web site 'Intranet' at intranet.example.com:443",
        "The listener at 0.0.0.0:8443",
    ]


@pytest.mark.parametrize(
    ("front", "part"),
    [(None, "shows no certificate today"), (_GONE, "which the host's store does not hold")],
)
def test_a_front_end_without_a_past_is_told(front: Thumbprint | None, part: str) -> None:
    """What cannot be given back is said, and stands in no roll-back."""
    plan = _plan(seen(web=web(front, OWN)))

    assert _told(plan, part)
    assert Service.IIS not in plan.before


_AUTH: list[tuple[dict[str, Any], str]] = [
    ({"auth": AuthCertificates()}, "names no Auth certificate"),
    (
        {"auth": AuthCertificates(current=_GONE)},
        f"Auth certificate {_GONE} is not in this host's store",
    ),
    (
        {"certificates": (held(OLD), self_signed(), auth(not_after=NOW))},
        "has expired: OWA, ECP, hybrid and signed data",
    ),
    (
        {"certificates": (held(OLD), self_signed(), auth(not_after=NOW + timedelta(days=60)))},
        "ends in 60 days",
    ),
]


@pytest.mark.parametrize(("parts", "part"), _AUTH)
def test_an_auth_certificate_in_need_is_told(parts: dict[str, Any], part: str) -> None:
    """Missing, expired or ending within 60 days; and whose task it is."""
    (sentence,) = (one for one in _plan(seen(**parts)).forecast if part in one)

    assert "CertDesk never enables, replaces or removes it." in sentence


def test_the_next_auth_certificate_is_told_with_it() -> None:
    """Whoever prepared the change should see that it counts."""
    ending = auth(not_after=NOW + timedelta(days=10))
    snapshot = seen(
        certificates=(held(OLD), self_signed(), ending, auth(NEXT_AUTH)),
        auth=AuthCertificates(current=AUTH, next=NEXT_AUTH),
    )

    assert _told(_plan(snapshot), "Its successor, 'CN=Microsoft Exchange Server Auth Certificate'")


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"auth": None},
        {"certificates": (auth(not_after=NOW + timedelta(days=61)), self_signed())},
    ],
)
def test_a_healthy_auth_certificate_is_not_mentioned(parts: dict[str, Any]) -> None:
    """Nor one of a version that has none."""
    assert not _told(_plan(seen(**parts)), "Auth certificate")


_NAMES: list[tuple[dict[Service, str], str, str]] = [
    (
        {Service.POP: "EX01"},
        "by which POP finds a certificate is 'EX01' today; enabling makes it mail.example.com",
        "",
    ),
    ({Service.POP: "EX01"}, "does not hold 'EX01'", ""),
    ({Service.IMAP: "EX01", Service.POP: "EX01"}, "by which IMAP and POP find a certificate", ""),
    ({Service.IMAP: "autodiscover.example.com"}, "by which IMAP finds", "does not hold"),
    ({Service.POP: "MAIL.example.com"}, "", "a certificate is"),
    (
        {Service.POP: ""},
        "POP had no X509CertificateName until now; enabling sets mail.example.com",
        "a certificate is",
    ),
    ({}, "", "a certificate is"),
]


@pytest.mark.parametrize(("names", "part", "absent"), _NAMES)
def test_a_rename_of_pop_and_imap_is_told(
    names: dict[Service, str], part: str, absent: str
) -> None:
    """Enabling them gives them the certificate's first name, whatever they had (exchange.md 2.3 point 6)."""
    plan = _plan(seen(mail_names=names))

    assert not part or _told(plan, part)
    assert not absent or not _told(plan, absent)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("pop.example.com", True), ("old.example.com", False), ("OLD.example.com", False)],
)
def test_a_name_that_a_roll_back_would_not_give_back_is_told(name: str, expected: bool) -> None:
    """It enables the old certificate, and POP is called by that one's first name then."""
    old = held(OLD, subject="CN=old.example.com", services=("POP",))
    plan = _plan(seen(certificates=(old, self_signed(), auth()), mail_names={Service.POP: name}))

    assert _told(plan, "A roll-back would make POP's name old.example.com") is expected
    assert _told(plan, f"set {name!r} again with Set-PopSettings") is expected


def test_the_common_name_is_the_name_pop_gets() -> None:
    """It stands first, even where the vendor sorted the alternative names otherwise."""
    asked = ask(names=(DnsName("a.example.com"), MAIL), subject=Subject(common_name=MAIL))
    certificate = _VENDOR.answer(FakeExchangeHosts().make_csr(asked))

    assert _told(
        _plan(seen(mail_names={Service.POP: "old"}), certificate), f"enabling makes it {MAIL}"
    )


@pytest.mark.parametrize(
    ("name", "expected"), [("mail.example.com", True), ("a.b.example.com", False), ("", False)]
)
def test_a_wildcard_may_already_be_covered_by_the_real_name(name: str, expected: bool) -> None:
    """Where POP has a name the wildcard covers, it may change by itself; that is no proof."""
    plan = _plan(seen(mail_names={Service.POP: name}), _certificate("*.example.com", "example.com"))

    assert _told(plan, "cannot take the wildcard *.example.com")
    assert _told(plan, f"POP is called {name!r} already") is expected


def test_smtp_by_the_way_is_told() -> None:
    """POP and IMAP let transport read the key: SMTP is shown, and STARTTLS may choose it."""
    assert _told(_plan(seen(), services=(Service.POP,)), "SMTP is not asked for, but with POP")
    assert not _told(_plan(seen(), services=(Service.IIS,)), "SMTP is not asked for")
    assert not _told(_plan(seen()), "SMTP is not asked for")


def test_subscribed_edge_servers_are_told() -> None:
    """With Yes their credentials are encrypted anew; the names help to find them."""
    plan = _plan(seen(edge_subscriptions=("EDGE01", "EDGE02")))

    assert _told(plan, "Edge servers are subscribed (EDGE01, EDGE02)")
    assert _told(plan, "Start-EdgeSynchronization")
    assert not _told(plan, "must be made anew")
    assert not _told(_plan(seen()), "Edge servers")
    assert not _told(_plan(seen(edge_subscriptions=("EDGE01",)), services=(Service.IIS,)), "EDGE01")


def test_edge_credentials_need_rsa_and_the_old_default() -> None:
    """Both break the subscription after the directory was changed, so both are said before."""
    elliptic = replace(_NEW, facts=replace(_NEW.facts, key="EC P-256"))

    assert _told(
        _plan(seen(edge_subscriptions=("E",)), elliptic), "Edge credentials need an RSA key"
    )
    assert _told(_plan(seen(edge_subscriptions=("E",), default_smtp=_GONE)), "must be made anew")


def test_an_edge_server_is_told_what_must_be_redone() -> None:
    """Replacing its certificate breaks its subscription."""
    edge = seen(roles="Edge", web=None, auth=None, edge_subscriptions=None)

    assert _told(_plan(edge, services=(Service.SMTP,)), "New-EdgeSubscription")


def test_an_edge_server_takes_smtp_alone() -> None:
    """Exchange would refuse the rest half-way: the plan is refused instead."""
    with pytest.raises(HostFault, match="only SMTP can be enabled") as caught:
        _plan(seen(roles="Edge"), services=(Service.SMTP, Service.IIS))

    assert (caught.value.code, caught.value.executed) == ("edge-serves-smtp-alone", "no")


@pytest.mark.parametrize(
    ("hybrid", "part"),
    [
        (f"<I>{_NEW.facts.issuer}<S>{_NEW.facts.subject}", "names this issuer and subject already"),
        ("<I>CN=Old CA<S>CN=mail.example.com", "Run the Hybrid Configuration Wizard again"),
    ],
)
def test_the_hybrid_configuration_is_told(hybrid: str, part: str) -> None:
    """It pins issuer and subject as connectors do."""
    assert _told(_plan(seen(hybrid=hybrid)), part)


_HYBRID = "<I>CN=Old CA<S>CN=mail.example.com"
_SIBLING = held(Thumbprint("E" * 40), issuer=_NEW.facts.issuer, root_kind="Registry")


@pytest.mark.parametrize(
    ("hybrid", "found", "is_told"),
    [
        (_HYBRID, _SIBLING, True),
        (_HYBRID, replace(_SIBLING, root_kind="ThirdParty"), False),
        (_HYBRID, replace(_SIBLING, root_kind=None), False),
        (_HYBRID, replace(_SIBLING, issuer="CN=Other CA"), False),
        (None, _SIBLING, False),
    ],
)
def test_a_root_that_was_put_in_by_hand_is_told_where_it_matters(
    hybrid: str | None, found: HostCertificate, is_told: bool
) -> None:
    """On a hybrid server, where a certificate of the same issuer shows it; harmless elsewhere, and never guessed."""
    plan = _plan(seen(hybrid=hybrid, certificates=(*seen().certificates, found)))

    assert _told(plan, "KB2879262") is is_told
    assert _told(plan, "CertDesk never touches the Root store") is is_told


def test_the_certificate_itself_counts_before_its_siblings() -> None:
    """Where it is on the host already, its own root is known."""
    own = held(_NEW.facts.thumbprint, issuer=_NEW.facts.issuer, root_kind="ThirdParty")

    shown = (*seen().certificates, _SIBLING, own)

    assert not _told(_plan(seen(hybrid=_HYBRID, certificates=shown)), "KB2879262")


@pytest.mark.parametrize("hybrid", [None, ""])
def test_no_hybrid_certificate_is_no_sentence(hybrid: str | None) -> None:
    """Neither without a configuration nor where it names none."""
    assert not _told(_plan(seen(hybrid=hybrid)), "ybrid")


def test_a_renewal_with_the_same_names_is_told() -> None:
    """Exchange cannot tell the two apart where it goes by issuer and subject."""
    twin = held(OLD, issuer=_NEW.facts.issuer, subject=_NEW.facts.subject)

    assert _told(_plan(seen(certificates=(twin, self_signed()))), "Issuer and subject are those of")
    assert not _told(_plan(seen()), "Issuer and subject are those of")


@pytest.mark.parametrize("fact", Fact)
def test_what_could_not_be_read_is_told_with_its_meaning(fact: Fact) -> None:
    """Every fact has its sentence: what, why, and what follows."""
    plan = _plan(seen(unread=(Unread(fact=fact, why="it rains"),)))
    (sentence,) = (one for one in plan.forecast if one.startswith("Not read: "))
    head, _, meaning = sentence.partition(". ")

    assert head == f"Not read: {fact}, because it rains"
    assert meaning


@pytest.mark.parametrize(("days", "expected"), [(-1, True), (30, True), (31, False)])
def test_a_default_that_ends_soon_is_told(days: int, expected: bool) -> None:
    """No would keep it: people should know for how long."""
    ending = self_signed(not_after=NOW + timedelta(days=days))
    plan = _plan(seen(certificates=(held(OLD), ending, auth())))

    assert _told(plan, "so No is an answer for a short time only") is expected


def test_an_auth_certificate_as_default_is_not_kept_by_force() -> None:
    """By WinRM a No would have to give SMTP back to it: nothing is done then, and people are told."""
    plan = _plan(seen(default_smtp=AUTH))

    assert _told(plan, "is the Auth certificate")
    assert plan.leaves_smtp(Answer.NO)
    assert not any(Service.SMTP in one.services for one in plan.operations_for(Answer.NO))
    assert Service.SMTP not in plan.provable((Service.SMTP,), Answer.NO)
    assert Service.SMTP not in plan.before


def test_an_auth_certificate_as_default_may_stay_at_the_endpoint() -> None:
    """There the question itself is answered with No, and nothing is done to the one that stays."""
    plan = _plan(seen(default_smtp=AUTH), by_endpoint=True)
    named = {one.thumbprint for one in plan.operations}

    assert not plan.leaves_smtp(Answer.NO)
    assert AUTH not in named
    assert Service.SMTP not in plan.before


def test_connectors_of_a_hybrid_organisation_are_still_told() -> None:
    """Where the configuration cannot be read, the wizard's connector gives it away."""
    outbound = Connector(
        direction="send", name="Outbound to Office 365", fqdn="x", tls_certificate_name=""
    )

    assert _told(_plan(seen(connectors=(outbound,), hybrid=None)), "Hybrid Configuration")


def test_the_sentences_are_whole() -> None:
    """Each begins with a capital or a name and ends with a full stop."""
    plan = _plan(
        seen(
            edge_subscriptions=("EDGE01",),
            hybrid="<I>a<S>b",
            mail_names={Service.POP: "x", Service.IMAP: ""},
            unread=tuple(Unread(fact=fact, why="it rains") for fact in Fact),
        )
    )

    assert [one for one in plan.forecast if not one.endswith(".") or "  " in one] == []
    assert OWN not in {one.thumbprint for one in plan.operations if one.only_if is Answer.YES}


def _waits(key: str) -> PendingCertificate:
    return PendingCertificate(
        thumbprint=OWN,
        friendly_name="CertDesk 27-1 mail",
        subject="",
        not_before=NOW,
        key_sha256=key,
    )


_ITS_KEY = _NEW.facts.spki_sha256
_REQUESTS: list[tuple[tuple[str, ...], bool]] = [
    ((), True),
    (("ab" * 32,), True),
    ((_ITS_KEY,), False),
    (("ab" * 32, _ITS_KEY), False),
    (("ab" * 32, ""), False),
]


@pytest.mark.parametrize(("keys", "told"), _REQUESTS)
def test_a_request_whose_key_is_nowhere_is_foreseen(keys: tuple[str, ...], told: bool) -> None:
    """Before anything is imported; where a request's key cannot be read nothing is claimed."""
    assert _ITS_KEY
    plan = _plan(seen(pending=tuple(_waits(key) for key in keys)))

    assert _told(plan, "shows no pending request with the key of this certificate") is told


def test_a_key_that_comes_from_elsewhere_needs_no_request_here() -> None:
    """Made by CertDesk, carried from the first host, or there already with the certificate."""
    here = seen(certificates=(*seen().certificates, held(_NEW.facts.thumbprint)))
    there = replace(seen(), host=EX02)
    carried = plan_install(
        order(hosts=(EX01, there.host), exportable=True), _NEW, (seen(), there), words={}
    )
    ours = plan_install(order(local_key_days=7), _NEW, (seen(),), words={})

    for plan in (_plan(here), carried.host(there.host), ours.host(EX01)):
        assert not _told(plan, "shows no pending request")
