"""What of an event is worth keeping in the audit: digests and references, never secrets or bytes."""

import hashlib

from bot.domain import events as ev


def audit_facts(event: ev.Event) -> dict[str, str]:
    """The lasting facts of an event, as short text by name."""
    match event:
        case ev.CsrMade(csr_pem=pem):
            return {"csr_sha256": hashlib.sha256(pem.encode()).hexdigest()}
        case ev.SubmittedToVendor(reference=reference):
            return {"vendor_reference": reference}
        case ev.BundleUploaded(upload_id=upload, file_name=name):
            return {"upload": str(upload), "file": name}
        case ev.BundleProven(certificate=certificate):
            return {
                "sha256": certificate.facts.sha256,
                "thumbprint": certificate.facts.thumbprint,
                "serial": certificate.facts.serial_hex,
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
        case ev.HostDone(host=host, handshakes=handshakes):
            shown = {f"proof.{h.service}": h.sha256 or "none" for h in handshakes}
            return {"host": host, **shown}
        case ev.HostFailed(host=host, code=code):
            return {"host": host, "code": code}
        case ev.Kept(host=str(host), code=code):
            return {"host": host, "code": code}
        case ev.HostRefused(code=code) | ev.PlanFailed(code=code):
            return {"code": code}
        case ev.SupersededBy(successor=successor) | ev.RenewalOpened(successor=successor):
            return {"successor": str(successor)}
        case ev.Reinstated(instead_of=order):
            return {"instead_of": str(order)}
        case _:
            return _clearing_facts(event)


def _clearing_facts(event: ev.Event) -> dict[str, str]:
    match event:
        case ev.ClearAsked(rounds=rounds) | ev.RequestCleared(rounds=rounds):
            return {"rounds": ", ".join(map(str, rounds))}
        case ev.ClearFailed(code=code):
            return {"code": code}
        case _:
            return {}
