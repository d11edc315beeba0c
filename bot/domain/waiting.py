"""
What an order waits for, on whom it waits, and when that falls due: a pure reading of the order and the policy.

Work of the machine is not waited for here; that it goes on is the reconciler's business.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.approvals import KEEPERS, Gate, Role, yes_count
from bot.domain.ids import SYSTEM, PersonId
from bot.domain.order import CertificateOrder
from bot.domain.policy import keeps_gate, may_decide, subject_of
from bot.domain.reminding import REQUESTER, next_due
from bot.domain.site import Policy, Site
from bot.domain.states import CLEARED_IN, ENDS, State


class Wait(StrEnum):
    """What is waited for."""

    ISSUE = "issue"
    PLAN = "plan"
    READING = "reading"
    MEND = "mend"
    SUBMIT = "submit"
    VENDOR = "vendor"
    BUNDLE = "bundle"
    RENEWAL = "renewal"
    ROLL_BACK = "roll_back"
    RETIRE = "retire"
    CLEARING = "clearing"


GATES: Final[dict[Wait, Gate]] = {
    Wait.ISSUE: Gate.ISSUE,
    Wait.PLAN: Gate.INSTALL,
    Wait.READING: Gate.INSTALL,
    Wait.MEND: Gate.ROLL_BACK,
    Wait.RENEWAL: Gate.ISSUE,
    Wait.ROLL_BACK: Gate.ROLL_BACK,
    Wait.RETIRE: Gate.RETIRE,
    Wait.CLEARING: Gate.CLEAR_REQUEST,
}
"""Whose keepers a wait is for; what is not here waits for the requester."""

_DECIDED: Final = frozenset({Wait.ISSUE, Wait.PLAN, Wait.ROLL_BACK, Wait.RETIRE, Wait.CLEARING})
"""Waits in which each person has one word; who has given it is not waited for any more."""

_BY_STATE: Final[dict[State, Wait]] = {
    State.PLACED: Wait.ISSUE,
    State.CSR_READY: Wait.SUBMIT,
    State.SUBMITTED: Wait.VENDOR,
    State.ISSUED: Wait.BUNDLE,
    State.FAILED: Wait.MEND,
}

_HALF_DECIDED: Final[dict[Wait, frozenset[State]]] = {
    Wait.ROLL_BACK: frozenset({State.INSTALLED}),
    Wait.RETIRE: frozenset({State.INSTALLED, State.SUPERSEDED}),
    Wait.CLEARING: frozenset(CLEARED_IN),
}
"""Gates that stand open without waiting for anybody, until one of several has said yes."""

WAITING_STATES: Final = frozenset(
    {*_BY_STATE, State.PROVEN, *(s for states in _HALF_DECIDED.values() for s in states)}
)
"""States an order can wait for people in."""


UNDER_WAY: Final = frozenset(State) - ENDS - {State.INSTALLED, State.SUPERSEDED}
"""States of an order that still has work or words to come."""

UNDER_WAY_WAITS: Final = frozenset({*_BY_STATE.values(), Wait.PLAN, Wait.READING})
"""What an order waits for while it is under way; the other waits are those of certificates that serve or served."""


def wait_of(order: CertificateOrder) -> Wait | None:
    """What an order waits for, the weightiest thing where there are several; None while it waits for nobody."""
    if order.state in _BY_STATE:
        return _BY_STATE[order.state]
    if order.state is State.PROVEN:
        return Wait.PLAN if order.plan else Wait.READING if order.fault_code else None
    if order.state is State.INSTALLED and order.renewal_asked_at is not None:
        return Wait.RENEWAL
    return next((w for w, states in _HALF_DECIDED.items() if _is_begun(order, w, states)), None)


def waits_since(
    before: CertificateOrder, after: CertificateOrder, *, at: datetime
) -> datetime | None:
    """Since when the order waits for what it waits for; a wait that goes on keeps its beginning."""
    wait = wait_of(after)
    if wait is None:
        return None
    return (before.waits_since or at) if wait_of(before) is wait else at


def who(wait: Wait) -> str:
    """Whom a wait is for, as the policy calls them: the requester, or a role."""
    return KEEPERS[GATES[wait]].value if wait in GATES else REQUESTER


def waits_on(site: Site, order: CertificateOrder, wait: Wait) -> tuple[PersonId, ...]:
    """Everybody who can end a wait and has not had their word; empty when the configuration names nobody."""
    gate = GATES.get(wait)
    if gate is None:
        return () if order.requester == SYSTEM else (order.requester,)
    may = may_decide if wait in _DECIDED else keeps_gate
    return tuple(p.id for p in site.keepers(KEEPERS[gate]) if may(site, order, gate, p.id))


def to_tell(
    site: Site,
    order: CertificateOrder,
    wait: Wait,
    *,
    number: int,
    is_active: Callable[[PersonId], bool],
) -> tuple[PersonId, ...]:
    """
    Who hears the so-manieth reminder, each once: those who can act, and the groups of the escalation reached.

    Accounts that are closed do not count, and neither does a group of them alone. When that leaves nobody, the first
    group that has somebody is told at once, and in the end the approvers.
    """
    escalation = site.policy.escalation
    reached = escalation.told(who(wait), number=number, is_active=is_active)
    can_act = tuple(p for p in waits_on(site, order, wait) if is_active(p))
    if told := dict.fromkeys(p for group in (can_act, *reached) for p in group):
        return tuple(told)
    approvers = tuple(p.id for p in site.keepers(Role.APPROVER) if is_active(p.id))
    for group in (*escalation.living(who(wait), is_active=is_active), approvers):
        if group:
            return tuple(dict.fromkeys(group))
    return ()


def has_spoken(order: CertificateOrder, person: PersonId) -> bool:
    """Whether somebody gave their word since the order began to wait as it does."""
    since = order.waits_since
    return since is not None and any(a.by == person and a.at >= since for a in order.approvals)


def lapses_at(order: CertificateOrder, policy: Policy) -> datetime | None:
    """
    When an order ends because nobody decided; None for one that does not.

    Only what was never ordered lapses. A certificate that was bought, or one that serves, is waited for without
    end: its reminders go on and reach more people.
    """
    if wait_of(order) is not Wait.ISSUE:
        return None
    return order.placed_at + timedelta(days=policy.gate_expiry_days)


def due_at(order: CertificateOrder, policy: Policy, *, given: int, at: datetime) -> datetime | None:
    """
    The next moment at which something is due: a reminder, or the order's end; None while it waits for nobody.

    Args:
        given: how many reminders of this wait were given.
        at: the moment of the last one, or of the wait's beginning.
    """
    wait = wait_of(order)
    if wait is None:
        return None
    rule = policy.reminders
    hours = rule.gate_hours if wait in GATES else rule.desk_hours
    reminder = next_due(rule, hours, given=given, at=at)
    end = lapses_at(order, policy)
    return reminder if end is None else min(reminder, end)


def _is_begun(order: CertificateOrder, wait: Wait, states: frozenset[State]) -> bool:
    if order.state not in states or order.clearing is not None:
        return False
    gate = GATES[wait]
    subject = subject_of(order, gate)
    if wait is Wait.CLEARING and not subject:
        return False
    return yes_count(order.approvals, gate, subject=subject) > 0
