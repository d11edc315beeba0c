"""
Who is told what, by event: one table, read by the engine.

A line is said once, in the order's thread or to one person; a card is edited in place. The words
are in `handlers/words.py`, under the codes used here.
"""

from bot.domain import events as ev
from bot.domain.ids import SYSTEM, PersonId
from bot.domain.messages import Card, CardMessage, LineMessage, Message, Place
from bot.domain.order import CertificateOrder
from bot.domain.states import EventKind

_E = EventKind

CARDS: dict[EventKind, tuple[Card, ...]] = {
    _E.ENDORSE: (Card.APPROVAL, Card.PLAN),
    _E.APPROVE: (Card.APPROVAL,),
    _E.REJECT: (Card.APPROVAL,),
    _E.LAPSE: (Card.APPROVAL,),
    _E.CANCEL: (Card.APPROVAL, Card.CSR, Card.PLAN),
    _E.CSR_MADE: (Card.CSR,),
    _E.SUBMITTED: (Card.CSR,),
    _E.WITHDRAWN: (Card.CSR,),
    _E.ISSUED: (Card.CSR,),
    _E.VENDOR_REJECTED: (Card.CSR,),
    _E.REKEYED: (Card.CSR,),
    _E.BUNDLE_UPLOADED: (Card.CSR,),
    _E.BUNDLE_REFUSED: (Card.CSR,),
    _E.BUNDLE_PROVEN: (Card.CSR,),
    _E.PLAN_MADE: (Card.PLAN,),
    _E.PLAN_FAILED: (Card.PLAN,),
    _E.REPLAN: (Card.PLAN,),
    _E.INSTALL_APPROVED: (Card.PLAN,),
    _E.HOST_FAILED: (Card.PLAN,),
    _E.INSTALL_FINISHED: (Card.PLAN,),
    _E.ROLL_BACK: (Card.RENEWAL,),
    _E.RETIRE: (Card.RENEWAL,),
    _E.KEEP_INSTALLED: (Card.RENEWAL,),
    _E.SUPERSEDED: (Card.RENEWAL,),
    _E.RENEWAL_PROPOSED: (Card.RENEWAL,),
    _E.RENEWAL_POSTPONED: (Card.RENEWAL,),
    _E.RENEWAL_OPENED: (Card.RENEWAL,),
}
"""
Cards an event touches besides the status card, which every event touches.

One that was never posted is posted only when it has something to show; the notifier knows.
"""

TOLD_TO_REQUESTER = frozenset(
    {
        _E.APPROVE, _E.REJECT, _E.LAPSE, _E.CSR_MADE, _E.HOST_REFUSED, _E.SUBMITTED, _E.ISSUED,
        _E.VENDOR_REJECTED, _E.BUNDLE_REFUSED, _E.BUNDLE_PROVEN, _E.INSTALL_FINISHED, _E.HOST_FAILED,
        _E.ROLL_BACK_FINISHED, _E.RETIRE_FINISHED, _E.KEEP_INSTALLED, _E.KEEP_SUPERSEDED,
    }
)  # fmt: skip
"""Events the requester hears of in a direct message too, not only in the thread."""

PLACED = "order-placed"
CODES_TOLD_TO_REQUESTER = frozenset(
    {PLACED, *(kind.value.replace("_", "-") for kind in TOLD_TO_REQUESTER)}
)
"""Codes of the lines that go to the requester in person as well."""

SAID_IN_THREAD = TOLD_TO_REQUESTER | {
    _E.CANCEL, _E.WITHDRAWN, _E.REKEYED, _E.BUNDLE_UPLOADED, _E.PLAN_MADE, _E.PLAN_FAILED,
    _E.INSTALL_APPROVED, _E.HOST_DONE, _E.ROLL_BACK, _E.RETIRE, _E.SUPERSEDED, _E.REINSTATED,
    _E.RETRY_CSR, _E.RETRY_INSTALL, _E.RETRY_ROLL_BACK, _E.RETRY_RETIRE,
    _E.CLEAR_REQUEST, _E.REQUEST_CLEARED, _E.CLEAR_FAILED, _E.RETRY_CLEAR,
}  # fmt: skip
"""Events that leave a line in the order's thread."""


def placed_messages(order: CertificateOrder) -> tuple[Message, ...]:
    """What people see of a new order: its card and thread at home, its question to the approvers."""
    return (
        CardMessage(card=Card.STATUS),
        CardMessage(card=Card.APPROVAL),
        LineMessage(code=PLACED, place=Place.THREAD, facts={}),
        LineMessage(code=PLACED, place=Place.DIRECT, facts={}, to=order.requester),
    )[: 3 if order.requester == SYSTEM else 4]


def messages_for(event: ev.Event, order: CertificateOrder, by: PersonId) -> tuple[Message, ...]:
    """What people are told of an event, the order being the one afterwards."""
    cards = (Card.STATUS, *CARDS.get(event.kind, ()))
    facts = _facts(event, order, by)
    code = event.kind.value.replace("_", "-")
    said: list[Message] = [CardMessage(card=card) for card in cards]
    if event.kind in SAID_IN_THREAD:
        said.append(LineMessage(code=code, place=Place.THREAD, facts=facts))
    if event.kind in TOLD_TO_REQUESTER and order.requester != SYSTEM:
        said.append(LineMessage(code=code, place=Place.DIRECT, facts=facts, to=order.requester))
    return tuple(said)


def _facts(event: ev.Event, order: CertificateOrder, by: PersonId) -> dict[str, str]:
    facts = {"by": by, "reason": event.reason, "reference": order.vendor_reference}
    match event:
        case ev.BundleUploaded(file_name=name):
            facts["file"] = name
        case ev.HostDone(host=host, handshakes=handshakes):
            facts |= {"host": host, "proof": "\n".join(h.detail for h in handshakes)}
        case ev.HostFailed(host=host, code=code) | ev.Kept(host=str(host), code=code):
            facts |= {"host": host, "code": code}
        case ev.HostRefused(code=code) | ev.PlanFailed(code=code) | ev.ClearFailed(code=code):
            facts["code"] = code
        case ev.RollBackFinished(left=left):
            facts["left"] = "\n".join(left)
        case ev.SupersededBy(successor=successor):
            facts["successor"] = str(successor)
        case ev.Reinstated(instead_of=undone):
            facts["successor"] = str(undone)
        case _:
            pass
    return {key: value for key, value in facts.items() if value}
