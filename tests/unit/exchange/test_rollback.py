"""A roll-back from the plan and the host as it is now: only what the order's certificate still serves, and only to a good one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.certs.prints import Thumbprint
from bot.domain.plan import Connector, InstallPlan, OperationKind, Service, Snapshot
from bot.domain.surroundings import AuthCertificates
from bot.domain.undoing import GivingBack
from bot.exchange.plan import plan_install
from bot.exchange.rollback import plan_roll_back
from tests.fakes.exchange import FakeExchangeHosts
from tests.unit.exchange.hosts_seen import AUTH, OLD, OWN, auth, held, seen, self_signed, web
from tests.unit.exchange.samples import MAIL, NOW, Authority, ask, order

_NEW = Authority().answer(FakeExchangeHosts().make_csr(ask()))
OURS = _NEW.facts.thumbprint
LATER = Thumbprint("0" * 39 + "7")
_WEB_AND_MAIL = ("IMAP", "POP", "IIS", "SMTP")
_KINDS = OperationKind


def ours(**parts: Any) -> Any:
    """The certificate of the order, newer than the one of before."""
    return held(
        OURS,
        **{
            "issuer": _NEW.facts.issuer,
            "subject": _NEW.facts.subject,
            "not_before": NOW - timedelta(hours=1),
            "services": _WEB_AND_MAIL,
            **parts,
        },
    )


def later(**parts: Any) -> Any:
    """The certificate of a newer order."""
    return held(
        LATER, **{"issuer": "CN=Later CA", "not_before": NOW - timedelta(minutes=1), **parts}
    )


def plan() -> InstallPlan:
    """Made while last year's certificate served the web and mail, and the host's own was the default for SMTP."""
    return plan_install(order(), _NEW, (seen(),), words={})


def now(**parts: Any) -> Snapshot:
    """The host with the order's certificate in every place."""
    whole = {
        "certificates": (
            ours(),
            held(OLD, services=("IMAP", "POP", "SMTP"), sites=()),
            self_signed(services=("SMTP", "IIS (back end)"), sites=(2,)),
            auth(),
        ),
        "default_smtp": OURS,
        "web": web(OURS, OWN),
    }
    return seen(**{**whole, **parts})


def with_later(**parts: Any) -> Snapshot:
    """The same host after a newer order took over what the test says."""
    return now(certificates=(later(services=("IMAP", "POP", "IIS")), *now().certificates), **parts)


def given_back(back: GivingBack) -> Mapping[Service, Thumbprint]:
    """What each service is enabled with."""
    return {
        service: one.thumbprint
        for one in back.operations
        for service in one.services
        if one.kind is not _KINDS.RESTORE_CONNECTOR
    }


def test_what_the_order_s_certificate_still_serves_is_given_back() -> None:
    """The rule: nobody has changed anything since."""
    back = plan_roll_back(plan(), now())

    assert given_back(back) == {
        Service.SMTP: OWN,
        Service.IIS: OLD,
        Service.IMAP: OLD,
        Service.POP: OLD,
    }
    assert (back.left, back.stays, back.past, back.is_back) == ((), (), (), True)


@pytest.mark.parametrize("by", [LATER, Thumbprint("0" * 39 + "9")])
def test_a_web_site_that_another_certificate_serves_is_left_alone(by: Thumbprint) -> None:
    """Whether the host's store holds it or not; one sentence with host, service, certificate."""
    back = plan_roll_back(plan(), now(web=web(by, OWN)))
    (told,) = back.left

    assert Service.IIS not in given_back(back)
    assert Service.SMTP in given_back(back)
    assert told.startswith("EX01: IIS is served now by ")
    assert by in told
    assert told.endswith("not by the certificate of this order, so that was left as it is.")


def test_the_certificate_that_serves_is_named_as_people_know_it() -> None:
    """By its subject, the beginning of its handle and its last day."""
    (told,) = plan_roll_back(plan(), with_later(web=web(LATER, OWN), mail_names={})).left[-1:]

    assert "'CN=mail.example.com' (00000000…, until 2027-06-11)" in told


def test_a_default_that_a_newer_order_took_is_left_alone() -> None:
    """The worst case: mail between servers would lose its good new certificate."""
    back = plan_roll_back(plan(), with_later(default_smtp=LATER))
    told = back.left[0]

    assert Service.SMTP not in given_back(back)
    assert told.startswith("EX01: the default SMTP certificate is 'CN=mail.example.com' (")
    assert told.endswith("now, not that of this order, so that was left as it is.")


def test_mail_that_finds_a_newer_certificate_under_its_name_is_left_alone() -> None:
    """POP and IMAP go by a name, and the newest valid certificate that has it is served."""
    back = plan_roll_back(plan(), with_later())
    (told,) = back.left

    assert set(given_back(back)) == {Service.SMTP, Service.IIS}
    assert told.startswith("EX01: IMAP and POP are served now by ")


