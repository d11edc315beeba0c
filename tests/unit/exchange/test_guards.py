"""What no plan may ever hold, over snapshots of every kind: the Auth certificate, the back end, a default by accident."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.certs.prints import Thumbprint
from bot.domain.faults import HostFault
from bot.domain.plan import (
    Answer,
    HostPlan,
    InstallPlan,
    Operation,
    OperationKind,
    Service,
    Snapshot,
    Step,
)
from bot.domain.surroundings import AuthCertificates, Web
from bot.exchange import operations
from bot.exchange.call import Call, Reply
from bot.exchange.dialect import DIALECTS
from bot.exchange.fit import check_fits
from bot.exchange.plan import dialect_for, plan_install
from bot.exchange.retire import plan_retirement
from bot.exchange.rollback import plan_roll_back
from bot.exchange.serving import serving_before
from bot.exchange.snapshot import BACK_END, HostFacts
from bot.exchange.untouchable import check_operations, is_auth_thumbprint
from tests.fakes.exchange import BUILDS, FakeExchangeHosts
from tests.unit.exchange.hosts_seen import (
    AUTH,
    AUTH_SUBJECT,
    OLD,
    OWN,
    auth,
    bound,
    held,
    seen,
    self_signed,
    web,
)
from tests.unit.exchange.samples import ALL_BUT_UM, EX01, NOW, Authority, ask, order
from tests.unit.exchange.wires import FakeRunner

_NEW = Authority().answer(FakeExchangeHosts().make_csr(ask()))
_ENABLING = {
    OperationKind.ENABLE_SERVICES,
    OperationKind.ENABLE_SMTP,
    OperationKind.ENABLE_SMTP_KEEPING_DEFAULT,
    OperationKind.RESTORE_SMTP_DEFAULT,
}
_THUMBPRINTS = [Thumbprint(f"{number:040X}") for number in range(1, 7)]
_WORDS = ("IMAP", "POP", "IIS", "SMTP", "UM", BACK_END)


@st.composite
def _certificates(draw: st.DrawFn) -> tuple[Any, ...]:
    """A few certificates: bought, self-signed, for OAuth; with any column Exchange may compute."""
    chosen = draw(st.lists(st.sampled_from(_THUMBPRINTS), unique=True, max_size=5))
    makers = st.sampled_from([held, self_signed, auth])
    return tuple(
        draw(makers)(
            thumbprint,
            services=tuple(draw(st.sets(st.sampled_from(_WORDS)))),
            sites=draw(st.sampled_from([None, (), (1,), (2,), (1, 2), (7,)])),
            not_after=NOW + timedelta(days=draw(st.integers(-10, 400))),
        )
        for thumbprint in chosen
    )


_ANY = st.one_of(st.none(), st.sampled_from([*_THUMBPRINTS, _NEW.facts.thumbprint]))


@st.composite
def _snapshots(draw: st.DrawFn) -> Snapshot:
    """A host of any version, well or badly kept, read whole or in part."""
    bindings = web(
        draw(_ANY),
        draw(_ANY),
        bound(7, "a.example.com:443", draw(_ANY), "Intranet"),
        bound(None, "0.0.0.0:8172", draw(_ANY)),
    )
    names = st.dictionaries(
        st.sampled_from([Service.POP, Service.IMAP]),
        st.sampled_from(["", "EX01", "mail.example.com"]),
    )
    return seen(
        draw(st.sampled_from(sorted(BUILDS))),
        certificates=draw(_certificates()),
        default_smtp=draw(_ANY),
        web=draw(st.sampled_from([None, Web(), bindings])),
        mail_names=draw(names),
        auth=draw(
            st.one_of(
                st.none(), st.builds(AuthCertificates, current=_ANY, previous=_ANY, next=_ANY)
            )
        ),
        edge_subscriptions=draw(st.sampled_from([None, (), ("EDGE01",)])),
    )


def _plan(snapshot: Snapshot, *, by_endpoint: bool) -> InstallPlan | None:
    """The plan of such a host; None where it is refused, which is an answer as well."""
    wanted = order(services=tuple(Service))
    endpoints = {EX01} if by_endpoint else set()
    try:
        return plan_install(wanted, _NEW, (snapshot,), words={}, endpoints=endpoints)
    except HostFault:
        return None


def _undone(plan: InstallPlan, before: Snapshot) -> tuple[Operation, ...]:
    try:
        back = plan_roll_back(plan, _taken_over(before))
    except HostFault:
        return ()
    return (*back.operations, *back.past)


def _taken_over(before: Snapshot) -> Snapshot:
    """The host with the new certificate in every place a plan can put it."""
    new = held(
        _NEW.facts.thumbprint,
        services=("IMAP", "POP", "IIS", "SMTP", "UM"),
        not_before=NOW,
        sites=(1,),
    )
    front = web(new.thumbprint, OWN) if before.web is not None else None
    return replace(
        before, certificates=(*before.certificates, new), default_smtp=new.thumbprint, web=front
    )


def _named(operations_: Iterable[Operation]) -> set[Thumbprint]:
    return {one.thumbprint for one in operations_ if one.kind is not OperationKind.ADD_INTERMEDIATE}


@given(_snapshots(), st.booleans())
def test_no_operation_names_an_auth_certificate(snapshot: Snapshot, by_endpoint: bool) -> None:
    """Neither of the plan nor of its roll-back, whatever the column Services says."""
    plan = _plan(snapshot, by_endpoint=by_endpoint)
    if plan is None:
        return
    named = _named((*plan.host(EX01).operations, *_undone(plan, snapshot)))

    assert not [one for one in named if is_auth_thumbprint(snapshot, one)]
    assert not [one for one in plan.host(EX01).before.values() if is_auth_thumbprint(snapshot, one)]


@given(_snapshots(), st.booleans())
def test_iis_is_given_back_to_the_front_end_s_certificate_alone(
    snapshot: Snapshot, by_endpoint: bool
) -> None:
    """Where the bindings are known only the one on 443 counts; where they are not, none that may be the back end's."""
    plan = _plan(snapshot, by_endpoint=by_endpoint)
    old = plan.host(EX01).before.get(Service.IIS) if plan is not None else None
    if old is None:
        return
    found = snapshot.certificate(old)
    assert found is not None

    if snapshot.web is not None:
        assert snapshot.web.front_end is not None
        assert old == snapshot.web.front_end.thumbprint
    else:
        assert "IIS" in found.services
        assert (
            found.subject != found.issuer
            or found.sites is not None
            or not dialect_for(snapshot).has_back_end
        )


