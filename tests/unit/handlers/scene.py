"""A small site, its people, and one order in every state: what pictures and doors are tested on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.certs.findings import refuse, warn
from bot.certs.judge import IssuedCertificate, LeafFacts
from bot.certs.names import DnsName
from bot.certs.prints import Fingerprint, Thumbprint
from bot.domain.approvals import Approval, Gate, Role
from bot.domain.faults import FaultKind
from bot.domain.ids import HostName, OrderId, PersonId, UploadId, VendorName
from bot.domain.order import CertificateOrder, HostStep, Wish
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
from bot.domain.states import State
from bot.domain.subject import Subject

TEAM = "T1"
WORKSPACE = "https://example.slack.com/"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RITA, MAX, OLGA, ARTHUR, MAJA = (
    PersonId(f"{TEAM}:{user}") for user in ("URITA", "UMAX", "UOLGA", "UARTHUR", "UMAJA")
)
HOME, APPROVALS = "CREQUESTS", "CAPPROVALS"
EX01, EX02 = HostName("EX01"), HostName("EX02")
OLD, NEW = Thumbprint("A" * 40), Thumbprint("B" * 40)
NAMES = (DnsName("mail.example.com"), DnsName("autodiscover.example.com"))

SITE = Site(
    hosts=(
        Host(name=EX01, version="2019"),
        Host(name=EX02, version="2016"),
        Host(name=HostName("LAB01"), version="2007", lab=True),
    ),
    people=(
        Person(id=MAX, name="Max Manager", roles=frozenset({Role.APPROVER})),
        Person(id=MAJA, name="Maja Manager", roles=frozenset({Role.APPROVER})),
        Person(id=OLGA, name="Olga Operator", roles=frozenset({Role.OPERATOR})),
        Person(id=ARTHUR, name="Arthur Auditor", roles=frozenset({Role.AUDITOR})),
    ),
    vendors=(
        Vendor(
            name=VendorName("godaddy"),
            title="GoDaddy",
            guide="godaddy",
            page="https://portal.example.com/",
        ),
        Vendor(name=VendorName("acme"), title="Acme Certificates"),
    ),
    policy=Policy(),
    approvals_channel=APPROVALS,
    channels=(HOME,),
)

CSR_PEM = (
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    + "\n".join("MIIE" + "x" * 60 for _ in range(24))
    + "\n-----END CERTIFICATE REQUEST-----\n"
)


def wish(**parts: Any) -> Wish:
    """A wish for two names on two hosts."""
    whole: dict[str, Any] = {
        "hosts": (EX01, EX02),
        "subject": Subject(
            common_name="mail.example.com", country="US", organization="Example, Inc."
        ),
        "names": NAMES,
        "key_bits": 2048,
        "exportable": True,
        "services": (Service.IIS, Service.SMTP),
        "vendor": VendorName("godaddy"),
        "reason": "The old certificate ends in December.",
    }
    return Wish(**{**whole, **parts})


def order(state: State = State.PLACED, **parts: Any) -> CertificateOrder:
    """Rita's order 27 as it looks in a state."""
    whole: dict[str, Any] = {
        "id": OrderId(27),
        "version": 3,
        "state": state,
        "wish": wish(),
        "requester": RITA,
        "home": HOME,
        "placed_at": NOON - timedelta(days=1),
        "changed_at": NOON,
    }
    return CertificateOrder(**{**whole, **_LOOKS[state], **parts})


def approval(by: PersonId = MAX, gate: Gate = Gate.ISSUE, **parts: Any) -> Approval:
    """A yes at a gate."""
    return Approval(**{"gate": gate, "by": by, "at": NOON, "yes": True, **parts})


def plan(**parts: Any) -> InstallPlan:
    """A plan for two hosts with a question on each: answered No by default, and open."""
    line = CertificateLine(
        thumbprint=NEW, subject="CN=mail.example.com", not_after=NOON + timedelta(days=198)
    )
    old = replace(line, thumbprint=OLD, not_after=NOON + timedelta(days=900))
    whole: dict[str, Any] = {
        "order_id": OrderId(27),
        "thumbprint": NEW,
        "sha256": Fingerprint("c" * 64),
        "subject": "CN=mail.example.com",
        "names": NAMES,
        "not_after": NOON + timedelta(days=198),
        "services": (Service.IIS, Service.SMTP),
        "hosts": (
            _host_plan(EX01, SmtpQuestion(current=old, new=line, default=Answer.NO)),
            _host_plan(EX02, SmtpQuestion(current=None, new=line, default=None)),
        ),
    }
    return InstallPlan(**{**whole, **parts})


