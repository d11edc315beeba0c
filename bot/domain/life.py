"""
What an event makes of an order: a pure step from one value to the next.

The state comes from the table alone; the rest of the value is what the event brought along.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain import events as ev
from bot.domain.ids import SYSTEM, PersonId
from bot.domain.order import CertificateOrder, Clearing
from bot.domain.pending import last_round
from bot.domain.states import KEEPS, EventKind, State, Work, move
from bot.domain.waiting import waits_since

SPOILED_CSR = frozenset({"csr-gone", "csr-not-as-ordered"})
"""Faults after which the pending request is of no use: a retry makes another one, of the next round."""


_ENDING = frozenset(
    {
        EventKind.REJECT,
        EventKind.CANCEL,
        EventKind.WITHDRAWN,
        EventKind.VENDOR_REJECTED,
        EventKind.REKEYED,
        EventKind.ROLL_BACK,
    }
)
"""What people do after which nobody waits for the request of the round any more."""


def advance(
    order: CertificateOrder, event: ev.Event, *, at: datetime, by: PersonId = SYSTEM
) -> tuple[CertificateOrder, Work]:
    """
    Apply an event.

    Args:
        by: whose event it is; the machine's where nobody is named.

    Returns:
        the order after it, one version on, and the work that starts with it.

    Raises:
        IllegalMove: the table does not know the pair; nothing was changed.
    """
    step = move(order.state, event.kind)
    common: dict[str, Any] = {
        "state": step.to,
        "version": order.version + 1,
        "changed_at": at,
        "detail": "",
        "approvals": order.approvals + event.approvals,
    }
    after = replace(
        order, **(common | _brought(order, event, at)), ended_by=_ended_by(order, event, by)
    )
    return replace(after, waits_since=waits_since(order, after, at=at)), step.work


def may_keep(order: CertificateOrder) -> bool:
    """Whether what failed can be given up, so that the certificate counts as installed again: a removal, or a roll-back of what was proven."""
    if order.state is not State.FAILED:
        return False
    is_installed = order.installed_at is not None
    return order.failed_in is State.RETIRING or (
        order.failed_in is State.ROLLING_BACK and is_installed
    )


def way_back(order: CertificateOrder) -> EventKind:
    """The event that gives a removal up: it leads to the state in which the removal was asked for."""
    return KEEPS[State.INSTALLED if order.superseded_by is None else State.SUPERSEDED]


def _brought(order: CertificateOrder, event: ev.Event, at: datetime) -> dict[str, Any]:
    return (
        _from_request(order, event)
        | _from_bundle(event)
        | _from_hosts(order, event, at)
        | _from_failure(order, event)
        | _from_watch(order, event, at)
        | _from_clearing(order, event)
    )


def _ended_by(order: CertificateOrder, event: ev.Event, by: PersonId) -> Mapping[int, PersonId]:
    """A proven installation has completed its request: what is rolled back then ends no round."""
    if event.kind not in _ENDING or by == SYSTEM:
        return order.ended_by
    if event.kind is EventKind.ROLL_BACK and order.installed_at is not None:
        return order.ended_by
    return {**order.ended_by, last_round(order): by}


def _from_request(order: CertificateOrder, event: ev.Event) -> dict[str, Any]:
    match event:
        case ev.CsrMade(csr_pem=pem):
            return {"csr_pem": pem, "csr_round": order.csr_round + 1}
        case ev.SubmittedToVendor(reference=reference):
            return {"vendor_reference": reference}
        case ev.Rekeyed():
            past = {**order.past_csrs, order.csr_round: order.csr_pem}
            return {"csr_pem": "", "past_csrs": past}
        case _:
            return {}


def _from_bundle(event: ev.Event) -> dict[str, Any]:
    match event:
        case ev.BundleUploaded(upload_id=upload, by=uploader):
            return {
                "upload_id": upload,
                "uploader": uploader,
                "findings": (),
                "certificate": None,
            }
        case ev.BundleProven(certificate=certificate, findings=findings):
            return {"certificate": certificate, "findings": findings, "plan": None}
        case ev.BundleRefused(findings=findings):
            return {"findings": findings}
        case _:
            return {}


def _from_hosts(order: CertificateOrder, event: ev.Event, at: datetime) -> dict[str, Any]:
    match event:
        case ev.PlanMade(plan=plan):
            return {"plan": plan, "answers": {}}
        case ev.PlanFailed(reason=reason, code=code):
            return {"plan": None, "fault_code": code, "detail": reason}
        case ev.ReplanAsked():
            return {"plan": None, "fault_code": ""}
        case ev.InstallApproved(answers=answers):
            return {"answers": answers, "done_hosts": ()}
        case ev.HostDone(host=host):
            return {"done_hosts": (*order.done_hosts, host)}
        case ev.InstallFinished():
            return {"installed_at": at}
        case ev.HostRefused(code=code) | ev.HostFailed(code=code):
            return {"failed_in": order.state, "fault_code": code, "detail": event.reason}
        case _:
            return {}


def _from_failure(order: CertificateOrder, event: ev.Event) -> dict[str, Any]:
    match event:
        case ev.Endorsed():
            # One yes of several says nothing about the fault that is still there.
            return {"detail": order.detail}
        case ev.RollBackAsked():
            return {"failed_in": None, "fault_code": ""}
        case ev.Kept(code=code, reason=reason):
            # A new removal needs new words: those given were for the one that came to nothing.
            return {
                "failed_in": None,
                "fault_code": "",
                "detail": reason if code else "",
                "kept": order.kept + 1,
            }
        case ev.RetryAsked():
            spoiled = order.fault_code in SPOILED_CSR
            return {"failed_in": None, "fault_code": "", "csr_round": order.csr_round + spoiled}
        case _:
            return {}


def _from_clearing(order: CertificateOrder, event: ev.Event) -> dict[str, Any]:
    """Beside the order's life: nothing that is said of it is touched."""
    stays = {"detail": order.detail}
    since = order.version + 1
    match event:
        case ev.ClearAsked(rounds=rounds):
            return {**stays, "clearing": Clearing(rounds=rounds, since=since)}
        case ev.ClearRetried() if order.clearing:
            return {**stays, "clearing": replace(order.clearing, since=since, fault="")}
        case ev.ClearFailed(reason=reason) if order.clearing:
            return {**stays, "clearing": replace(order.clearing, fault=reason)}
        case ev.RequestCleared(rounds=rounds):
            return {**stays, "clearing": None, "cleared": (*order.cleared, *rounds)}
        case _:
            return {}


def _from_watch(order: CertificateOrder, event: ev.Event, at: datetime) -> dict[str, Any]:
    match event:
        case ev.RenewalProposed():
            # A successor that came to nothing is let go of, so that the next one can be opened.
            return {"renewal_asked_at": at, "renewed_by": None}
        case ev.RenewalPostponed(until=until):
            return {"renewal_asked_at": None, "renewal_not_before": until}
        case ev.RenewalOpened(successor=successor):
            return {"renewal_asked_at": None, "renewed_by": successor}
        case ev.SupersededBy(successor=successor):
            return _beside_failure(order) | {"superseded_by": successor}
        case ev.Reinstated():
            return _beside_failure(order) | {"superseded_by": None, "renewed_by": None}
        case _:
            return {}


def _beside_failure(order: CertificateOrder) -> dict[str, Any]:
    """What a successor's end changes says nothing about a fault that is still there."""
    return {"detail": order.detail} if order.state is State.FAILED else {}
