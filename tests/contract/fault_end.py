"""How one cell of the fault matrix ended, in the words of the document."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from bot.domain.order import CertificateOrder
from bot.domain.states import State, Work

ENDS: Final = {
    Work.MAKE_CSR: State.CSR_READY,
    Work.MAKE_PLAN: State.PROVEN,
    Work.INSTALL: State.INSTALLED,
    Work.ROLL_BACK: State.ROLLED_BACK,
    Work.RETIRE: State.RETIRED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """
    What one cell came to.

    Args:
        outcome: ``done`` when it went on by itself, ``kept`` when a removal was refused and nothing was touched, else
            the fault code with which it waited for an operator; ``not met`` when the fault never struck.
        detail: the sentence on the card then.
        end: the order after the operator's retry, or the same where none was needed.
        ran: how often each operation with its arguments succeeded on the host.
        left_open, left_for_ever: sessions still there at the end, and after the idle time the client asked for.
        strikes: how often the rule matched before the cause was mended.
    """

    outcome: str
    detail: str
    end: CertificateOrder
    ran: Counter[str]
    left_open: int
    left_for_ever: int
    strikes: int


def is_good(end: CertificateOrder, work: Work) -> bool:
    """Whether an order came to the end its work is for."""
    if work is Work.CLEAR_REQUEST:
        return end.clearing is None and bool(end.cleared)
    return end.state is ENDS[work] and (work is not Work.MAKE_PLAN or end.plan is not None)


def outcome(first: CertificateOrder, code: str, *, is_done: bool) -> str:
    """The word of the cell."""
    if is_done:
        return "done"
    return code or ("kept" if first.state is State.INSTALLED else first.state.value)


def sentence(order: CertificateOrder) -> str:
    """What the card says of where it stopped."""
    return order.clearing.fault if order.clearing else order.detail
