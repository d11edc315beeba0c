"""From snapshots to a plan: the operations, the question, what was before, and what people are told."""

from dataclasses import replace

import pytest

from bot.certs.judge import IssuedCertificate
from bot.certs.names import DnsName
from bot.certs.prints import Thumbprint, thumbprint_of
from bot.domain.faults import HostFault
from bot.domain.ids import HostName
from bot.domain.order import CertificateOrder
from bot.domain.plan import (
    Answer,
    Connector,
    HostCertificate,
    HostPlan,
    OperationKind,
    Service,
    Snapshot,
)
from bot.domain.subject import Subject
from bot.exchange.plan import plan_install
from bot.exchange.rollback import plan_roll_back
from bot.exchange.snapshot import BACK_END
from tests.fakes.exchange import BUILDS, FakeExchangeHosts
from tests.unit.exchange.samples import EX01, MAIL, Authority, ask, order

_VENDOR = Authority()
_OLD = Thumbprint("0" * 39 + "1")
_KINDS = OperationKind


def _certificate(*names: str) -> IssuedCertificate:
    """One for these names, the first of them as common name; without names that of the order."""
    listed = tuple(DnsName(name) for name in names)
    asked = ask(names=listed, subject=Subject(common_name=listed[0])) if listed else ask()
    return _VENDOR.answer(FakeExchangeHosts().make_csr(asked))


def _snapshot(version: str = "2019", **parts: object) -> Snapshot:
    """A fresh host whose web sites could not be read, unless a test brings them."""
    fresh = FakeExchangeHosts().snapshot(EX01)
    return replace(fresh, build=BUILDS[version], **{"web": None, **parts})  # type: ignore[index,arg-type] # a table of words


def _old(snapshot: Snapshot, certificate: IssuedCertificate, **parts: object) -> HostCertificate:
    """The certificate of last year: same names, another vendor, serving everything."""
    (fresh,) = snapshot.certificates
    whole = replace(
        fresh,
        thumbprint=_OLD,
        subject=certificate.facts.subject,
        issuer="CN=Old CA, O=Old Vendor",
        names=certificate.facts.names,
        services=("IMAP", "POP", "IIS", "SMTP"),
    )
    return replace(whole, **parts)  # type: ignore[arg-type] # only names of fields are passed


def _plan(
    snapshot: Snapshot,
    certificate: IssuedCertificate,
    *,
    word: str = "",
    order_: CertificateOrder | None = None,
) -> HostPlan:
    plan = plan_install(order_ or order(), certificate, (snapshot,), words={EX01: word})
    return plan.host(EX01)


def _told(plan: HostPlan, part: str) -> bool:
    return any(part in sentence for sentence in plan.forecast)


def test_intermediates_come_before_the_certificate_and_services_after() -> None:
    """The certificate is valid the moment it arrives, and SMTP comes last."""
    plan = _plan(_snapshot(), _certificate())

    assert [(one.kind, one.only_if) for one in plan.operations] == [
        (_KINDS.ADD_INTERMEDIATE, None),
        (_KINDS.IMPORT_CERTIFICATE, None),
        (_KINDS.ENABLE_SERVICES, None),
        (_KINDS.ENABLE_SMTP, Answer.YES),
        (_KINDS.ENABLE_SMTP, Answer.NO),
        (_KINDS.RESTORE_SMTP_DEFAULT, Answer.NO),
    ]


def test_at_the_endpoint_the_question_itself_is_answered() -> None:
    """Both answers name the two certificates; nothing is forced, nothing is given back."""
    certificate, fresh = _certificate(), _snapshot()
    plan = plan_install(order(), certificate, (fresh,), words={}, endpoints={EX01}).host(EX01)
    asked = [one for one in plan.operations if one.only_if is not None]

    assert [(one.kind, one.only_if) for one in asked] == [
        (_KINDS.ENABLE_SMTP, Answer.YES),
        (_KINDS.ENABLE_SMTP_KEEPING_DEFAULT, Answer.NO),
    ]
    assert {one.current_default for one in asked} == {fresh.default_smtp}
    assert not [one for one in asked if "-Force" in one.text]
    assert _told(plan, "at no moment another")
    assert _told(plan, "its own endpoint (PSRP)")


