"""
The life of an order as one table: (state, event) -> (state, next work).

The table is data. ``docs/states.md`` is printed from it, the engine follows it, and a pair that is
not in it is illegal: it raises and changes nothing.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where an order is; the only thing the machine reads to know what comes next."""

    PLACED = "placed"
    APPROVED = "approved"
    CSR_READY = "csr_ready"
    SUBMITTED = "submitted"
    ISSUED = "issued"
    CHECKING = "checking"
    PROVEN = "proven"
    INSTALLING = "installing"
    INSTALLED = "installed"
    ROLLING_BACK = "rolling_back"
    RETIRING = "retiring"
    ROLLED_BACK = "rolled_back"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    RETIRED = "retired"


class EventKind(StrEnum):
    """What can happen to an order, in the past tense or as a person's word."""

    ENDORSE = "endorse"
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    LAPSE = "lapse"
    CSR_MADE = "csr_made"
    HOST_REFUSED = "host_refused"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    ISSUED = "issued"
    VENDOR_REJECTED = "vendor_rejected"
    REKEYED = "rekeyed"
    BUNDLE_UPLOADED = "bundle_uploaded"
    BUNDLE_PROVEN = "bundle_proven"
    BUNDLE_REFUSED = "bundle_refused"
    PLAN_MADE = "plan_made"
    PLAN_FAILED = "plan_failed"
    REPLAN = "replan"
    INSTALL_APPROVED = "install_approved"
    HOST_DONE = "host_done"
    HOST_FAILED = "host_failed"
    INSTALL_FINISHED = "install_finished"
    ROLL_BACK = "roll_back"
    ROLL_BACK_FINISHED = "roll_back_finished"
    RETIRE = "retire"
    RETIRE_FINISHED = "retire_finished"
    KEEP_INSTALLED = "keep_installed"
    KEEP_SUPERSEDED = "keep_superseded"
    SUPERSEDED = "superseded"
    REINSTATED = "reinstated"
    RENEWAL_PROPOSED = "renewal_proposed"
    RENEWAL_POSTPONED = "renewal_postponed"
    RENEWAL_OPENED = "renewal_opened"
    RETRY_CSR = "retry_csr"
    RETRY_INSTALL = "retry_install"
    RETRY_ROLL_BACK = "retry_roll_back"
    RETRY_RETIRE = "retry_retire"
    CLEAR_REQUEST = "clear_request"
    REQUEST_CLEARED = "request_cleared"
    CLEAR_FAILED = "clear_failed"
    RETRY_CLEAR = "retry_clear"


class Work(StrEnum):
    """What the machine does next after an event; ``NOTHING`` means the world is waited for."""

    NOTHING = "nothing"
    MAKE_CSR = "make_csr"
    CHECK_BUNDLE = "check_bundle"
    MAKE_PLAN = "make_plan"
    INSTALL = "install"
    ROLL_BACK = "roll_back"
    RETIRE = "retire"
    CLEAR_REQUEST = "clear_request"


@dataclass(frozen=True, slots=True)
class Move:
    """Where an event leads, and the work that starts with it."""

    to: State
    work: Work = Work.NOTHING


class IllegalMove(Exception):
    """The event does not belong to the state; nothing was changed."""

    def __init__(self, state: State, event: EventKind) -> None:
        self.state = state
        self.event = event
        super().__init__(f"{event.value!r} cannot happen to an order that is {state.value!r}.")


_S, _E, _W = State, EventKind, Work

