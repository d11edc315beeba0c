"""What of an event is worth keeping in the audit: digests and references, never secrets or bytes."""

import hashlib
from datetime import datetime

from bot.domain import events as ev
from bot.domain.audit import AuditEntry
from bot.domain.ids import PersonId
from bot.domain.order import CertificateOrder
from bot.domain.plan import Handshake
from bot.domain.site import Site


def entry_of(
    event: ev.Event,
    before: CertificateOrder,
    after: CertificateOrder,
    *,
    by: PersonId,
    at: datetime,
    site: Site,
    link: str | None,
) -> AuditEntry:
    """Write the audit entry of one change: who, what, when, why, from where, and under which plan."""
    return AuditEntry(
        order_id=after.id, at=at, by=by, what=event.kind.value, before=before.state.value,
        after=after.state.value, why=event.reason, facts=plan_facts(after) | audit_facts(event),
        by_name=site.name_of(by), link=link,
    )  # fmt: skip


def entry_of_placing(
    order: CertificateOrder, *, by: PersonId, at: datetime, site: Site, link: str | None
) -> AuditEntry:
    """Write the first audit entry of an order."""
    wish = order.wish
    return AuditEntry(
        order_id=order.id, at=at, by=by, what="placed", before="", after=order.state.value,
        why=wish.reason, facts={"hosts": ", ".join(wish.hosts), "names": ", ".join(wish.names)},
        by_name=site.name_of(by), link=link,
    )  # fmt: skip


def plan_facts(order: CertificateOrder) -> dict[str, str]:
    """The plan an order stands under, once there is one."""
    return {"plan_digest": order.plan.digest()} if order.plan else {}


def audit_facts(event: ev.Event) -> dict[str, str]:
    """The lasting facts of an event, as short text by name."""
    match event:
        case ev.CsrMade(csr_pem=pem):
            return {"csr_sha256": hashlib.sha256(pem.encode()).hexdigest()}
        case ev.SubmittedToVendor(reference=reference):
            return {"vendor_reference": reference}
        case ev.BundleUploaded(upload_id=upload, file_name=name, sha256=sha256):
            return {"upload": str(upload), "file": name, "sha256": sha256}
        case ev.BundleProven(certificate=certificate, findings=findings):
            warned = {"findings": ", ".join(one.code for one in findings)} if findings else {}
            return {
                "sha256": certificate.facts.sha256,
                "thumbprint": certificate.facts.thumbprint,
                "serial": certificate.facts.serial_hex,
                **warned,
            }
        case ev.BundleRefused(findings=findings):
            return {"findings": ", ".join(finding.code for finding in findings)}
        case _:
            return _later_facts(event)


def _later_facts(event: ev.Event) -> dict[str, str]:
    match event:
        case ev.PlanMade(plan=plan):
            return {"plan_digest": plan.digest()}
        case ev.InstallApproved(digest=digest, answers=answers):
            said = {f"overwrite_smtp.{host}": answer.value for host, answer in answers.items()}
            return {"plan_digest": digest, **said}
        case ev.HostDone(host=host, handshakes=handshakes, read_back=seen):
            return {"host": host, "read_back": seen, **_proofs(handshakes)}
        case ev.HostFailed(host=host, code=code):
            return {"host": host, "code": code}
        case ev.Kept(host=str(host), code=code):
            return {"host": host, "code": code}
        case ev.RollBackFinished(left=left):
            return {"left": "\n".join(left)} if left else {}
        case ev.HostRefused(code=code) | ev.PlanFailed(code=code):
            return {"code": code}
        case ev.SupersededBy(successor=successor) | ev.RenewalOpened(successor=successor):
            return {"successor": str(successor)}
        case ev.Reinstated(instead_of=order):
            return {"instead_of": str(order)}
        case _:
            return _clearing_facts(event)


def _proofs(handshakes: tuple[Handshake, ...]) -> dict[str, str]:
    """One fact a handshake: a service can be proven on several ports (25 and 587 are both SMTP)."""
    return {
        f"proof.{shake.service}.{shake.address}": f"{shake.sha256 or 'none'} {shake.detail}"
        for shake in handshakes
    }


def _clearing_facts(event: ev.Event) -> dict[str, str]:
    match event:
        case ev.ClearAsked(rounds=rounds) | ev.RequestCleared(rounds=rounds):
            return {"rounds": ", ".join(map(str, rounds))}
        case ev.ClearFailed(code=code):
            return {"code": code}
        case _:
            return {}