def test_a_newer_one_that_has_expired_serves_nobody() -> None:
    """It shows POP for ever; the order's certificate is what clients see."""
    gone = later(services=("IMAP", "POP"), not_after=NOW - timedelta(days=1))
    back = plan_roll_back(plan(), now(certificates=(gone, *now().certificates)))

    assert back.left == ()


def test_with_everything_taken_over_nothing_is_done() -> None:
    """And nothing is called back."""
    back = plan_roll_back(plan(), with_later(default_smtp=LATER, web=web(LATER, OWN)))

    assert given_back(back) == {}
    assert not back.is_back
    assert len(back.left) == 2


def test_what_nothing_serves_is_left_alone_too() -> None:
    """Somebody took it off; putting another certificate there is not asked for."""
    off = tuple(replace(one, services=("SMTP",)) for one in now().certificates)
    back = plan_roll_back(plan(), now(certificates=off, default_smtp=None, web=web(None, OWN)))

    assert given_back(back) == {}
    assert "there is no default SMTP certificate now" in back.left[0]
    assert "IIS, IMAP and POP are served now by none that could be seen" in back.left[1]


def test_what_is_back_already_is_not_sent_again() -> None:
    """A run after a kill finds it done: the same operations by the same keys, and nothing to do."""
    first = plan_roll_back(plan(), now())
    back = plan_roll_back(
        plan(), now(certificates=_without_mail(), default_smtp=OWN, web=web(OLD, OWN))
    )

    assert given_back(back) == {}
    assert [one.key for one in back.past] == [one.key for one in first.operations if one.services]
    assert (back.left, back.stays, back.is_back) == ((), (), True)


def _without_mail() -> tuple[Any, ...]:
    return (
        ours(services=("SMTP",)),
        held(OLD, services=_WEB_AND_MAIL, sites=(1,)),
        self_signed(services=("SMTP", "IIS (back end)"), sites=(2,)),
    )


def test_half_of_an_operation_keeps_its_key() -> None:
    """IIS is back, mail is not: the operation that was begun is the one that goes on."""
    first = plan_roll_back(plan(), now())
    back = plan_roll_back(plan(), now(web=web(OLD, OWN)))

    assert [one.key for one in first.operations] == [one.key for one in back.operations]


_UNFIT: list[tuple[dict[str, Any] | None, str]] = [
    (None, "is not on the host any more"),
    ({"has_private_key": False}, "has no private key there"),
    ({"not_after": NOW}, "expired on 2026-11-23"),
    ({"not_after": NOW - timedelta(days=40)}, "expired on 2026-10-14"),
    ({"not_before": NOW + timedelta(days=1)}, "is not valid before 2026-11-24"),
    ({"status": "Revoked"}, "was revoked"),
    ({"status": "DateInvalid"}, "is not valid by the host's own clock"),
    ({"status": "NotShown"}, "is not accepted by Exchange"),
]


@pytest.mark.parametrize(("parts", "why"), _UNFIT)
def test_nothing_goes_back_to_a_certificate_of_no_use(
    parts: dict[str, Any] | None, why: str
) -> None:
    """The present one serves on, the rest goes back, and the sentence names host, services, certificate and reason."""
    old = () if parts is None else (held(OLD, services=("IMAP", "POP"), **parts),)
    others = tuple(one for one in now().certificates if one.thumbprint != OLD)
    back = plan_roll_back(plan(), now(certificates=(*others, *old)))
    (told,) = back.stays

    assert given_back(back) == {Service.SMTP: OWN}
    assert told.startswith(
        "EX01: IIS, IMAP and POP are still served by the certificate of this order"
    )
    assert told.endswith(f"{why}.")
    assert back.left == ()


@pytest.mark.parametrize("status", ["Valid", "Untrusted", "Invalid", "RevocationCheckFailure", ""])
def test_a_doubt_of_the_host_s_is_no_reason(status: str) -> None:
    """It served with that status before; a list that cannot be reached says nothing about the certificate."""
    others = tuple(one for one in now().certificates if one.thumbprint != OLD)
    old = held(OLD, services=("IMAP", "POP"), status=status)

    assert plan_roll_back(plan(), now(certificates=(*others, old))).stays == ()


def test_an_expired_default_is_not_put_back() -> None:
    """It would stop mail between servers."""
    others = tuple(one for one in now().certificates if one.thumbprint != OWN)
    own = self_signed(services=("SMTP",), not_after=NOW - timedelta(days=3))
    back = plan_roll_back(plan(), now(certificates=(*others, own)))
    (told,) = back.stays

    assert Service.SMTP not in given_back(back)
    assert Service.IIS in given_back(back)
    assert told.startswith(
        "EX01: the default SMTP certificate is still that of this order, because "
    )
    assert told.endswith("expired on 2026-11-20.")