MOVES: dict[tuple[State, EventKind], Move] = {
    (_S.PLACED, _E.ENDORSE): Move(_S.PLACED),
    (_S.PLACED, _E.APPROVE): Move(_S.APPROVED, _W.MAKE_CSR),
    (_S.PLACED, _E.REJECT): Move(_S.REJECTED),
    (_S.PLACED, _E.CANCEL): Move(_S.CANCELLED),
    (_S.PLACED, _E.LAPSE): Move(_S.LAPSED),
    (_S.APPROVED, _E.CSR_MADE): Move(_S.CSR_READY),
    (_S.APPROVED, _E.HOST_REFUSED): Move(_S.FAILED),
    (_S.CSR_READY, _E.SUBMITTED): Move(_S.SUBMITTED),
    (_S.CSR_READY, _E.WITHDRAWN): Move(_S.CANCELLED),
    (_S.SUBMITTED, _E.ISSUED): Move(_S.ISSUED),
    (_S.SUBMITTED, _E.VENDOR_REJECTED): Move(_S.REJECTED),
    (_S.SUBMITTED, _E.REKEYED): Move(_S.APPROVED, _W.MAKE_CSR),
    (_S.SUBMITTED, _E.BUNDLE_UPLOADED): Move(_S.CHECKING, _W.CHECK_BUNDLE),
    (_S.SUBMITTED, _E.CANCEL): Move(_S.CANCELLED),
    (_S.ISSUED, _E.BUNDLE_UPLOADED): Move(_S.CHECKING, _W.CHECK_BUNDLE),
    (_S.ISSUED, _E.CANCEL): Move(_S.CANCELLED),
    (_S.CHECKING, _E.BUNDLE_PROVEN): Move(_S.PROVEN, _W.MAKE_PLAN),
    (_S.CHECKING, _E.BUNDLE_REFUSED): Move(_S.ISSUED),
    (_S.PROVEN, _E.PLAN_MADE): Move(_S.PROVEN),
    (_S.PROVEN, _E.PLAN_FAILED): Move(_S.PROVEN),
    (_S.PROVEN, _E.REPLAN): Move(_S.PROVEN, _W.MAKE_PLAN),
    (_S.PROVEN, _E.ENDORSE): Move(_S.PROVEN),
    (_S.PROVEN, _E.INSTALL_APPROVED): Move(_S.INSTALLING, _W.INSTALL),
    (_S.PROVEN, _E.CANCEL): Move(_S.CANCELLED),
    (_S.INSTALLING, _E.HOST_DONE): Move(_S.INSTALLING),
    (_S.INSTALLING, _E.HOST_FAILED): Move(_S.FAILED),
    (_S.INSTALLING, _E.INSTALL_FINISHED): Move(_S.INSTALLED),
    (_S.INSTALLED, _E.ENDORSE): Move(_S.INSTALLED),
    (_S.INSTALLED, _E.SUPERSEDED): Move(_S.SUPERSEDED),
    (_S.INSTALLED, _E.RENEWAL_PROPOSED): Move(_S.INSTALLED),
    (_S.INSTALLED, _E.RENEWAL_POSTPONED): Move(_S.INSTALLED),
    (_S.INSTALLED, _E.RENEWAL_OPENED): Move(_S.INSTALLED),
    (_S.INSTALLED, _E.ROLL_BACK): Move(_S.ROLLING_BACK, _W.ROLL_BACK),
    (_S.INSTALLED, _E.RETIRE): Move(_S.RETIRING, _W.RETIRE),
    (_S.SUPERSEDED, _E.REINSTATED): Move(_S.INSTALLED),
    (_S.SUPERSEDED, _E.ENDORSE): Move(_S.SUPERSEDED),
    (_S.SUPERSEDED, _E.RETIRE): Move(_S.RETIRING, _W.RETIRE),
    (_S.ROLLING_BACK, _E.ROLL_BACK_FINISHED): Move(_S.ROLLED_BACK),
    (_S.ROLLING_BACK, _E.HOST_FAILED): Move(_S.FAILED),
    (_S.ROLLING_BACK, _E.SUPERSEDED): Move(_S.ROLLING_BACK, _W.ROLL_BACK),
    (_S.RETIRING, _E.RETIRE_FINISHED): Move(_S.RETIRED),
    (_S.RETIRING, _E.HOST_FAILED): Move(_S.FAILED),
    (_S.RETIRING, _E.KEEP_INSTALLED): Move(_S.INSTALLED),
    (_S.RETIRING, _E.KEEP_SUPERSEDED): Move(_S.SUPERSEDED),
    (_S.RETIRING, _E.SUPERSEDED): Move(_S.RETIRING, _W.RETIRE),
    (_S.RETIRING, _E.REINSTATED): Move(_S.RETIRING, _W.RETIRE),
    (_S.FAILED, _E.RETRY_CSR): Move(_S.APPROVED, _W.MAKE_CSR),
    (_S.FAILED, _E.RETRY_INSTALL): Move(_S.INSTALLING, _W.INSTALL),
    (_S.FAILED, _E.RETRY_ROLL_BACK): Move(_S.ROLLING_BACK, _W.ROLL_BACK),
    (_S.FAILED, _E.RETRY_RETIRE): Move(_S.RETIRING, _W.RETIRE),
    (_S.FAILED, _E.ENDORSE): Move(_S.FAILED),
    (_S.FAILED, _E.ROLL_BACK): Move(_S.ROLLING_BACK, _W.ROLL_BACK),
    (_S.FAILED, _E.CANCEL): Move(_S.CANCELLED),
    (_S.FAILED, _E.KEEP_INSTALLED): Move(_S.INSTALLED),
    (_S.FAILED, _E.KEEP_SUPERSEDED): Move(_S.SUPERSEDED),
    (_S.FAILED, _E.SUPERSEDED): Move(_S.FAILED),
    (_S.FAILED, _E.REINSTATED): Move(_S.FAILED),
}
"""
What a successor's end means may come while the machine works on an order: its work goes on as a run of the new version,
each step of which looks before it acts, and the old run is overtaken.
"""