@pytest.mark.parametrize(("answer", "word"), [(Answer.YES, "answer Y"), (Answer.NO, "answer N")])
def test_the_preview_says_what_is_answered(answer: Answer, word: str) -> None:
    """Whoever reads the command knows which key would be pressed."""
    plan = plan_install(order(), _certificate(), (_snapshot(),), words={}, endpoints={EX01})
    (asked,) = (one for one in plan.host(EX01).operations if one.only_if is answer)

    assert word in asked.text


def test_by_winrm_the_plan_says_so() -> None:
    """The door is part of what people approve."""
    plan = _plan(_snapshot(), _certificate())

    assert _told(plan, "Everything is done by WinRM")


def test_an_operation_is_called_by_what_it_does() -> None:
    """Keys are unique, and the same after a new plan: the journal never takes one for another."""
    certificate, fresh = _certificate(), _snapshot()
    first = _plan(fresh, certificate)
    held = tuple(thumbprint_of(der) for der in certificate.path)
    second = _plan(replace(fresh, intermediates=held), certificate)

    assert len({one.key for one in first.operations}) == len(first.operations)
    assert [one.key for one in second.operations] == [one.key for one in first.operations[1:]]


def test_the_root_is_never_among_the_operations() -> None:
    """Only what stands between leaf and anchor is added."""
    certificate = _certificate()
    added = [
        one.thumbprint
        for one in _plan(_snapshot(), certificate).operations
        if one.kind is _KINDS.ADD_INTERMEDIATE
    ]

    assert added == [thumbprint_of(der) for der in certificate.path]


@pytest.mark.parametrize(
    ("version", "default"),
    [("2007", None), ("2010", Answer.NO), ("2013", Answer.NO), ("2019", Answer.NO)],
)
def test_no_is_proposed_except_on_2007(version: str, default: Answer | None) -> None:
    """Microsoft's advice is to keep the self-signed one; 2007 must be asked without a proposal."""
    question = _plan(_snapshot(version), _certificate()).question

    assert question is not None
    assert question.default is default


def test_nothing_is_asked_where_exchange_asks_nothing() -> None:
    """Without a default, or with the new one as the default, SMTP is enabled without Force."""
    plan = _plan(_snapshot(default_smtp=None), _certificate())
    smtp = plan.operations[-1]

    assert (plan.question, smtp.kind, smtp.only_if) == (None, _KINDS.ENABLE_SMTP, None)
    assert "-Force" not in smtp.text


def test_no_cannot_be_kept_when_the_default_is_not_in_the_store() -> None:
    """What cannot be given back is not taken: No then leaves SMTP alone, and people are told."""
    plan = _plan(_snapshot(default_smtp=_OLD), _certificate())
    kinds = [one.kind for one in plan.operations_for(Answer.NO)]

    assert plan.question is not None
    assert (plan.question.current, plan.question.default) == (None, None)
    assert _KINDS.ENABLE_SMTP not in kinds
    assert _told(plan, "No cannot be chosen")
    assert Service.SMTP not in plan.before


def test_force_never_meets_iis() -> None:
    """Force would turn Require SSL on; it stands with SMTP and UM alone."""
    plan = _plan(_snapshot("2016"), _certificate(), order_=order(services=tuple(Service)))
    forced = [one for one in plan.operations if "-Force" in one.text]

    assert forced
    assert all(set(one.services) <= {Service.SMTP, Service.UM} for one in forced)
    assert all(
        "-DoNotRequireSsl" in one.text for one in plan.operations if Service.IIS in one.services
    )


def test_um_is_left_out_where_it_does_not_exist() -> None:
    """2019 has no UM: nothing is enabled for it, and people are told."""
    plan = _plan(_snapshot(), _certificate(), order_=order(services=(Service.IIS, Service.UM)))

    assert all(Service.UM not in one.services for one in plan.operations)
    assert _told(plan, "Exchange 2019 has no UM")