@given(_snapshots(), st.booleans())
def test_the_default_changes_only_by_an_answer(snapshot: Snapshot, by_endpoint: bool) -> None:
    """Where a default exists, SMTP stands only in operations of an answer, and a No ends with the default of before."""
    plan = _plan(snapshot, by_endpoint=by_endpoint)
    if plan is None or snapshot.default_smtp in {None, _NEW.facts.thumbprint}:
        return
    host = plan.host(EX01)
    smtp = [one for one in host.operations if Service.SMTP in one.services]
    on_no = [one for one in smtp if one.only_if is Answer.NO]

    assert all(one.only_if is not None for one in smtp)
    assert _default_after(on_no, snapshot.default_smtp) == snapshot.default_smtp


def _default_after(done: list[Operation], default: Thumbprint | None) -> Thumbprint | None:
    for one in done:
        if one.kind is not OperationKind.ENABLE_SMTP_KEEPING_DEFAULT:
            default = one.thumbprint
    return default


@given(_snapshots(), st.booleans())
def test_only_the_new_certificate_is_enabled_by_an_installation(
    snapshot: Snapshot, by_endpoint: bool
) -> None:
    """But for the default that is given back after a No."""
    plan = _plan(snapshot, by_endpoint=by_endpoint)
    operations_ = plan.host(EX01).operations if plan is not None else ()
    others = [
        one
        for one in operations_
        if one.kind in _ENABLING and one.thumbprint != _NEW.facts.thumbprint
    ]

    assert {(one.kind, one.only_if, one.thumbprint) for one in others} <= {
        (OperationKind.RESTORE_SMTP_DEFAULT, Answer.NO, snapshot.default_smtp)
    }