def certificate() -> IssuedCertificate:
    """A proven certificate; its DER is no certificate, and nobody here reads it."""
    facts = LeafFacts(
        subject="CN=mail.example.com",
        issuer="CN=Example Issuing CA",
        serial_hex="4a1b2c3d",
        names=NAMES,
        not_before=NOON - timedelta(days=1),
        not_after=NOON + timedelta(days=198),
        key="RSA 2048",
        sha256=Fingerprint("c" * 64),
        thumbprint=NEW,
    )
    return IssuedCertificate(leaf_der=b"leaf", path=(b"issuer",), facts=facts)


def steps(*, failed: bool = False) -> tuple[HostStep, ...]:
    """How far the two hosts have come."""
    last = "failed" if failed else "running"
    return (
        HostStep(host=EX01, step=Step.IMPORT, status="done", note="", at=NOON),
        HostStep(host=EX01, step=Step.ENABLE, status="done", note="", at=NOON),
        HostStep(host=EX02, step=Step.IMPORT, status=last, note="", at=NOON),
    )


def _host_plan(host: HostName, question: SmtpQuestion) -> HostPlan:
    def operation(kind: OperationKind, step: Step, text: str, **parts: Any) -> Operation:
        return Operation(
            key=f"{host}/{kind}",
            host=host,
            step=step,
            kind=kind,
            thumbprint=NEW,
            text=text,
            **parts,
        )

    return HostPlan(
        host=host,
        build="15.2.1544.4",
        operations=(
            operation(
                OperationKind.IMPORT_CERTIFICATE,
                Step.IMPORT,
                "Import-ExchangeCertificate -FileData <bytes>",
            ),
            operation(
                OperationKind.ENABLE_SMTP,
                Step.ENABLE,
                f"Enable-ExchangeCertificate -Thumbprint {NEW} -Services SMTP -Force",
                only_if=Answer.YES,
            ),
        ),
        forecast=("IIS moves from the certificate that ends in December.",),
        question=question,
        before={Service.IIS: OLD},
    )


_FINDINGS = (
    refuse("key_mismatch", "mail.crt", "The leaf has another key than order 27's CSR."),
    warn("name_extra", "mail.crt", "The vendor added www.mail.example.com."),
)
_CSR: dict[str, Any] = {"csr_pem": CSR_PEM, "csr_round": 1, "approvals": (approval(),)}
_SUBMITTED: dict[str, Any] = _CSR | {"vendor_reference": "GD-4711"}
_UPLOADED: dict[str, Any] = _SUBMITTED | {"upload_id": UploadId(1), "uploader": RITA}
_PROVEN: dict[str, Any] = _UPLOADED | {"certificate": certificate(), "plan": plan()}
_INSTALLED: dict[str, Any] = _PROVEN | {
    "installed_at": NOON,
    "approvals": (
        approval(),
        approval(OLGA, Gate.INSTALL, subject=plan().digest()),
        approval(OLGA, Gate.OVERWRITE_SMTP, yes=False, subject=f"EX01:{plan().digest()}"),
    ),
}
_LOOKS: dict[State, dict[str, Any]] = {
    State.PLACED: {},
    State.APPROVED: {"approvals": (approval(),)},
    State.CSR_READY: _CSR,
    State.SUBMITTED: _SUBMITTED,
    State.ISSUED: _UPLOADED | {"findings": _FINDINGS},
    State.CHECKING: _UPLOADED,
    State.PROVEN: _PROVEN,
    State.INSTALLING: _INSTALLED | {"installed_at": None},
    State.INSTALLED: _INSTALLED,
    State.ROLLING_BACK: _INSTALLED,
    State.RETIRING: _INSTALLED,
    State.ROLLED_BACK: _INSTALLED,
    State.REJECTED: {"approvals": (approval(yes=False, reason="Use the wildcard instead."),)},
    State.CANCELLED: {},
    State.LAPSED: {},
    State.FAILED: _INSTALLED
    | {
        "installed_at": None,
        "failed_in": State.INSTALLING,
        "fault_code": FaultKind.CMDLET_ERROR.value,
        "detail": "EX02: Exchange says that the certificate has no private key. Nothing was enabled.",
    },
    State.SUPERSEDED: _INSTALLED | {"superseded_by": OrderId(31)},
    State.RETIRED: _INSTALLED,
}