CLEARED_IN = (
    _S.CSR_READY,
    _S.SUBMITTED,
    _S.ISSUED,
    _S.INSTALLED,
    _S.SUPERSEDED,
    _S.ROLLED_BACK,
    _S.REJECTED,
    _S.CANCELLED,
    _S.RETIRED,
)
"""
Where an abandoned pending request can be cleared: the order waits for people or has ended, and stays where it is.

Not while the machine works on it or a plan is being made, and not while a failure may be retried.
"""

_CLEARING: dict[EventKind, Work] = {
    _E.ENDORSE: _W.NOTHING,
    _E.CLEAR_REQUEST: _W.CLEAR_REQUEST,
    _E.REQUEST_CLEARED: _W.NOTHING,
    _E.CLEAR_FAILED: _W.NOTHING,
    _E.RETRY_CLEAR: _W.CLEAR_REQUEST,
}

MOVES |= {
    (state, kind): Move(state, work) for state in CLEARED_IN for kind, work in _CLEARING.items()
}

ENGINE_OWNED: dict[State, Work] = {
    State.APPROVED: Work.MAKE_CSR,
    State.CHECKING: Work.CHECK_BUNDLE,
    State.INSTALLING: Work.INSTALL,
    State.ROLLING_BACK: Work.ROLL_BACK,
    State.RETIRING: Work.RETIRE,
}
"""States in which nobody but the machine acts, and the work that must be alive in each."""

RETRIES: dict[State, EventKind] = {
    State.APPROVED: EventKind.RETRY_CSR,
    State.INSTALLING: EventKind.RETRY_INSTALL,
    State.ROLLING_BACK: EventKind.RETRY_ROLL_BACK,
    State.RETIRING: EventKind.RETRY_RETIRE,
}
"""Which retry takes up a failed order again, by the state in which it failed."""

KEEPS: dict[State, EventKind] = {
    State.INSTALLED: EventKind.KEEP_INSTALLED,
    State.SUPERSEDED: EventKind.KEEP_SUPERSEDED,
}
"""Which way back a removal takes that came to nothing, by the state it was asked for in."""

ENDS = frozenset(State) - {state for (state, _), step in MOVES.items() if step.to is not state}
"""States nothing leads out of."""


def move(state: State, event: EventKind) -> Move:
    """
    Look the event up in the table.

    Raises:
        IllegalMove: the pair is not in the table.
    """
    try:
        return MOVES[state, event]
    except KeyError:
        raise IllegalMove(state, event) from None