@given(_snapshots())
def test_iis_is_never_forced(snapshot: Snapshot) -> None:
    """Force would turn Require SSL on."""
    plan = _plan(snapshot, by_endpoint=False)
    every = (*plan.host(EX01).operations, *_undone(plan, snapshot)) if plan is not None else ()

    assert not [one for one in every if Service.IIS in one.services and "-Force" in one.text]


@given(_snapshots(), st.sampled_from(_THUMBPRINTS))
def test_no_used_certificate_is_ever_removed(snapshot: Snapshot, which: Thumbprint) -> None:
    """Default, bound anywhere, or for OAuth: a retirement is refused, for whichever certificate it was asked."""
    retired = replace(_NEW, facts=replace(_NEW.facts, thumbprint=which))
    try:
        removals = plan_retirement(order(), retired, (snapshot,))
    except HostFault:
        return

    for one in removals:
        assert one.thumbprint != snapshot.default_smtp
        assert not is_auth_thumbprint(snapshot, one.thumbprint)
        assert snapshot.web is None or not snapshot.web.bound_to(one.thumbprint)


def test_a_plan_that_names_an_auth_certificate_is_refused() -> None:
    """However it came in: enabling, giving back, importing and removing, by subject or by the organisation's word."""
    dialect = DIALECTS["2019"]
    bad = [
        operations.enable_services(EX01, AUTH, (Service.IIS,), dialect),
        operations.enable_smtp(EX01, AUTH, only_if=Answer.YES),
        operations.enable_smtp_keeping_default(EX01, AUTH, current_default=OWN),
        operations.restore_smtp_default(EX01, AUTH, step=Step.RESTORE, only_if=None),
        operations.remove_certificate(EX01, AUTH),
    ]
    renamed = (auth(subject="CN=Renamed"),)
    for one in bad:
        for snapshot in (seen(auth=None), seen(certificates=renamed), seen(certificates=())):
            with pytest.raises(HostFault, match="never enables, gives back or removes") as caught:
                check_operations(snapshot, (one,))

            assert (caught.value.code, caught.value.executed) == ("auth-certificate", "no")


def test_the_order_s_certificate_cannot_be_the_auth_certificate() -> None:
    """A plan for it is refused as a whole."""
    named = seen(auth=AuthCertificates(previous=_NEW.facts.thumbprint))
    with pytest.raises(HostFault) as caught:
        plan_install(order(), _NEW, (named,), words={})

    assert caught.value.code == "auth-certificate"


def test_a_back_end_s_certificate_is_not_taken_for_the_front_end_s() -> None:
    """Where neither IIS nor Exchange says which site it serves, the self-signed one is given nothing back."""
    unknown = seen(web=None, certificates=(self_signed(sites=None),))
    before = serving_before(unknown, ALL_BUT_UM, DIALECTS["2019"], without=_NEW.facts.thumbprint)
    on_2010 = serving_before(unknown, ALL_BUT_UM, DIALECTS["2010"], without=_NEW.facts.thumbprint)

    assert Service.IIS not in before
    assert on_2010[Service.IIS] == OWN


# ---- the last look before an operation runs ----------------------------------------------------

_FACTS = HostFacts(
    host=EX01,
    machine="EX01",
    fqdn="ex01.corp.example.com",
    now=NOW,
    build="15.2.1118.7",
    dialect=DIALECTS["2019"],
)


def _runner(current: str = AUTH) -> FakeRunner:
    """A host whose organisation names this Auth certificate, and that shows nothing."""

    def reply(call: Call) -> Reply:
        if call.cmdlet == "Get-AuthConfig":
            return Reply(objects=((current, None, None),))
        return Reply()

    return FakeRunner(reply=reply)


