"""
One small form for every step that needs a reason: reject, cancel, roll back, retire, vendor's no, rekey.

What cannot be undone asks for the certificate's name to be typed as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.order import CertificateOrder
from bot.domain.undoing import what_goes_back, what_stays
from handlers.blocks import order_facts as of
from handlers.blocks.fields import field, line
from handlers.blocks.parts import Block, labelled, modal, section
from handlers.blocks.state_reader import State, typed
from handlers.ids import Callback, Field
from handlers.refs import Act, OrderRef, render_ref

REASON_LIMIT = 500
_NAME_LIMIT = 253


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wording:
    title: str
    submit: str
    asks: str
    consequence: str


_WORDINGS: Final[Mapping[Act, _Wording]] = {
    Act.REJECT: _Wording(
        title="Reject order", submit="Reject order", asks="Why is it rejected?",
        consequence="The order ends; the requester is told your reason.",
    ),
    Act.REJECT_PLAN: _Wording(
        title="Reject plan", submit="Reject plan", asks="Why is it rejected?",
        consequence="The order ends and nothing is installed; the certificate at the vendor stays. "
        "For another plan press Read hosts again instead.",
    ),
    Act.CANCEL: _Wording(
        title="Cancel order", submit="Cancel order", asks="Why is it called off?",
        consequence="The order ends. What the vendor has is not cancelled there, and a pending "
        "request stays on the host.",
    ),
    Act.ROLL_BACK: _Wording(
        title="Roll back", submit="Roll back now", asks="Why is it rolled back?",
        consequence="Each host is read first, from the last to the first. What this order's certificate still serves goes "
        "back to the certificate of before, if that one is still there with its key and valid, and so do the connectors this "
        "order changed. What another certificate serves by now is left alone, and you are told.",
    ),
    Act.RETIRE: _Wording(
        title="Retire certificate", submit="Remove it now", asks="Why is it retired?",
        consequence="The certificate is removed from its hosts. This cannot be undone.",
    ),
    Act.KEEP: _Wording(
        title="Keep certificate", submit="Give up removal", asks="Why is it kept?",
        consequence="The removal or roll-back is given up and the expiry is watched again. What was removed or given back "
        "already, as the progress on the card says, stays so.",
    ),
    Act.CLEAR_REQUEST: _Wording(
        title="Clear pending request", submit="Clear it now", asks="Why is it cleared?",
        consequence="The host drops the request this order left behind. A certificate the vendor issued, or still "
        "issues, for its CSR can never be installed then. This cannot be undone.",
    ),
    Act.VENDOR_REJECTED: _Wording(
        title="Vendor rejected", submit="Report rejection", asks="What did the vendor say?",
        consequence="The order ends as rejected.",
    ),
    Act.REKEYED: _Wording(
        title="Rekey", submit="Make a new CSR", asks="Why is a new CSR needed?",
        consequence="The host makes a new key and CSR; the CSR of before is void.",
    ),
}  # fmt: skip

TYPED_NAME: Final = frozenset({Act.RETIRE, Act.CLEAR_REQUEST})
"""What cannot be undone, so the certificate's first name is asked for."""


def reason_modal(order: CertificateOrder, ref: OrderRef, act: Act) -> Block:
    """Render the form for this act on the order, in the version the person saw."""
    words = _WORDINGS[act]
    metadata = render_ref(
        OrderRef(order=order.id, version=ref.version, gate=ref.gate, act=act, digest=ref.digest)
    )
    reason = field(Field.WHY, words.asks, line(most=REASON_LIMIT, lines=True))
    return modal(
        Callback.REASON_FORM, title=words.title, submit=words.submit, close="Keep it as it is",
        metadata=metadata,
        blocks=[
            section(f"{of.sentence(order)}\n{words.consequence}"),
            *_lasting(order, act),
            reason,
            *_typed(order, act),
        ],
    )  # fmt: skip


def read_reason(state: State) -> str:
    """The reason given."""
    return typed(state, Field.WHY)[:REASON_LIMIT]


def reason_errors(state: State, order: CertificateOrder, act: Act) -> dict[str, str]:
    """What is missing, by field."""
    errors = {}
    if not read_reason(state):
        errors[str(Field.WHY)] = "Write a reason; it is kept in the audit."
    name = order.wish.subject.common_name
    if act in TYPED_NAME and typed(state, Field.TYPED_NAME).lower() != name.lower():
        errors[str(Field.TYPED_NAME)] = f"Type {name} to confirm; nothing was removed."
    return errors


def _lasting(order: CertificateOrder, act: Act) -> list[Block]:
    """What a roll-back would give back, and what it cannot undo, read before it is asked for."""
    if act is not Act.ROLL_BACK or order.plan is None:
        return []
    back, stays = what_goes_back(order.plan, order.answers), what_stays(order.plan)
    return [
        *(
            [labelled("What goes back, if nothing else serves it by now", _lines(back))]
            if back
            else []
        ),
        labelled("What cannot be undone", _lines(stays)),
    ]


def _lines(sentences: tuple[str, ...]) -> str:
    return "\n".join(f"• {sentence}" for sentence in sentences)


def _typed(order: CertificateOrder, act: Act) -> list[Block]:
    if act not in TYPED_NAME:
        return []
    name = order.wish.subject.common_name
    hint = "So that the right one is removed."
    return [field(Field.TYPED_NAME, f"Type {name} to confirm", line(most=_NAME_LIMIT), hint=hint)]
