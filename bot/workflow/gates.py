"""
What a word at a gate must bring along, and whose words count; asked by the engine, of values alone.

The gates' keepers are `bot/domain/policy.py`'s business; nothing is changed or loaded here.
"""

from collections.abc import Mapping
from dataclasses import replace

from bot.domain.approvals import Approval, Gate
from bot.domain.faults import Refused
from bot.domain.ids import HostName
from bot.domain.order import CertificateOrder
from bot.domain.pending import clearable_rounds
from bot.domain.plan import Answer
from bot.domain.policy import keeps_gate
from bot.domain.site import Site
from bot.domain.states import CLEARED_IN, State, Work

DECIDED_IN: dict[Gate, frozenset[State]] = {
    Gate.ISSUE: frozenset({State.PLACED}),
    Gate.INSTALL: frozenset({State.PROVEN}),
    Gate.OVERWRITE_SMTP: frozenset(),
    Gate.ROLL_BACK: frozenset({State.INSTALLED, State.FAILED}),
    Gate.RETIRE: frozenset({State.INSTALLED, State.SUPERSEDED}),
    Gate.CLEAR_REQUEST: frozenset(CLEARED_IN),
}
"""The states in which each gate stands open; the SMTP question is answered with the plan, never alone."""


def counting(site: Site, order: CertificateOrder) -> tuple[Approval, ...]:
    """The words that still count: those whose givers keep the gate, since roles may have changed."""
    return tuple(a for a in order.approvals if keeps_gate(site, order, a.gate, a.by))


def needed(site: Site, gate: Gate, answers: Mapping[HostName, Answer]) -> int:
    """How many have to say yes; a plan that overwrites a default passes both of its gates."""
    quorum = site.policy.quorum
    gates = (gate, Gate.OVERWRITE_SMTP) if Answer.YES in answers.values() else (gate,)
    return max(quorum.get(one, 1) for one in gates)


def has_what_is_decided(order: CertificateOrder) -> bool:
    """A failed order can be rolled back only when it failed while it was installed."""
    return order.state is not State.FAILED or order.failed_in is State.INSTALLING


def check_gives_back(order: CertificateOrder) -> None:
    """
    Check that a roll-back has something to go back to.

    Raises:
        Refused: ``nothing-before``.
    """
    plan = order.plan
    if plan is None or any(plan.gives_back(host.host) for host in plan.hosts):
        return
    raise Refused(
        "nothing-before",
        f"No service had another certificate before {order.title}, so there is nothing to go back to and "
        f"nothing was changed. Order another certificate, or enable one by hand on the host.",
    )


def check_clears(order: CertificateOrder) -> None:
    """
    Check that there is a pending request to clear, and that nobody is at it.

    Raises:
        Refused: ``nothing-abandoned``, ``being-cleared``.
    """
    if order.clearing is not None:
        raise _being_cleared(order)
    if not clearable_rounds(order):
        raise Refused(
            "nothing-abandoned",
            f"{order.title} has no abandoned pending request that CertDesk can prove to be its own, so nothing was "
            f"cleared. `/cert inventory {order.wish.hosts[0]}` shows what waits there; a request that is awaited is "
            f"never cleared, and one of somebody else is removed by them.",
        )


def check_not_cleared(order: CertificateOrder, work: Work) -> None:
    """
    Check that no other work begins while a pending request is being cleared: each would overtake the other.

    Raises:
        Refused: ``being-cleared``.
    """
    if order.is_being_cleared and work is not Work.NOTHING:
        raise _being_cleared(order)


def _being_cleared(order: CertificateOrder) -> Refused:
    stopped = order.clearing is not None and order.clearing.fault
    after = "An operator retries it on the card." if stopped else "Try again in a minute."
    return Refused(
        "being-cleared",
        f"An abandoned pending request of {order.title} is being cleared on {order.wish.hosts[0]}; nothing else was "
        f"changed. {after}",
    )


def check_answered(order: CertificateOrder, answers: Mapping[HostName, Answer]) -> None:
    """
    Check that every host's SMTP question has its answer.

    Raises:
        Refused: ``smtp-question-open``.
    """
    plans = order.plan.hosts if order.plan else ()
    open_ = [plan.host for plan in plans if plan.question and plan.host not in answers]
    if open_:
        raise Refused(
            "smtp-question-open",
            f"The question about the default SMTP certificate is not answered for "
            f"{', '.join(open_)}. Nothing was installed. Answer No or Yes for every host.",
        )


def check_agreed(
    words: tuple[Approval, ...], digest: str, answers: Mapping[HostName, Answer]
) -> None:
    """With a quorum, the answers that run are those that everybody gave."""
    said = {a.subject: a for a in words if a.gate is Gate.OVERWRITE_SMTP}
    for host, answer in answers.items():
        before = said.get(f"{host}:{digest}")
        if before is not None and before.yes is not (answer is Answer.YES):
            raise Refused(
                "smtp-answers-differ",
                f"<@{before.by.split(':')[-1]}> answered {'Yes' if before.yes else 'No'} for {host}, and "
                f"you answered otherwise. Your word was not counted and nothing was installed. Answer "
                f"the same; to decide otherwise reject the plan, which ends this order, and ask anew.",
            )


def smtp_words(word: Approval, answers: Mapping[HostName, Answer]) -> tuple[Approval, ...]:
    """The answers as words at the gate they belong to, one a host."""
    return tuple(
        replace(
            word,
            gate=Gate.OVERWRITE_SMTP,
            yes=answer is Answer.YES,
            subject=f"{host}:{word.subject}",
        )
        for host, answer in answers.items()
    )