def test_what_became_the_auth_certificate_is_not_given_back() -> None:
    """It signs for the organisation by now."""
    back = plan_roll_back(plan(), now(auth=AuthCertificates(current=AUTH, next=OLD)))

    assert given_back(back) == {Service.SMTP: OWN}
    assert back.stays[0].endswith("is the Auth certificate of the organisation.")


# Connectors.

_PAIR = "<I>CN=Old CA, O=Old Vendor<S>CN=mail.example.com"


def _connector(names: str) -> Connector:
    return Connector(
        direction="receive",
        name="Default",
        fqdn=MAIL,
        tls_certificate_name=names,
        identity="EX01\\Default",
    )


def _renaming_plan() -> InstallPlan:
    before = seen(connectors=(_connector(_PAIR),))
    return plan_install(order(connectors=True), _NEW, (before,), words={})


@pytest.mark.parametrize(
    ("certificates", "stays"),
    [
        (now().certificates, 0),
        (tuple(one for one in now().certificates if one.thumbprint != OLD), 2),
        ((ours(), self_signed(), held(OLD, not_after=NOW - timedelta(days=1))), 2),
    ],
    ids=["there", "gone", "expired"],
)
def test_a_connector_goes_back_to_what_the_host_can_show(
    certificates: tuple[Any, ...], stays: int
) -> None:
    """Named after a certificate that is gone it would offer none: it goes on naming the present one, and that is told."""
    own = f"<I>{_NEW.facts.issuer}<S>{_NEW.facts.subject}"
    seen_now = now(certificates=certificates, connectors=(_connector(own),))
    back = plan_roll_back(_renaming_plan(), seen_now)
    kinds = [one.kind for one in back.operations]

    assert (_KINDS.RESTORE_CONNECTOR in kinds) is not bool(stays)
    assert len(back.stays) == stays
    if stays:
        assert back.stays[-1].startswith("EX01: the receive connector 'EX01")
        assert "CN=Old CA" in back.stays[-1]


def test_a_connector_somebody_changed_keeps_its_own_operation() -> None:
    """It looks once more right before, leaves it alone and says so."""
    gone = tuple(one for one in now().certificates if one.thumbprint != OLD)
    seen_now = now(certificates=gone, connectors=(_connector("<I>CN=x<S>CN=y"),))
    back = plan_roll_back(_renaming_plan(), seen_now)

    assert _KINDS.RESTORE_CONNECTOR in [one.kind for one in back.operations]
    assert "connector" not in " ".join(back.stays)


# Whatever a host looks like.

_ANY = st.sampled_from([OURS, OLD, OWN, LATER, AUTH, None])


@st.composite
def _hosts(draw: st.DrawFn) -> Snapshot:
    """The order's host at any later time, kept well or badly."""
    words = st.sets(st.sampled_from(_WEB_AND_MAIL)).map(tuple)
    days = st.integers(-5, 5).map(lambda day: NOW + timedelta(days=day))
    certificates = tuple(
        draw(st.sampled_from([held, self_signed]))(
            one,
            services=draw(words),
            not_after=draw(days),
            not_before=draw(days),
            has_private_key=draw(st.booleans()),
            status=draw(st.sampled_from(["Valid", "Revoked", "NotShown", "Untrusted"])),
        )
        for one in draw(st.lists(st.sampled_from([OURS, OLD, OWN, LATER]), unique=True))
    )
    return seen(
        certificates=certificates,
        default_smtp=draw(_ANY),
        web=draw(st.sampled_from([None, web(draw(_ANY), OWN)])),
    )


@given(_hosts())
def test_nothing_is_taken_from_another_certificate_and_nothing_given_to_a_bad_one(
    host: Snapshot,
) -> None:
    """The two promises, and that every service of the plan has a word: given back, back already, left, or staying."""
    back = plan_roll_back(plan(), host)
    done = given_back(back)

    if Service.SMTP in done:
        assert host.default_smtp == OURS
    if Service.IIS in done and host.web is not None and host.web.front_end is not None:
        assert host.web.front_end.thumbprint in {OURS, OLD}
    for one in done.values():
        to = host.certificate(one)
        assert to is not None
        assert to.has_private_key
        assert to.not_before <= host.taken_at < to.not_after
    told = " ".join((*back.left, *back.stays))
    past = {service for one in back.past for service in one.services}
    for service in (Service.IIS, Service.POP, Service.IMAP):
        is_back = service in done or service in past
        assert is_back or service.value in told or _serves_old(host, service)


def _serves_old(host: Snapshot, service: Service) -> bool:
    """Back already, though the certificate of before is none that anybody would give it to."""
    old = host.certificate(OLD)
    front = host.web.front_end if host.web is not None else None
    if service is Service.IIS and host.web is not None:
        return front is not None and front.thumbprint == OLD
    return old is not None and service in old.services
