"""An order as columns and back; every field of `CertificateOrder` has its place here, once each way."""

import json
from datetime import datetime
from typing import Any

from bot.certs.judge import IssuedCertificate
from bot.domain.approvals import Approval
from bot.domain.ids import OrderId, PersonId, UploadId
from bot.domain.lifetime import CertificateEnd, valid_days
from bot.domain.order import CertificateOrder
from bot.domain.states import State
from bot.store.tables import OrderRecord
from bot.store.values import (
    ANSWERS,
    CLEARING,
    CSRS,
    ENDERS,
    FINDINGS,
    HOSTS,
    LEAF_FACTS,
    PLAN,
    ROUNDS,
    WISH,
    path_text,
    path_value,
)


def order_columns(order: CertificateOrder) -> dict[str, Any]:
    """Everything of an order but its number, its draft's key and its approvals."""
    return {
        "version": order.version,
        "state": order.state.value,
        "wish": WISH.text(order.wish),
        "requester": order.requester,
        "home": order.home,
        "placed_at": order.placed_at,
        "changed_at": order.changed_at,
        "detail": order.detail,
        "csr_pem": order.csr_pem,
        "csr_round": order.csr_round,
        "vendor_reference": order.vendor_reference,
        "upload_id": order.upload_id,
        "uploader": order.uploader,
        **_certificate_columns(order.certificate),
        "findings": FINDINGS.text(order.findings),
        "plan": PLAN.text(order.plan) if order.plan else None,
        "answers": ANSWERS.text(order.answers),
        "done_hosts": HOSTS.text(order.done_hosts),
        "failed_in": order.failed_in.value if order.failed_in else None,
        "fault_code": order.fault_code,
        "installed_at": order.installed_at,
        "renewal_asked_at": order.renewal_asked_at,
        "renewal_not_before": order.renewal_not_before,
        "renewed_by": order.renewed_by,
        "superseded_by": order.superseded_by,
        "kept": order.kept,
        "past_csrs": CSRS.text(order.past_csrs),
        "cleared": ROUNDS.text(order.cleared),
        "clearing": CLEARING.text(order.clearing) if order.clearing else None,
        "waits_since": order.waits_since,
        "ended_by": ENDERS.text(order.ended_by),
    }


def order_value(row: OrderRecord, approvals: tuple[Approval, ...]) -> CertificateOrder:
    """The order a row holds, together with its approvals."""
    return CertificateOrder(
        id=OrderId(row.id or 0),
        version=row.version,
        state=State(row.state),
        wish=WISH.value(row.wish),
        requester=PersonId(row.requester),
        home=row.home,
        placed_at=row.placed_at,
        changed_at=row.changed_at,
        detail=row.detail,
        approvals=approvals,
        csr_pem=row.csr_pem,
        csr_round=row.csr_round,
        vendor_reference=row.vendor_reference,
        upload_id=None if row.upload_id is None else UploadId(row.upload_id),
        uploader=None if row.uploader is None else PersonId(row.uploader),
        certificate=_certificate_value(row),
        findings=FINDINGS.value(row.findings),
        plan=None if row.plan is None else PLAN.value(row.plan),
        answers=ANSWERS.value(row.answers),
        done_hosts=HOSTS.value(row.done_hosts),
        failed_in=None if row.failed_in is None else State(row.failed_in),
        fault_code=row.fault_code,
        installed_at=row.installed_at,
        renewal_asked_at=row.renewal_asked_at,
        renewal_not_before=row.renewal_not_before,
        renewed_by=None if row.renewed_by is None else OrderId(row.renewed_by),
        superseded_by=None if row.superseded_by is None else OrderId(row.superseded_by),
        kept=row.kept,
        past_csrs=CSRS.value(row.past_csrs),
        cleared=ROUNDS.value(row.cleared),
        clearing=None if row.clearing is None else CLEARING.value(row.clearing),
        waits_since=row.waits_since,
        ended_by=ENDERS.value(row.ended_by),
    )


def certificate_end(
    number: int | None,
    leaf_facts: str | None,
    not_before: datetime | None,
    renewed_by: int | None,
) -> CertificateEnd:
    """What a look at the calendar needs of a row that holds a certificate."""
    # The whole form of the facts is read with the order; here two moments of a form that we wrote ourselves.
    facts = json.loads(leaf_facts or "")
    return CertificateEnd(
        order_id=OrderId(number or 0),
        not_before=datetime.fromisoformat(facts["not_before"]),
        not_after=datetime.fromisoformat(facts["not_after"]),
        not_again_before=not_before,
        renewed_by=None if renewed_by is None else OrderId(renewed_by),
    )


def _certificate_columns(certificate: IssuedCertificate | None) -> dict[str, Any]:
    if certificate is None:
        return dict.fromkeys(("leaf_der", "path_ders", "leaf_facts", "not_after", "valid_days"))
    facts = certificate.facts
    return {
        "leaf_der": certificate.leaf_der,
        "path_ders": path_text(certificate.path),
        "leaf_facts": LEAF_FACTS.text(facts),
        "not_after": facts.not_after,
        "valid_days": valid_days(facts.not_before, facts.not_after),
    }


def _certificate_value(row: OrderRecord) -> IssuedCertificate | None:
    if row.leaf_der is None or row.path_ders is None or row.leaf_facts is None:
        return None
    return IssuedCertificate(
        leaf_der=row.leaf_der,
        path=path_value(row.path_ders),
        facts=LEAF_FACTS.value(row.leaf_facts),
    )
