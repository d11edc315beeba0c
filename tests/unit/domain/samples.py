"""People, hosts, a certificate, a plan and orders for the tests of the rules and of the workflow."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.certs.judge import IssuedCertificate, LeafFacts
from bot.certs.names import DnsName
from bot.certs.prints import Fingerprint, Thumbprint
from bot.domain import events as ev
from bot.domain.approvals import Gate, Role
from bot.domain.ids import HostName, OrderId, PersonId, UploadId, VendorName
from bot.domain.order import CertificateOrder, Wish
from bot.domain.plan import (
    Answer,
    CertificateLine,
    HostPlan,
    InstallPlan,
    Operation,
    OperationKind,
    Service,
    SmtpQuestion,
    Step,
)
from bot.domain.site import Host, Person, Policy, Site, Vendor
from bot.domain.states import KEEPS, RETRIES, EventKind, State
from bot.domain.subject import Subject

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RITA = PersonId("T1:URITA")
MAX, MIA = PersonId("T1:UMAX"), PersonId("T1:UMIA")
OLGA, OTTO = PersonId("T1:UOLGA"), PersonId("T1:UOTTO")
ANNE = PersonId("T1:UANNE")
BOSS = PersonId("T1:UBOSS")
STRANGER = PersonId("T1:USTRANGER")
EX01, EX02, LAB01 = HostName("EX01"), HostName("EX02"), HostName("LAB01")
TOY = VendorName("toy")
THUMBPRINT = Thumbprint("AB" * 20)
OLD_THUMBPRINT = Thumbprint("CD" * 20)
NAMES = (DnsName("mail.example.com"), DnsName("autodiscover.example.com"))

_ROLES = {
    MAX: {Role.APPROVER},
    MIA: {Role.APPROVER},
    OLGA: {Role.OPERATOR},
    OTTO: {Role.OPERATOR},
    ANNE: {Role.AUDITOR},
    BOSS: {Role.APPROVER, Role.OPERATOR},
}
"""Rita asks and has no role, like the stranger; the boss keeps every gate."""


def site(**quorum: int) -> Site:
    """Three hosts, one of them a lab; a quorum by the gate's name."""
    return Site(
        hosts=(
            Host(name=EX01, version="2019"),
            Host(name=EX02, version="2016"),
            Host(name=LAB01, version="se", lab=True),
        ),
        people=tuple(
            Person(id=person, name=person[4:].title(), roles=frozenset(roles))
            for person, roles in _ROLES.items()
        ),
        vendors=(Vendor(name=TOY, title="Toy Trust", issuers=("Toy Trust, Inc.",)),),
        policy=Policy(quorum={Gate(gate): count for gate, count in quorum.items()}),
        approvals_channel="CAPPROVALS",
        channels=("CCERTS",),
    )


def wish(**parts: Any) -> Wish:
    """A wish for mail.example.com on EX01 and EX02."""
    whole: dict[str, Any] = {
        "hosts": (EX01, EX02),
        "subject": Subject(common_name=NAMES[0], organization="Example, Inc."),
        "names": NAMES,
        "key_bits": 2048,
        "exportable": True,
        "services": (Service.IIS, Service.SMTP),
        "vendor": TOY,
        "reason": "the old one ends",
    }
    return Wish(**{**whole, **parts})


def order(state: State = State.PLACED, **parts: Any) -> CertificateOrder:
    """Rita's order 7 in a state, with nothing in it that the test did not ask for."""
    whole: dict[str, Any] = {
        "id": OrderId(7),
        "version": 3,
        "state": state,
        "wish": wish(),
        "requester": RITA,
        "home": "CCERTS",
        "placed_at": NOON,
        "changed_at": NOON,
    }
    return CertificateOrder(**{**whole, **parts})


def certificate(**facts: Any) -> IssuedCertificate:
    """A proven certificate as a value; its bytes are never read here."""
    whole: dict[str, Any] = {
        "subject": "CN=mail.example.com",
        "issuer": "CN=Toy CA,O=Toy Trust\\, Inc.",
        "serial_hex": "4a1b",
        "names": NAMES,
        "not_before": NOON - timedelta(days=1),
        "not_after": NOON + timedelta(days=198),
        "key": "RSA 2048",
        "sha256": Fingerprint("12" * 32),
        "thumbprint": THUMBPRINT,
    }
    return IssuedCertificate(
        leaf_der=b"leaf", path=(b"issuer",), facts=LeafFacts(**{**whole, **facts})
    )