def test_a_wildcard_is_not_enabled_for_pop_and_imap() -> None:
    """Exchange would only warn: they stay as they are, and people are told what to do."""
    certificate = _certificate("*.example.com", "example.com")
    plan = plan_install(order(), certificate, (_snapshot(),), words={})
    enabled = {one for op in plan.host(EX01).operations for one in op.services}

    assert enabled == {Service.IIS, Service.SMTP}
    assert plan.services == (Service.IIS, Service.SMTP)
    assert _told(plan.host(EX01), "Set-ImapSettings and Set-PopSettings")


def test_what_was_before_is_the_certificate_that_really_served() -> None:
    """The front end's one, not the self-signed one that shows IIS for the back end."""
    certificate, fresh = _certificate(), _snapshot()
    (self_signed,) = fresh.certificates
    old = _old(fresh, certificate)
    shown = replace(self_signed, services=("SMTP", BACK_END))
    plan = _plan(replace(fresh, certificates=(shown, old)), certificate)

    assert plan.before == {
        Service.IIS: _OLD,
        Service.IMAP: _OLD,
        Service.POP: _OLD,
        Service.SMTP: self_signed.thumbprint,
    }
    assert _told(plan, "IIS moves from")


def test_a_certificate_that_is_there_already_is_not_imported_again() -> None:
    """After a broken try only what is missing is done."""
    certificate, fresh = _certificate(), _snapshot()
    held = _old(fresh, certificate, thumbprint=certificate.facts.thumbprint, services=())
    plan = _plan(replace(fresh, certificates=(*fresh.certificates, held)), certificate)

    assert _KINDS.IMPORT_CERTIFICATE not in [one.kind for one in plan.operations]
    assert _told(plan, "not imported again")


def test_a_certificate_without_its_key_stops_the_plan() -> None:
    """Enabling it would fail: the operator gets the repair instead of a plan."""
    certificate, fresh = _certificate(), _snapshot()
    held = _old(fresh, certificate, thumbprint=certificate.facts.thumbprint, has_private_key=False)
    with pytest.raises(HostFault, match="repairstore") as caught:
        _plan(replace(fresh, certificates=(held,)), certificate)

    assert (caught.value.code, caught.value.executed) == ("PrivateKeyMissing", "no")


@pytest.mark.parametrize("build", ["", "6.5.7638.1", "15.9.1.1"])
def test_an_unknown_build_stops_the_plan(build: str) -> None:
    """Nothing is tried on a version nobody has looked at."""
    with pytest.raises(HostFault, match="no version CertDesk knows"):
        _plan(replace(_snapshot(), build=build), _certificate())


def test_a_host_without_a_snapshot_stops_the_plan() -> None:
    """A plan is made from what was seen, of every host."""
    with pytest.raises(HostFault, match="No snapshot"):
        plan_install(order(hosts=(HostName("EX09"),)), _certificate(), (_snapshot(),), words={})


@pytest.mark.parametrize(
    ("skew", "part"), [(300.0, "300 s ahead of ours"), (-90.0, "90 s behind ours"), (10.0, "")]
)
def test_a_wrong_clock_is_told(skew: float, part: str) -> None:
    """A clock that is off spoils sign-in and validity; a few seconds are nothing."""
    plan = _plan(_snapshot(clock_skew_s=skew), _certificate())

    assert _told(plan, part) if part else not _told(plan, "clock")


def test_a_certificate_of_the_future_is_told() -> None:
    """A host whose clock is behind shows a fresh certificate as not valid yet."""
    late = _snapshot(clock_skew_s=-7200.0)

    assert _told(_plan(late, _certificate()), "DateInvalid until then")


def test_another_version_than_configured_is_told() -> None:
    """The build counts, and the configuration should be corrected."""
    certificate = _certificate()

    assert _told(_plan(_snapshot(), certificate, word="2016"), "is Exchange 2019; the build counts")
    assert not _told(_plan(_snapshot(), certificate, word="2019"), "the build counts")