def _check(
    operation: Operation, facts: HostFacts = _FACTS, runner: FakeRunner | None = None
) -> str:
    """The code of the refusal, which must say that nothing ran; empty when it fits."""
    try:
        check_fits(runner or _runner(), facts, operation, _NEW)
    except HostFault as fault:
        return fault.code if fault.executed == "no" else f"executed {fault.executed}"
    return ""


def _host_plan(snapshot: Snapshot) -> HostPlan:
    return plan_install(order(), _NEW, (snapshot,), words={}).host(EX01)


@pytest.mark.parametrize(
    ("now", "code"),
    [
        ("2019", ""),
        ("2016", "build-changed"),
        ("se", "build-changed"),
        ("2013", "build-changed"),
    ],
)
def test_a_host_of_another_version_than_planned_is_refused(now: str, code: str) -> None:
    """Everything of the plan carries its build, the intermediates too; nothing is done on another version."""
    facts = replace(_FACTS, dialect=DIALECTS[now], build=BUILDS[now])  # type: ignore[index] # a table
    planned = _host_plan(seen()).operations_for(Answer.NO)

    assert {_check(one, facts) for one in planned} == {code}


def test_a_revision_is_no_other_version() -> None:
    """A security update between plan and run changes nothing about how the host is spoken to."""
    facts = replace(_FACTS, build="15.2.1544.33")
    planned = _host_plan(seen()).operations_for(Answer.YES)

    assert {_check(one, facts) for one in planned} == {""}


def test_a_roll_back_is_for_whatever_the_host_is_now() -> None:
    """It may be needed after an upgrade: it carries no build."""
    planned = plan_install(order(), _NEW, (seen(),), words={})
    undone = plan_roll_back(planned, _taken_over(seen())).operations
    facts = replace(_FACTS, dialect=DIALECTS["se"], build=BUILDS["se"])

    assert {one.build for one in undone} == {None}
    assert {_check(one, facts) for one in undone} == {""}


def test_an_unknown_build_in_a_plan_is_another_version() -> None:
    """A plan nobody can place is not run."""
    planned = replace(_host_plan(seen()).operations[0], build="9.9")

    assert _check(planned) == "build-changed"


@pytest.mark.parametrize(
    "operation",
    [
        operations.enable_services(EX01, OLD, (Service.IIS,), DIALECTS["2019"]),
        operations.enable_smtp(EX01, OLD, only_if=Answer.YES),
        operations.enable_smtp_keeping_default(EX01, OLD, current_default=OWN),
        operations.remove_certificate(EX01, OLD),
    ],
)
def test_nothing_is_done_to_another_certificate(operation: Operation) -> None:
    """Enabling and removing are for the order's own certificate alone; the host is not even asked."""
    runner = _runner()

    assert _check(operation, runner=runner) == "other-certificate"
    assert runner.calls == []


@pytest.mark.parametrize(
    "operation",
    [
        operations.restore_smtp_default(EX01, OLD, step=Step.RESTORE, only_if=None),
        operations.restore_smtp_default(EX01, OLD, step=Step.ENABLE, only_if=Answer.NO),
        operations.enable_services(EX01, OLD, (Service.POP,), DIALECTS["2019"], step=Step.RESTORE),
    ],
)
def test_what_became_the_auth_certificate_is_not_given_a_service(operation: Operation) -> None:
    """A plan may be old: the organisation is asked at the moment it runs."""
    assert _check(operation, runner=_runner(current=OLD)) == "auth-certificate"
    assert _check(operation, runner=_runner(current=AUTH)) == ""


def test_an_auth_certificate_is_known_by_its_subject_where_nobody_names_it() -> None:
    """An account without the role for Get-AuthConfig does not open a gap."""
    assert is_auth_thumbprint(seen(auth=None), AUTH)
    assert is_auth_thumbprint(
        seen(auth=None, certificates=(auth(subject=AUTH_SUBJECT.upper()),)), AUTH
    )
    assert not is_auth_thumbprint(seen(auth=None), OLD)