def operation(host: HostName, kind: OperationKind, step: Step, **parts: Any) -> Operation:
    """One operation about the new certificate."""
    whole: dict[str, Any] = {"thumbprint": THUMBPRINT, "text": f"{kind.value} on {host}"}
    return Operation(
        key=f"{host}/{kind.value}", host=host, step=step, kind=kind, **{**whole, **parts}
    )


def host_plan(host: HostName, *, asks: bool = False) -> HostPlan:
    """Intermediates, import, services, and the default SMTP certificate if somebody says Yes."""
    line = CertificateLine(thumbprint=OLD_THUMBPRINT, subject="CN=old", not_after=NOON)
    new = replace(line, thumbprint=THUMBPRINT, subject="CN=mail.example.com")
    question = SmtpQuestion(current=line, new=new, default=Answer.NO) if asks else None
    return HostPlan(
        host=host,
        build="15.2.1748.10",
        operations=(
            operation(host, OperationKind.ADD_INTERMEDIATE, Step.INTERMEDIATES),
            operation(host, OperationKind.IMPORT_CERTIFICATE, Step.IMPORT),
            operation(host, OperationKind.ENABLE_SERVICES, Step.ENABLE, services=(Service.IIS,)),
            operation(host, OperationKind.ENABLE_SMTP, Step.ENABLE, only_if=Answer.YES),
        ),
        forecast=("IIS changes to the new certificate.",),
        question=question,
        before={Service.IIS: OLD_THUMBPRINT},
    )


def plan(*hosts: HostPlan) -> InstallPlan:
    """A plan for these hosts; EX01 with the SMTP question and EX02 without when none are given."""
    return InstallPlan(
        order_id=OrderId(7),
        thumbprint=THUMBPRINT,
        sha256=Fingerprint("12" * 32),
        subject="CN=mail.example.com",
        names=NAMES,
        not_after=NOON + timedelta(days=198),
        services=(Service.IIS, Service.SMTP),
        hosts=hosts or (host_plan(EX01, asks=True), host_plan(EX02)),
    )


def event(kind: EventKind) -> ev.Event:
    """An event of each kind, with something in every field."""
    events: tuple[ev.Event, ...] = (
        ev.Endorsed(gate=Gate.ISSUE),
        ev.Approved(),
        ev.Rejected(reason="too expensive"),
        ev.Cancelled(reason="not needed"),
        ev.Withdrawn(reason="not needed"),
        ev.Lapsed(),
        ev.CsrMade(csr_pem="-----BEGIN CERTIFICATE REQUEST-----"),
        ev.HostRefused(code="host-sign-in", reason="The sign-in was refused."),
        ev.SubmittedToVendor(reference="GD-1"),
        ev.VendorIssued(),
        ev.VendorRejected(reason="no control of the name"),
        ev.Rekeyed(),
        ev.BundleUploaded(upload_id=UploadId(5), file_name="bundle.zip", by=RITA),
        ev.BundleProven(certificate=certificate()),
        ev.BundleRefused(findings=()),
        ev.PlanMade(plan=plan()),
        ev.PlanFailed(code="host-unreachable", reason="EX01 is away."),
        ev.ReplanAsked(),
        ev.InstallApproved(digest=plan().digest(), answers={EX01: Answer.NO}),
        ev.HostDone(host=EX01),
        ev.HostFailed(host=EX01, code="host-cmdlet-error", reason="Exchange refused."),
        ev.InstallFinished(),
        ev.RollBackAsked(),
        ev.RollBackFinished(),
        ev.RetireAsked(),
        ev.RetireFinished(),
        ev.ClearAsked(rounds=(1,)),
        ev.RequestCleared(rounds=(1,)),
        ev.ClearFailed(code="host-unreachable", reason="EX01 is away."),
        ev.ClearRetried(),
        ev.SupersededBy(successor=OrderId(8)),
        ev.Reinstated(instead_of=OrderId(8)),
        ev.RenewalProposed(),
        ev.RenewalPostponed(until=NOON + timedelta(days=7)),
        ev.RenewalOpened(successor=OrderId(8)),
        *(
            ev.Kept(kind=keep, host=EX01, code="still-used", reason="In use.")
            for keep in KEEPS.values()
        ),
        *(ev.RetryAsked(kind=retry) for retry in RETRIES.values()),
    )
    return {known.kind: known for known in events}[kind]