def test_a_connector_that_names_the_old_issuer_is_told() -> None:
    """Its TLS would fail one day: people get the new value."""
    certificate, fresh = _certificate(), _snapshot()
    old = _old(fresh, certificate)
    connector = Connector(
        direction="send",
        name="To 'partner'",
        fqdn=MAIL,
        tls_certificate_name=f"<I>{old.issuer}<S>{old.subject}",
    )
    plan = _plan(
        replace(fresh, certificates=(*fresh.certificates, old), connectors=(connector,)),
        certificate,
    )

    assert _told(plan, "names issuer and subject of")
    assert _told(plan, "Set-SendConnector -Identity:'To ''partner''' -TlsCertificateName:")


def test_a_connector_that_names_both_is_told() -> None:
    """Same issuer and subject: nothing to update, but the old one cannot be removed."""
    certificate, fresh = _certificate(), _snapshot()
    pinned = f"<I>{certificate.facts.issuer}<S>{certificate.facts.subject}"
    connector = Connector(
        direction="receive", name="Default", fqdn=MAIL, tls_certificate_name=pinned
    )

    assert _told(_plan(replace(fresh, connectors=(connector,)), certificate), "nothing to update")


def test_a_stranger_s_connector_is_not_mentioned() -> None:
    """A forecast holds what matters here and nothing else."""
    connector = Connector(
        direction="send", name="Other", fqdn="x", tls_certificate_name="<I>CN=A<S>CN=B"
    )

    assert not _told(_plan(_snapshot(connectors=(connector,)), _certificate()), "'Other'")


def test_a_hybrid_organisation_is_reminded() -> None:
    """The wizard pins the certificate in three places that CertDesk does not touch."""
    connector = Connector(
        direction="send", name="Outbound to Office 365 - 1", fqdn="x", tls_certificate_name=""
    )

    assert _told(_plan(_snapshot(connectors=(connector,)), _certificate()), "Hybrid Configuration")


@pytest.mark.parametrize(("version", "expected"), [("2010", False), ("2016", True)])
def test_the_call_router_is_a_person_s_task(version: str, expected: bool) -> None:
    """It exists on 2013 and 2016 alone and wants the same certificate as UM."""
    plan = _plan(_snapshot(version), _certificate(), order_=order(services=(Service.UM,)))

    assert _told(plan, "UMCallRouter") is expected


def test_roll_back_restores_the_default_first() -> None:
    """Mail between servers comes before the web; each certificate gets its own services back."""
    certificate, fresh = _certificate(), _snapshot("2016")
    (self_signed,) = fresh.certificates
    old = _old(fresh, certificate, services=("IMAP", "POP", "IIS", "UM"))
    snapshot = replace(fresh, certificates=(self_signed, old))
    plan = plan_install(order(services=tuple(Service)), certificate, (snapshot,), words={})
    new = replace(
        old,
        thumbprint=certificate.facts.thumbprint,
        services=old.services,
        not_before=certificate.facts.not_before,
    )
    after = replace(
        snapshot,
        certificates=(*snapshot.certificates, new),
        default_smtp=certificate.facts.thumbprint,
    )
    undone = plan_roll_back(plan, after).operations

    assert [(one.kind, one.thumbprint, one.services) for one in undone] == [
        (_KINDS.RESTORE_SMTP_DEFAULT, self_signed.thumbprint, (Service.SMTP,)),
        (_KINDS.ENABLE_SERVICES, _OLD, (Service.IIS, Service.IMAP, Service.POP)),
        (_KINDS.ENABLE_SERVICES, _OLD, (Service.UM,)),
        (_KINDS.REMOVE_INTERMEDIATE, thumbprint_of(certificate.path[0]), ()),
    ]
    assert not {one.key for one in undone} & {one.key for one in plan.host(EX01).operations}
    assert _told(plan.host(EX01), "A roll-back gives IIS, SMTP, IMAP, POP, UM back")


def test_roll_back_without_a_past_is_refused() -> None:
    """Where nothing served before there is nothing to give back, and people are told what stays."""
    certificate = _certificate()
    empty = _snapshot(certificates=(), default_smtp=None)
    plan = plan_install(order(), certificate, (empty,), words={})
    with pytest.raises(HostFault, match="nothing to give back"):
        plan_roll_back(plan, empty)

    assert _told(plan.host(EX01), "A roll-back has nothing to give back")
